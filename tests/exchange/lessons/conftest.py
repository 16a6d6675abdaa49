"""Salma teaches sewing, Yusuf said hello; at noon of a Tuesday in November."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from exchange.lessons import services as lessons
from exchange.lessons.models import Lesson
from exchange.lessons.rules import Span

NOON = datetime(2026, 11, 24, 10, tzinfo=UTC)  # 13:00 in Amman


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def enquiry(clock, make_offer, salma, yusuf):
    offer = make_offer(salma, "خياطة للمبتدئات", ["rukn:sewing"])
    return lessons.say_hello(listing=offer, by=yusuf, body="مرحبًا")


@pytest.fixture
def times():
    """Give so many free hours, from two days after noon on."""

    def make(count=3, *, days=2.0, minutes=60):
        start = NOON + timedelta(days=days)
        each = [start + timedelta(days=number) for number in range(count)]
        return [Span(at, at + timedelta(minutes=minutes)) for at in each]

    return make


@pytest.fixture
def asked(enquiry, yusuf, times):
    """Yusuf asked for one of three times."""
    return lessons.ask(lesson=enquiry, by=yusuf, times=times(), minutes=60, format="online", in_return="hours")


@pytest.fixture
def booked(asked, salma):
    """Salma accepted the first."""
    return lessons.accept(lesson=asked, by=salma, proposal=asked.proposals.order_by("id")[0])


@pytest.fixture
def held(booked, clock):
    """An hour after its end; the clock has seen it."""
    clock.move_to(booked.ends_at + timedelta(hours=1))
    lessons.keep_time(now=booked.ends_at + timedelta(hours=1))
    return Lesson.objects.get(id=booked.pk)


@pytest.fixture
def disputed(held, yusuf):
    return lessons.dispute(lesson=held, by=yusuf, note="كان الباب مغلقًا")
