"""How long a wish usually waits for its first answer, said honestly: from waits that ended and waits that go on.

The share still waiting after a time is estimated by Kaplan & Meier (J. Am. Stat. Assoc. 53, 1958), which counts wishes
that are still waiting for what they are: not answered *yet*. Leaving them out would promise too much.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import ceil

LOW, HIGH = 0.1, 0.9  # the range holds eight waits of ten
FEWEST = 20  # answered waits needed to say anything
# Waits change with the months, so the wishes of the last days speak first, where so many of them were answered.
WINDOWS, ENOUGH = (60.0, 120.0), 100


@dataclass(frozen=True)
class Wait:
    """How many days one wish waited, whether that ended with an answer, and how many days ago it was published."""

    days: float
    is_answered: bool
    age: float = 0.0


@dataclass(frozen=True)
class Range:
    """Days until the first answer: eight waits of ten end between; `high` None: some wait longer than we know."""

    low: float
    high: float | None

    @property
    def low_days(self) -> int:
        """The lower end in whole days, never promising more than is known."""
        return max(1, ceil(self.low))

    @property
    def high_days(self) -> int | None:
        """The upper end in whole days."""
        return None if self.high is None else max(self.low_days, ceil(self.high))


def survival(waits: Iterable[Wait]) -> list[tuple[float, float]]:
    """Give (days, share still waiting just after) for each day on which an answer came, in order."""
    ordered = sorted(waits, key=lambda wait: wait.days)
    left, share = len(ordered), 1.0
    steps: list[tuple[float, float]] = []
    for days, together in groupby(ordered, key=lambda wait: wait.days):
        group = list(together)
        answered = sum(wait.is_answered for wait in group)
        if answered:
            share *= 1 - answered / left
            steps.append((days, share))
        left -= len(group)
    return steps


def range_of(waits: Iterable[Wait], *, waited: float = 0.0) -> Range | None:
    """Give when an answer usually comes for a wish that has waited so many days already, counted from publication.

    None when fewer than `FEWEST` answered waits are known beyond that time: then nothing honest can be said.
    """
    known = list(waits)
    for window in WINDOWS:
        found = _range([wait for wait in known if wait.age <= window], waited, ENOUGH)
        if found is not None and found.high is not None:
            return found
    return _range(known, waited, FEWEST)


def _range(known: Sequence[Wait], waited: float, fewest: int) -> Range | None:
    answered = sum(wait.is_answered and wait.days > waited for wait in known)
    if answered < fewest:
        return None
    steps = survival(known)
    now = min((share for days, share in steps if days <= waited), default=1.0)
    later = [(days, share / now) for days, share in steps if days > waited]

    def when(part: float) -> float | None:
        return next((days for days, share in later if 1 - share >= part), None)

    wider = 1 + 1 / answered  # the wait that is told of is one more than those that are known
    low = when(1 - (1 - LOW) * wider)
    return Range(low, when(HIGH * wider)) if low is not None else None
