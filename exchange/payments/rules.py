"""Who gets the money of a lesson, until when it is paid, how a payment stands. Values in, values out."""

from dataclasses import dataclass
from datetime import datetime, timedelta

DUE, HELD, RELEASED, RETURNED, SHARED, VOID = "due", "held", "released", "returned", "shared", "void"
AT_BANK, TAKEN = "bank", "taken"  # the bank holds what was paid until it has decided; it took it back for good
STATES = (DUE, HELD, RELEASED, RETURNED, SHARED, VOID, AT_BANK, TAKEN)
SHORTLY = timedelta(hours=2)  # to pay, when the lesson is booked later than it should be paid
# Before the time to pay is over, once, and only who was asked to pay twice as long before.
REMIND_BEFORE = timedelta(hours=12)

TRANSFER, REFUND, CLOSE, STOP = "transfer", "refund", "close", "stop"
ACTS = (TRANSFER, REFUND, CLOSE, STOP)

MOST_TRIES = 8
PARK_SECONDS = 3_600  # news of what we do not know waits for so long, then somebody is to look
KEEP_DAYS = 90  # news is forgotten after
LOOK_BACK_DAYS = 4  # of the nightly look: Stripe repeats itself for three

LATE_SHARE = 50  # percent of the teacher, when the learner cancels late
OVER = ("confirmed", "cancelled", "declined", "withdrawn", "lapsed", "no_show")


@dataclass(frozen=True)
class Split:
    """What of a payment is the teacher's, and what the learner's again, in percent; None: nothing is decided."""

    teacher: int
    learner: int


HOLD = None
ALL_TO_TEACHER, ALL_BACK = Split(100, 0), Split(0, 100)
HALVES = Split(LATE_SHARE, 100 - LATE_SHARE)


def split(*, state: str, costs: bool = False, missed_by: str = "", outcome: str = "") -> Split | None:
    """Give who gets the money of a lesson in a state; the same rule as for hours.

    `costs`: the learner called it off late. `missed_by`: "teacher" or "learner". `outcome`: what a curator decided,
    "pay", "return", "half" or "". None while nothing is decided: booked, held, disputed.
    """
    if outcome == "half":
        return HALVES
    if state == "confirmed":
        return ALL_TO_TEACHER
    if state == "no_show":
        return ALL_TO_TEACHER if missed_by == "learner" else ALL_BACK
    if state == "cancelled":
        return HALVES if costs else ALL_BACK
    return ALL_BACK if state in OVER else HOLD


def pay_by(*, booked_at: datetime, starts_at: datetime, hours: int) -> datetime:
    """Until when a lesson is paid: so many hours before it starts; booked later than that, two hours after the
    booking, but no later than the start."""
    return max(starts_at - timedelta(hours=hours), min(booked_at + SHORTLY, starts_at))


def state_of(
    *, received: int, refunded: int, transferred: int, is_void: bool, was_paid: bool = False, is_disputed: bool = False
) -> str:
    """Give how a payment stands, from the sums of what happened: the same in whatever order it was heard of.

    `was_paid`: money came once; when nothing of it is left, the bank has it.
    """
    if received <= 0 and was_paid:
        return AT_BANK if is_disputed else TAKEN
    if received <= 0:
        return VOID if is_void else DUE
    if refunded + transferred < received:
        return HELD
    if not transferred:
        return RETURNED
    return SHARED if refunded else RELEASED


def next_try(tries: int, *, now: datetime) -> datetime | None:
    """When an act that failed `tries` times is tried again: after 1, 2, 4 … minutes; None: somebody is to look."""
    return None if tries >= MOST_TRIES else now + timedelta(minutes=2 ** (tries - 1))


def next_look(*, first_at: datetime, now: datetime) -> datetime | None:
    """When news of something unknown is looked at again; None: an hour is over, somebody is to look."""
    waited = now - first_at
    if waited >= timedelta(seconds=PARK_SECONDS):
        return None
    return now + max(timedelta(seconds=5), min(waited, timedelta(minutes=10)))
