"""Found: one question, several engines, one answer."""
