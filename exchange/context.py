"""What every page's frame shows: the city, the reader's look, unread talks."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.db.models import OuterRef, QuerySet
from django.http import HttpRequest
from django.utils import translation
from django.utils.functional import SimpleLazyObject

from accounts.models import Person
from exchange.chat import services as chat
from exchange.notices import services as notices
from exchange.ready import Ready


@dataclass(frozen=True)
class Look:
    """How this reader likes pages: text size and contrast, kept with the person, else in a cookie."""

    text: str
    contrast: str


def frame(request: HttpRequest) -> dict[str, Any]:
    """Give the frame's values; the unread count is only asked for by pages that draw it."""
    user = getattr(request, "user", None)
    person = user if user is not None and user.is_authenticated else None
    if person is not None:
        look = Look(person.text_size, person.contrast)
    else:
        look = Look(request.COOKIES.get("text", "normal"), request.COOKIES.get("contrast", "normal"))
    counts = cache(lambda: _counts(person) if person is not None else (0, 0))
    language = "ar" if (translation.get_language() or "ar").startswith("ar") else "en"
    return {
        "here": getattr(request, "page_of", None) or SimpleLazyObject(request.get_full_path),
        "look": look,
        "city_name": settings.CITY["name"][language],
        "help_phone": settings.CITY["help_phone"],
        "city_digits": settings.CITY["digits"] if language == "ar" else "latn",
        "is_demo": settings.DEMO,
        "has_money": bool(settings.STRIPE_SECRET_KEY),
        "has_hours": settings.HOURS == "balances",
        "person_may_curate": person is not None and person.is_curator,
        "unread_count": SimpleLazyObject(lambda: counts()[0]) if person is not None else 0,
        "notice_count": SimpleLazyObject(lambda: counts()[1]) if person is not None else 0,
    }


def _unread(*, person: int) -> QuerySet[Person, Any]:
    me = OuterRef("pk")
    rows = Person.objects.filter(pk=person).annotate(behind=chat.unread_of(me), untold=notices.unread_of(me))
    return rows.values_list("behind", "untold")


_read_unread = Ready(_unread)


def _counts(person: Person) -> tuple[int, int]:
    """Give how many messages and notices a person has not read, in one query."""
    ((behind, untold),) = _read_unread(person=person.pk)
    return behind, untold
