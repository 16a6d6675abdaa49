"""A ring of which all said yes books its lessons all at once or not at all; one that falls is planned for anew."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts import services as accounts
from exchange.chat import services as chat
from exchange.ledger import services as ledger
from exchange.lessons import services as lessons
from exchange.lessons.models import Lesson, Taken
from exchange.lessons.rules import Span
from exchange.notices.models import Notice
from matching.models import Ring
from matching.services import rings

NOON = datetime(2026, 11, 24, 10, tzinfo=UTC)


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def three(clock, salma, yusuf, karim, make_offer, make_wish, relay):
    """Salma teaches Yusuf sewing, Yusuf Karim Excel, Karim Salma English."""
    online = {"format": "online"}
    make_offer(salma, "خياطة", ["rukn:sewing"], **online)
    make_wish(yusuf, "أتعلم خياطة", ["rukn:sewing"], **online)
    make_offer(yusuf, "إكسل", ["rukn:excel"], **online)
    make_wish(karim, "Learn Excel", ["rukn:excel"], **online)
    make_offer(karim, "English talk", ["rukn:english-conversation"], speaks=["en", "ar"], **online)
    make_wish(salma, "محادثة إنجليزية", ["rukn:english-conversation"], **online)
    relay()
    return [salma, yusuf, karim]


@pytest.fixture
def agreed(three, relay):
    """All three said yes."""
    (ring,) = rings.look(now=timezone.now())
    for person in three:
        rings.answer(ring=ring, person=person, is_yes=True)
    relay()
    Notice.objects.all().delete()
    return Ring.objects.get()


@pytest.fixture
def asked(agreed):
    """Each teacher proposed times of their own: on day 10, 11 or 12, two of them each."""
    for number, place in enumerate(agreed.places.order_by("number")):
        lesson = Lesson.objects.get(id=place.lesson_id)
        if lesson.state == "enquiry":
            start = NOON + timedelta(days=10 + number)
            times = [Span(at, at + timedelta(hours=1)) for at in (start, start + timedelta(hours=3))]
            lessons.ask(lesson=lesson, by=place.teacher, times=times, minutes=60, format="online")
    return agreed


def arrows(ring):
    rows = [place.lesson for place in ring.places.select_related("lesson").order_by("number")]
    return [Lesson.objects.get(id=row.pk) for row in rows]


def choose(lesson, *, number=0):
    return lessons.accept(lesson=lesson, by=lesson.learner, proposal=lesson.proposals.order_by("id")[number])


def states(ring):
    return [row.state for row in arrows(ring)]


class TestFindingTimes:
    def test_makes_a_lesson_of_each_arrow_in_exchange_for_the_next(self, agreed):
        assert agreed.state == Ring.State.BOOKING
        assert {(row.in_return, row.partner, row.bundle_id) for row in arrows(agreed)} == {
            ("swap", None, agreed.bundle_id)
        }

    def test_books_nothing_before_the_last_time_is_chosen_and_then_all_at_once(self, asked, three, relay):
        one, two, three_ = arrows(asked)
        choose(one)
        choose(two)
        relay()
        assert states(asked) == ["asked"] * 3
        assert not Taken.objects.exists()
        choose(three_)
        assert states(asked) == ["booked"] * 3
        assert Taken.objects.count() == 6
        relay()
        asked.refresh_from_db()
        assert asked.state == Ring.State.STANDS
        assert Notice.objects.filter(kind="ring_stands").count() == 3

    def test_holds_no_hours_around_a_ring(self, asked, three):
        for row in arrows(asked):
            choose(row)
        assert [ledger.balance_of(person=person) for person in three] == [0, 0, 0]
        assert [ledger.held(subject=f"lesson:{row.pk}") for row in arrows(asked)] == [0, 0, 0]

    def test_keeps_what_it_is_given_for_whatever_is_asked(self, agreed, three):
        lesson = arrows(agreed)[0]
        if lesson.state == "asked":
            lessons.withdraw(lesson=lesson, by=lesson.teacher)
            return
        times = [Span(NOON + timedelta(days=12), NOON + timedelta(days=12, hours=1))]
        lessons.ask(lesson=lesson, by=lesson.teacher, times=times, minutes=60, format="online", in_return="hours")
        lesson.refresh_from_db()
        assert lesson.in_return == "swap"

    def test_makes_one_choose_anew_whose_time_was_taken(self, asked, three, nadia, make_offer):
        one, two, three_ = arrows(asked)
        choose(one)
        choose(two)
        taken = one.proposals.order_by("id")[0]
        offer = make_offer(one.teacher, "تطريز", ["خياطة"], format="online")
        other = lessons.say_hello(listing=offer, by=nadia, body="مرحبًا")
        span = [Span(taken.starts_at, taken.ends_at)]
        lessons.ask(lesson=other, by=nadia, times=span, minutes=60, format="online")
        lessons.accept(lesson=other, by=one.teacher, proposal=other.proposals.get())
        choose(three_)
        assert [row.chosen_id is not None for row in arrows(asked)] == [False, True, True]
        assert states(asked) == ["asked"] * 3
        choose(arrows(asked)[0], number=1)
        assert states(asked) == ["booked"] * 3


class TestFalling:
    def test_lets_all_go_with_one_no_and_says_so_kindly(self, asked, three, relay):
        one, two, _three = arrows(asked)
        choose(one)
        lessons.decline(lesson=two, by=two.learner, why="times")
        assert sorted(states(asked)) == ["declined", "lapsed", "lapsed"]
        relay()
        asked.refresh_from_db()
        assert asked.state == Ring.State.BROKEN
        told = set(Notice.objects.filter(kind="ring_broken").values_list("person", flat=True))
        assert told == {person.pk for person in three} - {two.learner_id}
        assert not Taken.objects.exists()

    def test_lets_all_go_at_the_deadline_and_plans_anew(self, asked, three, clock, relay):
        choose(arrows(asked)[0])
        clock.move_to(asked.deadline + timedelta(minutes=1))
        lessons.keep_time(now=timezone.now())
        lessons.keep_time(now=timezone.now())
        relay()
        asked.refresh_from_db()
        assert asked.state == Ring.State.BROKEN
        assert "booked" not in states(asked)
        # All were willing, so the same three may be asked again; in new lessons of the talks they have.
        (again,) = Ring.objects.open_now()
        for person in three:
            rings.answer(ring=again, person=person, is_yes=True)
        again.refresh_from_db()
        assert again.state == Ring.State.BOOKING
        talks = Lesson.objects.values_list("conversation", flat=True)
        assert len(set(talks)) == 3
        assert {row.pk for row in arrows(again)}.isdisjoint(row.pk for row in arrows(asked) if row.state != "enquiry")

    def test_is_not_proposed_to_the_one_who_said_no(self, asked, relay):
        two = arrows(asked)[1]
        lessons.decline(lesson=two, by=two.learner, why="subject")
        relay()
        assert not Ring.objects.open_now().exists()

    def test_when_two_in_it_keep_each_other_away(self, asked, three, relay):
        accounts.block(blocker=three[0], blocked=three[1])
        relay()
        asked.refresh_from_db()
        assert asked.state == Ring.State.BROKEN
        assert {"booked", "asked"}.isdisjoint(states(asked))

    def test_asks_nobody_for_another_ring_meanwhile(self, agreed):
        assert rings.look(now=timezone.now()) == []

    def test_changes_nothing_once_all_are_booked(self, asked, three, relay):
        for row in arrows(asked):
            choose(row)
        relay()
        one = arrows(asked)[0]
        lessons.cancel(lesson=one, by=one.learner)
        lessons.release(bundle_id=asked.bundle_id, now=timezone.now())
        relay()
        asked.refresh_from_db()
        assert asked.state == Ring.State.STANDS
        assert states(asked)[1:] == ["booked", "booked"]


class TestPage:
    def test_shows_how_far_each_arrow_is(self, asked, three, client_of):
        one = arrows(asked)[0]
        page = client_of(one.learner).get(asked.get_absolute_url()).content.decode()
        assert page.count('class="arc asked"') == 3
        assert f'href="/lessons/{one.pk}/"' in page
        assert "اختر موعدًا" in page or "Choose a time" in page
        choose(one)
        page = client_of(one.learner).get(asked.get_absolute_url()).content.decode()
        assert page.count('class="arc chosen"') == 1


def test_a_lesson_lasts_as_long_as_lessons_of_its_offer_usually_do(three, salma, nadia, relay):
    offer = salma.listings.get(kind="offer")
    talk = chat.open_conversation(subject="x", subject_lang="ar", people=[salma, nadia])
    for day, minutes in ((30, 90), (20, 90), (10, 45)):
        then = NOON - timedelta(days=day)
        Lesson.objects.create(
            teacher=salma, learner=nadia, opened_by=nadia, listing=offer, conversation=talk, state="confirmed",
            minutes=minutes, starts_at=then, ends_at=then + timedelta(minutes=minutes),
        )  # fmt: skip
    (ring,) = rings.look(now=timezone.now())
    for person in three:
        rings.answer(ring=ring, person=person, is_yes=True)
    found = {row.teacher_id: row for row in arrows(ring)}
    asked = found.pop(salma.pk)
    assert (asked.state, asked.minutes) == ("asked", 90)
    assert all(at.ends_at - at.starts_at == timedelta(minutes=90) for at in asked.proposals.all())
    assert {row.minutes for row in found.values()} <= {60, None}
