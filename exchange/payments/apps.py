"""Payments as a Django application."""

from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    """Fees held until the lesson, gifts to the fund."""

    name = "exchange.payments"
    label = "payments"
