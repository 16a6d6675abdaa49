"""What a lesson costs as its reader sees it: what is kept aside, what calling it off would cost, what its end cost."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from accounts.models import Person
from exchange.ledger import services as ledger
from exchange.ledger.models import Account, Posting, Transfer
from exchange.lessons import states
from exchange.lessons.models import Lesson
from exchange.lessons.services import hours


@dataclass(frozen=True)
class Stake:
    """What is kept aside for a lesson, or for the other half of its swap, and what calling off does to it.

    `here`, `minutes`: minutes of this lesson, of whichever half has some; of a series that is asked for, of all of it.
    `is_mine`: the reader learns there, and pays. `takes_other`: calling off calls the other half off, too.
    """

    here: int = 0
    minutes: int = 0
    is_mine: bool = False
    free_until: datetime | None = None
    is_late: bool = False
    takes_other: bool = False


@dataclass(frozen=True)
class Cost:
    """What became of the minutes that were kept aside: the teacher's, and the learner's again."""

    paid: int
    back: int


def of(*, lesson: Lesson, person: Person, now: datetime) -> Stake:
    """Give what is at stake in a lesson for one person; two queries for a swap, else none."""
    other = _other_half(lesson, now)
    here = _owed(lesson)
    if lesson.state == states.ASKED and lesson.series is not None:
        here *= lesson.series.count
    there = _owed(other) if other is not None else 0
    half = other if other is not None and there else lesson
    free_until = half.starts_at - timedelta(hours=settings.LATE_CANCEL_HOURS) if half.starts_at else None
    return Stake(
        here=here,
        minutes=here or there,
        is_mine=half.learner_id == person.pk,
        free_until=free_until,
        is_late=free_until is not None and now > free_until,
        takes_other=other is not None and other.state == states.BOOKED,
    )


def cost_of(*, lesson: Lesson) -> Cost | None:
    """Give what became of the minutes kept aside for a lesson, from the ledger; None where none were, or still are."""
    if lesson.in_return not in (Lesson.Return.HOURS, Lesson.Return.SWAP) or not ledger.is_on():
        return None
    rows = Posting.objects.filter(account__kind=Account.Kind.ESCROW, account__subject=hours.subject(lesson))
    held, left, paid = 0, 0, 0
    for kind, asked, minutes in rows.values_list("transfer__kind", "transfer__asked", "minutes"):
        left += minutes
        held += max(0, minutes)
        paid += (asked or -minutes) if kind == Transfer.Kind.SETTLE else 0
    return Cost(paid, held - paid) if held and not left else None


def _owed(lesson: Lesson) -> int:
    return hours.owed(lesson) if ledger.is_on() else 0


def _other_half(lesson: Lesson, now: datetime) -> Lesson | None:
    """Give the other half of a swap while it shares this one's fate: both asked for, or booked and not begun."""
    other = lesson.partner if lesson.state in (states.ASKED, states.BOOKED) else None
    if other is None or other.state != lesson.state:
        return None
    return other if other.state == states.ASKED or (other.starts_at is not None and other.starts_at > now) else None
