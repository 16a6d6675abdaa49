"""What a lesson is in return for, in words that are true of this city: where it keeps no hours, nothing is owed."""

from typing import Any

from django.utils.functional import lazy
from django.utils.translation import gettext as _

from exchange.ledger import services as ledger
from exchange.lessons.models import Lesson


def words(value: str) -> str:
    """Give what a value of `in_return` means here, in the reader's language."""
    if value == Lesson.Return.HOURS and not ledger.is_on():
        return _("for taking part: nothing is owed")
    return str(Lesson.Return(value).label)


def words_of(row: Any) -> str:
    """Give what a lesson, a group lesson or a listing is in return for."""
    shown = getattr(row, "get_in_return_display", None)
    is_said_otherwise = row.in_return == Lesson.Return.HOURS and not ledger.is_on()
    return words(row.in_return) if shown is None or is_said_otherwise else str(shown())


CHOICES = [(value, lazy(words, str)(value)) for value in Lesson.Return.values]


def without(*values: str) -> list[tuple[str, Any]]:
    """Give the choices but some."""
    return [choice for choice in CHOICES if choice[0] not in values]


FOR_GROUPS = without(Lesson.Return.SWAP, Lesson.Return.FEE)
