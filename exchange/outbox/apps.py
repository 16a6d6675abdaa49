"""The outbox as a Django application; loads every app's handlers once all models are there."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class OutboxConfig(AppConfig):
    """Named plainly, so that tables read `outbox_event`."""

    name = "exchange.outbox"
    label = "outbox"

    def ready(self) -> None:
        """Import `handlers` of every installed app, which registers them."""
        autodiscover_modules("handlers")
