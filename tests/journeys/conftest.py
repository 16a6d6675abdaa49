"""Journeys share one city and one browser."""

from browser import chromium, city, first_start, visit

__all__ = ["chromium", "city", "first_start", "visit"]
