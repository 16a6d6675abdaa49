"""Lessons as a Django application."""

from django.apps import AppConfig


class LessonsConfig(AppConfig):
    """The agreement between two people."""

    name = "exchange.lessons"
    label = "lessons"
