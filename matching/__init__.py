"""Paired: which offers meet which wishes, and truly why."""
