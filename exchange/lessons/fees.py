"""Whether a lesson may cost money: asked of the room above that knows about money; without one, none may."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from exchange.lessons.models import Lesson
from exchange.lib.errors import Refused

_judges: list["Money"] = []


@dataclass(frozen=True)
class Money:
    """What the room of money answers: whether a teacher may ask fees now, which refusal a fee gets, what was typed."""

    may_cost: Callable[[Lesson], bool]
    require: Callable[[Lesson, int, str], None]  # lesson, amount in the smallest unit, currency; raises `Refused`
    read: Callable[[str], tuple[int, str]]  # what was typed → amount and currency; raises `Refused`
    written: Callable[[int, str], str]  # amount and currency → as it is typed into a form


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
