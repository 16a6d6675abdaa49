"""Group lessons: seats, a queue in its order, a freed seat kept a day for the next, and one taker of the last seat."""

import threading
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.utils import timezone
from icalendar import Calendar

from accounts import services as accounts
from accounts.rules import wall
from exchange.ledger import services as ledger
from exchange.lessons import services as lessons
from exchange.lessons.models import Lesson, Queued, Sitting, Taken
from exchange.lessons.services import calendar, sittings
from exchange.notices.models import Notice

START = wall(date(2026, 12, 1), time(17), ZoneInfo("Asia/Amman"))
WELL = {
    "day": "2026-12-01", "time": "17:00", "minutes": "60", "seats": "2", "format": "place",
    "place": "مكتبة الحي", "in_return": "hours",
}  # fmt: skip


@pytest.fixture
def offer(clock, make_offer, salma):
    return make_offer(salma, "خياطة للمبتدئات", ["rukn:sewing"])


@pytest.fixture
def sitting(offer, salma):
    """Salma teaches two at once."""
    return sittings.announce(
        listing=offer, by=salma, starts_at=START, minutes=60, seats=2, format="place", place="مكتبة الحي",
        in_return="hours",
    )  # fmt: skip


@pytest.fixture
def full(sitting, yusuf, karim):
    """Yusuf and Karim have the two seats."""
    return [sittings.take_seat(sitting=sitting, by=each) for each in (yusuf, karim)]


class TestAnnouncing:
    def test_from_the_listing_shows_the_date_to_neighbours(self, offer, salma, yusuf, client_of):
        assert f"/listings/{offer.pk}/sittings/new/" in client_of(salma).get(f"/listings/{offer.pk}/").content.decode()
        answer = client_of(salma).post(f"/listings/{offer.pk}/sittings/new/", WELL)
        row = Sitting.objects.get()
        assert (answer.status_code, row.starts_at, row.seats) == (302, START, 2)
        page = client_of(yusuf).get(f"/listings/{offer.pk}/").content.decode()
        assert row.get_absolute_url() in page
        assert "sittings/new" not in page
        assert client_of(yusuf).get(f"/listings/{offer.pk}/sittings/new/").status_code == 404

    @pytest.mark.parametrize(
        "change",
        [
            {"day": ""}, {"time": "25:00"}, {"day": "2026-11-01"}, {"day": "2030-01-01"}, {"day": "9999-12-31"},
            {"seats": "1"}, {"seats": "31"}, {"seats": "x"}, {"minutes": "7"}, {"place": ""}, {"place": "م" * 161},
            {"in_return": "fee"}, {"format": "nowhere"},
        ],
        ids=str,
    )  # fmt: skip
    def test_what_cannot_be_is_said_beside_it(self, offer, salma, client_of, change):
        answer = client_of(salma).post(f"/listings/{offer.pk}/sittings/new/", {**WELL, **change})
        assert answer.status_code == 422
        assert not Sitting.objects.exists()

    def test_while_one_is_busy_is_refused(self, sitting, offer, salma, client_of):
        answer = client_of(salma).post(f"/listings/{offer.pk}/sittings/new/", {**WELL, "time": "17:30"})
        assert answer.status_code == 422
        assert Sitting.objects.count() == 1


class TestASeat:
    def test_is_a_lesson_of_ones_own_with_its_hours_aside(self, sitting, yusuf, salma, client_of):
        page = client_of(yusuf).post(f"{sitting.get_absolute_url()}seat/")
        assert page.status_code == 302
        lesson = Lesson.objects.get()
        assert (lesson.state, lesson.sitting, lesson.learner, lesson.starts_at) == ("booked", sitting, yusuf, START)
        assert ledger.held(subject=f"lesson:{lesson.pk}") == 60
        assert sorted(Taken.objects.values_list("person", flat=True)) == sorted([salma.pk, yusuf.pk])
        assert sittings.take_seat(sitting=sitting, by=yusuf) == lesson
        assert Lesson.objects.count() == 1

    def test_is_refused_to_the_teacher_to_who_is_blocked_and_to_who_is_busy(self, sitting, salma, karim, nadia, full):
        with pytest.raises(lessons.OwnListing):
            sittings.take_seat(sitting=sitting, by=salma)
        accounts.block(blocker=salma, blocked=nadia)
        with pytest.raises(lessons.NotReachable):
            sittings.join_queue(sitting=sitting, by=nadia)

    def test_shows_teacher_one_event_and_learner_theirs(self, sitting, full, salma, yusuf):
        def events(person):
            body = calendar.feed_of(person=person, now=timezone.now())
            return [str(each["UID"]).split("@")[0] for each in Calendar.from_ical(body).walk("VEVENT")]

        assert events(salma) == [str(sitting.uid)]
        assert events(yusuf) == [str(full[0].uid)]

    def test_has_the_teachers_time(self, full, yusuf, times):
        with pytest.raises(lessons.BadTerms):
            lessons.move(lesson=full[0], by=yusuf, times=times(1, days=9))


class TestTheQueue:
    def test_says_that_all_is_taken_and_lets_one_wait(self, sitting, full, nadia, client_of):
        browser, url = client_of(nadia), sitting.get_absolute_url()
        assert browser.post(f"{url}seat/").status_code == 422
        assert browser.post(f"{url}queue/").status_code == 302
        browser.post(f"{url}queue/")
        assert Queued.objects.count() == 1
        assert "/leave/" in browser.get(url).content.decode()

    def test_offers_a_freed_seat_to_the_next_for_a_day(
        self, sitting, full, nadia, stranger, yusuf, relay, client_of, clock
    ):
        for each in (nadia, stranger):
            sittings.join_queue(sitting=sitting, by=each)
        lessons.cancel(lesson=full[0], by=yusuf)
        relay()
        first, second = Queued.objects.order_by("id")
        assert (first.person, first.offered_until) == (nadia, timezone.now() + timedelta(hours=24))
        assert second.offered_until is None
        assert Notice.objects.filter(kind="seat").values_list("person", flat=True).get() == nadia.pk
        with pytest.raises(sittings.SittingFull):
            sittings.take_seat(sitting=sitting, by=yusuf)
        assert client_of(nadia).post(f"{sitting.get_absolute_url()}seat/").status_code == 302
        assert Lesson.objects.filter(state="booked").count() == 2
        assert list(Queued.objects.values_list("person", flat=True)) == [stranger.pk]

    def test_goes_on_to_the_next_when_nobody_answers_or_says_no(
        self, sitting, full, nadia, stranger, huda, yusuf, relay, clock
    ):
        for each in (nadia, stranger, huda):
            sittings.join_queue(sitting=sitting, by=each)
        lessons.cancel(lesson=full[0], by=yusuf)
        relay()
        clock.move_to(timezone.now() + timedelta(hours=24))
        sittings.keep_seats(now=timezone.now())
        assert [(row.person, row.offered_until is not None) for row in Queued.objects.order_by("id")] == [
            (stranger, True), (huda, False),
        ]  # fmt: skip
        sittings.leave_queue(sitting=sitting, by=stranger)
        assert Queued.objects.get().offered_until is not None
        relay()
        told = Notice.objects.filter(kind="seat").order_by("id").values_list("person", flat=True)
        assert list(told) == [nadia.pk, huda.pk]  # who left before they were told is told nothing

    def test_ends_three_hours_before_then_a_seat_is_for_whoever_comes(
        self, sitting, full, nadia, stranger, yusuf, relay, clock
    ):
        sittings.join_queue(sitting=sitting, by=nadia)
        clock.move_to(START - timedelta(hours=2))
        lessons.cancel(lesson=full[0], by=yusuf)
        relay()
        assert Queued.objects.get().offered_until is None
        assert sittings.take_seat(sitting=sitting, by=stranger).state == "booked"


class TestCallingOff:
    def test_by_the_teacher_gives_everything_back_and_tells_all(
        self, sitting, full, salma, yusuf, nadia, client_of, relay
    ):
        sittings.join_queue(sitting=sitting, by=nadia)
        assert client_of(yusuf).post(f"{sitting.get_absolute_url()}cancel/").status_code == 404
        assert client_of(salma).post(f"{sitting.get_absolute_url()}cancel/").status_code == 302
        relay()
        assert {row.state for row in Lesson.objects.all()} == {"cancelled"}
        assert [ledger.held(subject=f"lesson:{row.pk}") for row in full] == [0, 0]
        assert not Taken.objects.exists()
        assert not Queued.objects.exists()
        assert Notice.objects.filter(kind="lesson_off").count() == 2
        assert Notice.objects.get(kind="seat").person == nadia
        with pytest.raises(sittings.SittingOver):
            sittings.take_seat(sitting=sitting, by=nadia)

    def test_frees_the_teacher_after_its_end_too(self, sitting, clock):
        clock.move_to(START + timedelta(hours=2))
        sittings.keep_seats(now=timezone.now())
        assert not Taken.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_last_seat_has_one_taker_in_every_race(make_offer, salma, yusuf, karim, nadia):
    offer = make_offer(salma, "خياطة للمبتدئات", ["rukn:sewing"])
    start = timezone.now() + timedelta(days=3)
    people, ended, barrier = (yusuf, karim, nadia), [], threading.Barrier(3)

    def take(row, person):
        barrier.wait()
        try:
            sittings.take_seat(sitting=row, by=person)
            ended.append("seat")
        except sittings.SittingFull:
            ended.append("full")
        finally:
            connection.close()

    rows = [
        sittings.announce(
            listing=offer, by=salma, starts_at=start + timedelta(hours=2 * race), minutes=60, seats=2, format="online"
        )
        for race in range(10)
    ]
    for row in rows:
        threads = [threading.Thread(target=take, args=(row, person)) for person in people]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(ended) == ["full"] * 10 + ["seat"] * 20
    assert [row.lessons.filter(state="booked").count() for row in rows] == [2] * 10
