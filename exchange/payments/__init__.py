"""Money, where a city has keys for it: fees for lessons held until they took place, and gifts to the community fund."""
