"""Several lessons as one agreement, such as four Tuesdays: asked for and accepted together, then each by itself."""

import uuid
from collections.abc import Collection, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Person
from exchange.lessons import slots, states
from exchange.lessons.models import Lesson, Series
from exchange.lessons.rules import MOST_REPEATS, Span
from exchange.lessons.services import taking
from exchange.lessons.services.ending import cancel
from exchange.lessons.services.refusals import BadTerms, BadTimes, DatesTaken
from exchange.lessons.services.slots import city_clock
from exchange.lessons.services.steps import locked
from exchange.whole import whole

CARRIED = ("minutes", "format", "place", "in_return", "fee", "currency", "asked_by_id", "asked_at", "answer_due_at")


def begin(lesson: Lesson, *, by: Person, repeat: int, now: datetime) -> None:
    """Make a locked lesson that is asked for the first of so many, a week apart. Refused: `BadTerms`."""
    if not 1 <= repeat <= MOST_REPEATS:
        raise BadTerms(_("A lesson is repeated up to %(most)s times.") % {"most": MOST_REPEATS})
    if repeat > 1:
        lesson.series = Series.objects.create(made_by=by, made_at=now, count=repeat)


def spans_of(lesson: Lesson, first: Span, *, without: Collection[date] = ()) -> list[Span]:
    """Give the times that a lesson which is asked for comes to when this one is accepted, days left out left out.

    Each at the same hour of the wall clock. Refused: `BadTimes` when none is left.
    """
    if lesson.series is None or lesson.state != states.ASKED:
        return [first]
    clock = city_clock()
    zone = ZoneInfo(clock.zone)
    each = slots.weekly(first, lesson.series.count, clock)
    left = [span for span in each if span.starts_at.astimezone(zone).date() not in without]
    if not left:
        raise BadTimes(_("Leave at least one of the days in."))
    return left


def require_free(lesson: Lesson, spans: Sequence[Span]) -> None:
    """Refuse several times of which some are taken, with these and with how many are left: `DatesTaken`."""
    people = [lesson.teacher_id, lesson.learner_id]
    taking.lock(people)
    rows = taking.clashes(people, spans).exclude(lesson=lesson).values_list("starts_at", "ends_at")
    busy = [Span(*row) for row in rows]
    taken = [span for span in spans if any(span.meets(other) for other in busy)]
    if taken:
        raise DatesTaken(_("One of you is busy on some of the days."), taken=taken, left=len(spans) - len(taken))


def rest_of(lesson: Lesson, count: int, *, now: datetime) -> list[Lesson]:
    """Make the further lessons of a series that is accepted, asked for on the terms of the first."""
    return [
        Lesson.objects.create(
            teacher_id=lesson.teacher_id,
            learner_id=lesson.learner_id,
            opened_by_id=lesson.opened_by_id,
            listing_id=lesson.listing_id,
            conversation_id=lesson.conversation_id,
            follows_id=lesson.follows_id or lesson.pk,
            series_id=lesson.series_id,
            made_at=now,
            state=states.ASKED,
            uid=uuid.uuid4(),
            **{name: getattr(lesson, name) for name in CARRIED},
        )
        for _number in range(count)
    ]


@whole
def cancel_rest(
    *, lesson: Lesson, by: Person, note: str = "", key: str | None = None, now: datetime | None = None
) -> list[Lesson]:
    """Call off a booked lesson and all that come after it in its series; gives these. Each costs what `cancel` says.

    Refused: as `cancel`, for the first; later ones that are not booked any more are left alone.
    """
    now = now or timezone.now()
    numbers = [lesson.pk]
    if lesson.series_id is not None and lesson.starts_at is not None:
        after = Lesson.objects.filter(series=lesson.series_id, state=states.BOOKED, starts_at__gt=lesson.starts_at)
        numbers += after.order_by("id").values_list("id", flat=True)
    rows = {number: locked(number) for number in sorted(numbers)}
    first = rows.pop(lesson.pk)
    later = [row for row in rows.values() if row.state == states.BOOKED and row.starts_at and row.starts_at > now]
    done = [cancel(lesson=first, by=by, note=note, key=key, now=now, in_series=len(later) + 1)]
    return done + [cancel(lesson=row, by=by, note=note, key=key, now=now, along_with=first.pk) for row in later]
