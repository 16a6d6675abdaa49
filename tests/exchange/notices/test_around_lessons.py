"""Who else hears of a lesson: the guardian of somebody young, and curators who are to decide."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from accounts.models import Person
from accounts.services import care
from exchange.lessons import services as lessons
from exchange.lessons.models import Lesson
from exchange.lessons.rules import Span
from exchange.lib.text import clean
from exchange.notices.models import Notice
from exchange.notices.services import choosing, mailing, telling


@pytest.fixture
def guarded(yusuf, nadia):
    """Yusuf is of 13 to 17, and Nadia, who reads English, looks after him."""
    Person.objects.filter(id=nadia.pk).update(language="en")
    care.say_age(person=nadia, age=Person.Age.ADULT)
    care.say_age(person=yusuf, age=Person.Age.YOUNG)
    asked = care.ask_guardian(young=yusuf, email=nadia.email)
    care.accept_ward(guardianship_id=asked.pk, by=nadia)
    return asked


@pytest.fixture
def enquiry(make_offer, salma, yusuf):
    care.say_age(person=salma, age=Person.Age.ADULT)
    offer = make_offer(salma, "خياطة للمبتدئات", ["rukn:sewing"], format="online")
    return lessons.say_hello(listing=offer, by=yusuf, body="مرحبًا")


@pytest.fixture
def ask(enquiry, yusuf):
    def do():
        start = timezone.now() + timedelta(days=3)
        times = [Span(start + timedelta(days=day), start + timedelta(days=day, hours=1)) for day in (0, 1)]
        return lessons.ask(lesson=enquiry, by=yusuf, times=times, minutes=60, format="online", in_return="gift")

    return do


@pytest.fixture
def news(relay):
    """Give what stands under "what is new" of a kind for a person now."""

    def of(person, kind="ward_lesson"):
        relay()
        return [row.facts.get("act") for row in Notice.objects.filter(person=person, kind=kind, on_page=True)]

    return of


@pytest.fixture
def disputed(ask, salma, yusuf):
    asked = ask()
    lessons.accept(lesson=asked, by=salma, proposal=asked.proposals.order_by("id")[0])
    held = Lesson.objects.get(id=asked.pk)
    after = held.ends_at + timedelta(hours=1)
    lessons.keep_time(now=after)
    return lessons.dispute(lesson=held, by=yusuf, note="كان الباب مغلقًا", now=after)


class TestTheGuardian:
    def test_hears_of_each_plan_once_and_only_of_the_latest(self, guarded, ask, salma, yusuf, nadia, news):
        asked = ask()
        assert news(nadia) == ["asked"]
        booked = lessons.accept(lesson=asked, by=salma, proposal=asked.proposals.order_by("id")[0])
        assert news(nadia) == ["booked"]
        later = [Span(booked.starts_at + timedelta(days=9), booked.ends_at + timedelta(days=9))]
        moving = lessons.move(lesson=booked, by=salma, times=later)
        assert news(nadia) == ["move_asked"]
        moved = lessons.accept(lesson=moving, by=yusuf, proposal=moving.proposals.get())
        assert news(nadia) == ["moved"]
        lessons.cancel(lesson=moved, by=salma)
        assert news(nadia) == ["cancelled"]

    def test_reads_it_in_their_language_on_the_page_and_by_mail(self, guarded, ask, salma, nadia, relay, client_of):
        asked = ask()
        lessons.accept(lesson=asked, by=salma, proposal=asked.proposals.order_by("id")[0])
        relay()
        nadia = Person.objects.get(id=nadia.pk)
        choosing.choose(person=nadia, hours=type(choosing.habits(person=nadia))(quiet_from=0, quiet_until=0))
        mail.outbox.clear()
        mailing.send_due(now=timezone.now() + timedelta(minutes=1))
        (letter,) = [each for each in mail.outbox if each.to == [nadia.email]]
        assert clean(letter.subject) == "Booked for يوسف: “خياطة للمبتدئات”"
        assert "Booked for يوسف: “خياطة للمبتدئات” with سلمى" in clean(letter.body)
        (line,) = [line for line in telling.latest(person=nadia) if line.notice.kind == "ward_lesson"]
        assert client_of(nadia).get(line.notice.url).status_code == 200

    def test_of_nobody_young_hears_nothing(self, ask, nadia, news):
        ask()
        assert news(nadia) == []

    def test_chooses_how_they_hear_of_it_and_others_are_not_asked(self, guarded, nadia, salma, client_of):
        assert "mail_ward_lesson" in client_of(nadia).get("/me/notices/").content.decode()
        assert "mail_ward_lesson" not in client_of(salma).get("/me/notices/").content.decode()

    @pytest.mark.parametrize("language", ["ar", "en"])
    def test_can_read_every_sentence(self, guarded, ask, nadia, client_of, language):
        lesson = ask()
        for act in ("asked", "countered", "move_asked", "booked", "moved", "move_lapsed", "declined", "cancelled"):
            for many in (1, 4):
                telling.tell(people=[nadia.pk], kind="ward_lesson", key=f"{act}{many}", url="/", lesson=lesson.pk,
                             ward=lesson.learner_id, act=act, many=many)  # fmt: skip
        browser = client_of(nadia)
        browser.cookies["language"] = language
        text = browser.get("/notices/").content.decode()
        assert text.count("خياطة للمبتدئات") >= 16
        assert "This is no longer there" not in text


class TestCurators:
    def test_hear_of_a_dispute_until_it_is_decided(self, disputed, huda, yusuf, news):
        assert news(huda, "lesson_disputed") == [None]
        assert news(yusuf, "lesson_disputed") == []
        lessons.resolve(lesson=disputed, by=huda, outcome="return")
        assert news(huda, "lesson_disputed") == []

    def test_who_are_in_it_do_not(self, disputed, huda, salma, relay):
        Person.objects.filter(id=salma.pk).update(role=Person.Role.CURATOR)
        relay()
        assert set(Notice.objects.filter(kind="lesson_disputed").values_list("person", flat=True)) == {huda.pk}

    def test_are_led_to_the_desk(self, disputed, huda, client_of, relay):
        relay()
        url = Notice.objects.get(kind="lesson_disputed").url
        assert "خياطة للمبتدئات" in client_of(huda).get(url).content.decode()
