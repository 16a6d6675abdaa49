"""News between rooms: an event is a row of the transaction that made it, and is handled at least once."""
