"""Lessons that wait for a curator: what each said, and a decision about the hours."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from exchange.ledger import services as ledger
from exchange.ledger import statements
from exchange.lessons import services as lessons
from exchange.lessons.models import Lesson
from exchange.lessons.rules import Span

ENGLISH = {"accept-language": "en"}
NOON = datetime(2026, 11, 24, 10, tzinfo=UTC)


@pytest.fixture
def dispute(make_offer, salma):
    """Make a dispute of Salma and somebody: dispute(yusuf)."""

    def make(learner, hour=0):
        offer = make_offer(salma, f"خياطة {hour}", ["rukn:sewing"])
        lesson = lessons.say_hello(listing=offer, by=learner, body="مرحبًا", is_stranger=False)
        start = NOON - timedelta(days=1, hours=hour)
        asked_at = start - timedelta(days=2)
        times = [Span(start, start + timedelta(hours=1))]
        lesson = lessons.ask(
            lesson=lesson, by=learner, times=times, minutes=60, format="online", in_return="hours", now=asked_at
        )
        lessons.accept(lesson=lesson, by=salma, proposal=lesson.proposals.get(), now=asked_at)
        return lessons.dispute(lesson=lesson, by=learner, note="كان الباب مغلقًا")

    with time_machine.travel(NOON, tick=False):
        yield make


def test_a_curator_reads_what_was_said_and_decides(dispute, huda, yusuf, salma, client_of):
    lesson, client = dispute(yusuf), client_of(huda)
    assert 'href="/desk/lessons/"' in client.get("/desk/").content.decode()
    page = client.get("/desk/lessons/").content.decode()
    assert "كان الباب مغلقًا" in page
    answer = client.post(f"/desk/lessons/{lesson.pk}/", {"outcome": "half", "note": "تحدثا معًا"}, follow=True)
    assert "حُسم الأمر" in answer.content.decode()
    assert "كان الباب مغلقًا" not in answer.content.decode()
    assert Lesson.objects.get(id=lesson.pk).state == "confirmed"
    assert (ledger.balance_of(person=salma), ledger.balance_of(person=yusuf)) == (30, -30)
    assert "تحدثا معًا" in client_of(yusuf).get(f"/lessons/{lesson.pk}/").content.decode()
    assert [statements.page(person=who, before=None, limit=1).lines[0].what for who in (salma, yusuf)] == [
        "half", "half_rest",
    ]  # fmt: skip
    again = client.post(f"/desk/lessons/{lesson.pk}/", {"outcome": "pay"}, follow=True).content.decode()
    assert "حُسم الأمر" not in again
    assert ledger.balance_of(person=salma) == 30


@pytest.mark.parametrize("typed", [{}, {"outcome": "all"}, {"outcome": "pay", "note": "س" * 501}])
def test_what_cannot_be_decided_is_said_and_the_word_is_kept(dispute, huda, yusuf, client_of, typed):
    lesson = dispute(yusuf)
    answer = client_of(huda).post(f"/desk/lessons/{lesson.pk}/", {"note": "تحدثا معًا", **typed})
    assert answer.status_code == 422
    assert typed.get("note", "تحدثا معًا") in answer.content.decode()
    assert Lesson.objects.get(id=lesson.pk).state == "disputed"


def test_no_outcome_is_suggested_and_it_is_said_that_none_can_be_taken_back(dispute, huda, yusuf, client_of):
    dispute(yusuf)
    page = client_of(huda).get("/desk/lessons/", headers=ENGLISH).content.decode()
    choices = re.findall(r'<input type="radio" name="outcome" value="(\w+)"([^>]*)>', page)
    assert [value for value, _more in choices] == ["pay", "half", "return"]
    assert not any("checked" in more for _value, more in choices)
    assert [re.search(r'data-reason="(\d)"', more)[1] for _value, more in choices] == ["1", "2", "3"]
    assert "cannot be taken back" in page


def test_a_curator_sees_what_happened_and_no_word_that_is_not_theirs_to_read(
    make_offer, salma, yusuf, huda, client_of, dispute
):
    offer = make_offer(salma, "خياطة", ["rukn:sewing"])
    lesson = lessons.say_hello(listing=offer, by=yusuf, body="سرّ بيننا", is_stranger=False)
    start = NOON + timedelta(days=2)
    times = [Span(start, start + timedelta(hours=1))]
    lesson = lessons.ask(lesson=lesson, by=yusuf, times=times, minutes=60, format="online", in_return="gift")
    lesson = lessons.accept(lesson=lesson, by=salma, proposal=lesson.proposals.get())
    other = [Span(start + timedelta(hours=2), start + timedelta(hours=3))]
    lesson = lessons.counter(lesson=lesson, by=yusuf, times=other)
    lesson = lessons.decline(lesson=lesson, by=salma, why="other", note="عندي موعد عند الطبيب")
    after = start + timedelta(hours=2)
    lesson = lessons.miss(lesson=lesson, by=salma, now=after)
    lessons.dispute(lesson=lesson, by=yusuf, note="كان الباب مغلقًا", now=after)
    page = client_of(huda).get("/desk/lessons/", headers=ENGLISH).content.decode()
    assert "How it came about" in page
    assert f"<bdi>{salma.first_name}</bdi> said that <bdi>{yusuf.first_name}</bdi> did not come." in page
    assert "كان الباب مغلقًا" in page
    assert "سرّ بيننا" not in page
    assert "عندي موعد" not in page


def test_the_fee_of_a_lesson_is_shown(dispute, huda, yusuf, client_of):
    lesson = dispute(yusuf)
    Lesson.objects.filter(id=lesson.pk).update(in_return="fee", fee=7_500, currency="JOD")
    assert "7.500 Jordanian dinars" in client_of(huda).get("/desk/lessons/", headers=ENGLISH).content.decode()


def test_nobody_decides_about_their_own_lesson(dispute, huda, salma, client_of):
    lesson, client = dispute(huda), client_of(huda)
    assert "كان الباب مغلقًا" not in client.get("/desk/lessons/").content.decode()
    client.post(f"/desk/lessons/{lesson.pk}/", {"outcome": "return"})
    assert Lesson.objects.get(id=lesson.pk).state == "disputed"


def test_the_page_asks_twelve_times_at_most_however_many_wait(dispute, huda, yusuf, karim, nadia, client_of):
    client, counts = client_of(huda), []
    for number, learner in enumerate((yusuf, karim, nadia)):
        dispute(learner, hour=2 * number)
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/desk/lessons/").status_code == 200
        counts.append(len(queries))
    assert counts[1] == counts[2] <= 12
