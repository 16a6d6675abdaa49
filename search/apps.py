"""Search as a Django application."""

from django.apps import AppConfig


class SearchConfig(AppConfig):
    """Search over listings."""

    name = "search"
