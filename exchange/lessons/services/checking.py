"""Lessons held against the ledger and against who is busy: what `manage.py verify` asks."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Count, Exists, F, OuterRef, Q, Subquery, Sum

from exchange.ledger.models import Account
from exchange.lessons import rules, states
from exchange.lessons.models import Lesson, LessonQuerySet, Proposal, Step

KEEPING = (states.BOOKED, states.HELD, states.DISPUTED)  # hours can be aside only there
OVERDUE = timedelta(hours=1)


def faults(*, now: datetime, lesson_ids: Iterable[int] | None = None) -> dict[str, list[int]]:
    """Give numbers of lessons that break a promise, by promise; of all, or of some."""
    rows: LessonQuerySet = (
        Lesson.objects.all() if lesson_ids is None else Lesson.objects.filter(id__in=list(lesson_ids))
    )
    return {
        "lessons_escrow_differs": _escrow(rows),
        "lessons_taken_differs": _taken(rows),
        "lessons_question_differs": _questions(rows),
        "lessons_steps_differ": _steps(rows),
        "lessons_overdue": list(rows.filter(due_at__lt=now - OVERDUE).values_list("id", flat=True)),
        "lessons_without_a_clock": list(rows.filter(state__in=states.OPEN, due_at=None).values_list("id", flat=True)),
    }


def _escrow(rows: LessonQuerySet) -> list[int]:
    """Give lessons with hours aside that should have none, or other hours than were agreed.

    A lesson booked while the city counted participation only keeps nothing aside, and that is right.
    """
    accounts = Account.objects.filter(kind=Account.Kind.ESCROW, subject__startswith="lesson:", balance__gt=0)
    held = {
        int(row["subject"].removeprefix("lesson:")): row["minutes"]
        for row in accounts.values("subject").annotate(minutes=Sum("balance")).order_by("subject")
    }
    keeping = rows.filter(state__in=KEEPING, id__in=held)
    terms = keeping.values_list("id", "in_return", "minutes", "partner__minutes")
    agreed = {
        number: rules.minutes_owed(in_return, minutes or 0, partners) for number, in_return, minutes, partners in terms
    }
    meant = rows.filter(id__in=held).values_list("id", flat=True)
    return sorted(number for number in meant if agreed.get(number) != held[number])


def _taken(rows: LessonQuerySet) -> list[int]:
    """Give lessons whose two are not busy exactly at their time, or are busy though it is settled."""
    own = rows.filter(sitting=None)
    same = Q(taken__starts_at=F("starts_at"), taken__ends_at=F("ends_at"))
    busy = own.annotate(busy=Count("taken", filter=same), any_busy=Count("taken")).order_by("id")
    agreed = Q(state__in=states.AGREED)
    return list(busy.filter(agreed & ~Q(busy=2) | ~agreed & ~Q(any_busy=0)).values_list("id", flat=True))


def _questions(rows: LessonQuerySet) -> list[int]:
    """Give lessons with times asked for and no open question, or the other way round."""
    times = Exists(Proposal.objects.filter(lesson=OuterRef("pk")))
    wrong = rows.filter(times & Q(answer_due_at=None) | ~times & Q(answer_due_at__isnull=False))
    return list(wrong.order_by("id").values_list("id", flat=True))


def _steps(rows: LessonQuerySet) -> list[int]:
    """Give lessons whose last step did not end where they are."""
    last = Step.objects.filter(lesson=OuterRef("pk")).order_by("-id").values("to_state")[:1]
    found = rows.annotate(last=Subquery(last)).exclude(last=None).order_by("id")
    values = found.values_list("id", "state", "answer_due_at", "last").iterator()
    return [
        number
        for number, state, due_at, to in values
        if to != (states.MOVING if state == states.BOOKED and due_at else state)
    ]
