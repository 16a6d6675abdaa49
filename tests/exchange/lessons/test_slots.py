"""Common times: what a slow clock minute by minute finds is what is proposed, whatever the zone does meanwhile."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from accounts.rules import ALL_WEEK, DAYS, PARTS, mask, wall, week_of, whole_days
from exchange.lessons import slots
from exchange.lessons.rules import Span
from exchange.lessons.slots import Clock, Times, propose, weekly

AMMAN = Clock("Asia/Amman")
MONDAY = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
ANY = Times(0)

# Zones and days around which their clocks change: at midnight, at one, at two, in the south, never.
CHANGES = [
    ("Asia/Amman", datetime(2026, 11, 20, 5, 3, tzinfo=UTC)),
    ("Africa/Cairo", datetime(2026, 4, 20, 22, 10, tzinfo=UTC)),
    ("Africa/Cairo", datetime(2026, 10, 26, 20, 0, tzinfo=UTC)),
    ("Asia/Beirut", datetime(2026, 3, 26, 20, 0, tzinfo=UTC)),
    ("America/Havana", datetime(2026, 10, 30, 3, 0, tzinfo=UTC)),
    ("America/Havana", datetime(2026, 3, 6, 3, 0, tzinfo=UTC)),
    ("Europe/London", datetime(2026, 10, 23, 0, 1, tzinfo=UTC)),
    ("Australia/Adelaide", datetime(2026, 10, 2, 0, 0, tzinfo=UTC)),
    ("Asia/Kathmandu", datetime(2026, 6, 2, 0, 0, tzinfo=UTC)),
]
HOURS = st.sampled_from(
    [
        ((8, 12), (12, 17), (17, 22)),
        ((0, 1), (2, 12), (20, 24)),
        ((1, 2), (2, 3), (3, 24)),
        ((9, 12), (13, 16), (23, 24)),
    ]
)


def the_slow_way(people, *, minutes, clock, since, weeks, venue):
    """The same promise, read off the wall minute by minute."""
    zone = ZoneInfo(clock.zone)
    first = -int(-since.timestamp() // 60)
    today = since.astimezone(zone).date()

    def is_in(moment, spans):
        return any(span.starts_at <= moment and moment + timedelta(minutes=1) <= span.ends_at for span in spans)

    def touches(moment, spans):
        return any(span.starts_at < moment + timedelta(minutes=1) and moment < span.ends_at for span in spans)

    free, cells = [], []
    for minute in range(first, first + weeks * 7 * 24 * 60):
        moment = datetime.fromtimestamp(minute * 60, UTC)
        local = moment.astimezone(zone)
        hours = clock.hours_of(local.date())
        bits = {
            3 * ((local.weekday() + 1) % 7) + part
            for part, (begin, end) in enumerate(hours)
            if begin <= local.hour < end
        }
        free.append(
            (venue is None or is_in(moment, venue))
            and all(
                (any((each.mask or ALL_WEEK) >> bit & 1 for bit in bits) or is_in(moment, each.also))
                and not touches(moment, [*each.away, *each.taken])
                for each in people
            )
        )
        part = 0 if local.hour < hours[1][0] else 1 if local.hour < hours[2][0] else 2
        cells.append((local.date(), part))
    runs, ahead = [], 0
    for each in reversed(free):
        ahead = ahead + 1 if each else 0
        runs.append(ahead)
    runs.reverse()
    starts = {}
    for place, run in enumerate(runs):
        if run >= minutes and (first + place) % 15 == 0:
            starts.setdefault(cells[place], first + place)
    return the_cheapest(starts, clock, today)


def the_cheapest(starts, clock, today):
    """The three that are chosen from starts by (day, part), by looking at all of them each time."""

    def kind(day):
        return DAYS[(day.weekday() + 1) % 7] in clock.weekend

    chosen = []
    while len(chosen) < 3:

        def cost(cell):
            day, part = cell
            weekday, is_weekend = day.weekday(), kind(day)
            others = [(each[0].weekday(), kind(each[0]), each[1]) for each in chosen]
            extra = 0
            if others:
                extra += 7 * any(other[0] == weekday for other in others)
                extra += 3 * all(other[1] == is_weekend for other in others)
                extra += 2 * any(other[2] == part for other in others)
            return (day - today).days + extra, starts[cell]

        left = [cell for cell in starts if cell[0] not in {each[0] for each in chosen}]
        if not left:
            break
        chosen.append(min(left, key=cost))
    return sorted(starts[cell] for cell in chosen)


@st.composite
def times_near(draw, start):
    def spans(most):
        pairs = draw(st.lists(st.tuples(st.integers(-300, 15_000), st.integers(1, 4_000)), max_size=most))
        return tuple(
            Span(start + timedelta(minutes=begin, seconds=7 * (begin % 3)), start + timedelta(minutes=begin + length))
            for begin, length in pairs
        )

    few = st.builds(mask, st.lists(st.sampled_from([f"{day}-{part}" for day in DAYS for part in PARTS]), max_size=9))
    return Times(draw(few | st.just(ALL_WEEK)), spans(2), spans(2), spans(3))


@st.composite
def meetings(draw):
    zone, start = draw(st.sampled_from(CHANGES))
    since = start + timedelta(minutes=draw(st.integers(0, 3000)), seconds=draw(st.integers(0, 59)))
    ramadan = draw(st.sampled_from([(), ((since.date() + timedelta(days=2), since.date() + timedelta(days=4)),)]))
    clock = Clock(
        zone,
        hours=draw(HOURS),
        weekend=draw(st.sampled_from([("fri", "sat"), ("sat", "sun")])),
        ramadan=ramadan,
    )
    people = [draw(times_near(start)) for _ in range(draw(st.integers(1, 3)))]
    open_at = draw(st.none() | st.lists(st.tuples(st.integers(0, 9_000), st.integers(30, 9_000)), max_size=3))
    venue = None
    if open_at is not None:
        venue = [Span(start + timedelta(minutes=at), start + timedelta(minutes=at + long)) for at, long in open_at]
    return people, draw(st.sampled_from([15, 45, 60, 90, 240])), clock, since, venue


class TestAgainstTheSlowClock:
    @settings(max_examples=120, deadline=None)
    @given(meetings())
    @example(([Times(ALL_WEEK)], 60, Clock("Africa/Cairo", ((0, 1), (2, 12), (20, 24))), CHANGES[1][1], None))
    @example(([Times(0)], 240, Clock("America/Havana", ((0, 1), (2, 12), (20, 24))), CHANGES[4][1], None))
    def test_the_same_times_are_proposed(self, meeting):
        people, minutes, clock, since, venue = meeting
        found = propose(people, minutes=minutes, clock=clock, since=since, weeks=1, venue=venue)
        slow = the_slow_way(people, minutes=minutes, clock=clock, since=since, weeks=1, venue=venue)
        assert [int(span.starts_at.timestamp()) // 60 for span in found] == slow
        assert all(span.ends_at - span.starts_at == timedelta(minutes=minutes) for span in found)


class TestWhatIsProposed:
    def test_two_who_share_tuesday_evenings_get_three_of_them(self):
        both = [Times(mask(["tue-evening", "sun-morning"])), Times(mask(["tue-evening", "thu-evening"]))]
        found = [span.starts_at.astimezone(ZoneInfo("Asia/Amman")) for span in times(both, minutes=60)]
        assert [f"{each:%a %d %H:%M}" for each in found] == ["Tue 01 17:00", "Tue 08 17:00", "Tue 15 17:00"]

    def test_those_who_are_always_free_get_different_days_parts_and_a_weekend(self):
        found = [span.starts_at.astimezone(ZoneInfo("Asia/Amman")) for span in times([ANY, ANY], minutes=60)]
        assert len({each.date() for each in found}) == 3
        assert len({each.hour for each in found}) > 1
        assert {f"{each:%a}" in ("Fri", "Sat") for each in found} == {True, False}

    def test_the_weekend_is_the_citys(self):
        west = Clock("Asia/Amman", weekend=("sat", "sun"))
        free = Times(mask(["mon-evening", "tue-evening", "fri-evening", "sun-evening"]))
        first = [f"{span.starts_at:%a}" for span in times([free], minutes=60)]
        second = [f"{span.starts_at:%a}" for span in propose([free], minutes=60, clock=west, since=MONDAY)]
        assert "Fri" in first
        assert "Sun" not in first
        assert "Sun" in second

    def test_what_is_taken_or_away_is_left_out_and_wins_over_also_free(self):
        evening = wall(date(2026, 12, 1), time(17), ZoneInfo("Asia/Amman"))
        away = Span(*whole_days(date(2026, 12, 8), date(2026, 12, 8), ZoneInfo("Asia/Amman")))
        person = Times(
            mask(["tue-evening"]),
            also=(Span(away.starts_at + timedelta(hours=10), away.ends_at),),
            away=(away,),
            taken=(Span(evening, evening + timedelta(minutes=70)),),
        )
        found = times([person, ANY], minutes=60)
        assert found[0].starts_at == evening + timedelta(minutes=75)
        assert not any(span.meets(away) for span in found)

    def test_none_longer_than_the_free_time(self):
        assert times([Times(mask(["tue-evening"])), ANY], minutes=301) == []
        assert times([Times(mask(["tue-afternoon", "tue-evening"])), ANY], minutes=301) != []

    def test_a_ramadan_evening_begins_after_iftar(self):
        clock = Clock(
            "Asia/Amman",
            ramadan=((date(2026, 11, 28), date(2026, 12, 5)),),
            ramadan_hours=((10, 13), (13, 16), (20, 24)),
        )
        found = propose([Times(mask(["tue-evening"]))], minutes=60, clock=clock, since=MONDAY)
        hours = [span.starts_at.astimezone(ZoneInfo("Asia/Amman")).hour for span in found]
        assert hours == [20, 17, 17]


class TestASeries:
    def test_keeps_the_hour_on_the_wall_when_clocks_change(self):
        cairo = ZoneInfo("Africa/Cairo")
        first = wall(date(2026, 10, 20), time(17), cairo)
        found = weekly(Span(first, first + timedelta(minutes=90)), 4, Clock("Africa/Cairo"))
        assert {(span.starts_at.astimezone(cairo).hour, span.ends_at - span.starts_at) for span in found} == {
            (17, timedelta(minutes=90))
        }
        assert [span.starts_at.astimezone(UTC).hour for span in found] == [14, 14, 15, 15]

    def test_an_hour_that_does_not_exist_becomes_the_next_and_a_doubled_one_the_first(self):
        cairo = ZoneInfo("Africa/Cairo")
        first = wall(date(2026, 4, 17), time(0, 30), cairo)
        leap = weekly(Span(first, first + timedelta(minutes=60)), 2, Clock("Africa/Cairo"))[1]
        assert leap.starts_at.astimezone(cairo).hour == 1
        assert leap.starts_at.astimezone(cairo).minute == 30
        first = wall(date(2026, 10, 22), time(23, 30), cairo)
        back = weekly(Span(first, first + timedelta(minutes=60)), 2, Clock("Africa/Cairo"))[1]
        assert back.starts_at.astimezone(cairo).fold == 0
        assert f"{back.starts_at.astimezone(cairo):%d %H:%M}" == "29 23:30"


@pytest.mark.parametrize(("weekend", "first"), [(("fri", "sat"), "sun"), (("sat", "sun"), "mon")])
def test_the_week_begins_after_the_weekend(weekend, first):
    assert week_of(weekend)[0] == first
    assert sorted(week_of(weekend)) == sorted(DAYS)


def times(people, *, minutes):
    return slots.propose(people, minutes=minutes, clock=AMMAN, since=MONDAY)
