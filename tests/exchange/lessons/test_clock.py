"""What time does to lessons: once each, late or not, and never after it was called off."""

import uuid
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from accounts import services as accounts
from exchange.chat import services as chat
from exchange.ledger import services as ledger
from exchange.lessons import services as lessons
from exchange.lessons.models import Lesson, Step, Taken
from exchange.lessons.services import checking
from exchange.lessons.services import clock as time_of_lessons
from exchange.outbox.models import Event

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def fresh(lesson):
    return Lesson.objects.get(id=lesson.pk)


def told(name="lesson.due_soon"):
    return list(Event.objects.filter(name=name).order_by("id").values_list("subject_id", flat=True))


def at(moment, clock):
    clock.move_to(moment)
    return lessons.keep_time(now=moment)


class TestReminders:
    def test_go_out_a_day_and_two_hours_before_once_each(self, booked, clock):
        for before, count in ((24.1, 0), (24, 1), (23, 1), (2.1, 1), (2, 2), (1, 2), (0, 2), (-2, 2)):
            for _twice in range(2):
                at(booked.starts_at - before * HOUR, clock)
            assert len(told()) == count, before

    def test_stop_when_the_lesson_is_called_off(self, booked, clock, yusuf):
        at(booked.starts_at - DAY, clock)
        lessons.cancel(lesson=booked, by=yusuf)
        at(booked.starts_at - HOUR, clock)
        assert (len(told()), fresh(booked).due_at) == (1, None)

    def test_begin_anew_with_a_new_time(self, booked, clock, salma, yusuf, times):
        at(booked.starts_at - 23 * HOUR, clock)
        moved = lessons.move(lesson=booked, by=salma, times=times(1, days=9))
        lessons.accept(lesson=moved, by=yusuf, proposal=moved.proposals.get())
        at(booked.starts_at, clock)
        assert len(told()) == 1
        at(fresh(booked).starts_at - DAY, clock)
        assert len(told()) == 2

    def test_after_a_sleep_only_the_nearest_goes_out_and_none_of_what_has_begun(self, booked, clock):
        at(booked.starts_at - HOUR, clock)
        assert len(told()) == 1
        assert fresh(booked).due_at == booked.ends_at

    def test_of_a_lesson_booked_at_short_notice_begin_with_the_next_one(self, enquiry, clock, salma, yusuf, times):
        asked = lessons.ask(lesson=enquiry, by=yusuf, times=times(1, days=0.5), minutes=60, format="online")
        booked = lessons.accept(lesson=asked, by=salma, proposal=asked.proposals.get())
        at(timezone.now() + HOUR, clock)
        assert told() == []
        at(booked.starts_at - 2 * HOUR, clock)
        assert told() == [str(booked.pk)]


@pytest.mark.parametrize(("zone", "day"), [("Asia/Amman", (2027, 3, 26)), ("Africa/Cairo", (2027, 4, 30))])
def test_a_thousand_lessons_are_each_reminded_of_once_by_the_clock_on_the_wall(zone, day, enquiry, salma, yusuf):
    """Amman keeps one time all the year; in Cairo the clocks leap on the night of 30 April 2027."""
    start = datetime(*day, 18, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    Lesson.objects.bulk_create(
        Lesson(
            teacher=salma, learner=yusuf, opened_by=yusuf, conversation_id=enquiry.conversation_id, follows=enquiry,
            state="booked", starts_at=start + number * timedelta(seconds=30), minutes=60,
            ends_at=start + number * timedelta(seconds=30) + HOUR,
            due_at=start + number * timedelta(seconds=30) - DAY, uid=uuid.uuid4(),
        )
        for number in range(1000)
    )  # fmt: skip
    Lesson.objects.filter(follows=enquiry, id__in=list(Lesson.objects.values_list("id", flat=True)[900:950])).update(
        state="cancelled", due_at=None
    )
    while lessons.keep_time(now=start - DAY + 600 * timedelta(seconds=30)):
        pass
    while lessons.keep_time(now=start - DAY + 1000 * timedelta(seconds=30)):
        pass
    assert len(told()) == len(set(told())) == 950
    first = Lesson.objects.exclude(starts_at=None).order_by("starts_at")[0]
    assert first.starts_at.astimezone(ZoneInfo(zone)).strftime("%H:%M") == "18:00"


class TestAClockThatWasDead:
    def test_changes_no_outcome_of_what_nobody_answered(self, booked, clock, salma):
        assert at(booked.ends_at + 10 * DAY, clock) == 1
        assert fresh(booked).state == "confirmed"
        assert [step.act for step in booked.steps.order_by("id")] == ["ask", "accept", "begin", "settle"]
        assert ledger.balance_of(person=salma) == 60

    def test_does_not_let_a_late_answer_through(self, asked, clock, salma):
        clock.move_to(asked.answer_due_at + HOUR)
        with pytest.raises(lessons.NotNow):
            lessons.accept(lesson=asked, by=salma, proposal=asked.proposals.first())
        assert fresh(asked).state == "asked"
        assert at(timezone.now(), clock) == 1
        assert fresh(asked).state == "lapsed"

    def test_lets_an_act_find_the_lesson_where_it_would_be(self, booked, clock, yusuf):
        clock.move_to(booked.ends_at + HOUR)
        assert lessons.confirm(lesson=booked, by=yusuf).state == "confirmed"

    def test_that_fails_on_one_lesson_goes_on_with_the_others(self, booked, asked, clock, monkeypatch, caplog):
        def broken(lesson, now):
            raise RuntimeError("no")

        monkeypatch.setattr(time_of_lessons, "_one", broken)
        assert at(booked.ends_at, clock) == 0
        assert fresh(booked).due_at == booked.ends_at + timedelta(minutes=15)
        assert "The clock failed on a lesson" in caplog.text
        monkeypatch.undo()
        assert at(booked.ends_at + HOUR, clock) == 1
        assert fresh(booked).state == "held"


class TestWhatBothSay:
    def test_silence_after_you_did_not_come_makes_it_count(self, held, clock, yusuf, salma):
        lessons.miss(lesson=held, by=yusuf)
        at(held.ends_at + 7 * DAY, clock)
        assert (fresh(held).state, ledger.balance_of(person=yusuf)) == ("no_show", 0)
        assert not Taken.objects.exists()

    def test_said_on_the_last_day_leaves_the_other_three(self, held, clock, salma, yusuf):
        clock.move_to(held.ends_at + 6.9 * DAY)
        lessons.miss(lesson=held, by=salma)
        at(held.ends_at + 9 * DAY, clock)
        assert fresh(held).state == "held"
        at(held.ends_at + 9.95 * DAY, clock)
        assert (fresh(held).state, ledger.balance_of(person=salma)) == ("no_show", 60)

    def test_when_they_differ_a_curator_looks_and_the_hours_wait(self, held, clock, salma, yusuf):
        lessons.confirm(lesson=held, by=salma)
        assert lessons.miss(lesson=held, by=yusuf).state == "disputed"
        assert ledger.held(subject=f"lesson:{held.pk}") == 60
        at(timezone.now() + 13 * DAY, clock)
        assert fresh(held).state == "disputed"
        at(timezone.now() + 2 * DAY, clock)
        assert (fresh(held).state, ledger.balance_of(person=yusuf)) == ("cancelled", 0)


class TestCallingOff:
    @pytest.mark.parametrize(
        ("who", "before", "paid"), [("yusuf", 25, 0), ("yusuf", 24, 0), ("yusuf", 23, 30), ("salma", 1, 0)]
    )
    def test_costs_a_late_learner_half(self, booked, clock, cast, who, before, paid):
        clock.move_to(booked.starts_at - before * HOUR)
        done = lessons.cancel(lesson=booked, by=cast[who])
        balances = [ledger.balance_of(person=cast[each]) for each in ("salma", "yusuf")]
        assert balances == [paid, -paid]
        assert done.is_late == (before < 24)
        assert ledger.held(subject=f"lesson:{booked.pk}") == 0

    def test_is_not_possible_once_it_has_begun(self, booked, clock, yusuf):
        clock.move_to(booked.starts_at)
        with pytest.raises(lessons.NotNow):
            lessons.cancel(lesson=booked, by=yusuf)


class TestApart:
    def test_a_block_calls_off_what_is_ahead_and_costs_nobody(self, booked, salma, yusuf, relay, clock):
        clock.move_to(booked.starts_at - HOUR)
        accounts.block(blocker=yusuf, blocked=salma)
        relay()
        assert (fresh(booked).state, fresh(booked).why) == ("cancelled", "apart")
        assert (ledger.balance_of(person=yusuf), ledger.held(subject=f"lesson:{booked.pk}")) == (0, 0)

    def test_a_block_leaves_what_was_held_to_silence(self, held, salma, yusuf, relay, clock):
        accounts.block(blocker=salma, blocked=yusuf)
        relay()
        at(held.ends_at + 7 * DAY, clock)
        assert fresh(held).state == "confirmed"

    def test_nothing_is_asked_or_agreed_over_a_block(self, asked, enquiry, salma, yusuf):
        accounts.block(blocker=salma, blocked=yusuf)
        with pytest.raises(lessons.NotReachable):
            lessons.accept(lesson=asked, by=salma, proposal=asked.proposals.first())

    def test_resting_calls_nothing_off(self, booked, salma, relay):
        accounts.pause(person=salma)
        relay()
        assert fresh(booked).state == "booked"

    def test_nothing_is_agreed_in_a_talk_that_is_stopped(self, asked, salma):
        chat.stop(conversation_id=asked.conversation_id)
        with pytest.raises(chat.Stopped):
            lessons.accept(lesson=asked, by=salma, proposal=asked.proposals.first())
        assert lessons.decline(lesson=asked, by=salma).state == "declined"


class TestParticipation:
    def test_the_same_lessons_touch_no_balance(self, enquiry, salma, yusuf, clock, settings, times):
        settings.HOURS = "participation"
        asked = lessons.ask(lesson=enquiry, by=yusuf, times=times(), minutes=60, format="online", in_return="hours")
        booked = lessons.accept(lesson=asked, by=salma, proposal=asked.proposals.first())
        clock.move_to(booked.ends_at)
        assert lessons.confirm(lesson=booked, by=yusuf).state == "confirmed"
        assert ledger.balance_of(person=salma) == ledger.balance_of(person=yusuf) == 0

    def test_counts_for_both_once_it_is_confirmed(self, booked, salma, yusuf, clock, client_of, settings):
        settings.HOURS = "participation"
        clock.move_to(booked.ends_at)
        for confirmed in (0, 1):
            for person, given, received in ((salma, confirmed, 0), (yusuf, 0, confirmed)):
                counts = client_of(person).get("/me/hours/").context["counts"]
                assert (counts.given, counts.received) == (given, received)
            if not confirmed:
                lessons.confirm(lesson=booked, by=yusuf)

    def test_switched_on_between_still_pays_what_was_kept_aside(self, booked, salma, yusuf, clock, settings):
        settings.HOURS = "participation"
        clock.move_to(booked.ends_at)
        lessons.confirm(lesson=booked, by=yusuf)
        assert ledger.balance_of(person=salma) == 60


def test_full_now_lets_the_offers_of_the_teacher_rest(asked, salma):
    lessons.decline(lesson=asked, by=salma, why="full", full_days=14)
    asked.listing.refresh_from_db()
    assert asked.listing.state == "paused"


def test_who_has_too_few_hours_is_told_so_and_nothing_is_booked(asked, salma, settings):
    settings.HOURS_FLOOR = 30
    with pytest.raises(ledger.NotEnoughHours):
        lessons.accept(lesson=asked, by=salma, proposal=asked.proposals.first())
    assert (fresh(asked).state, Taken.objects.count(), Step.objects.count()) == ("asked", 0, 1)


class TestVerify:
    def test_finds_nothing_where_all_is_right(self, booked, held, clock):
        assert not any(checking.faults(now=timezone.now()).values())

    @pytest.mark.parametrize(
        ("change", "fault"),
        [
            ({"state": "confirmed"}, "lessons_escrow_differs"),
            ({"minutes": 45}, "lessons_escrow_differs"),
            ({"state": "cancelled"}, "lessons_taken_differs"),
            ({"starts_at": datetime(2026, 11, 26, 9, tzinfo=UTC)}, "lessons_taken_differs"),
            ({"answer_due_at": datetime(2026, 11, 26, tzinfo=UTC)}, "lessons_question_differs"),
            ({"state": "held"}, "lessons_steps_differ"),
            ({"due_at": datetime(2026, 11, 1, tzinfo=UTC)}, "lessons_overdue"),
            ({"due_at": None}, "lessons_without_a_clock"),
        ],
    )
    def test_names_what_was_changed_by_another_way(self, booked, change, fault):
        Lesson.objects.filter(id=booked.pk).update(**change)
        assert checking.faults(now=timezone.now())[fault] == [booked.pk]
