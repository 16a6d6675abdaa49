"""What the steps of a lesson do to the hours: for hours and swaps."""

from exchange.ledger import services as ledger
from exchange.lessons import rules, states
from exchange.lessons.models import Lesson


def hold(lesson: Lesson) -> None:
    """Keep the minutes of a lesson aside, from the learner; of a swap only what the other lesson does not make up for.

    Refused: `ledger.NotEnoughHours`.
    """
    minutes = owed(lesson)
    if minutes:
        ledger.hold(
            payer=lesson.learner, minutes=minutes, subject=subject(lesson), key=f"{subject(lesson)}:hold",
            title=lesson.title[:120], url=f"/lessons/{lesson.pk}/",
        )  # fmt: skip


def owed(lesson: Lesson) -> int:
    """The minutes that a learner owes: all of a lesson for hours, of a swap what it is longer than the other."""
    partner = lesson.partner
    return rules.minutes_owed(lesson.in_return, lesson.minutes or 0, partner.minutes or 0 if partner else None)


def pay(lesson: Lesson, *, why: str = "") -> None:
    """Give the teacher what is kept aside; `why` it is not for a lesson that was given, as statements say it."""
    ledger.settle(subject=subject(lesson), payee=lesson.teacher, key=f"{subject(lesson)}:settle", why=why)


def give_back(lesson: Lesson) -> None:
    """Give the learner back what is kept aside."""
    ledger.give_back(subject=subject(lesson), key=f"{subject(lesson)}:return")


def share(lesson: Lesson) -> None:
    """Give the teacher half of what is kept aside, rounded down, and the learner the rest; of one minute, all."""
    if half := ledger.held(subject=subject(lesson)) // 2:
        key, why = f"{subject(lesson)}:half", "half" if lesson.state == states.DISPUTED else "late"
        ledger.settle(subject=subject(lesson), payee=lesson.teacher, key=key, minutes=half, why=why)
    else:
        give_back(lesson)


def subject(lesson: Lesson) -> str:
    """What the ledger calls a lesson."""
    return f"lesson:{lesson.pk}"
