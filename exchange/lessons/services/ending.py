"""How a lesson ends before its time, and how the next one begins."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from accounts import policies
from accounts.models import Guardianship, Person
from exchange.chat.models import Conversation
from exchange.lessons import rules, states
from exchange.lessons.models import Lesson
from exchange.lessons.services import bundling, hours, taking
from exchange.lessons.services.clock import catch_up
from exchange.lessons.services.steps import done_before, locked, require, step
from exchange.lib.text import clean
from exchange.whole import whole

PARTNER = "partner"  # why a lesson was called off: the other half of its swap was


@whole
def cancel(
    *,
    lesson: Lesson,
    by: Person,
    why: str = "",
    note: str = "",
    key: str | None = None,
    now: datetime | None = None,
    **facts: int,
) -> Lesson:
    """Call a booked lesson off before it starts: the hours go back, half of them to the teacher when a learner is late.

    Late is less than `LATE_CANCEL_HOURS` before the start. Of a swap both halves are called off, by the same rule each:
    what a learner kept aside is not saved by calling off the half they teach. `facts`: what the event says besides.
    Refused: `NotNow`, `NotYours`.
    """
    now = now or timezone.now()
    why, note = clean(why)[:12], clean(note)[:500]
    lesson = locked(lesson.pk)
    if done_before(lesson, key=key, act=states.CANCEL, by=by, particulars=[why, note], now=now):
        return lesson
    catch_up(lesson, now=now)
    require(lesson, states.CANCEL, by, now=now)
    costs = _let_go(lesson, by, now)
    _close(lesson, why, note)
    step(
        lesson, states.CANCEL, to=states.CANCELLED, by=by, now=now, event="lesson.cancelled", key=key,
        particulars=[why, note], why=why, note=note, is_late=lesson.is_late, costs=costs, **facts,
    )  # fmt: skip
    _cancel_partner(lesson, by, now)
    return lesson


def _cancel_partner(lesson: Lesson, by: Person, now: datetime) -> None:
    """Of a swap neither half of which has begun both are called off; what has begun stays, as a gift."""
    partner = locked(lesson.partner_id) if lesson.partner_id else None
    if partner is None or partner.state != states.BOOKED or partner.starts_at is None or partner.starts_at <= now:
        return
    costs = _let_go(partner, by, now)
    _close(partner, PARTNER, "")
    step(
        partner, states.CANCEL, to=states.CANCELLED, by=by, now=now, event="lesson.cancelled", why=PARTNER, note="",
        is_late=partner.is_late, costs=costs, along_with=lesson.pk,
    )  # fmt: skip


def _let_go(lesson: Lesson, by: Person, now: datetime) -> bool:
    """Give back what is kept aside for a lesson, or half of it where its learner is late; gives whether they are."""
    starts_at = lesson.starts_at
    lesson.is_late = starts_at is not None and rules.is_late(starts_at, now=now, hours=settings.LATE_CANCEL_HOURS)
    costs = lesson.is_late and by.pk == lesson.learner_id
    if costs:
        hours.share(lesson)
    else:
        hours.give_back(lesson)
    return costs


def part_blocked(*, one: int, other: int, now: datetime) -> int:
    """Call off what two people between whom a block stands still have before them; gives how many lessons."""
    people = {person.pk: person for person in Person.objects.filter(id__in=(one, other))}
    if len(people) < 2 or not policies.is_blocked(people[one], people[other]):
        return 0
    return _part(Lesson.objects.between(one, other), now)


def part_unguarded(*, guardianship: Guardianship, now: datetime) -> int:
    """Call off what somebody young has before them when nobody looks after them any more; gives how many lessons."""
    if not policies.lacks_guardian(guardianship.young):
        return 0
    return _part(Lesson.objects.for_member(guardianship.young), now)


def _part(rows: Iterable[Lesson], now: datetime) -> int:
    """End lessons whose two may not meet any more. Nobody pays for it, however late; what was held goes its way."""
    ahead = Lesson.objects.filter(Q(state=states.ASKED) | Q(state=states.BOOKED), id__in=[row.pk for row in rows])
    return sum(_part_one(lesson_id, now) for lesson_id in ahead.order_by("id").values_list("id", flat=True))


@whole
def _part_one(lesson_id: int, now: datetime) -> bool:
    return call_off(locked(lesson_id), why="apart", now=now)


def call_off(lesson: Lesson, *, why: str, now: datetime) -> bool:
    """End a locked lesson that cannot take place, by nobody's act: it costs nobody, however late. False: too late."""
    catch_up(lesson, now=now)
    if lesson.state not in (states.ASKED, states.BOOKED):
        return False
    hours.give_back(lesson)
    _close(lesson, why, "")
    step(lesson, states.PART, to=states.CANCELLED, by=None, now=now, event="lesson.cancelled", why=why)
    if lesson.bundle is not None:
        bundling.let_go(lesson.bundle, by=None, now=now)
    return True


@whole
def again(*, lesson: Lesson, by: Person, key: str | None = None, now: datetime | None = None) -> Lesson:
    """Begin a next lesson of the same two in the same talk; one that is begun already is found.

    Refused: `NotNow`, `NotYours`.
    """
    now = now or timezone.now()
    # The talk's row is the lock: two clicks at once, on this lesson or an older one, make one next lesson.
    Conversation.objects.select_for_update().get(id=lesson.conversation_id)
    lesson = Lesson.objects.get(id=lesson.pk)
    require(lesson, states.AGAIN, by, now=now)
    same = Lesson.objects.filter(
        conversation=lesson.conversation_id, teacher=lesson.teacher_id, learner=lesson.learner_id
    )
    begun = same.filter(state=states.ENQUIRY).order_by("-id").first()
    if begun is not None:
        return begun
    return Lesson.objects.create(
        teacher_id=lesson.teacher_id,
        learner_id=lesson.learner_id,
        opened_by_id=lesson.opened_by_id,
        listing_id=lesson.listing_id,
        conversation_id=lesson.conversation_id,
        follows_id=lesson.follows_id or lesson.pk,
        made_at=now,
        minutes=lesson.minutes,
        format=lesson.format,
        place=lesson.place,
        in_return=Lesson.Return.GIFT if lesson.in_return == Lesson.Return.SWAP else lesson.in_return,
        fee=lesson.fee,
        currency=lesson.currency,
    )


def _close(lesson: Lesson, why: str, note: str) -> None:
    lesson.why, lesson.why_note = why, note
    lesson.sequence += 1
    taking.free(lesson)
