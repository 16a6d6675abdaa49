"""Lists: page by page nothing is missing or double, and no list asks the database more often for more rows."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import services as accounts
from exchange.chat import services as chat
from exchange.lessons.models import Lesson, Sitting, Step
from exchange.moderation import services as moderation
from skills.services import concepts, listings

pytestmark = pytest.mark.django_db

# Each with the key's own two (the key, its person) included; limits are counted elsewhere.
BUDGETS = {
    "listings/": 6, "search/?q=sewing": 8, "me/listings/": 7, "matches/": 9, "talks/": 5, "desk/": 3,
    "lessons/": 3, "desk/lessons/": 5, "sittings/": 4,
    "desk/decisions/": 3, "me/blocks/": 3, "districts/": 3, "concepts/": 3,
}  # fmt: skip


def collected(ask, path, key="id", limit=3):
    """Walk a list to its end; gives what was met and how many pages there were."""
    met, cursor, pages = [], "", 0
    while cursor is not None:
        joint = "&" if "?" in path else "?"
        answer = ask("GET", f"{path}{joint}limit={limit}" + (f"&cursor={cursor}" if cursor else "")).json()
        met += [row[key] if isinstance(key, str) else key(row) for row in answer["results"]]
        cursor, pages = answer["next"], pages + 1
    return met, pages


@pytest.fixture
def grow(make_offer, make_wish, salma, yusuf, huda, nadia, relay):
    """Add rows to every list of Huda's, with herself as owner of listings and talks."""

    def more(count):
        for _number in range(count):
            mark = uuid.uuid4().hex[:6]
            other = accounts.make_person(email=f"{mark}@example.org", name=mark, speaks=["ar"], district=salma.district)
            offer = make_offer(huda, f"خياطة {mark}", ["rukn:sewing"])
            soon = timezone.now() + timedelta(days=9)
            Sitting.objects.create(
                teacher=huda, listing=offer, title=mark, starts_at=soon, ends_at=soon + timedelta(hours=1), minutes=60,
                seats=4,
            )  # fmt: skip
            make_wish(other, f"تعلم الخياطة {mark}", ["خياطة"])
            talk = chat.open_conversation(subject=mark, subject_lang="en", people=[huda, other])
            chat.send(conversation_id=talk.pk, sender=other, client_id=uuid.uuid4(), body=mark)
            for is_decided in (False, True):
                text = listings.start(owner=other, kind="offer", lang="en")
                listings.save_answers(
                    revision=text, by=other, title=f"Bread {mark}", body="Bread.", tags=[{"text": "bread"}]
                )
                listings.send(revision=text, by=other)
                if is_decided:
                    moderation.let_through(revision=text, curator=huda)
            _lessons(huda, other, salma)
            blocked = accounts.make_person(email=f"b{mark}@example.org", name=mark)
            accounts.block(blocker=huda, blocked=blocked)
        relay()

    return more


def _lessons(huda, other, salma):
    """A lesson of Huda's, and a dispute of two others."""
    talk = chat.open_conversation(subject="x", subject_lang="en", people=[huda, other])
    Lesson.objects.create(teacher=huda, learner=other, opened_by=other, conversation=talk)
    then = timezone.now() - timedelta(days=1)
    dispute = Lesson.objects.create(
        teacher=salma, learner=other, opened_by=other, conversation=talk, state="disputed", starts_at=then,
        ends_at=then + timedelta(hours=1), minutes=60, disputed_at=then,
    )  # fmt: skip
    Step.objects.create(lesson=dispute, act="dispute", from_state="held", to_state="disputed", by=other)


def test_each_keeps_its_budget_however_many_rows(program, grow, huda, monkeypatch):
    monkeypatch.setattr(concepts, "FRESH_SECONDS", 3600)  # the look whether concepts changed is due by the clock
    ask = program(huda)

    def counts():
        found = {}
        for path in BUDGETS:
            ask("GET", path)
            with CaptureQueriesContext(connection) as queries:
                answer = ask("GET", path)
            assert len(answer.json()["results"]) >= 2, path
            found[path] = len(queries)
        return found

    grow(2)
    few = counts()
    grow(10)
    assert counts() == few
    assert {path: count for path, count in few.items() if count > BUDGETS[path]} == {}


def test_nothing_is_missing_or_double(program, grow, huda):
    grow(4)
    ask = program(huda)
    skipped = ask("GET", "desk/").json()["results"]
    for row in skipped[:2]:
        ask("POST", f"desk/{row['text']}/skip/")
    for path in BUDGETS:
        key = {
            "me/blocks/": lambda row: row["person"]["id"],
            "matches/": lambda row: (row["offer"], row["wish"]),
        }.get(path, "id")
        whole, pages = collected(ask, path, key, limit=100)
        assert pages == 1
        for limit in (1, 2, 3):
            assert collected(ask, path, key, limit=limit)[0] == whole, (path, limit)
        assert len(set(whole)) == len(whole) >= 4, path


def test_a_cursor_is_followed_by_its_place_not_by_counting(program, grow, make_offer, huda, salma):
    grow(3)
    ask = program(huda)
    first = ask("GET", "listings/?limit=2").json()
    make_offer(salma, "جديد", ["rukn:sewing"])
    with CaptureQueriesContext(connection) as queries:
        second = ask("GET", f"listings/?limit=2&cursor={first['next']}").json()
    assert not {row["id"] for row in first["results"]} & {row["id"] for row in second["results"]}
    assert not [each["sql"] for each in queries if "OFFSET" in each["sql"].upper()]
