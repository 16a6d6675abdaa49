"""How long a hello may wait, and what is said of how soon answers come. Values in, values out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

FIRST, SECOND, ONWARD = "first", "second", "onward"
# The rungs of a hello that nobody answers: who was asked is reminded twice, then who asked is shown others.
RUNGS = ((FIRST, timedelta(days=2)), (SECOND, timedelta(days=5)), (ONWARD, timedelta(days=7)))
BETWEEN = timedelta(days=1)  # between two rungs, also after the clock stood still for weeks
FULL_DAYS = (14, 30, 90)  # "full now, ask me after …"

UNKNOWN, LONGER = "unknown", "longer"
BANDS = (("day", timedelta(days=1)), ("days", timedelta(days=3)), ("week", timedelta(days=7)))
LATELY = timedelta(days=180)  # hellos older than this say nothing any more
MOST_HELLOS = 50
FEWEST_ANSWERS = 5
USUAL = 0.75  # "usually" means three of four


@dataclass(frozen=True)
class Heard:
    """One hello: how long ago it was, and after how long it was answered (None: not yet)."""

    ago: timedelta
    answered_after: timedelta | None


def rung_due(taken: int, *, since: datetime, now: datetime) -> datetime | None:
    """When the next rung is taken by a hello of that time that took so many; None: it has taken all."""
    if taken >= len(RUNGS):
        return None
    return max(since + RUNGS[taken][1], now + BETWEEN if taken else now)


def usual_band(hellos: Iterable[Heard]) -> str:
    """Give the shortest band in which three of four hellos are answered: "day", "days", "week", or "longer".

    Unanswered hellos count against a band once they are older than it, so silence is not left out. With fewer than
    five answers nothing honest can be said: "unknown".
    """
    known = list(hellos)
    if sum(each.answered_after is not None for each in known) < FEWEST_ANSWERS:
        return UNKNOWN
    for name, span in BANDS:
        within = sum(each.answered_after is not None and each.answered_after <= span for each in known)
        tried = sum(each.answered_after is not None or each.ago > span for each in known)
        if tried and within >= USUAL * tried:
            return name
    return LONGER
