"""What the steps of a lesson do to the hours. Only lessons for hours touch them."""

from exchange.lessons.models import Lesson


def hold(lesson: Lesson) -> None:
    """Keep the minutes of a lesson aside, from the learner. Refused: `ledger.NotEnoughHours`."""


def pay(lesson: Lesson) -> None:
    """Give the teacher what is kept aside."""


def give_back(lesson: Lesson) -> None:
    """Give the learner back what is kept aside."""


def share(lesson: Lesson) -> None:
    """Give the teacher half of what is kept aside, rounded down, and the learner the rest."""
