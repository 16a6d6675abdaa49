"""Journeys share one city and one browser."""

from browser import chromium, city, visit

__all__ = ["chromium", "city", "visit"]
