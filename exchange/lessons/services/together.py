"""Lessons that are booked all at once or not at all: each gets its time, the last one books them all."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import Person
from exchange.lessons import rules, states
from exchange.lessons.models import Lesson, Proposal, Together
from exchange.lessons.rules import Span
from exchange.lessons.services import hours, taking
from exchange.lessons.services.doors import require_doors
from exchange.lessons.services.refusals import NotNow, ProposalGone
from exchange.lessons.services.steps import step
from exchange.lib.errors import Refused
from exchange.outbox import services as outbox


@transaction.atomic
def bind(*, lessons: Sequence[Lesson], due_at: datetime | None = None, now: datetime) -> Together:
    """Let these lessons, none of which is booked, be booked all or none; by `due_at` at the latest.

    Refused: `NotNow` for a lesson that has more than an open question, or is bound already.
    """
    rows = list(Lesson.objects.select_for_update().filter(id__in=[each.pk for each in lessons]).order_by("id"))
    if any(is_bound(row) or row.state not in (states.ENQUIRY, states.ASKED) for row in rows):
        raise NotNow(_("One of these lessons is agreed on already."))
    made = Together.objects.create(made_at=now, due_at=due_at)
    Lesson.objects.filter(id__in=[row.pk for row in rows]).update(together=made)
    return made


def is_bound(lesson: Lesson) -> bool:
    """Whether a lesson waits for others to be booked with it."""
    return lesson.together is not None and lesson.together.is_open


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
    together = lesson.together
    rows = list(_of(together))
    if together is not None and all(row.state == states.ASKED and row.chosen for row in rows):
        _book_all(together, rows, last=lesson, now=now)
    return Lesson.objects.select_related("teacher", "learner", "together").get(id=lesson.pk)


def _book_all(together: Together, rows: Sequence[Lesson], *, last: Lesson, now: datetime) -> None:
    people = {person for row in rows for person in (row.teacher_id, row.learner_id)}
    # All at once in id order, before any lesson locks its two: rings that share people wait instead of waiting in turn.
    list(Person.objects.select_for_update().filter(id__in=people).order_by("id").values_list("id", flat=True))
    current = last
    try:
        with transaction.atomic():
            for current in rows:
                _book(current, now)
            together.booked_at = now
            together.save(update_fields=["booked_at"])
            outbox.emit("together.booked", together)
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
    fresh = _of(lesson.together).get(id=lesson.pk)
    fresh.chosen = None
    step(fresh, states.LAPSE, to=states.ASKED, by=None, now=now, event="lesson.choose_anew")


def let_go(together: Together, *, by: Person | None, now: datetime) -> None:
    """End what a locked `Together` holds: questions lapse, enquiries stay, nothing was held. Again changes nothing."""
    if not together.is_open:
        return
    for row in _of(together):
        if row.state == states.ASKED:
            step(row, states.LAPSE, to=states.LAPSED, by=None, now=now, event="lesson.released")
    together.ended_at, together.ended_by = now, by
    together.save(update_fields=["ended_at", "ended_by"])
    outbox.emit("together.let_go", together, by=by.pk if by else None)


def let_go_due(*, now: datetime, limit: int = 200) -> int:
    """Let go what has passed its deadline; gives how many. Any number may run at once."""
    due = Together.objects.filter(due_at__lte=now, booked_at=None, ended_at=None).order_by("due_at", "id")
    return sum(_let_go_one(number, now) for number in list(due.values_list("id", flat=True)[:limit]))


@transaction.atomic
def _let_go_one(number: int, now: datetime) -> bool:
    together = Together.objects.select_for_update().filter(id=number, booked_at=None, ended_at=None).first()
    if together is None:
        return False
    list(Lesson.objects.select_for_update().filter(together=together).order_by("id").values_list("id", flat=True))
    let_go(together, by=None, now=now)
    return True


def _of(together: Together | None) -> QuerySet[Lesson]:
    rows = Lesson.objects.filter(together=together).order_by("id")
    return rows.select_related("teacher", "learner", "chosen", "together", "conversation", "partner")
