"""What a lesson is in return for, in words that are true of this city: where it keeps no hours, nothing is owed."""

from functools import lru_cache
from typing import Any

from django.db.models import TextChoices
from django.utils.functional import lazy
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from exchange.ledger import services as ledger
from exchange.lessons.models import Lesson


def words(value: str) -> str:
    """Give what a value of `in_return` means here, in the reader's language."""
    if value == Lesson.Return.HOURS and not ledger.is_on():
        return _("for taking part: nothing is owed")
    return _label(Lesson.Return, value, get_language())


def words_of(row: Any) -> str:
    """Give what a lesson, a group lesson or a listing is in return for."""
    own = getattr(row, "Return", None)
    is_said_otherwise = row.in_return == Lesson.Return.HOURS and not ledger.is_on()
    return words(row.in_return) if own is None or is_said_otherwise else _label(own, row.in_return, get_language())


@lru_cache(maxsize=256)
def _label(choices: type[TextChoices], value: str, _language: str | None) -> str:
    return str(choices(value).label)


CHOICES = [(value, lazy(words, str)(value)) for value in Lesson.Return.values]


def without(*values: str) -> list[tuple[str, Any]]:
    """Give the choices but some."""
    return [choice for choice in CHOICES if choice[0] not in values]


FOR_GROUPS = without(Lesson.Return.SWAP, Lesson.Return.FEE)
