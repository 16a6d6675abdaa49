"""The composition as a Django application: its checks and commands."""

from django.apps import AppConfig


class ExchangeConfig(AppConfig):
    """Registers the checks."""

    name = "exchange"

    def ready(self) -> None:
        """Import the checks, which registers them."""
        from exchange import checks  # noqa: F401
