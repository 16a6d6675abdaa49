"""The room of the limits."""

from django.apps import AppConfig


class LimitsConfig(AppConfig):
    """Names the room."""

    name = "exchange.limits"
    label = "limits"
