"""Watching as a Django application: what people do at the door is heard from Django's own signals."""

from django.apps import AppConfig


class WatchConfig(AppConfig):
    """Listens at the door."""

    name = "exchange.watch"
    label = "watch"

    def ready(self) -> None:
        """Import the listeners, which registers them."""
        from exchange.watch import door  # noqa: F401
