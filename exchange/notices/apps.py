"""Notices as a Django application."""

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    """The bell on the page, and mail."""

    name = "exchange.notices"
    label = "notices"
