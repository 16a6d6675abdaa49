"""What the steps of a lesson do to the hours. Only lessons for hours touch them."""

from exchange.ledger import services as ledger
from exchange.lessons.models import Lesson


def hold(lesson: Lesson) -> None:
    """Keep the minutes of a lesson aside, from the learner. Refused: `ledger.NotEnoughHours`."""
    if lesson.in_return == Lesson.Return.HOURS and lesson.minutes:
        ledger.hold(
            payer=lesson.learner, minutes=lesson.minutes, subject=subject(lesson), key=f"{subject(lesson)}:hold",
            title=lesson.conversation.subject[:120], url=f"/lessons/{lesson.pk}/",
        )  # fmt: skip


def pay(lesson: Lesson) -> None:
    """Give the teacher what is kept aside."""
    ledger.settle(subject=subject(lesson), payee=lesson.teacher, key=f"{subject(lesson)}:settle")


def give_back(lesson: Lesson) -> None:
    """Give the learner back what is kept aside."""
    ledger.give_back(subject=subject(lesson), key=f"{subject(lesson)}:return")


def share(lesson: Lesson) -> None:
    """Give the teacher half of what is kept aside, rounded down, and the learner the rest."""
    if half := ledger.held(subject=subject(lesson)) // 2:
        ledger.settle(subject=subject(lesson), payee=lesson.teacher, key=f"{subject(lesson)}:half", minutes=half)


def subject(lesson: Lesson) -> str:
    """What the ledger calls a lesson."""
    return f"lesson:{lesson.pk}"
