"""The kinds of notices, and when one is mailed: local hours, quiet nights, digests. Values in, values out."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

NOW, DIGEST, NEVER = "now", "digest", "never"
HOWS = (NOW, DIGEST, NEVER)
DAY, WEEK = "day", "week"
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
READING, UNDO = "reading", "undo"


@dataclass(frozen=True)
class Kind:
    """One kind of notice. `how`: by mail at once, in the digest or not at all, until its receiver chooses.

    `wait` names why a mail waits a little: so that a person who reads first needs none (`READING`), or a curator who
    changes their mind comes before it (`UNDO`). `is_curators`, `is_guardians`: of no use to others; `is_money`: where a
    city has keys.
    """

    how: str
    wait: str = ""
    is_curators: bool = False
    is_guardians: bool = False
    is_money: bool = False


KINDS = {
    "message": Kind(NOW, wait=READING),  # somebody wrote to one
    "enquiry": Kind(NOW, wait=READING),  # somebody said hello
    "hello_waits": Kind(NOW),  # a hello to one has no answer yet
    "hello_onward": Kind(NOW),  # one's own hello has none: others who could help
    "hello_again": Kind(NOW),  # a teacher who was full may be asked again
    "lesson_asked": Kind(NOW),  # somebody proposes times for a lesson, or others for one that is booked
    "lesson_booked": Kind(NOW),  # a lesson stands, or stands at another time
    "lesson_off": Kind(NOW),  # it was declined, taken back, cancelled, or nobody answered in time
    "lesson_soon": Kind(NOW),  # it is near
    "lesson_held": Kind(NOW),  # did it take place?
    "lesson_trouble": Kind(NOW),  # somebody did not come, something is wrong, a curator decided
    "ward_lesson": Kind(NOW, is_guardians=True),  # a lesson of somebody young is asked for, booked, moved, called off
    "ward_asked": Kind(NEVER, is_guardians=True),  # somebody young asks one to be their guardian; a letter says so too
    "seat": Kind(NOW),  # a seat in a group lesson one waits for is kept for one, or the date was called off
    "accepted": Kind(NOW, wait=UNDO),  # a curator let one's text through
    "returned": Kind(NOW, wait=UNDO),  # a curator returned one's text
    "ring_proposed": Kind(NOW),
    "ring_agreed": Kind(NOW),
    "ring_stands": Kind(NOW),
    "ring_broken": Kind(NEVER),
    "met": Kind(DIGEST),  # something new meets a search one keeps
    "wish_claimed": Kind(NEVER),  # a neighbour took one's wish and is about to write
    "wish_climbed": Kind(DIGEST),  # more is done for a wish that waits
    "still_true": Kind(DIGEST),  # a listing asks whether it is still true
    "hours": Kind(DIGEST),  # hours came as a gift, or a curator put an entry right
    "guardian": Kind(NOW),  # a guardian agreed, declined or ended it
    "report": Kind(NOW),  # what came of a report one made
    "thanks_may": Kind(DIGEST),  # a lesson is confirmed: one may say thank you
    "thanks_opened": Kind(NOW),  # what the other wrote of a lesson can be read
    "thanks_taken": Kind(NOW),  # a curator took one's words down
    "left_out": Kind(NOW),  # an answer by mail came without what was attached to it
    "wish_given": Kind(NOW, is_curators=True),  # a curator is to look after a wish
    "lesson_disputed": Kind(NOW, is_curators=True),  # a curator is to look at what happened in a lesson
    "pay_due": Kind(NOW, is_money=True),  # the fee of a lesson is to be paid
    "fee_paid": Kind(NOW, is_money=True),  # it was; the receipt
    "fee_settled": Kind(NOW, is_money=True),  # it was handed on, given back, or a bank has it
    "gift_arrived": Kind(NOW, is_money=True),  # one's gift to the fund
    "money_disputed": Kind(NOW, is_curators=True, is_money=True),  # a bank was asked to take a payment back
}
OF_HELLOS = ("hello_waits", "hello_onward")  # over once the hello is answered
OF_LESSONS = ("lesson_asked", "lesson_booked", "lesson_off", "lesson_soon", "lesson_held", "lesson_trouble")
OF_WARDS = ("ward_lesson",)
OF_MONEY = ("pay_due", "fee_paid", "fee_settled", "gift_arrived")
OF_TALKS = ("message", "enquiry")  # read when the talk is, and counted there
# Answers to what one asked oneself, and what one has agreed on: mailed to those who rest, too.
ALWAYS = frozenset({"guardian", "ward_asked", "report", "thanks_taken", *OF_LESSONS[1:], *OF_WARDS, *OF_MONEY})
MOST_TRIES = 6
CLAIM_MINUTES = 5  # a worker that died in the middle gives its notice free after this
CALMER = (timedelta(hours=1), timedelta(days=1))  # the second mail about a talk nobody looked into, and all after it


@dataclass(frozen=True)
class Habits:
    """When a person likes mail, in hours (0–23) of the clock of `zone` ("" = the city's).

    `day`: weekday of a weekly digest, 0 = Monday. Quiet from and until the same hour: never quiet.
    """

    every: str = DAY
    hour: int = 18
    day: int = 6
    quiet_from: int = 22
    quiet_until: int = 7
    zone: str = ""


def mail_due(how: str, *, ready: datetime, habits: Habits, zone: ZoneInfo) -> datetime | None:
    """When a notice that is `ready` from then on is mailed, in UTC; None: not by mail."""
    if how == NEVER:
        return None
    return after_quiet(ready, habits, zone) if how == NOW else next_digest(ready, habits, zone)


def is_quiet(at: datetime, habits: Habits, zone: ZoneInfo) -> bool:
    """Whether a moment falls into the quiet hours."""
    hour, start, end = at.astimezone(zone).hour, habits.quiet_from, habits.quiet_until
    return start <= hour < end if start <= end else hour >= start or hour < end


def after_quiet(at: datetime, habits: Habits, zone: ZoneInfo) -> datetime:
    """Give this moment, or the end of the quiet hours it falls into."""
    if not is_quiet(at, habits, zone):
        return at
    # A clock that is put back may show the end of the quiet hours before `at`; then it is that of the next day.
    ends = _moments(at.astimezone(zone).date(), habits.quiet_until, zone)
    return next(moment for moment in ends if moment > at)


def next_digest(at: datetime, habits: Habits, zone: ZoneInfo) -> datetime:
    """Give the first digest of these habits that is not before `at`."""
    first, step = at.astimezone(zone).date(), 1
    if habits.every == WEEK:
        first, step = first + timedelta(days=(habits.day - first.weekday()) % 7), 7
    return next(moment for moment in _moments(first, habits.hour, zone, step) if moment >= at)


def moment(day: date, hour: int, zone: ZoneInfo) -> datetime:
    """Give a local hour in UTC: the first of two where the clock goes back, the hour after where it leaps over it."""
    return datetime.combine(day, time(hour), tzinfo=zone).astimezone(UTC)


def wait_again(mailed: int, first: timedelta) -> timedelta:
    """How long a mail about a talk waits when so many went out that led to no look into it."""
    return first if not mailed else CALMER[min(mailed, len(CALMER)) - 1]


def next_try(tries: int, *, now: datetime) -> datetime | None:
    """When a mail that failed `tries` times is tried again: after 1, 2, 4 … minutes; None: it is given up."""
    return None if tries >= MOST_TRIES else now + timedelta(minutes=2 ** (tries - 1))


def _moments(day: date, hour: int, zone: ZoneInfo, step: int = 1) -> Iterator[datetime]:
    while True:
        yield moment(day, hour, zone)
        day += timedelta(days=step)
