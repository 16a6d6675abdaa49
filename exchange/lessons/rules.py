"""How long a hello may wait, and what is said of how soon answers come. Values in, values out."""

from collections.abc import Iterable, Sequence
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


# --- agreeing on a time, meeting, and what comes after ----------------------------------------------------------------

MOST_TIMES = 3  # in one question
MOST_REPEATS = 12  # weeks of a series
LEAST_MINUTES, MOST_MINUTES = 15, 480
FEWEST_SEATS, MOST_SEATS = 2, 30  # of a group lesson
FARTHEST = timedelta(days=365)
MOST_FEE = 10**9  # in the smallest unit of a currency
# Reminders before the start; one that is missed by more than half of its span is not made up for.
REMINDERS = (timedelta(hours=24), timedelta(hours=2))
MISS_DAYS = 3  # how long the other may answer "you did not come"

# Kind reasons to decline; "full" lets the teacher's offers rest too.
FULL = "full"
DECLINES = (FULL, "times", "subject", "far", "later", "other")


@dataclass(frozen=True)
class Span:
    """From when to when."""

    starts_at: datetime
    ends_at: datetime

    def meets(self, other: "Span") -> bool:
        """Whether two spans have a moment in common; one that begins when the other ends does not."""
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at


def bad_times(times: Sequence[Span], *, minutes: int, now: datetime) -> str:
    """Give what is wrong with times that are asked for: "count", "past", "far", "length", "twice"; else ""."""
    if not 1 <= len(times) <= MOST_TIMES:
        return "count"
    if any(span.starts_at <= now for span in times):
        return "past"
    if any(span.starts_at > now + FARTHEST for span in times):
        return "far"
    if any(span.ends_at - span.starts_at != timedelta(minutes=minutes) for span in times):
        return "length"
    if len({span.starts_at for span in times}) < len(times):
        return "twice"
    return ""


def answer_due(
    times: Sequence[Span], *, asked_at: datetime, answer_days: int, before: datetime | None = None
) -> datetime:
    """Give until when a question waits: for so many days, but not beyond the first time it asks for, nor `before`."""
    latest = [asked_at + timedelta(days=answer_days), min(span.starts_at for span in times)]
    return min([*latest, before] if before is not None else latest)


def reminders_over(starts_at: datetime, *, now: datetime) -> int:
    """Give how many reminders are over by now."""
    return sum(starts_at - before <= now for before in REMINDERS)


def next_reminder(starts_at: datetime, *, reminded: int) -> datetime | None:
    """Give when the next reminder is due after so many; None when there is none left."""
    return starts_at - REMINDERS[reminded] if reminded < len(REMINDERS) else None


def is_late(starts_at: datetime, *, now: datetime, hours: int) -> bool:
    """Whether a lesson that starts then is cancelled late now."""
    return now > starts_at - timedelta(hours=hours)


def minutes_owed(in_return: str, minutes: int, partners: int | None) -> int:
    """Give the minutes a learner owes: all for hours; of a swap what its lesson is longer than its `partners`.

    A lesson in a ring is a swap without one partner: its hours cancel around the ring.
    """
    if in_return == "hours":
        return minutes
    return max(0, minutes - partners) if in_return == "swap" and partners is not None else 0
