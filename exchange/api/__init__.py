"""What every operation of the API shares: who may call it, how errors read, cursors, limits, its description."""
