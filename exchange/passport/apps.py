"""Thanks and passports as a Django application."""

from django.apps import AppConfig


class PassportConfig(AppConfig):
    """What two people say of a lesson they had."""

    name = "exchange.passport"
    label = "passport"
