"""Thanks and passports as a Django application."""

from django.apps import AppConfig


class PassportConfig(AppConfig):
    """What two people say of a lesson they had."""

    name = "exchange.passport"
    label = "passport"

    def ready(self) -> None:
        """Answer what lessons ask about their stories."""
        from exchange.lessons import thanks
        from exchange.passport import services

        thanks.told_by(services.standing_of)
