"""From a question for a time to a booking, and every way in which it does not come about."""

from datetime import timedelta

import pytest
from django.utils import timezone

from exchange.lessons import services as lessons
from exchange.lessons.models import Lesson, Proposal, Taken


def fresh(lesson):
    return Lesson.objects.get(id=lesson.pk)


class TestAQuestion:
    def test_that_is_accepted_is_a_booked_lesson(self, asked, salma, yusuf):
        chosen = asked.proposals.order_by("id")[1]
        booked = fresh(lessons.accept(lesson=asked, by=salma, proposal=chosen))
        assert (booked.state, booked.starts_at, booked.sequence) == ("booked", chosen.starts_at, 1)
        assert set(Taken.objects.values_list("person", flat=True)) == {salma.pk, yusuf.pk}
        assert not Proposal.objects.exists()
        assert [step.act for step in booked.steps.order_by("id")] == ["ask", "accept"]

    def test_may_be_answered_with_other_times_and_then_is_the_others_to_answer(self, asked, salma, yusuf, times):
        lessons.counter(lesson=asked, by=salma, times=times(1, days=5))
        with pytest.raises(lessons.NotYours):
            lessons.accept(lesson=asked, by=salma, proposal=asked.proposals.get())
        booked = lessons.accept(lesson=asked, by=yusuf, proposal=asked.proposals.get())
        assert booked.state == "booked"

    def test_lapses_before_the_first_time_it_asks_for(self, asked, clock, salma):
        clock.move_to(asked.answer_due_at)
        assert asked.answer_due_at == asked.proposals.order_by("starts_at")[0].starts_at
        with pytest.raises(lessons.NotNow):
            lessons.accept(lesson=asked, by=salma, proposal=asked.proposals.order_by("id")[1])
        lessons.keep_time(now=timezone.now())
        assert fresh(asked).state == "lapsed"

    def test_may_be_declined_or_taken_back(self, asked, enquiry, salma, yusuf):
        assert lessons.decline(lesson=asked, by=salma, why="times").state == "declined"
        with pytest.raises(lessons.NotNow):
            lessons.withdraw(lesson=asked, by=yusuf)


class TestAHeldLesson:
    def test_is_confirmed_by_the_learner(self, held, yusuf):
        assert held.state == "held"
        assert lessons.confirm(lesson=held, by=yusuf).state == "confirmed"
        assert not Taken.objects.exists()

    def test_settles_by_silence_after_seven_days(self, held, clock):
        clock.move_to(held.ends_at + timedelta(days=7))
        lessons.keep_time(now=timezone.now())
        assert fresh(held).state == "confirmed"

    def test_that_a_curator_looks_at_is_resolved(self, disputed, huda):
        assert lessons.resolve(lesson=disputed, by=huda, outcome="half").state == "confirmed"


def test_calling_off_frees_both(booked, yusuf):
    assert lessons.cancel(lesson=booked, by=yusuf).state == "cancelled"
    assert not Taken.objects.exists()


def test_the_next_lesson_goes_on_in_the_same_talk(booked, salma, yusuf):
    following = lessons.again(lesson=booked, by=salma)
    assert (following.state, following.conversation_id) == ("enquiry", booked.conversation_id)
    assert lessons.again(lesson=booked, by=yusuf) == following
