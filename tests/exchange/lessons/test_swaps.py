"""A swap: two lessons asked for and booked at once, whose hours cancel out; calling one half off calls both off."""

from datetime import timedelta

import pytest
from django.utils import timezone

from exchange.ledger import services as ledger
from exchange.lessons import services as lessons
from exchange.lessons.models import Bundle, Lesson, Taken
from exchange.lessons.rules import Span, minutes_owed
from exchange.lessons.services import Half, checking
from exchange.outbox.models import Event
from skills.services import listings


@pytest.fixture
def excel(make_offer, yusuf):
    return make_offer(yusuf, "إكسل من الصفر", ["rukn:excel"])


@pytest.fixture
def swap(enquiry, excel, yusuf, times):
    """Yusuf asks Salma for sewing and offers Excel for it; `swap(90)` is one whose other half is longer."""

    def make(minutes=60):
        lesson = lessons.ask_swap(
            lesson=enquiry,
            by=yusuf,
            listing=excel,
            this=Half(times(2), 60, "online"),
            other=Half(times(2, days=9, minutes=minutes), minutes, "online"),
        )
        return lesson, lesson.partner

    return make


def first(lesson):
    return lesson.proposals.order_by("id")[0].pk


def accept(*rows, by):
    done = lessons.accept_all(chosen={row.pk: first(row) for row in rows}, by=by)
    for row in rows:
        row.refresh_from_db()
    return done


def at(starts_at, minutes):
    return Span(starts_at, starts_at + timedelta(minutes=minutes))


class TestAsking:
    def test_asks_for_two_lessons_in_one_talk(self, swap, salma, yusuf, excel):
        one, other = swap()
        assert [(row.state, row.in_return, row.conversation_id) for row in (one, other)] == [
            ("asked", "swap", one.conversation_id)
        ] * 2
        assert (other.teacher, other.learner, other.listing, other.partner) == (yusuf, salma, excel, one)

    def test_twice_asks_once(self, swap):
        assert swap() == swap()
        assert Lesson.objects.count() == 2

    def test_needs_a_public_offer_of_the_one_who_learns(self, enquiry, excel, salma, yusuf, make_wish, times):
        half = Half(times(1), 60, "online")
        wish = make_wish(yusuf, "أتعلم الطبخ", ["rukn:kitchen"])
        for listing in (enquiry.listing, wish):
            with pytest.raises(lessons.BadTerms):
                lessons.ask_swap(lesson=enquiry, by=yusuf, listing=listing, this=half, other=half)
        listings.pause(listing=excel, by=yusuf)
        with pytest.raises(lessons.BadTerms):
            lessons.ask_swap(lesson=enquiry, by=yusuf, listing=excel, this=half, other=half)
        assert Lesson.objects.count() == 1

    def test_takes_the_hello_that_the_teacher_said_to_that_offer(self, enquiry, excel, salma, yusuf, times):
        hers = lessons.say_hello(listing=excel, by=salma, body="مرحبًا")
        half = Half(times(1), 60, "online")
        later = Half(times(1, days=5), 60, "online")
        lesson = lessons.ask_swap(lesson=enquiry, by=yusuf, listing=excel, this=half, other=later)
        assert lesson.partner == hers

    def test_asks_nothing_when_one_half_cannot_be_asked(self, enquiry, excel, yusuf, times):
        with pytest.raises(lessons.BadTimes):
            lessons.ask_swap(
                lesson=enquiry,
                by=yusuf,
                listing=excel,
                this=Half(times(1), 60, "online"),
                other=Half(times(1, days=-3), 60, "online"),
            )
        assert Lesson.objects.get().state == "enquiry"


class TestBooking:
    def test_books_both_with_one_answer(self, swap, salma):
        one, other = swap()
        assert accept(one, other, by=salma)
        assert [one.state, other.state] == ["booked", "booked"]
        assert Taken.objects.count() == 4
        assert Event.objects.filter(name="bundle.booked").count() == 1

    def test_books_neither_before_both_have_a_time(self, swap, salma):
        one, other = swap()
        assert not accept(one, by=salma)
        assert [one.state, one.chosen_id is None] == ["asked", False]
        assert not Taken.objects.exists()
        assert accept(other, by=salma)
        one.refresh_from_db()
        assert one.state == "booked"

    def test_books_neither_when_one_time_is_taken(self, swap, salma, nadia, excel, enquiry, times):
        one, other = swap()
        busy = lessons.say_hello(listing=enquiry.listing, by=nadia, body="مرحبًا")
        lessons.ask(lesson=busy, by=nadia, times=times(1, days=9), minutes=60, format="online")
        lessons.accept(lesson=busy, by=salma, proposal=first(busy))
        with pytest.raises(lessons.TakenAlready):
            accept(one, other, by=salma)
        assert list(Lesson.objects.exclude(id=busy.pk).values_list("state", "chosen")) == [("asked", None)] * 2

    def test_lets_the_first_choose_anew_when_its_time_is_taken_meanwhile(self, swap, salma, nadia, enquiry, times):
        one, other = swap()
        accept(one, by=salma)
        busy = lessons.say_hello(listing=enquiry.listing, by=nadia, body="مرحبًا")
        lessons.ask(lesson=busy, by=nadia, times=times(1), minutes=60, format="online")
        lessons.accept(lesson=busy, by=salma, proposal=first(busy))
        assert not accept(other, by=salma)
        one.refresh_from_db()
        assert (one.state, one.chosen, one.proposals.count()) == ("asked", None, 2)
        lessons.accept(lesson=one, by=salma, proposal=one.proposals.order_by("id")[1])
        assert set(Lesson.objects.exclude(id=busy.pk).values_list("state", flat=True)) == {"booked"}

    def test_keeps_a_choice_until_another_or_other_times_are_offered(self, swap, salma, yusuf, times):
        one, other = swap()
        accept(one, by=salma)
        lessons.accept(lesson=one, by=salma, proposal=one.proposals.order_by("id")[1])
        lessons.counter(lesson=one, by=salma, times=times(1, days=4))
        one.refresh_from_db()
        assert one.chosen is None
        accept(other, by=salma)
        lessons.accept(lesson=one, by=yusuf, proposal=first(one))
        other.refresh_from_db()
        assert other.state == "booked"

    @pytest.mark.parametrize("act", ["decline", "withdraw"])
    def test_that_is_declined_or_withdrawn_in_one_half_lets_the_other_go(self, swap, salma, yusuf, act):
        one, other = swap()
        accept(other, by=salma)
        getattr(lessons, act)(lesson=one, by=salma if act == "decline" else yusuf)
        other.refresh_from_db()
        assert other.state == "lapsed"
        with pytest.raises(lessons.NotNow):
            lessons.accept(lesson=other, by=salma, proposal=1)

    def test_that_nobody_answers_lapses_whole(self, swap, salma, clock):
        one, _other = swap()
        accept(one, by=salma)
        late = max(row.answer_due_at for row in Lesson.objects.all()) + timedelta(minutes=1)
        clock.move_to(late)
        lessons.keep_time(now=late)
        assert set(Lesson.objects.values_list("state", flat=True)) == {"lapsed"}
        assert Bundle.objects.get().ended_at is not None


class TestHours:
    @pytest.mark.parametrize(
        ("in_return", "mine", "theirs", "owed"),
        [("hours", 60, None, 60), ("gift", 60, None, 0), ("swap", 60, 60, 0), ("swap", 90, 60, 30),
         ("swap", 60, 90, 0), ("swap", 60, None, 0), ("fee", 60, None, 0)],
    )  # fmt: skip
    def test_are_owed_by_one_rule(self, in_return, mine, theirs, owed):
        assert minutes_owed(in_return, mine, theirs) == owed

    def test_of_equal_halves_cancel_out(self, swap, salma, yusuf):
        rows = swap()
        accept(*rows, by=salma)
        assert [ledger.held(subject=f"lesson:{row.pk}") for row in rows] == [0, 0]

    def test_of_the_longer_half_are_kept_aside_and_paid(self, swap, salma, yusuf, clock):
        one, other = swap(90)
        accept(one, other, by=salma)
        assert [ledger.held(subject=f"lesson:{row.pk}") for row in (one, other)] == [0, 30]
        clock.move_to(other.ends_at + timedelta(hours=1))
        lessons.keep_time(now=other.ends_at + timedelta(hours=1))
        lessons.confirm(lesson=other, by=salma)
        assert [ledger.balance_of(person=person) for person in (salma, yusuf)] == [-30, 30]

    def test_of_a_healthy_swap_are_no_fault(self, swap, salma):
        one, other = swap(90)
        accept(one, other, by=salma)
        assert ledger.held(subject=f"lesson:{other.pk}") == 30
        assert not any(checking.faults(now=timezone.now()).values())


class TestCallingOff:
    def test_gives_the_only_minute_that_is_aside_back(self, swap, salma, yusuf, clock):
        one, other = swap(61)
        accept(one, other, by=salma)
        clock.move_to(one.starts_at - timedelta(hours=1))
        lessons.move(lesson=other, by=yusuf, times=[at(one.starts_at + timedelta(hours=4), 61)])
        lessons.accept(lesson=other, by=salma, proposal=first(other))
        lessons.cancel(lesson=other, by=salma)
        assert ledger.held(subject=f"lesson:{other.pk}") == 0
        assert [ledger.balance_of(person=person) for person in (salma, yusuf)] == [0, 0]

    @pytest.mark.parametrize("half", [0, 1])
    def test_late_costs_the_learner_whichever_half_they_call_off(self, swap, salma, yusuf, clock, half):
        rows = swap(90)
        accept(*rows, by=salma)
        one, other = rows
        clock.move_to(one.starts_at - timedelta(hours=5))
        lessons.move(lesson=other, by=yusuf, times=[at(one.starts_at + timedelta(hours=4), 90)])
        lessons.accept(lesson=other, by=salma, proposal=first(other))
        lessons.cancel(lesson=rows[half], by=salma)  # salma learns in the other, and teaches the one
        assert [ledger.balance_of(person=person) for person in (salma, yusuf)] == [-15, 15]
        other.refresh_from_db()
        assert other.is_late
        assert other.steps.get(act="cancel").facts["costs"]

    def test_one_half_before_either_began_calls_both_off_and_gives_all_back(self, swap, salma, yusuf, clock):
        one, other = swap(90)
        accept(one, other, by=salma)
        clock.move_to(one.starts_at - timedelta(hours=1))  # late for the one, not for the other
        lessons.cancel(lesson=one, by=yusuf)
        other.refresh_from_db()
        assert (other.state, other.why) == ("cancelled", "partner")
        assert [ledger.balance_of(person=person) for person in (salma, yusuf)] == [0, 0]
        assert not Taken.objects.exists()

    def test_the_second_after_the_first_was_held_leaves_the_first_as_a_gift(self, swap, salma, yusuf, clock):
        one, other = swap()
        accept(one, other, by=salma)
        clock.move_to(one.ends_at + timedelta(hours=1))
        lessons.keep_time(now=one.ends_at + timedelta(hours=1))
        lessons.confirm(lesson=one, by=yusuf)
        lessons.cancel(lesson=other, by=yusuf)
        one.refresh_from_db()
        assert one.state == "confirmed"
        assert [ledger.balance_of(person=person) for person in (salma, yusuf)] == [0, 0]

    def test_moves_one_half_without_the_other(self, swap, salma, yusuf, times):
        one, other = swap()
        accept(one, other, by=salma)
        lessons.move(lesson=one, by=salma, times=times(1, days=4))
        lessons.accept(lesson=one, by=yusuf, proposal=first(one))
        assert set(Lesson.objects.values_list("state", flat=True)) == {"booked"}
