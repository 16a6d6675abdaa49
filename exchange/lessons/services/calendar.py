"""One's lessons for calendars: a file for each, and a private feed whose address is a secret."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import cast
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.models import Person
from exchange.lessons import calendars, states
from exchange.lessons.calendars import Entry
from exchange.lessons.models import Feed, Lesson, Sitting

SHOWN_BACK = timedelta(days=60)  # a feed reaches this far back
MOST = 500
TIMED = (states.BOOKED, states.HELD, states.CONFIRMED, states.NO_SHOW, states.DISPUTED, states.CANCELLED)


@transaction.atomic
def make_feed(*, person: Person) -> str:
    """Give the secret word of a new feed (256 random bits), once; an older one opens nothing any more."""
    word = secrets.token_urlsafe(32)
    Feed.objects.update_or_create(person=person, defaults={"digest": _digest(word), "made_at": timezone.now()})
    return word


@transaction.atomic
def stop_feed(*, person: Person) -> None:
    """Let the feed's address open nothing any more."""
    Feed.objects.filter(person=person).delete()


def owner_of(*, word: str) -> Person | None:
    """Give whose feed a secret word opens, of people who are here."""
    feed = Feed.objects.filter(digest=_digest(word), person__is_active=True).select_related("person").first()
    return feed.person if feed else None


def feed_of(*, person: Person, now: datetime) -> bytes:
    """Give a person's lessons as a calendar, in their language, in two queries; called-off ones say so."""
    since = now - SHOWN_BACK
    rows = Lesson.objects.for_member(person).filter(uid__isnull=False, starts_at__gte=since, state__in=TIMED)
    rows = rows.exclude(sitting__isnull=False, teacher=person).with_people().order_by("starts_at", "id")[:MOST]
    sittings = Sitting.objects.filter(teacher=person, starts_at__gte=since).order_by("starts_at", "id")[:MOST]
    with translation.override(person.language):
        entries = [*(_entry(row, person) for row in rows), *(_entry_of_sitting(row) for row in sittings)]
        return calendars.write(entries, name=_("Rukn: my lessons"))


def file_of(*, lesson: Lesson, person: Person) -> bytes:
    """Give one lesson as a calendar file, which takes it out of a calendar when it was called off.

    Raises `ValueError` for a lesson without a time.
    """
    if not has_time(lesson):
        raise ValueError(lesson.pk)
    method = calendars.CANCEL if lesson.state == states.CANCELLED else calendars.PUBLISH
    with translation.override(person.language):
        return calendars.write([_entry(lesson, person)], name=_("Rukn: my lessons"), method=method)


def has_time(lesson: Lesson) -> bool:
    """Whether a lesson is or was agreed on for a time, so that a calendar can show it."""
    return lesson.uid is not None and lesson.starts_at is not None and lesson.state in TIMED


def _entry(lesson: Lesson, person: Person) -> Entry:
    words = {"title": lesson.title, "name": lesson.other(person).first_name}
    is_teacher = lesson.teacher_id == person.pk
    text = _("You teach %(name)s.") if is_teacher else _("%(name)s teaches you.")
    return Entry(
        uid=_uid(lesson.uid),
        sequence=lesson.sequence,
        starts_at=cast(datetime, lesson.starts_at),
        ends_at=cast(datetime, lesson.ends_at),
        changed_at=calendars.latest((lesson.made_at, lesson.asked_at, lesson.ended_at)),
        title=_("Lesson: %(title)s, with %(name)s") % words,
        text=text % words,
        place=_("online") if lesson.format == Lesson.Format.ONLINE else lesson.place,
        url=settings.SITE_URL + reverse("lesson", args=[lesson.pk]),
        is_cancelled=lesson.state == states.CANCELLED,
    )


def _entry_of_sitting(sitting: Sitting) -> Entry:
    return Entry(
        uid=_uid(sitting.uid),
        sequence=sitting.sequence,
        starts_at=sitting.starts_at,
        ends_at=sitting.ends_at,
        changed_at=calendars.latest((sitting.made_at, sitting.cancelled_at)),
        title=_("Group lesson: %(title)s") % {"title": sitting.title},
        text=_("You teach a group."),
        place=_("online") if sitting.format == Lesson.Format.ONLINE else sitting.place,
        url=settings.SITE_URL + reverse("lessons"),
        is_cancelled=sitting.cancelled_at is not None,
    )


def _uid(number: object) -> str:
    return f"{number}@{urlsplit(settings.SITE_URL).hostname}"


def _digest(word: str) -> str:
    return hashlib.sha256(word.encode()).hexdigest()
