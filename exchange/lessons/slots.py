"""When people could meet: weekly hours, exceptions, what is taken → up to three common times. Values in, values out.

Time runs here in whole minutes of UTC; days, hours and weekdays are read from the clock on the city's wall, so that
a part of the day is 60 minutes shorter or longer on the day on which clocks change. Spans are half-open.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from heapq import merge
from zoneinfo import ZoneInfo

from accounts.rules import ALL_WEEK, DAYS, HOURS, PARTS, wall
from exchange.lessons.rules import Span

WEEKS = 12  # how far ahead common times are looked for
MOST = 3  # times proposed at once
STEP = 15  # minutes: a lesson begins on a quarter of an hour
LONGEST = 12 * 60

# What a day costs besides the days until it: proposals are soon, and as different as they can be.
SAME_WEEKDAY, SAME_KIND_OF_DAY, SAME_PART = 7, 3, 2

Stretch = tuple[int, int]  # minutes since 1970 in UTC, half-open


@dataclass(frozen=True)
class Clock:
    """The city's time: its zone, when its mornings, afternoons and evenings are, its weekend, its Ramadan.

    `hours` and `ramadan_hours`: (from, until) for each of `PARTS`, in hours of the wall clock, 0–24. `ramadan`: first
    and last days.
    """

    zone: str
    hours: tuple[Stretch, ...] = tuple(HOURS.values())
    weekend: tuple[str, ...] = ("fri", "sat")
    ramadan: tuple[tuple[date, date], ...] = ()
    ramadan_hours: tuple[Stretch, ...] = ((10, 13), (13, 16), (20, 24))

    def hours_of(self, day: date) -> tuple[Stretch, ...]:
        """The hours of the parts of one day."""
        return self.ramadan_hours if any(first <= day <= last for first, last in self.ramadan) else self.hours


@dataclass(frozen=True)
class Times:
    """When one person can meet: their weekly parts (21 bits, 0 = not said, so any), except and besides.

    `away` and `taken` win over all the rest.
    """

    mask: int
    also: Sequence[Span] = ()
    away: Sequence[Span] = ()
    taken: Sequence[Span] = ()


def propose(
    people: Sequence[Times],
    *,
    minutes: int,
    clock: Clock,
    since: datetime,
    weeks: int = WEEKS,
    venue: Sequence[Span] | None = None,
    most: int = MOST,
) -> list[Span]:
    """Give up to `most` times of `minutes` at which all are free, on different days, in order; none before `since`.

    The soonest comes first; each further one is soon too, but rather on another weekday, on the other kind of day
    (weekend or not) and in another part of the day. A venue is open only in its `venue` windows.
    """
    since_minute = -int(-since.timestamp() // 60)
    frame = _frame(clock, since.astimezone(ZoneInfo(clock.zone)).date(), weeks)
    common = _common(people, frame, since_minute, since_minute + weeks * 7 * 24 * 60, venue)
    starts = _choose(list(_starts(common, frame, minutes)), most)
    return [Span(_moment(start), _moment(start + minutes)) for start in starts]


def weekly(first: Span, count: int, clock: Clock) -> list[Span]:
    """Give `count` times a week apart at the same hour of the wall clock, also where clocks change between them.

    An hour that a clock leaps over becomes the one after; of one it shows twice the first is meant.
    """
    zone = ZoneInfo(clock.zone)
    local, length = first.starts_at.astimezone(zone).replace(tzinfo=None), first.ends_at - first.starts_at
    starts = [(local + timedelta(weeks=week)).replace(tzinfo=zone, fold=0).astimezone(UTC) for week in range(count)]
    return [first, *(Span(start, start + length) for start in starts[1:])]


@dataclass(frozen=True)
class _Day:
    """One day on the clock. `parts`: for each set of parts (3 bits) its stretches; `cells`: where each part begins for
    a start that lies in none, then where the day ends."""

    number: int
    weekday: int
    is_weekend: bool
    parts: tuple[tuple[Stretch, ...], ...]
    cells: tuple[int, int, int, int]


@lru_cache(maxsize=8)
def _frame(clock: Clock, first: date, weeks: int) -> tuple[_Day, ...]:
    """Give the days from one on, read from the wall clock once for everybody."""
    zone = ZoneInfo(clock.zone)
    days = []
    for number in range(weeks * 7 + 1):
        day = first + timedelta(days=number)
        hours = clock.hours_of(day)
        bounds = [(_hour(day, begin, zone), _hour(day, end, zone)) for begin, end in hours]
        weekday = (day.weekday() + 1) % 7
        sets = (tuple(bounds[part] for part in range(len(PARTS)) if bits >> part & 1) for bits in range(8))
        days.append(
            _Day(
                number=number,
                weekday=weekday,
                is_weekend=DAYS[weekday] in clock.weekend,
                parts=tuple(tuple(_joined(each)) for each in sets),
                cells=(_hour(day, 0, zone), bounds[1][0], bounds[2][0], _hour(day, 24, zone)),
            )
        )
    return tuple(days)


def _hour(day: date, hour: int, zone: ZoneInfo) -> int:
    day, hour = (day + timedelta(days=1), 0) if hour == 24 else (day, hour)
    return int(wall(day, time(hour), zone).timestamp()) // 60


def _moment(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60, UTC)


def _common(
    people: Sequence[Times], frame: Sequence[_Day], begin: int, end: int, venue: Sequence[Span] | None
) -> list[Stretch]:
    """Give the stretches in which all are free between two moments."""
    mask, found = ALL_WEEK, [(begin, end)]
    for person in people:
        if person.also:
            weekly = _weekly(person.mask or ALL_WEEK, frame)
            found = _shared(found, list(_joined(merge(weekly, sorted(_inner(person.also))))))
        elif person.mask:
            mask &= person.mask
    if venue is not None:
        found = _shared(found, list(_joined(sorted(_inner(venue)))))
    found = _shared(list(_joined(_weekly(mask, frame))), found) if any(not each.also for each in people) else found
    closed = sorted(_outer([*person.away, *person.taken]) for person in people)
    return _without(found, sorted(stretch for each in closed for stretch in each))


def _weekly(mask: int, frame: Sequence[_Day]) -> list[Stretch]:
    of_day = [mask >> 3 * weekday & 7 for weekday in range(7)]
    return [stretch for day in frame for stretch in day.parts[of_day[day.weekday]]]


def _inner(spans: Iterable[Span]) -> list[Stretch]:
    """Whole minutes inside spans."""
    return [(-int(-each.starts_at.timestamp() // 60), int(each.ends_at.timestamp() // 60)) for each in spans]


def _outer(spans: Iterable[Span]) -> list[Stretch]:
    """Whole minutes that spans touch."""
    return [(int(each.starts_at.timestamp() // 60), -int(-each.ends_at.timestamp() // 60)) for each in spans]


def _joined(stretches: Iterable[Stretch]) -> Iterator[Stretch]:
    """Give stretches that are in order with those joined that touch or overlap; empty ones left out."""
    begin = end = None
    for start, stop in stretches:
        if stop <= start:
            continue
        if begin is None or end is None:
            begin, end = start, stop
        elif start > end:
            yield begin, end
            begin, end = start, stop
        elif stop > end:
            end = stop
    if begin is not None and end is not None:
        yield begin, end


def _shared(one: Sequence[Stretch], other: Sequence[Stretch]) -> list[Stretch]:
    """Give what two ordered rows of stretches share."""
    found, here, there = [], 0, 0
    while here < len(one) and there < len(other):
        begin, end = max(one[here][0], other[there][0]), min(one[here][1], other[there][1])
        if begin < end:
            found.append((begin, end))
        if one[here][1] < other[there][1]:
            here += 1
        else:
            there += 1
    return found


def _without(free: Sequence[Stretch], closed: Sequence[Stretch]) -> list[Stretch]:
    """Give what is left of ordered stretches when others, ordered by their beginnings, are taken out."""
    if not closed:
        return list(free)
    shut = list(_joined(closed))
    found, place = [], 0
    for begin, end in free:
        while place < len(shut) and shut[place][1] <= begin:
            place += 1
        at = place
        while begin < end and at < len(shut) and shut[at][0] < end:
            if begin < shut[at][0]:
                found.append((begin, shut[at][0]))
            begin = max(begin, shut[at][1])
            at += 1
        if begin < end:
            found.append((begin, end))
    return found


@dataclass(frozen=True)
class _Start:
    at: int
    day: _Day
    part: int


def _starts(free: Sequence[Stretch], frame: Sequence[_Day], minutes: int) -> Iterator[_Start]:
    """Give, for each part of each day, the first quarter of an hour from which all are free for so long; in order."""
    edges = [day.cells[0] for day in frame]
    last = -1
    for begin, end in free:
        start = -(-begin // STEP) * STEP
        while start + minutes <= end:
            place = bisect_right(edges, start) - 1
            day = frame[place]
            part = bisect_right(day.cells, start, 1, 3) - 1
            cell = place * len(PARTS) + part
            if cell > last:
                yield _Start(start, day, part)
                last = cell
            start = -(-day.cells[part + 1] // STEP) * STEP


def _choose(starts: Sequence[_Start], most: int) -> list[int]:
    """Choose up to `most` starts on different days, one after the other, each the cheapest that is left."""
    chosen: list[_Start] = []
    while len(chosen) < most:
        best, least = None, 1 << 30
        for start in starts:
            if start.day.number >= least:
                break  # starts are in order: no later day can be cheaper
            if any(start.day.number == each.day.number for each in chosen):
                continue
            cost = _cost(start, chosen)
            if cost < least:
                best, least = start, cost
        if best is None:
            break
        chosen.append(best)
    return sorted(start.at for start in chosen)


def _cost(start: _Start, chosen: Sequence[_Start]) -> int:
    if not chosen:
        return start.day.number
    return (
        start.day.number
        + SAME_WEEKDAY * any(each.day.weekday == start.day.weekday for each in chosen)
        + SAME_KIND_OF_DAY * all(each.day.is_weekend == start.day.is_weekend for each in chosen)
        + SAME_PART * any(each.part == start.part for each in chosen)
    )
