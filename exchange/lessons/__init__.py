"""What two people agree on, from the first hello on."""
