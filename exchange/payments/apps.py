"""Payments as a Django application."""

from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    """Fees held until the lesson, gifts to the fund."""

    name = "exchange.payments"
    label = "payments"

    def ready(self) -> None:
        """Answer what lessons ask about money."""
        from exchange.lessons import fees as asked
        from exchange.payments import money
        from exchange.payments.services import fees

        asked.judged_by(
            asked.Money(
                may_cost=fees.may_cost, require=fees.require, read=fees.read, written=money.field,
                standings=fees.standings,
            )
        )  # fmt: skip
