"""Somebody young whose guardian ends it has no lesson before them any more, and nobody pays for that."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Person
from accounts.services import care
from exchange.ledger import services as ledger
from exchange.lessons import services as lessons
from exchange.lessons.models import Lesson, Taken
from exchange.lessons.rules import Span


@pytest.fixture
def guardianship(yusuf, nadia, salma):
    """Yusuf is of 13 to 17, Nadia looks after him."""
    for adult in (nadia, salma):
        care.say_age(person=adult, age=Person.Age.ADULT)
    care.say_age(person=yusuf, age=Person.Age.YOUNG)
    asked = care.ask_guardian(young=yusuf, email=nadia.email)
    care.accept_ward(guardianship_id=asked.pk, by=nadia)
    return asked


@pytest.fixture
def booked(guardianship, make_offer, salma, yusuf):
    """In two hours, for hours: whoever called it off now would be late."""
    offer = make_offer(salma, "خياطة للمبتدئات", ["rukn:sewing"], format="online")
    lesson = lessons.say_hello(listing=offer, by=yusuf, body="مرحبًا")
    at = timezone.now() + timedelta(hours=2)
    times = [Span(at, at + timedelta(hours=1))]
    lessons.ask(lesson=lesson, by=yusuf, times=times, minutes=60, format="online", in_return="hours")
    return lessons.accept(lesson=lesson, by=salma, proposal=lesson.proposals.get())


def test_what_is_before_them_is_called_off_and_costs_nobody(booked, guardianship, nadia, yusuf, relay):
    assert ledger.balance_of(person=yusuf) == -60
    care.end_ward(guardianship_id=guardianship.pk, by=nadia)
    relay()
    off = Lesson.objects.get(id=booked.pk)
    assert (off.state, off.why, off.ended_by, off.is_late) == ("cancelled", "apart", None, False)
    assert ledger.balance_of(person=yusuf) == 0
    assert not Taken.objects.exists()


def test_what_is_over_is_left_as_it_was(booked, guardianship, nadia, relay):
    lessons.keep_time(now=booked.ends_at + timedelta(minutes=5))
    care.end_ward(guardianship_id=guardianship.pk, by=nadia)
    relay()
    assert Lesson.objects.get(id=booked.pk).state == "held"


def test_who_is_grown_by_then_keeps_what_they_agreed_on(booked, guardianship, nadia, relay):
    care.end_ward(guardianship_id=guardianship.pk, by=nadia, is_grown=True)
    relay()
    assert Lesson.objects.get(id=booked.pk).state == "booked"
