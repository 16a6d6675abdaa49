"""Whether a lesson may cost money: asked of the room above that knows about money; without one, none may."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import Person
from exchange.lessons.models import Lesson
from exchange.lib.errors import Refused

_judges: list["Money"] = []


@dataclass(frozen=True)
class Standing:
    """How the fee of a lesson stands: to be paid until `due_at`, paid and kept until the lesson, or neither any more.

    `words` say it, `url` shows it to its two people.
    """

    is_due: bool
    is_kept: bool
    due_at: datetime
    words: str
    url: str


@dataclass(frozen=True)
class Money:
    """What the room of money answers: whether a teacher may ask fees now, which refusal a fee gets, what was typed."""

    may_cost: Callable[[Lesson], bool]
    require: Callable[[Lesson, int, str], None]  # lesson, amount in the smallest unit, currency; raises `Refused`
    read: Callable[[str], tuple[int, str]]  # what was typed → amount and currency; raises `Refused`
    written: Callable[[int, str], str]  # amount and currency → as it is typed into a form
    standings: Callable[[list[int]], dict[int, Standing]]  # numbers of lessons → how their fees stand


class NoFee(Refused):
    """Lessons cost no fee here, or not with these two people."""

    code = "no_fee"


def judged_by(money: Money) -> None:
    """Let a room above answer from now on."""
    _judges[:] = [money]


def may_cost(lesson: Lesson) -> bool:
    """Whether this lesson may be asked for a fee."""
    return bool(_judges) and _judges[0].may_cost(lesson)


def require(lesson: Lesson, terms: dict[str, Any]) -> None:
    """Refuse a fee that cannot be paid here. Refused: `NoFee`, and what the room of money refuses."""
    if terms["in_return"] != Lesson.Return.FEE:
        return
    if not may_cost(lesson):
        raise NoFee(_("This lesson cannot be for a fee: the teacher must be an adult who has connected an account."))
    _judges[0].require(lesson, terms["fee"], terms["currency"])


def read(text: str) -> tuple[int, str]:
    """Give the amount and the currency of what was typed. Refused: `NoFee`, and what cannot be read."""
    if not _judges:
        raise NoFee(_("Lessons cost no fee here."))
    return _judges[0].read(text)


def written(amount: int | None, currency: str) -> str:
    """Give an amount as it is typed; empty where there is none."""
    return _judges[0].written(amount, currency) if _judges and amount else ""


def standings(rows: Iterable[Lesson]) -> dict[int, Standing]:
    """Give how the fees of some lessons stand, by their numbers; in one query, none where no lesson is for a fee."""
    numbers = [row.pk for row in rows if row.in_return == Lesson.Return.FEE]
    return _judges[0].standings(numbers) if _judges and numbers else {}


def is_unpaid(lesson: Lesson, person: Person, known: dict[int, Standing]) -> bool:
    """Whether this person is to pay the fee of a lesson, by what `standings` gave."""
    standing = known.get(lesson.pk)
    return standing is not None and standing.is_due and person.pk == lesson.learner_id
