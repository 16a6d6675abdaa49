"""Lessons that are booked all at once or not at all: each gets its time, the last one books them all."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import Person
from exchange.lessons import rules, states
from exchange.lessons.models import Bundle, Lesson, Proposal
from exchange.lessons.rules import Span
from exchange.lessons.services import hours, taking
from exchange.lessons.services.doors import require_doors
from exchange.lessons.services.refusals import NotNow, ProposalGone
from exchange.lessons.services.steps import step
from exchange.lib.errors import Refused
from exchange.outbox import services as outbox
from exchange.whole import whole


@whole
def bind(*, lessons: Sequence[Lesson], in_return: str, now: datetime, due_at: datetime | None = None) -> Bundle:
    """Let these lessons, none of which is booked, be booked all or none; by `due_at` at the latest.

    Refused: `NotNow` for a lesson that has more than an open question, or is bound already.
    """
    rows = list(Lesson.objects.select_for_update().filter(id__in=[each.pk for each in lessons]).order_by("id"))
    if any(is_bound(row) or row.state not in (states.ENQUIRY, states.ASKED) for row in rows):
        raise NotNow(_("One of these lessons is agreed on already."))
    made = Bundle.objects.create(made_at=now, due_at=due_at)
    Lesson.objects.filter(id__in=[row.pk for row in rows]).update(bundle=made, in_return=in_return)
    return made


def is_bound(lesson: Lesson) -> bool:
    """Whether a lesson waits for others to be booked with it."""
    return lesson.bundle is not None and lesson.bundle.is_open


def choose(
    lesson: Lesson, chosen: Proposal, *, by: Person, now: datetime, key: str | None, particulars: object
) -> Lesson:
    """Keep the time of a locked lesson; the last one books all. Gives the lesson as it is then.

    Refused: what stands against booking this very lesson. What stands against another one makes that one choose anew.
    """
    lesson.chosen = chosen
    step(
        lesson, states.ACCEPT, to=states.ASKED, by=by, now=now, event="lesson.chosen", key=key, particulars=particulars,
        times=[[chosen.starts_at.isoformat(), chosen.ends_at.isoformat()]],
    )  # fmt: skip
    bundle = lesson.bundle
    rows = list(_of(bundle))
    if bundle is not None and all(row.state == states.ASKED and row.chosen for row in rows):
        _book_all(bundle, rows, last=lesson, now=now)
    return Lesson.objects.select_related("teacher", "learner", "bundle").get(id=lesson.pk)


def _book_all(bundle: Bundle, rows: Sequence[Lesson], *, last: Lesson, now: datetime) -> None:
    people = {person for row in rows for person in (row.teacher_id, row.learner_id)}
    # All at once in id order, before any lesson locks its two: rings that share people wait instead of waiting in turn.
    list(Person.objects.select_for_update().filter(id__in=people).order_by("id").values_list("id", flat=True))
    current = last
    try:
        with transaction.atomic():
            for current in rows:
                _book(current, now)
            bundle.booked_at = now
            bundle.save(update_fields=["booked_at"])
            outbox.emit("bundle.booked", bundle)
    except Refused:
        if current.pk == last.pk:
            raise
        _choose_anew(current, now)


def _book(lesson: Lesson, now: datetime) -> None:
    chosen = lesson.chosen
    if chosen is None or chosen.starts_at <= now:
        raise ProposalGone(_("This time is no longer offered. Look at the lesson again."))
    answerer = lesson.learner if lesson.asked_by_id == lesson.teacher_id else lesson.teacher
    require_doors(lesson, answerer)
    span = Span(chosen.starts_at, chosen.ends_at)
    taking.take(lesson, span)
    lesson.starts_at, lesson.ends_at = span.starts_at, span.ends_at
    lesson.reminded = rules.reminders_over(span.starts_at, now=now)
    lesson.sequence += 1
    hours.hold(lesson)
    step(
        lesson, states.ACCEPT, to=states.BOOKED, by=answerer, now=now, event="lesson.booked",
        times=[[span.starts_at.isoformat(), span.ends_at.isoformat()]],
    )  # fmt: skip


def _choose_anew(lesson: Lesson, now: datetime) -> None:
    """Take the chosen time off a lesson that can no longer have it; its question stays open, the others keep theirs."""
    fresh = _of(lesson.bundle).get(id=lesson.pk)
    fresh.chosen = None
    step(fresh, states.LAPSE, to=states.ASKED, by=None, now=now, event="lesson.choose_anew")


def let_go(bundle: Bundle, *, by: Person | None, now: datetime) -> None:
    """End what a locked `Bundle` holds: questions lapse, enquiries stay, nothing was held. Again changes nothing."""
    if not bundle.is_open:
        return
    for row in _of(bundle):
        if row.state == states.ASKED:
            step(row, states.LAPSE, to=states.LAPSED, by=None, now=now, event="lesson.released", because="others")
    bundle.ended_at, bundle.ended_by = now, by
    bundle.save(update_fields=["ended_at", "ended_by"])
    outbox.emit("bundle.let_go", bundle, by=by.pk if by else None)


@whole
def release(*, bundle_id: int, by: Person | None = None, now: datetime) -> None:
    """Let lessons go that are not booked yet; again, or once they are booked, it changes nothing."""
    _let_go_one(bundle_id, now, by=by)


def let_go_due(*, now: datetime, limit: int = 200) -> int:
    """Let go what has passed its deadline; gives how many. Any number may run at once."""
    due = Bundle.objects.filter(due_at__lte=now, booked_at=None, ended_at=None).order_by("due_at", "id")
    return sum(_let_go_one(number, now) for number in list(due.values_list("id", flat=True)[:limit]))


@whole
def _let_go_one(number: int, now: datetime, *, by: Person | None = None) -> bool:
    bundle = Bundle.objects.select_for_update().filter(id=number, booked_at=None, ended_at=None).first()
    if bundle is None:
        return False
    list(Lesson.objects.select_for_update().filter(bundle=bundle).order_by("id").values_list("id", flat=True))
    let_go(bundle, by=by, now=now)
    return True


def _of(bundle: Bundle | None) -> QuerySet[Lesson]:
    rows = Lesson.objects.filter(bundle=bundle).order_by("id")
    return rows.select_related("teacher", "learner", "chosen", "bundle", "listing", "conversation", "partner")
