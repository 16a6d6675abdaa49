"""The ledger as a Django application."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """Hours, in double entry."""

    name = "exchange.ledger"
    label = "ledger"
