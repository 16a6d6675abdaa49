"""Lessons as a Django application."""

from django.apps import AppConfig


class LessonsConfig(AppConfig):
    """The agreement between two people."""

    name = "exchange.lessons"
    label = "lessons"

    def ready(self) -> None:
        """Tell the ledger how lessons are counted where a city counts participation only."""
        from exchange.ledger import participation
        from exchange.lessons.services import reading

        participation.counted_by(reading.taken_part)
