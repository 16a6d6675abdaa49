"""The lesson's pages: one form at a time, kept when refused, the same for both, closed to others."""

import uuid

import pytest

from exchange.lessons.models import Lesson

FIRST = {"day_1": "2026-11-27", "time_1": "18:00"}
TERMS = {"minutes": "60", "format": "place", "place": "مكتبة الحي", "in_return": "gift"}


@pytest.fixture
def page(client_of, salma, yusuf):
    """Give a page as text: page(yusuf, lesson)."""

    def get(person, lesson, path=""):
        answer = client_of(person).get(f"/lessons/{lesson.pk}/{path}")
        assert answer.status_code == 200
        return answer.content.decode()

    return get


@pytest.fixture
def post(client_of):
    """Send a form of a lesson: post(yusuf, lesson, "cancel", note="…")."""

    def send(person, lesson, act, **fields):
        return client_of(person).post(f"/lessons/{lesson.pk}/{act}/", {"key": str(uuid.uuid4()), **fields})

    return send


def fresh(lesson):
    return Lesson.objects.get(id=lesson.pk)


class TestAsking:
    def test_from_the_talk_asks_for_times_by_the_citys_clock(self, enquiry, yusuf, client_of, post):
        talk = client_of(yusuf).get(f"/talks/{enquiry.conversation_id}/").content.decode()
        assert f'href="/lessons/{enquiry.pk}/ask/"' in talk
        answer = post(yusuf, enquiry, "ask", **FIRST, **TERMS, day_3="2026-11-28", time_3="09:30")
        assert (answer.status_code, answer["Location"]) == (302, f"/lessons/{enquiry.pk}/")
        row = fresh(enquiry)
        assert (row.state, row.place, row.in_return) == ("asked", "مكتبة الحي", "gift")
        starts = [each.starts_at.isoformat() for each in row.proposals.order_by("starts_at")]
        assert starts == ["2026-11-27T15:00:00+00:00", "2026-11-28T06:30:00+00:00"]  # Amman is three hours ahead

    def test_begins_with_what_the_listing_says(self, enquiry, yusuf, page):
        enquiry.listing.place = "بيت سلمى"
        type(enquiry.listing).objects.filter(id=enquiry.listing_id).update(place="بيت سلمى")
        assert 'value="بيت سلمى"' in page(yusuf, enquiry, "ask/")
