"""What the two of a lesson are told: each thing once, in their language, and nothing that is true no longer."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from accounts import services as accounts
from exchange.lessons import services as lessons
from exchange.lessons.models import Lesson
from exchange.lessons.rules import Span
from exchange.lib.text import clean
from exchange.notices.models import Notice
from exchange.notices.rules import OF_LESSONS
from exchange.notices.services import choosing, mailing, telling
from exchange.outbox.models import Event, Handled

NOON = datetime(2026, 11, 24, 10, tzinfo=UTC)  # 13:00 in Amman


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def enquiry(clock, make_offer, salma, yusuf, relay):
    offer = make_offer(salma, "خياطة للمبتدئات", ["rukn:sewing"])
    row = lessons.say_hello(listing=offer, by=yusuf, body="مرحبًا")
    relay()
    Notice.objects.all().delete()
    return row


@pytest.fixture
def asked(enquiry, yusuf):
    times = [Span(NOON + timedelta(days=days), NOON + timedelta(days=days, hours=1)) for days in (2, 3)]
    return lessons.ask(lesson=enquiry, by=yusuf, times=times, minutes=60, format="online", in_return="hours")


@pytest.fixture
def booked(asked, salma):
    return lessons.accept(lesson=asked, by=salma, proposal=asked.proposals.order_by("id")[0])


@pytest.fixture
def told(relay):
    """Give what stands under "what is new" now, as (who, kind, what)."""

    def run():
        relay()
        rows = Notice.objects.filter(kind__in=OF_LESSONS, on_page=True).order_by("id")
        return [(row.person.email.split("@")[0], row.kind, row.facts["act"]) for row in rows.select_related("person")]

    return run


@pytest.fixture
def mails(relay):
    """Give whom what was mailed by now."""

    def run():
        relay()
        mail.outbox.clear()
        mailing.send_due(now=timezone.now())
        return [(message.to[0].split("@")[0], clean(message.subject)) for message in mail.outbox]

    return run


def later(clock, moment):
    clock.move_to(moment)
    lessons.keep_time(now=moment)


class TestEach:
    def test_is_told_of_what_the_other_did(self, asked, salma, yusuf, told):
        assert told() == [("salma", "lesson_asked", "asked")]
        times = [Span(NOON + timedelta(days=5), NOON + timedelta(days=5, hours=1))]
        lessons.counter(lesson=asked, by=salma, times=times)
        assert told() == [("yusuf", "lesson_asked", "countered")]
        lessons.accept(lesson=asked, by=yusuf, proposal=asked.proposals.get())
        assert told() == [("salma", "lesson_booked", "booked")]

    @pytest.mark.parametrize(
        ("act", "by", "expected"),
        [
            (lessons.decline, "salma", ("yusuf", "lesson_off", "declined")),
            (lessons.withdraw, "yusuf", ("salma", "lesson_off", "withdrawn")),
        ],
    )
    def test_hears_that_it_does_not_come_about(self, asked, cast, told, act, by, expected):
        told()
        act(lesson=asked, by=cast[by])
        assert told() == [expected]

    def test_hears_that_nobody_answered(self, asked, told, clock):
        later(clock, asked.answer_due_at)
        assert sorted(told()) == [("salma", "lesson_off", "lapsed"), ("yusuf", "lesson_off", "lapsed")]

    @pytest.mark.parametrize(
        ("verb", "expected"),
        [
            ("accept", ("yusuf", "lesson_booked", "moved")),
            ("decline", ("yusuf", "lesson_booked", "move_declined")),
            ("withdraw", ("salma", "lesson_booked", "move_withdrawn")),
        ],
    )
    def test_hears_how_it_stands_when_another_time_was_asked_for(self, booked, salma, yusuf, told, verb, expected):
        lessons.move(lesson=booked, by=yusuf, times=[Span(NOON + timedelta(days=4), NOON + timedelta(days=4, hours=1))])
        assert told() == [("salma", "lesson_asked", "move_asked")]
        if verb == "accept":
            lessons.accept(lesson=booked, by=salma, proposal=booked.proposals.get())
        elif verb == "decline":
            lessons.decline(lesson=booked, by=salma)
        else:
            lessons.withdraw(lesson=booked, by=yusuf)
        assert told() == [expected]

    def test_is_reminded_a_day_and_two_hours_before_and_asked_afterwards(self, booked, told, clock):
        both = [("salma", "lesson_soon", "due_soon"), ("yusuf", "lesson_soon", "due_soon")]
        later(clock, booked.starts_at - timedelta(hours=24))
        assert sorted(told()) == both
        later(clock, booked.starts_at - timedelta(hours=2))
        assert sorted(told()) == both
        assert Notice.objects.filter(kind="lesson_soon").count() == 4
        later(clock, booked.ends_at + timedelta(minutes=1))
        assert sorted(told()) == [("salma", "lesson_held", "held"), ("yusuf", "lesson_held", "held")]

    def test_who_has_said_how_it_was_is_asked_no_longer(self, booked, salma, yusuf, told, clock):
        later(clock, booked.ends_at + timedelta(minutes=1))
        told()
        lessons.confirm(lesson=booked, by=salma)
        assert told() == [("yusuf", "lesson_held", "held")]
        lessons.confirm(lesson=booked, by=yusuf)
        assert told() == []

    def test_may_answer_that_they_did_come_and_hears_what_a_curator_decides(
        self, booked, salma, yusuf, huda, told, clock
    ):
        later(clock, booked.ends_at + timedelta(minutes=1))
        lessons.miss(lesson=booked, by=salma)
        assert told() == [("yusuf", "lesson_trouble", "said")]
        lessons.confirm(lesson=booked, by=yusuf)
        assert told() == [("salma", "lesson_trouble", "disputed")]
        lessons.resolve(lesson=booked, by=huda, outcome="half")
        assert sorted(told()) == [("salma", "lesson_trouble", "resolved"), ("yusuf", "lesson_trouble", "resolved")]

    def test_hears_that_it_counts_as_missed(self, booked, salma, told, clock):
        later(clock, booked.ends_at + timedelta(minutes=1))
        lessons.miss(lesson=booked, by=salma)
        later(clock, booked.ends_at + timedelta(days=8))
        assert sorted(told()) == [("salma", "lesson_trouble", "missed"), ("yusuf", "lesson_trouble", "missed")]


class TestOnce:
    def test_though_an_event_comes_again(self, booked, relay, told):
        first = told()
        Handled.objects.all().delete()
        Event.objects.update(finished_at=None)
        assert told() == first
        assert Notice.objects.filter(kind__in=OF_LESSONS).count() == len(first)

    def test_and_what_is_true_no_longer_is_in_no_mail(self, asked, salma, yusuf, mails, clock, relay):
        clock.move_to(NOON + timedelta(hours=10))  # 23:00: mails wait for the morning
        lessons.decline(lesson=asked, by=salma, why="times")
        relay()
        clock.move_to(NOON + timedelta(hours=19))
        assert mails() == [("yusuf", "ليس هذه المرة: «خياطة للمبتدئات»")]

    def test_no_reminder_comes_after_a_cancellation(self, booked, yusuf, mails, clock, relay):
        mails()
        clock.move_to(booked.starts_at - timedelta(hours=2))
        lessons.keep_time(now=timezone.now())
        lessons.cancel(lesson=Lesson.objects.get(id=booked.pk), by=yusuf)
        assert [who for who, subject in mails() if "قريبًا" in subject] == []

    def test_a_pushed_notice_that_is_overtaken_is_not_pushed(self, asked, salma, relay):
        relay()
        Notice.objects.update(push_due_at=timezone.now())
        lessons.decline(lesson=asked, by=salma, why="times")
        relay()
        assert not Notice.objects.filter(kind="lesson_asked").exclude(push_due_at=None).exists()


class TestWords:
    def test_of_the_mail_are_in_the_receivers_language_by_the_citys_clock(self, booked, yusuf, mails):
        type(yusuf).objects.filter(id=yusuf.pk).update(language="en")
        assert ("yusuf", "Booked with سلمى: “خياطة للمبتدئات”") in mails()
        (only,) = [clean(message.body) for message in mail.outbox if message.to == [yusuf.email]]
        assert "Booked: “خياطة للمبتدئات” with سلمى, Thursday 26 November, 13:00 to 14:00." in only

    def test_say_whose_clock_it_is_to_who_lives_by_another(self, booked, yusuf, mails):
        habits = choosing.habits(person=yusuf)
        choosing.choose(person=yusuf, hours=type(habits)(**{**vars(habits), "zone": "Europe/Berlin"}))
        mails()
        (only,) = [message.body for message in mail.outbox if message.to == [yusuf.email]]
        assert "بتوقيت مدينة الواحة" in only

    @pytest.mark.parametrize("kind", OF_LESSONS)
    def test_name_the_kind_among_ones_choices(self, yusuf, client_of, kind):
        assert f"mail_{kind}" in client_of(yusuf).get("/me/notices/").content.decode()

    def test_are_gone_where_the_lesson_is_not_theirs(self, asked, karim, relay):
        telling.tell(people=[karim.pk], kind="lesson_asked", key="x", url="/", lesson=asked.pk, act="asked")
        (line,) = telling.latest(person=karim)
        assert line.is_gone

    def test_each_of_them_can_be_written(self, booked, salma, client_of):
        for act in ("asked", "countered", "move_asked", "booked", "moved", "move_declined", "declined", "withdrawn",
                    "lapsed", "cancelled", "due_soon", "held", "said", "missed", "disputed", "resolved"):  # fmt: skip
            for kind in OF_LESSONS:
                telling.tell(people=[salma.pk], kind=kind, key=f"{kind}{act}", url="/", lesson=booked.pk, act=act)
        for language in ("ar", "en"):
            browser = client_of(salma)
            browser.cookies["language"] = language
            text = browser.get("/notices/").content.decode()
            assert "خياطة للمبتدئات" in text


def test_who_rests_is_told_by_mail_of_what_is_agreed_and_not_of_what_is_asked(asked, salma, yusuf, mails):
    accounts.pause(person=salma)
    accounts.pause(person=yusuf)
    assert mails() == []
    lessons.accept(lesson=asked, by=salma, proposal=asked.proposals.order_by("id")[0])
    assert [who for who, _subject in mails()] == ["yusuf"]
