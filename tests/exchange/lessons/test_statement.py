"""What statements say of a lesson that was not given, though hours went to its teacher."""

from datetime import timedelta

import pytest

from exchange.ledger import statements
from exchange.lessons import services as lessons


def last(person):
    return statements.page(person=person, before=None, limit=1).lines[0].what


def test_a_late_calling_off_is_said_as_such(booked, clock, salma, yusuf):
    clock.move_to(booked.starts_at - timedelta(hours=2))
    lessons.cancel(lesson=booked, by=yusuf)
    assert (last(salma), last(yusuf)) == ("late", "late_rest")


@pytest.mark.parametrize(("is_missed", "what"), [(True, "missed"), (False, "taught")])
def test_only_a_lesson_that_took_place_was_given(held, clock, salma, is_missed, what):
    if is_missed:
        lessons.miss(lesson=held, by=salma)
    clock.move_to(held.ends_at + timedelta(days=8))
    lessons.keep_time(now=held.ends_at + timedelta(days=8))
    assert last(salma) == what
