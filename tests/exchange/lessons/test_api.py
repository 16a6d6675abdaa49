"""A lesson from hello to confirmed, by programs alone."""

import json
import uuid
from datetime import datetime, timedelta

import pytest

from accounts import services as accounts
from exchange.ledger import services as ledger
from exchange.lessons.models import Lesson, Sitting, Step


@pytest.fixture
def ask(client, salma, yusuf, huda):
    """Give a program that calls for somebody: ask(salma, "POST", "lessons/1/accept/", {...})."""
    keys = {who.pk: accounts.make_token(person=who) for who in (salma, yusuf, huda)}

    def call(who, method, path, body=None):
        headers = {"authorization": f"Token {keys[who.pk]}", "accept-language": "en"}
        return client.generic(
            method, f"/api/{path}", data=json.dumps(body or {}), content_type="application/json",
            headers=headers,
        )  # fmt: skip

    return call


def test_a_lesson_is_asked_for_moved_held_and_paid(enquiry, ask, salma, yusuf, clock, times):
    here = f"lessons/{enquiry.pk}/"
    starts = [span.starts_at.isoformat() for span in times()]
    asked = ask(
        yusuf, "POST", f"{here}ask/", {"times": starts, "minutes": 60, "format": "online", "in_return": "hours"}
    )
    assert (asked.status_code, asked.json()["state"], asked.json()["next"]) == (200, "asked", "wait")
    assert asked.json()["acts"] == ["withdraw"]
    seen = ask(salma, "GET", here).json()
    assert (seen["next"], seen["acts"]) == ("answer", ["counter", "accept", "decline"])
    booked = ask(salma, "POST", f"{here}accept/", {"proposal": seen["proposals"][0]["id"]}).json()
    assert (booked["state"], datetime.fromisoformat(booked["starts_at"])) == ("booked", times()[0].starts_at)
    assert ledger.balance_of(person=yusuf) == -60
    moved = ask(yusuf, "POST", f"{here}counter/", {"times": starts[2:]}).json()
    assert (moved["state"], len(moved["proposals"])) == ("booked", 1)
    ask(salma, "POST", f"{here}accept/", {"proposal": moved["proposals"][0]["id"]})
    clock.move_to(times()[2].ends_at + timedelta(minutes=5))
    done = ask(yusuf, "POST", f"{here}confirm/").json()
    assert (done["state"], done["acts"]) == ("confirmed", [])
    assert [step["act"] for step in done["steps"]] == ["ask", "accept", "counter", "accept", "begin", "confirm"]
    assert ledger.balance_of(person=salma) == 60
    assert [row["id"] for row in ask(salma, "GET", "lessons/").json()["results"]] == [enquiry.pk]


def test_a_refusal_has_its_code_and_sentence(asked, ask, salma, yusuf):
    here = f"lessons/{asked.pk}/"
    answer = ask(salma, "POST", f"{here}confirm/")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_now")
    assert answer.json()["text"] == (
        "A time is asked for and not agreed on yet. A lesson can be confirmed once its time is over."
    )
    answer = ask(yusuf, "POST", f"{here}decline/")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_your_part")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"times": []}, "invalid"), ({"times": ["tomorrow"]}, "invalid"), ({"times": ["2026-12-01T10:00"]}, "invalid"),
        ({"times": ["2026-11-24T09:59:00Z"]}, "bad_times"), ({"times": ["2028-01-01T10:00Z"]}, "bad_times"),
        ({"times": ["9999-12-31T23:59:00Z"]}, "bad_times"), ({"times": ["2026-12-01T10:00Z"] * 2}, "bad_times"),
        ({"minutes": 0}, "invalid"), ({"minutes": -60}, "invalid"), ({"minutes": 60.5}, "invalid"),
        ({"minutes": 10**9}, "invalid"), ({"format": "both"}, "invalid"), ({"in_return": "money"}, "invalid"),
        ({"fee": 500}, "bad_terms"), ({"in_return": "fee"}, "bad_terms"), ({"in_return": "fee", "fee": 0}, "invalid"),
        ({"in_return": "fee", "fee": 500}, "bad_terms"), ({"place": "x" * 161}, "invalid"),
        ({"place": "call me on 0791234567"}, "bad_terms"), ({"key": "k"}, "invalid"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_for_is_said_and_nothing_is_written(enquiry, ask, yusuf, changed, code):
    body = {"times": ["2026-12-01T10:00:00Z"], "minutes": 60, "format": "online", **changed}
    answer = ask(yusuf, "POST", f"lessons/{enquiry.pk}/ask/", body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert (Lesson.objects.get().state, Step.objects.count()) == ("enquiry", 0)


def test_an_act_with_one_key_is_done_once_and_for_nothing_else(asked, ask, salma, clock):
    here, key = f"lessons/{asked.pk}/", str(uuid.uuid4())
    first, second = asked.proposals.order_by("id")[:2]
    answers = [ask(salma, "POST", f"{here}accept/", {"proposal": first.pk, "key": key}) for _ in range(5)]
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.content for answer in answers} == {answers[0].content}
    assert Step.objects.filter(act="accept").count() == 1
    clock.shift(timedelta(hours=1))
    assert ask(salma, "POST", f"{here}accept/", {"proposal": first.pk, "key": key}).status_code == 200
    reused = ask(salma, "POST", f"{here}accept/", {"proposal": second.pk, "key": key})
    assert (reused.status_code, reused.json()["code"]) == (409, "key_reused")
    assert ask(salma, "POST", f"{here}cancel/", {"key": key}).json()["code"] == "key_reused"


def test_a_curator_decides_what_is_disputed(disputed, ask, huda, salma, yusuf):
    rows = ask(huda, "GET", "desk/lessons/").json()["results"]
    assert [(row["id"], row["acts"]) for row in rows] == [(disputed.pk, ["resolve"])]
    answer = ask(huda, "POST", f"desk/lessons/{disputed.pk}/resolve/", {"outcome": "half"})
    assert answer.json()["state"] == "confirmed"
    assert (ledger.balance_of(person=salma), ledger.balance_of(person=yusuf)) == (30, -30)
    again = ask(huda, "POST", f"desk/lessons/{disputed.pk}/resolve/", {"outcome": "pay"})
    assert (again.status_code, again.json()["code"]) == (409, "not_now")


def test_a_neighbours_lesson_is_not_there(asked, ask, huda):
    assert ask(huda, "GET", f"lessons/{asked.pk}/").status_code == 404


def test_a_group_lesson_is_announced_filled_waited_for_and_called_off(enquiry, ask, salma, yusuf, huda, times):
    date = {"starts_at": times()[0].starts_at.isoformat(), "minutes": 60, "seats": 2, "format": "online"}
    made = ask(salma, "POST", f"listings/{enquiry.listing_id}/sittings/", date)
    assert (made.status_code, made.json()["seats_left"], made.json()["in_return"]) == (201, 2, "gift")
    twice = ask(salma, "POST", f"listings/{enquiry.listing_id}/sittings/", date)
    assert (twice.status_code, twice.json()["code"]) == (409, "taken_already")
    here = f"sittings/{made.json()['id']}/"
    assert [row["id"] for row in ask(yusuf, "GET", "sittings/").json()["results"]] == [made.json()["id"]]
    assert ask(salma, "POST", f"{here}seat/").json()["code"] == "own_listing"
    seat = ask(yusuf, "POST", f"{here}seat/").json()
    assert (seat["seats_left"], Lesson.objects.get(id=seat["lesson"]).state) == (1, "booked")
    assert ask(yusuf, "POST", f"{here}seat/").json() == seat
    assert ask(huda, "GET", here).json()["lesson"] is None
    Sitting.objects.update(seats=1)
    assert ask(huda, "POST", f"{here}seat/").json()["code"] == "sitting_full"
    waits = ask(huda, "POST", f"{here}queue/").json()
    assert (waits["queued_since"] is None, waits["kept_until"]) == (False, None)
    assert ask(huda, "POST", f"{here}leave/").json()["queued_since"] is None
    assert ask(yusuf, "POST", f"{here}cancel/").status_code == 404
    assert ask(salma, "POST", f"{here}cancel/", {"note": "مرضت"}).json()["cancelled_at"]
    assert ask(salma, "POST", f"{here}cancel/").status_code == 200
    assert Lesson.objects.get(id=seat["lesson"]).state == "cancelled"
    assert ask(yusuf, "GET", "sittings/").json()["results"] == []


def test_a_date_that_cannot_be_is_refused_beside_its_field(enquiry, ask, salma):
    there = f"listings/{enquiry.listing_id}/sittings/"
    wrong = {"starts_at": "soon", "minutes": 1, "seats": 1, "format": "moon", "in_return": "swap"}
    answer = ask(salma, "POST", there, wrong)
    assert (answer.status_code, set(answer.json()["fields"])) == (422, set(wrong))
    past = {"starts_at": "2020-01-01T10:00Z", "minutes": 60, "seats": 4, "format": "online"}
    assert ask(salma, "POST", there, past).json()["code"] == "bad_times"
    assert Sitting.objects.count() == 0


def test_the_rest_of_a_series_is_called_off_at_once(enquiry, ask, salma, yusuf, times):
    here = f"lessons/{enquiry.pk}/"
    terms = {"times": [times()[0].starts_at.isoformat()], "minutes": 60, "format": "online", "repeat": 4}
    asked = ask(yusuf, "POST", f"{here}ask/", terms).json()
    ask(salma, "POST", f"{here}accept/", {"proposal": asked["proposals"][0]["id"]})
    second = Lesson.objects.order_by("starts_at")[1]
    body = {"key": str(uuid.uuid4()), "note": "سفر"}
    for _twice in range(2):
        answer = ask(yusuf, "POST", f"lessons/{second.pk}/cancel-rest/", body)
        assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    assert list(Lesson.objects.order_by("starts_at").values_list("state", flat=True)) == ["booked", *["cancelled"] * 3]
