"""Moderation as a Django application."""

from django.apps import AppConfig


class ModerationConfig(AppConfig):
    """The curators' desk."""

    name = "exchange.moderation"
    label = "moderation"
