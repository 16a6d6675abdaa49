"""A lesson that took place, as its people would have come to it."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts import services as accounts
from exchange.lessons import services as lessons
from exchange.lessons.models import Lesson
from exchange.lessons.rules import Span


def begun(listing, by, *, days_ago=3):
    """A booked lesson about a listing that began so many days ago."""
    starts_at = timezone.now() - timedelta(days=days_ago)
    before = starts_at - timedelta(days=2)
    times = [Span(starts_at, starts_at + timedelta(hours=1))]
    lesson = lessons.say_hello(listing=listing, by=by, body="مرحبًا")
    lessons.ask(lesson=lesson, by=by, times=times, minutes=60, format="place", place="مكتبة النسيم", now=before)
    lesson.refresh_from_db()
    lessons.accept(lesson=lesson, by=lesson.other(by), proposal=lesson.proposals.get(), now=before)
    lessons.keep_time(now=timezone.now() - timedelta(days=days_ago - 1))
    return Lesson.objects.get(id=lesson.pk)


@pytest.fixture
def offer(make_offer, salma):
    return make_offer(salma, "خياطة للمبتدئات", ["rukn:sewing"])


@pytest.fixture
def held(offer, yusuf, relay):
    """Salma taught Yusuf to sew three days ago; nobody has confirmed it."""
    lesson = begun(offer, yusuf)
    relay()
    return lesson


@pytest.fixture
def lesson(held, yusuf, relay):
    """The same, confirmed by Yusuf."""
    lessons.confirm(lesson=held, by=yusuf)
    relay()
    return Lesson.objects.get(id=held.pk)


@pytest.fixture
def program():
    """Give a program with a key of a person: program(salma, "read")("get", "me/passport/")."""

    def make(person, *scopes):
        secret = accounts.make_token(person=person, **({"scopes": scopes} if scopes else {}))
        client = Client(headers={"authorization": f"Token {secret}", "accept-language": "ar"})
        return lambda method, path: getattr(client, method)(f"/api/{path}")

    return make
