"""Four Tuesdays as one agreement: all or none, a taken day named and left out, then each meeting lives its own life."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from accounts.rules import wall
from exchange.ledger import services as ledger
from exchange.lessons import services as lessons
from exchange.lessons.models import Lesson, Series, Taken
from exchange.lessons.rules import Span
from exchange.notices.models import Notice

AMMAN = ZoneInfo("Asia/Amman")
FIRST = wall(date(2026, 12, 1), time(17), AMMAN)  # a Tuesday
TUESDAY = Span(FIRST, FIRST + timedelta(minutes=45))


@pytest.fixture
def four(enquiry, yusuf):
    """Yusuf asks for four Tuesdays."""
    return lessons.ask(
        lesson=enquiry, by=yusuf, times=[TUESDAY], minutes=45, format="online", in_return="hours", repeat=4
    )


@pytest.fixture
def booked_four(four, salma):
    lessons.accept(lesson=four, by=salma, proposal=four.proposals.get())
    return list(Lesson.objects.filter(series=four.series).order_by("starts_at"))


@pytest.fixture
def taken_eighth(four, salma):
    """Salma has something else on the 8th."""
    start = TUESDAY.starts_at + timedelta(days=7, minutes=30)
    other = Lesson.objects.create(
        teacher=salma, learner=four.learner, opened_by=salma, conversation=four.conversation, state="booked",
        starts_at=start, ends_at=start + timedelta(hours=1), minutes=60,
    )  # fmt: skip
    Taken.objects.create(person=salma, starts_at=start, ends_at=start + timedelta(hours=1), lesson=other)


def days(rows):
    return [f"{row.starts_at.astimezone(AMMAN):%d.%m. %H:%M}" for row in rows]


class TestAccepting:
    def test_books_all_each_with_its_hours_aside_and_a_number_of_its_own(self, booked_four, salma, yusuf):
        assert days(booked_four) == ["01.12. 17:00", "08.12. 17:00", "15.12. 17:00", "22.12. 17:00"]
        assert {row.state for row in booked_four} == {"booked"}
        assert len({row.uid for row in booked_four}) == 4
        assert [ledger.held(subject=f"lesson:{row.pk}") for row in booked_four] == [45] * 4
        assert Taken.objects.filter(person=salma).count() == Taken.objects.filter(person=yusuf).count() == 4

    def test_keeps_the_hour_when_clocks_change(self, enquiry, yusuf, salma, settings, clock):
        settings.TIME_ZONE = "Africa/Cairo"
        clock.move_to(datetime(2026, 10, 15, tzinfo=ZoneInfo("UTC")))
        Lesson.objects.filter(id=enquiry.pk).update(rung_due_at=None)
        first = wall(date(2026, 10, 20), time(17), ZoneInfo("Africa/Cairo"))
        span = Span(first, first + timedelta(minutes=60))
        lesson = lessons.ask(lesson=enquiry, by=yusuf, times=[span], minutes=60, format="online", repeat=4)
        lessons.accept(lesson=lesson, by=salma, proposal=lesson.proposals.get())
        starts = Lesson.objects.filter(series=lesson.series).order_by("starts_at").values_list("starts_at", flat=True)
        assert [at.astimezone(ZoneInfo("Africa/Cairo")).hour for at in starts] == [17] * 4

    def test_books_none_where_one_day_is_taken_and_names_it(self, four, taken_eighth, salma):
        with pytest.raises(lessons.DatesTaken) as refused:
            lessons.accept(lesson=four, by=salma, proposal=four.proposals.get())
        assert [f"{span.starts_at:%d.%m.}" for span in refused.value.taken] == ["08.12."]
        assert refused.value.left == 3
        assert Lesson.objects.get(id=four.pk).state == "asked"
        assert Lesson.objects.filter(series=four.series).count() == 1
        assert Taken.objects.count() == 1

    def test_books_none_where_the_hours_do_not_reach(self, enquiry, yusuf, salma, settings):
        many = lessons.ask(
            lesson=enquiry, by=yusuf, times=[TUESDAY], minutes=45, format="online", in_return="hours", repeat=12
        )
        with pytest.raises(ledger.NotEnoughHours):
            lessons.accept(lesson=many, by=salma, proposal=many.proposals.get())
        assert not Taken.objects.exists()
        assert Lesson.objects.count() == 1

    def test_may_leave_days_out_on_the_page_that_named_them(self, four, taken_eighth, salma, client_of):
        sent = {"answer": "accept", "proposal": four.proposals.get().pk}
        page = client_of(salma).post(f"/lessons/{four.pk}/answer/", sent)
        assert page.status_code == 422
        assert 'name="without" value="2026-12-08"' in page.content.decode()
        answer = client_of(salma).post(f"/lessons/{four.pk}/answer/", {**sent, "without": "2026-12-08"})
        assert answer.status_code == 302
        rows = Lesson.objects.filter(series=four.series, state="booked").order_by("starts_at")
        assert days(rows) == ["01.12. 17:00", "15.12. 17:00", "22.12. 17:00"]
        assert 'name="rest"' in client_of(salma).get(f"/lessons/{four.pk}/").content.decode()

    @pytest.mark.parametrize("without", [["x"], ["2026-99-99"], ["٢٠٢٦-١٢-٠٨" * 99], ["2026-12-01"] * 50])
    def test_leaves_out_only_days(self, four, salma, client_of, without):
        sent = {"answer": "accept", "proposal": four.proposals.get().pk, "without": without}
        assert client_of(salma).post(f"/lessons/{four.pk}/answer/", sent).status_code == 302

    def test_is_one_notice(self, booked_four, yusuf, relay):
        relay()
        told = Notice.objects.filter(person=yusuf, kind="lesson_booked")
        assert [notice.facts["many"] for notice in told] == [4]


class TestAfterwards:
    def test_one_meeting_can_be_called_off_and_another_moved(self, booked_four, salma, yusuf):
        first, second, third, _fourth = booked_four
        lessons.cancel(lesson=second, by=salma)
        span = Span(TUESDAY.starts_at + timedelta(days=16), TUESDAY.ends_at + timedelta(days=16))
        lessons.move(lesson=third, by=salma, times=[span])
        lessons.accept(lesson=third, by=yusuf, proposal=third.proposals.get())
        rows = Lesson.objects.filter(series=first.series).order_by("starts_at")
        assert [(row.state, f"{row.starts_at:%d}") for row in rows] == [
            ("booked", "01"), ("cancelled", "08"), ("booked", "17"), ("booked", "22"),
        ]  # fmt: skip

    def test_all_the_rest_can_be_called_off_at_once_with_one_notice(self, booked_four, salma, yusuf, client_of, relay):
        relay()
        answer = client_of(salma).post(f"/lessons/{booked_four[1].pk}/cancel/", {"rest": "1"})
        assert answer.status_code == 302
        rows = Lesson.objects.filter(series=booked_four[0].series).order_by("starts_at")
        assert [row.state for row in rows] == ["booked", "cancelled", "cancelled", "cancelled"]
        assert Taken.objects.filter(person=yusuf).count() == 1
        relay()
        assert [notice.facts["many"] for notice in Notice.objects.filter(person=yusuf, kind="lesson_off")] == [3]


class TestAsking:
    def test_on_the_page_says_how_often(self, enquiry, yusuf, salma, client_of):
        sent = {"minutes": "60", "format": "online", "in_return": "gift", "day_1": "2026-12-01", "time_1": "17:00"}
        assert client_of(yusuf).post(f"/lessons/{enquiry.pk}/ask/", {**sent, "repeat": "4"}).status_code == 302
        assert Series.objects.get().count == 4
        assert "4" in client_of(salma).get(f"/lessons/{enquiry.pk}/").content.decode()

    @pytest.mark.parametrize("repeat", ["0", "13", "-1", "x", "1.5", "9" * 40])
    def test_for_too_often_is_refused_beside_the_field(self, enquiry, yusuf, client_of, repeat):
        sent = {"minutes": "60", "format": "online", "in_return": "gift", "day_1": "2026-12-01", "time_1": "17:00"}
        assert client_of(yusuf).post(f"/lessons/{enquiry.pk}/ask/", {**sent, "repeat": repeat}).status_code == 422
        assert not Series.objects.exists()

    def test_once_makes_no_series(self, asked):
        assert asked.series is None
        assert timezone.now() < asked.answer_due_at
