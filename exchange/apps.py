"""The composition as a Django application: its checks, its commands, how numbers stand in addresses."""

from django.apps import AppConfig
from django.urls import register_converter

from exchange.lib.row_number import RowNumber


class ExchangeConfig(AppConfig):
    """Registers the checks and the converter of addresses."""

    name = "exchange"

    def ready(self) -> None:
        """Import the checks, which registers them, and stop where settings name what is not there; every URLconf may
        say `<row:pk>`."""
        from exchange import checks

        checks.stop_unless_named_things_are_there()
        register_converter(RowNumber, "row")
