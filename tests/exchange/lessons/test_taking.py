"""Nobody is booked twice: who comes second is refused and shown other times, however close the race."""

import threading
from datetime import timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts import services as accounts
from accounts.rules import mask
from accounts.services import other_times
from exchange.chat import services as chat
from exchange.lessons import services as lessons
from exchange.lessons.models import Lesson, Proposal, Taken
from exchange.lessons.rules import Span

RACES = 50


def asked(teacher, learner, talk, span):
    """A question of the learner for one time, as `lessons.ask` leaves it."""
    now = timezone.now()
    minutes = int((span.ends_at - span.starts_at).total_seconds()) // 60
    lesson = Lesson.objects.create(
        teacher=teacher, learner=learner, opened_by=learner, conversation=talk, state="asked", minutes=minutes,
        format="online", asked_by=learner, asked_at=now, answer_due_at=span.starts_at, due_at=span.starts_at,
    )  # fmt: skip
    Proposal.objects.create(lesson=lesson, starts_at=span.starts_at, ends_at=span.ends_at)
    return lesson


class TestProposals:
    def test_are_when_both_are_free_and_neither_is_away_or_taken(self, enquiry, booked_tuesday, salma, yusuf):
        found = [span.starts_at.astimezone(ZoneInfo("Asia/Amman")) for span in lessons.propose(lesson=enquiry)]
        assert [f"{each:%a %d %b %H:%M}" for each in found] == [
            "Tue 01 Dec 18:00", "Tue 15 Dec 17:00", "Tue 22 Dec 17:00",
        ]  # fmt: skip

    def test_go_by_the_listing_where_it_says_when(self, enquiry, salma, yusuf):
        accounts.set_free_hours(person=yusuf, codes=["tue-evening", "wed-morning"])
        listing = enquiry.listing
        listing.free_mask = 0
        listing.save()
        accounts.set_free_hours(person=salma, codes=["wed-morning"])
        assert {f"{span.starts_at:%a}" for span in lessons.propose(lesson=enquiry)} == {"Wed"}
        listing.free_mask = mask(["tue-evening"])
        listing.save()
        assert {f"{span.starts_at:%a}" for span in lessons.propose(lesson=enquiry)} == {"Tue"}

    def test_keep_to_the_windows_of_a_venue(self, enquiry, clock):
        start = timezone.now() + timedelta(days=7, hours=5)
        window = Span(start, start + timedelta(minutes=70))
        found = lessons.propose(lesson=enquiry, minutes=60, venue=[window])
        assert [span.starts_at >= window.starts_at and span.ends_at <= window.ends_at for span in found] == [True]

    def test_cost_three_queries(self, enquiry, django_assert_num_queries):
        with django_assert_num_queries(3):
            lessons.propose(lesson=enquiry)

    @pytest.fixture
    def booked_tuesday(self, enquiry, salma, yusuf):
        """Salma is away on the 8th; on the 1st she has a lesson from five to six."""
        zone = ZoneInfo("Asia/Amman")
        start = timezone.now().astimezone(zone).replace(day=1, month=12, hour=17, minute=0)
        Taken.objects.create(person=salma, starts_at=start, ends_at=start + timedelta(hours=1), lesson=enquiry)
        away = start.replace(day=8, hour=0)
        other_times.add(person=salma, kind="away", starts_at=away, ends_at=away + timedelta(days=1))


class TestASecondBooking:
    def test_is_refused_with_three_other_times_on_the_page_and_for_programs(
        self, clock, salma, yusuf, karim, times, client_of, enquiry
    ):
        accounts.set_free_hours(person=karim, codes=[])
        talk = chat.open_conversation(subject="x", subject_lang="ar", people=[salma, karim])
        span = times(1)[0]
        first, second = asked(salma, yusuf, enquiry.conversation, span), asked(salma, karim, talk, span)
        lessons.accept(lesson=first, by=salma, proposal=first.proposals.get())
        with pytest.raises(lessons.TakenAlready) as refused:
            lessons.accept(lesson=second, by=salma, proposal=second.proposals.get())
        assert len(refused.value.others) == 3
        assert not any(other.meets(span) for other in refused.value.others)
        assert len(refused.value.more["others"]) == 3
        page = client_of(salma).post(
            f"/lessons/{second.pk}/answer/", {"answer": "accept", "proposal": second.proposals.get().pk}
        )
        assert page.status_code == 422
        assert page.content.decode().count("at=") >= 3
        assert Lesson.objects.get(id=second.pk).state == "asked"

    def test_of_the_next_hour_is_none(self, booked, karim, salma):
        talk = chat.open_conversation(subject="x", subject_lang="ar", people=[salma, karim])
        following = asked(salma, karim, talk, Span(booked.ends_at, booked.ends_at + timedelta(hours=1)))
        assert lessons.accept(lesson=following, by=salma, proposal=following.proposals.get()).state == "booked"

    if connection.vendor == "postgresql":  # SQLite has no exclusion constraints

        def test_is_refused_by_the_database_itself(self, booked, salma, enquiry):
            half = booked.starts_at + timedelta(minutes=30)
            with pytest.raises(IntegrityError, match="nobody_is_taken_twice"), transaction.atomic():
                Taken.objects.create(person=salma, starts_at=half, ends_at=booked.ends_at, lesson=booked)


@pytest.mark.django_db(transaction=True)
def test_of_fifty_races_for_the_last_time_each_has_one_winner_and_a_loser_who_sees_three_others(
    salma, yusuf, karim, stranger
):
    """Three neighbours ask Salma for the same hour, and all three are accepted at once."""
    learners = (yusuf, karim, stranger)
    for each in (salma, *learners):
        accounts.set_free_hours(person=each, codes=[])  # any time suits
    talks = [chat.open_conversation(subject="x", subject_lang="ar", people=[salma, each]) for each in learners]
    start = (timezone.now() + timedelta(days=3)).replace(minute=0, second=0, microsecond=0)
    ended, barrier = [], threading.Barrier(len(learners))

    def accept(lesson, number):
        barrier.wait()
        try:
            lessons.accept(lesson=lesson, by=salma, proposal=number)
            ended.append("booked")
        except lessons.TakenAlready as refusal:
            ended.append(len(refusal.others))
        finally:
            connection.close()

    for race in range(RACES):
        begins = start + timedelta(hours=3 * race)
        span = Span(begins, begins + timedelta(hours=1))
        rows = [asked(salma, each, talk, span) for each, talk in zip(learners, talks, strict=True)]
        threads = [threading.Thread(target=accept, args=(row, row.proposals.get().pk)) for row in rows]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(map(str, ended)) == ["3"] * (2 * RACES) + ["booked"] * RACES
    spans = sorted(Taken.objects.filter(person=salma).values_list("starts_at", "ends_at"))
    assert all(one[1] <= next_one[0] for one, next_one in pairwise(spans))
    assert Lesson.objects.filter(state="booked").count() == RACES
