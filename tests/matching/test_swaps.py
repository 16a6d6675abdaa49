"""A lesson for a lesson, through the pages: asked at once, answered at once."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from exchange.lessons import services as lessons
from exchange.lessons.models import Lesson
from matching import services as matching

NOON = datetime(2026, 11, 24, 10, tzinfo=UTC)


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def excel(clock, make_offer, yusuf):
    return make_offer(yusuf, "إكسل من الصفر", ["rukn:excel"])


@pytest.fixture
def enquiry(clock, make_offer, salma, yusuf):
    return lessons.say_hello(listing=make_offer(salma, "خياطة", ["rukn:sewing"]), by=yusuf, body="مرحبًا")


def form(listing, **more):
    found = {"offer": listing.pk}
    for half, day in (("this", "2026-12-01"), ("other", "2026-12-08")):
        found |= {
            f"{half}-minutes": 60,
            f"{half}-day_1": day,
            f"{half}-time_1": "17:00",
            f"{half}-format": "place",
            f"{half}-place": "مكتبة النسيم",
        }
    return found | more


def test_offers_first_what_the_teacher_wishes_for(enquiry, excel, make_offer, make_wish, client_of, salma, yusuf):
    make_wish(salma, "أتعلم إكسل", ["rukn:excel"])
    make_offer(yusuf, "عود", ["rukn:oud"])
    matching.rematch()
    page = client_of(yusuf).get(f"/lessons/{enquiry.pk}/swap/").content.decode()
    assert page.index("إكسل من الصفر") < page.index("عود")


def test_is_asked_once_and_booked_with_one_answer(enquiry, excel, client_of, salma, yusuf):
    for _click in range(2):
        answer = client_of(yusuf).post(f"/lessons/{enquiry.pk}/swap/", form(excel))
        assert answer.status_code in (302, 422)  # the second click finds nothing left to ask
    one, other = Lesson.objects.order_by("id")
    assert {one.state, other.state} == {"asked"}
    page = client_of(salma).get(f"/lessons/{one.pk}/swap/").content.decode()
    chosen = {f"time_{row.pk}": row.proposals.get().pk for row in (one, other)}
    assert all(f'name="{name}"' in page for name in chosen)
    assert client_of(salma).post(f"/lessons/{one.pk}/swap/", {f"time_{one.pk}": "x"}).status_code == 422
    client_of(salma).post(f"/lessons/{one.pk}/swap/", chosen)
    assert set(Lesson.objects.values_list("state", flat=True)) == {"booked"}


def test_can_be_answered_one_by_one_on_the_pages_of_the_lessons(enquiry, excel, client_of, salma, yusuf):
    client_of(yusuf).post(f"/lessons/{enquiry.pk}/swap/", form(excel))
    for row in Lesson.objects.order_by("id"):
        browser = client_of(salma)
        assert f"/lessons/{row.pk}/swap/" in browser.get(f"/lessons/{row.pk}/").content.decode()
        browser.post(f"/lessons/{row.pk}/answer/", {"answer": "accept", "proposal": row.proposals.get().pk})
    assert set(Lesson.objects.values_list("state", flat=True)) == {"booked"}


def test_says_what_is_wrong_and_keeps_what_was_typed(enquiry, excel, client_of, yusuf):
    browser = client_of(yusuf)
    for wrong in ({"offer": "999"}, {"offer": ""}, {"this-day_1": ""}, {"other-time_1": "25:00"}, {"other-place": ""}):
        answer = browser.post(f"/lessons/{enquiry.pk}/swap/", form(excel, **wrong))
        assert answer.status_code == 422
        assert "2026-12-" in answer.content.decode()
    assert Lesson.objects.get().state == "enquiry"


def test_is_for_the_two_and_while_nothing_is_asked(enquiry, excel, client_of, karim, yusuf, salma):
    assert client_of(karim).get(f"/lessons/{enquiry.pk}/swap/").status_code == 404
    assert client_of(karim).post(f"/lessons/{enquiry.pk}/swap/", form(excel)).status_code == 404
    client_of(yusuf).post(f"/lessons/{enquiry.pk}/swap/", form(excel))
    lessons.withdraw(lesson=enquiry, by=yusuf)
    assert client_of(salma).get(f"/lessons/{enquiry.pk}/swap/").status_code == 302


class TestTimes:
    """Both are free on Tuesday evening only."""

    def shown(self, page, half):
        return re.findall(f'name="{half}-suggested" value="([^"]+)"', page)

    def test_that_suit_both_are_proposed_for_each_lesson_none_twice(self, enquiry, excel, client_of, yusuf):
        page = client_of(yusuf).get(f"/lessons/{enquiry.pk}/swap/").content.decode()
        this, other = self.shown(page, "this"), self.shown(page, "other")
        assert len(this) == len(other) == 3
        starts = [sorted(datetime.fromisoformat(at) for at in half) for half in (this, other)]
        assert all(abs(one - two) >= timedelta(hours=2) for one in starts[0] for two in starts[1])

    def test_are_asked_for_with_one_tick_each(self, enquiry, excel, client_of, yusuf):
        page = client_of(yusuf).get(f"/lessons/{enquiry.pk}/swap/").content.decode()
        this, other = self.shown(page, "this")[0], self.shown(page, "other")[0]
        ticked = {"this-suggested": [this], "other-suggested": [other]}
        empty = {f"{half}-{name}_1": "" for half in ("this", "other") for name in ("day", "time")}
        answer = client_of(yusuf).post(f"/lessons/{enquiry.pk}/swap/", form(excel, **empty, **ticked))
        assert answer.status_code == 302
        asked = [row.proposals.get().starts_at.isoformat() for row in Lesson.objects.order_by("id")]
        assert asked == [this, other]


@pytest.mark.parametrize(("keeping", "is_said"), [("balances", True), ("participation", False)])
def test_speaks_of_owed_hours_only_where_the_city_keeps_them(
    enquiry, excel, client_of, yusuf, settings, keeping, is_said
):
    settings.HOURS = keeping
    page = client_of(yusuf).get(f"/lessons/{enquiry.pk}/swap/").content.decode()
    assert ("ساعاتهما" in page) == is_said
    assert ("فالفرق من رصيد من يتعلّمه" in page) == is_said
