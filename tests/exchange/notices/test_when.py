"""When a notice is mailed: by the clock on the wall, whatever the clocks do in spring and autumn."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.notices.rules import (
    DIGEST,
    NEVER,
    NOW,
    WEEK,
    Habits,
    after_quiet,
    is_quiet,
    mail_due,
    moment,
    next_digest,
    wait_again,
)

BERLIN, NEW_YORK, AMMAN = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York"), ZoneInfo("Asia/Amman")


def utc(*when):
    return datetime(*when, tzinfo=UTC)


class TestDigest:
    def test_keeps_its_hour_on_the_wall_over_both_changes_of_the_clock(self):
        habits = Habits(hour=18)
        assert next_digest(utc(2026, 3, 28, 18), habits, BERLIN) == utc(2026, 3, 29, 16)  # summer began that night
        assert next_digest(utc(2026, 3, 28, 12), habits, BERLIN) == utc(2026, 3, 28, 17)
        assert next_digest(utc(2026, 10, 24, 18), habits, BERLIN) == utc(2026, 10, 25, 17)

    def test_of_an_hour_the_clock_leaps_over_comes_an_hour_after(self):
        due = next_digest(utc(2026, 3, 29, 0), Habits(hour=2), BERLIN)
        assert due.astimezone(BERLIN).hour == 3

    def test_of_an_hour_the_clock_shows_twice_comes_once(self):
        habits = Habits(hour=1)
        first = next_digest(utc(2026, 11, 1, 4), habits, NEW_YORK)
        assert first == utc(2026, 11, 1, 5)  # 1:00 summer time
        assert next_digest(first + timedelta(minutes=1), habits, NEW_YORK) == utc(2026, 11, 2, 6)

    def test_once_a_week_comes_on_its_day(self):
        habits = Habits(every=WEEK, day=3, hour=9)  # Thursday
        assert next_digest(utc(2026, 11, 24, 10), habits, AMMAN) == utc(2026, 11, 26, 6)
        assert next_digest(utc(2026, 11, 26, 7), habits, AMMAN) == utc(2026, 12, 3, 6)


class TestQuietHours:
    @pytest.mark.parametrize(
        ("at", "sent"),
        [
            (utc(2026, 11, 24, 18, 59), utc(2026, 11, 24, 18, 59)),  # 21:59 in Amman
            (utc(2026, 11, 24, 19), utc(2026, 11, 25, 4)),  # 22:00
            (utc(2026, 11, 25, 1), utc(2026, 11, 25, 4)),  # 4:00
            (utc(2026, 11, 25, 4), utc(2026, 11, 25, 4)),  # 7:00
        ],
    )
    def test_hold_mail_until_they_end(self, at, sent):
        assert after_quiet(at, Habits(), AMMAN) == sent

    def test_the_same_hour_twice_is_never_quiet(self):
        at = utc(2026, 11, 25, 0)
        assert after_quiet(at, Habits(quiet_from=7, quiet_until=7), AMMAN) == at

    def test_end_on_the_wall_in_the_night_of_the_change(self):
        assert after_quiet(utc(2026, 3, 28, 22), Habits(), BERLIN) == utc(2026, 3, 29, 5)
        assert after_quiet(utc(2026, 10, 24, 22), Habits(), BERLIN) == utc(2026, 10, 25, 6)


moments = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
habits = st.builds(
    Habits, every=st.sampled_from(["day", "week"]), hour=st.integers(0, 23), day=st.integers(0, 6),
    quiet_from=st.integers(0, 23), quiet_until=st.integers(0, 23),
)  # fmt: skip
zones = st.sampled_from([BERLIN, NEW_YORK, AMMAN, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Asia/Kathmandu")])


class TestAnyMomentAnywhere:
    @given(moments, habits, zones)
    def test_a_digest_is_not_early_not_late_and_at_its_hour_unless_the_clock_leaps_over_it(self, at, own, zone):
        due = next_digest(at, own, zone)
        assert at <= due <= at + timedelta(days=8 if own.every == WEEK else 2)
        local = due.astimezone(zone)
        exists = moment(local.date(), own.hour, zone).astimezone(zone).hour == own.hour
        assert local.hour == own.hour or not exists
        if own.every == WEEK:
            assert local.weekday() == own.day

    @given(moments, habits, zones)
    def test_mail_at_once_never_comes_in_the_quiet_hours_and_waits_no_longer_than_they_last(self, at, own, zone):
        due = mail_due(NOW, ready=at, habits=own, zone=zone)
        assert not is_quiet(due, own, zone) or due.astimezone(zone).minute == 30  # Lord Howe moves by half an hour
        assert at <= due <= at + timedelta(hours=25)

    @given(moments, habits, zones)
    def test_never_is_never(self, at, own, zone):
        assert mail_due(NEVER, ready=at, habits=own, zone=zone) is None
        assert mail_due(DIGEST, ready=at, habits=own, zone=zone) is not None


def test_mail_about_a_talk_nobody_looks_into_comes_ever_more_seldom():
    minutes = timedelta(minutes=5)
    assert [wait_again(mailed, minutes) for mailed in range(4)] == [
        minutes, timedelta(hours=1), timedelta(days=1), timedelta(days=1),
    ]  # fmt: skip
