"""Common times of the people of a lesson, read from their rows."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from accounts.models import OtherTime, Profile
from exchange.lessons import slots, states
from exchange.lessons.models import Lesson, Taken
from exchange.lessons.rules import Span
from exchange.lessons.slots import Clock, Times
from skills.models import Listing

USUAL_MINUTES = 60
MAY_LAST_LONGER = timedelta(hours=1)
LATELY = 20  # lessons by which one knows how long they usually are
SOONEST = timedelta(hours=24)  # a proposal leaves a day to answer


def propose(
    *,
    lesson: Lesson,
    minutes: int | None = None,
    now: datetime | None = None,
    venue: Sequence[Span] | None = None,
) -> list[Span]:
    """Give up to three times that suit both people of a lesson, in three queries.

    `minutes`: the lesson's own length, or an hour, when not said. `venue`: the windows in which a place is open.
    """
    since = (now or timezone.now()) + SOONEST
    people = times_of([lesson.teacher_id, lesson.learner_id], since=since, listing_id=lesson.listing_id)
    length = minutes or lesson.minutes or USUAL_MINUTES
    return slots.propose(people, minutes=length, clock=city_clock(), since=since, venue=venue)


def propose_two(*, lesson: Lesson, now: datetime | None = None) -> tuple[list[Span], list[Span]]:
    """Give times for two lessons of the same two people, none of which meets another, in three queries."""
    since = (now or timezone.now()) + SOONEST
    people = times_of([lesson.teacher_id, lesson.learner_id], since=since, listing_id=lesson.listing_id)
    length, clock = lesson.minutes or USUAL_MINUTES, city_clock()
    first = slots.propose(people, minutes=length, clock=clock, since=since)
    kept = [Span(at.starts_at, at.ends_at + MAY_LAST_LONGER) for at in first]
    busy = [replace(each, taken=[*each.taken, *kept]) for each in people]
    return first, slots.propose(busy, minutes=length, clock=clock, since=since)


def usual_minutes(*, listing_id: int) -> int:
    """Give how long lessons of an offer usually are: what most of its last ones were agreed for; else an hour."""
    agreed = Lesson.objects.filter(listing=listing_id, state__in=(*states.AGREED, states.CONFIRMED))
    last = Counter(agreed.order_by("-id").values_list("minutes", flat=True)[:LATELY])
    return next((minutes for minutes, _count in last.most_common(1) if minutes), USUAL_MINUTES)


def times_of(people: Iterable[int], *, since: datetime, listing_id: int | None = None) -> list[Times]:
    """Give when each of some people can meet from a moment on, in three queries.

    The owner of the listing that it is about goes by the listing's own weekly times, where it has any.
    """
    numbers = list(people)
    until = since + timedelta(weeks=slots.WEEKS)
    own = Listing.objects.filter(id=listing_id or 0, owner=OuterRef("person_id")).values("free_mask")
    rows = Profile.objects.filter(person__in=numbers).annotate(listing_mask=Subquery(own[:1]))
    masks = {
        person: listed or mask for person, mask, listed in rows.values_list("person_id", "free_mask", "listing_mask")
    }
    others: dict[tuple[int, str], list[Span]] = defaultdict(list)
    exceptions = OtherTime.objects.filter(person__in=numbers, ends_at__gt=since, starts_at__lt=until)
    for person, kind, starts_at, ends_at in exceptions.values_list("person_id", "kind", "starts_at", "ends_at"):
        others[person, kind].append(Span(starts_at, ends_at))
    taken: dict[int, list[Span]] = defaultdict(list)
    busy = Taken.objects.filter(person__in=numbers, ends_at__gt=since, starts_at__lt=until)
    for person, starts_at, ends_at in busy.values_list("person_id", "starts_at", "ends_at"):
        taken[person].append(Span(starts_at, ends_at))
    return [
        Times(
            mask=masks.get(person, 0),
            also=others[person, OtherTime.Kind.FREE],
            away=others[person, OtherTime.Kind.AWAY],
            taken=taken[person],
        )
        for person in numbers
    ]


def city_clock() -> Clock:
    """Give the city's zone, the hours of its parts of the day, its weekend and its Ramadan, as set."""
    city = settings.CITY
    return Clock(
        zone=settings.TIME_ZONE,
        hours=city["hours"],
        weekend=city["weekend"],
        ramadan=city["ramadan"],
        ramadan_hours=city["ramadan_hours"],
    )
