"""Matching as a Django application."""

from django.apps import AppConfig


class MatchingConfig(AppConfig):
    """Proposed pairs."""

    name = "matching"
