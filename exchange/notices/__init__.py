"""Notices: what matters to a person, once, in their language, where they want it."""
