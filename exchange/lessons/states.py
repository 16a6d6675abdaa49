"""The one table of a lesson: who may do what when, what comes of it, and what it costs. Values in, values out.

`manage.py lessons table` prints it into docs/lessons.md; a test holds page and table together.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

ENQUIRY, ASKED, BOOKED, HELD, CONFIRMED = "enquiry", "asked", "booked", "held", "confirmed"
DECLINED, WITHDRAWN, CANCELLED, LAPSED = "declined", "withdrawn", "cancelled", "lapsed"
NO_SHOW, DISPUTED = "no_show", "disputed"
STATES = (
    ENQUIRY, ASKED, BOOKED, HELD, CONFIRMED, DECLINED, WITHDRAWN, CANCELLED, LAPSED, NO_SHOW, DISPUTED,
)  # fmt: skip
MOVING = "moving"  # booked, and another time is asked for; kept as "booked" with an open question
PHASES = (ENQUIRY, ASKED, BOOKED, MOVING, *STATES[3:])
OPEN = (ASKED, BOOKED, HELD, DISPUTED)  # something must still come of it, and does by the clock
ENDED = (CONFIRMED, DECLINED, WITHDRAWN, CANCELLED, LAPSED, NO_SHOW)
AGREED = (BOOKED, HELD)  # both are busy then

ASK, COUNTER, ACCEPT, DECLINE, WITHDRAW = "ask", "counter", "accept", "decline", "withdraw"
CANCEL, CONFIRM, MISS, DISPUTE, RESOLVE = "cancel", "confirm", "miss", "dispute", "resolve"
LAPSE, BEGIN, SETTLE, REMIND = "lapse", "begin", "settle", "remind"
PART = "part"  # the two may not meet any more: a block, or somebody young without a guardian
AGAIN = "again"
PEOPLES_ACTS = (ASK, COUNTER, ACCEPT, DECLINE, WITHDRAW, CANCEL, CONFIRM, MISS, DISPUTE)
CLOCKS_ACTS = (LAPSE, BEGIN, SETTLE, REMIND, PART)
ACTS = (*PEOPLES_ACTS, RESOLVE, *CLOCKS_ACTS)

TEACHER, LEARNER, CURATOR, NOBODY = "teacher", "learner", "curator", "nobody"
ROLES = (TEACHER, LEARNER, CURATOR, NOBODY)
EITHER, ASKER, ANSWERER = "either", "asker", "answerer"
CLOCK, HOUSE = "clock", "house"  # what nobody does: time, and the rules of the house

NOBODYS = (CLOCK, HOUSE)

SAID_HELD, SAID_MISSED = "held", "missed"
PAY, RETURN, HALF = "pay", "return", "half"
OUTCOMES = (PAY, RETURN, HALF)

# What happens to the hours: kept aside, to the teacher, back to the learner, half and half.
NOTHING, HOLD, SETTLED, BACK, LATE, SHARED = "nothing", "hold", "settled", "back", "late", "shared"


@dataclass(frozen=True)
class Transition:
    """One row: `who` may do `act` in a phase, what comes of it, what happens to the hours; `when` it is this row."""

    act: str
    start: str
    end: str
    who: str
    cost: str = NOTHING
    when: str = ""


TABLE = (
    Transition(ASK, ENQUIRY, ASKED, EITHER),
    Transition(COUNTER, ASKED, ASKED, ANSWERER),
    Transition(ACCEPT, ASKED, BOOKED, ANSWERER, HOLD),
    Transition(DECLINE, ASKED, DECLINED, ANSWERER),
    Transition(WITHDRAW, ASKED, WITHDRAWN, ASKER),
    Transition(LAPSE, ASKED, LAPSED, CLOCK, when="answer is due"),
    Transition(COUNTER, BOOKED, MOVING, EITHER, when="before the start"),
    Transition(COUNTER, MOVING, MOVING, ANSWERER, when="before the start"),
    Transition(ACCEPT, MOVING, BOOKED, ANSWERER, when="before the start"),
    Transition(DECLINE, MOVING, BOOKED, ANSWERER, when="before the start"),
    Transition(WITHDRAW, MOVING, BOOKED, ASKER, when="before the start"),
    Transition(LAPSE, MOVING, BOOKED, CLOCK, when="answer is due"),
    Transition(CANCEL, BOOKED, CANCELLED, EITHER, LATE, when="before the start"),
    Transition(CANCEL, MOVING, CANCELLED, EITHER, LATE, when="before the start"),
    Transition(PART, ASKED, CANCELLED, HOUSE, when="the two may not meet any more"),
    Transition(PART, BOOKED, CANCELLED, HOUSE, BACK, when="the two may not meet any more"),
    Transition(PART, MOVING, CANCELLED, HOUSE, BACK, when="the two may not meet any more"),
    Transition(REMIND, BOOKED, BOOKED, CLOCK, when="a reminder is due"),
    Transition(REMIND, MOVING, MOVING, CLOCK, when="a reminder is due"),
    Transition(BEGIN, BOOKED, HELD, CLOCK, when="its end has passed"),
    Transition(BEGIN, MOVING, HELD, CLOCK, when="its end has passed"),
    Transition(CONFIRM, HELD, CONFIRMED, LEARNER, SETTLED, when="the other did not say “missed”"),
    Transition(CONFIRM, HELD, HELD, TEACHER, when="the other did not say “missed”"),
    Transition(CONFIRM, HELD, DISPUTED, EITHER, when="the other said “missed”"),
    Transition(MISS, HELD, HELD, EITHER, when="the other said nothing yet"),
    Transition(MISS, HELD, DISPUTED, EITHER, when="the other said something else"),
    Transition(DISPUTE, HELD, DISPUTED, EITHER),
    Transition(SETTLE, HELD, CONFIRMED, CLOCK, SETTLED, when="silence, and nobody said “missed”"),
    Transition(SETTLE, HELD, NO_SHOW, CLOCK, SETTLED, when="the teacher said “missed”, silence after it"),
    Transition(SETTLE, HELD, NO_SHOW, CLOCK, BACK, when="the learner said “missed”, silence after it"),
    Transition(RESOLVE, DISPUTED, CONFIRMED, CURATOR, SETTLED, when=PAY),
    Transition(RESOLVE, DISPUTED, CANCELLED, CURATOR, BACK, when=RETURN),
    Transition(RESOLVE, DISPUTED, CONFIRMED, CURATOR, SHARED, when=HALF),
    Transition(RESOLVE, DISPUTED, CANCELLED, CLOCK, BACK, when="no curator resolved it in time"),
)


@dataclass(frozen=True)
class Facts:
    """What of a lesson decides which acts are open to one person."""

    phase: str
    role: str
    is_asker: bool = False
    said: str = ""
    other_said: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None


# Why an act is not open: the phase is wrong, it is another's to do, it has begun, one has said so already.
WRONG_PHASE, ANOTHERS, BEGUN, SAID = "wrong_phase", "anothers", "begun", "said"
AGAIN_FROM = (BOOKED, MOVING, HELD, *ENDED)


def allowed(act: str, facts: Facts, *, now: datetime) -> str:
    """Give "" where a person may do an act now, else why not: `WRONG_PHASE`, `ANOTHERS`, `BEGUN`, `SAID`."""
    if act == AGAIN:
        return _again(facts)
    rows = [row for row in TABLE if row.act == act and row.start == facts.phase and row.who not in NOBODYS]
    if not rows:
        return ANOTHERS if facts.role == NOBODY else WRONG_PHASE
    if not any(_is_for(row.who, facts) for row in rows):
        return ANOTHERS
    if facts.phase in (BOOKED, MOVING) and facts.starts_at is not None and now >= facts.starts_at:
        return BEGUN
    if (act == MISS and facts.said) or (act == CONFIRM and facts.said == SAID_HELD):
        return SAID
    return ""


def open_acts(facts: Facts, *, now: datetime) -> list[str]:
    """Give the acts that are open to a person now, in the order of the table."""
    return [act for act in (*PEOPLES_ACTS, RESOLVE) if not allowed(act, facts, now=now)]


def who_may(act: str, phase: str) -> list[str]:
    """Give who may do an act in a phase, without clock and house; empty where nobody may."""
    found = (row.who for row in TABLE if row.act == act and row.start == phase and row.who not in NOBODYS)
    return list(dict.fromkeys(found))


def outcome_of(outcome: str) -> Transition:
    """Give the row of a curator's decision. Raises `ValueError` for one that is none."""
    for row in TABLE:
        if row.act == RESOLVE and row.who == CURATOR and row.when == outcome:
            return row
    raise ValueError(outcome)


def rows() -> Iterator[Transition]:
    """Give the table in its order."""
    yield from TABLE


def _again(facts: Facts) -> str:
    if facts.role not in (TEACHER, LEARNER):
        return ANOTHERS
    return "" if facts.phase in AGAIN_FROM else WRONG_PHASE


def _is_for(who: str, facts: Facts) -> bool:
    is_member = facts.role in (TEACHER, LEARNER)
    return {
        EITHER: is_member,
        ASKER: is_member and facts.is_asker,
        ANSWERER: is_member and not facts.is_asker,
        TEACHER: facts.role == TEACHER,
        LEARNER: facts.role == LEARNER,
        CURATOR: facts.role == CURATOR,
    }.get(who, False)
