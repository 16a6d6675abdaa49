"""A person's errands through the API: the same rules, the same words, the same refusals as on the pages."""

import uuid

import pytest

from accounts import services as accounts
from matching import services as matching
from skills.models import Listing

pytestmark = pytest.mark.django_db


class TestConcepts:
    def test_are_listed_found_completed_and_shown_whole(self, program, concepts):
        ask = program()
        first = ask("GET", "concepts/?limit=2").json()
        rest = ask("GET", f"concepts/?limit=100&cursor={first['next']}").json()
        assert len(first["results"]) == 2
        assert {row["uri"] for row in first["results"] + rest["results"]} == set(concepts)
        found = ask("GET", "concepts/search/?q=الخياطة").json()["results"][0]
        assert (found["uri"], found["is_exact"]) == ("rukn:sewing", True)
        assert "rukn:sewing" in {row["uri"] for row in ask("GET", "concepts/suggest/?q=sew").json()["results"]}
        whole = ask("GET", f"concepts/{concepts['rukn:sewing']}/").json()
        assert {label["lang"] for label in whole["names"]} == {"ar", "en"}
        assert whole["broader"]
        assert whole["name"] == whole["en"]


class TestListings:
    def test_a_draft_is_written_changed_sent_let_through_and_found(self, program, salma, huda, concepts):
        mine, desk = program(salma), program(huda)
        new = {"kind": "offer", "title": "خياطة الستائر", "body": "على ماكينتي.", "skills": [{"text": "خياطة"}]}
        made = mine("POST", "listings/", new)
        assert made.status_code == 201
        draft = made.json()
        assert draft["lang"] == "ar"
        assert draft["skills"][0]["concept"]["uri"] == "rukn:sewing"
        changed = mine("PATCH", f"listings/{draft['id']}/draft/", {"in_return": "swap", "free": ["tue-evening"]}).json()
        assert (changed["title"], changed["in_return"], changed["free"]) == ("خياطة الستائر", "swap", ["tue-evening"])
        sent = mine("POST", f"listings/{draft['id']}/send/").json()
        assert (sent["state"], sent["draft"]["state"]) == ("in_review", "in_review")
        waiting = desk("GET", "desk/").json()["results"]
        assert [row["id"] for row in waiting] == [draft["id"]]
        assert desk("GET", f"desk/{waiting[0]['text']}/").json()["text"]["author"]["id"] == salma.pk
        decision = desk("POST", f"desk/{waiting[0]['text']}/accept/").json()
        assert program()("GET", f"listings/{draft['id']}/").json()["title"] == "خياطة الستائر"
        assert [row["id"] for row in program()("GET", "search/?q=sewing").json()["results"]] == [draft["id"]]
        assert desk("POST", f"desk/decisions/{decision['id']}/undo/").json()["undone_at"]
        assert program()("GET", f"listings/{draft['id']}/").status_code == 404

    def test_acts_of_the_owner(self, program, salma, make_offer):
        offer = make_offer(salma, "خياطة", ["rukn:sewing"])
        mine = program(salma)
        states = [mine("POST", f"listings/{offer.pk}/{act}/").json()["state"] for act in ("pause", "resume", "confirm")]
        assert states == ["paused", "published", "published"]
        assert mine("POST", f"listings/{offer.pk}/close/").json()["state"] == "closed"
        refused = mine("POST", f"listings/{offer.pk}/confirm/")
        assert (refused.status_code, refused.json()["code"]) == (409, "wrong_state")

    def test_an_unfinished_text_is_not_sent(self, program, salma):
        mine = program(salma)
        draft = mine("POST", "listings/", {"kind": "wish"}).json()
        refused = mine("POST", f"listings/{draft['id']}/send/")
        assert refused.status_code == 422
        assert refused.json() == {"code": "incomplete", "text": "Say in a few words what it is about."}

    def test_filters_are_those_of_the_page(self, program, town):
        ask = program()
        everything = {town[name].pk for name in ("offer", "wish", "bikes")} | {town["decision"].revision.listing_id}
        assert {row["id"] for row in ask("GET", "listings/").json()["results"]} == everything
        assert {row["id"] for row in ask("GET", "listings/?kind=offer&speaks=en").json()["results"]} == {
            town["bikes"].pk
        }
        wrong = ask("GET", "listings/?kind=theft&speaks=xx")
        assert wrong.status_code == 422
        assert set(wrong.json()["fields"]) == {"kind", "speaks"}
        assert [row["id"] for row in program(town["karim"])("GET", "listings/?kind=offer").json()["results"]] == [
            town["bikes"].pk
        ]

    def test_text_stays_as_written_with_its_language(self, program, town):
        shown = program()("GET", f"listings/{town['offer'].pk}/").json()
        assert (shown["title"], shown["lang"], shown["owner"]["name"]) == ("خياطة للمبتدئات", "ar", "سلمى")
        assert "email" not in shown["owner"]


class TestSearch:
    def test_gives_all_the_page_shows(self, program, town):
        found = program()("GET", "search/?q=خياطه").json()
        assert {row["id"] for row in found["results"]} == {town["offer"].pk, town["wish"].pk}
        assert found["total"] == 2
        assert found["facets"]["kind"] == {"offer": 1, "wish": 1}
        assert found["meant"][0]["uri"] == "rukn:sewing"
        assert found["is_basic"] is False
        assert any(piece["met"] for row in found["results"] for piece in row["snippet"])
        assert program()("GET", "search/?q=خياطه&district=999999").status_code == 422

    def test_pages_by_cursor(self, program, town):
        first = program()("GET", "search/?limit=1").json()
        second = program()("GET", f"search/?limit=1&cursor={first['next']}").json()
        assert first["results"][0]["id"] != second["results"][0]["id"]

    def test_suggests(self, program, town):
        assert program()("GET", "search/suggest/?q=sew").json()["results"][0]["concept"]


class TestMatches:
    def test_carry_reasons_and_can_be_put_away(self, program, town):
        mine = program(town["yusuf"])
        match = mine("GET", f"listings/{town['wish'].pk}/matches/").json()["results"][0]
        assert match["listing"]["id"] == town["offer"].pk
        assert match["reasons"]
        shown = town["yusuf"], town["wish"]
        (view,) = matching.matches_for(person=shown[0], listing=shown[1], language="en")[:1]
        assert match["hint"] == view.hint != ""
        assert sum(match["contributions"].values()) == pytest.approx(match["score"])
        assert mine("GET", "matches/").json()["results"][0]["reasons"] == match["reasons"]
        pair = {"offer": match["offer"], "wish": match["wish"]}
        assert mine("POST", "matches/dismiss/", pair).status_code == 204
        assert mine("POST", "matches/dismiss/", pair).status_code == 204
        assert mine("GET", "matches/").json()["results"] == []
        assert mine("POST", f"listings/{town['wish'].pk}/matches/").status_code == 204

    def test_are_told_in_the_language_asked_for(self, program, town):
        reasons = [
            program(town["yusuf"], language=language)("GET", "matches/").json()["results"][0]["reasons"]
            for language in ("ar", "en")
        ]
        assert reasons[0] != reasons[1]


class TestTalks:
    def test_hello_begins_a_talk_once(self, program, town):
        mine = program(town["nadia"])
        body = {"body": "مرحبًا، متى يناسبك؟", "client_id": str(uuid.uuid4())}
        first = mine("POST", f"listings/{town['offer'].pk}/hello/", body).json()
        assert mine("POST", f"listings/{town['offer'].pk}/hello/", body).json() == first
        assert mine("GET", f"talks/{first['conversation']}/").json()["last_body"] == body["body"]
        own = program(town["salma"])("POST", f"listings/{town['offer'].pk}/hello/", body)
        assert (own.status_code, own.json()["code"]) == (409, "own_listing")

    def test_a_message_is_stored_once_and_its_number_is_its_own(self, program, town):
        his, hers, talk = program(town["yusuf"]), program(town["salma"]), town["talk"].pk
        message = {"client_id": str(uuid.uuid4()), "body": "الثلاثاء؟"}
        sent = [his("POST", f"talks/{talk}/messages/", message) for _ in range(3)]
        assert {answer.json()["seq"] for answer in sent} == {2}
        other = his("POST", f"talks/{talk}/messages/", {**message, "body": "غيره"})
        assert (other.status_code, other.json()["code"]) == (409, "client_id_reused")
        assert [row["body"] for row in hers("GET", f"talks/{talk}/messages/?after=1").json()["messages"]] == [
            "الثلاثاء؟"
        ]
        assert hers("GET", "talks/").json()["results"][0]["unread"] == 2
        assert hers("POST", f"talks/{talk}/seen/", {"seq": 99}).json()["seq"] == 2
        assert hers("GET", "talks/").json()["results"][0]["unread"] == 0
        assert his("GET", f"talks/{talk}/messages/").json()["seen"] == {str(town["salma"].pk): 2}

    def test_a_block_stops_messages_without_saying_why(self, program, town):
        accounts.block(blocker=town["salma"], blocked=town["yusuf"])
        refused = program(town["yusuf"])(
            "POST", f"talks/{town['talk'].pk}/messages/", {"client_id": str(uuid.uuid4()), "body": "؟"}
        )
        assert (refused.status_code, refused.json()["code"]) == (409, "not_reachable")


class TestMe:
    def test_profile_hours_and_pause(self, program, salma, districts):
        mine = program(salma)
        fields = {"about": "أخيط منذ أربعين سنة.", "speaks": ["ar", "en"], "district": districts["waha"].pk}
        changed = mine("PATCH", "me/", fields).json()
        assert (changed["about"], changed["about_lang"], changed["district"]["slug"]) == (fields["about"], "ar", "waha")
        assert changed["name"] == salma.name
        assert mine("PUT", "me/hours/", {"free": ["fri-morning", "sun-morning"]}).json()["free"] == [
            "sun-morning", "fri-morning",
        ]  # fmt: skip
        assert mine("PUT", "me/pause/").status_code == 204
        assert mine("GET", "me/").json()["paused_at"]
        assert mine("DELETE", "me/pause/").status_code == 204
        assert mine("GET", "me/").json()["paused_at"] is None

    def test_blocks(self, program, salma, yusuf):
        mine = program(salma)
        assert mine("PUT", f"people/{yusuf.pk}/block/").status_code == 204
        assert [row["person"]["id"] for row in mine("GET", "me/blocks/").json()["results"]] == [yusuf.pk]
        assert program(yusuf)("GET", f"people/{salma.pk}/").status_code == 404
        assert mine("DELETE", f"people/{yusuf.pk}/block/").status_code == 204
        assert program(yusuf)("GET", f"people/{salma.pk}/").json()["name"] == "سلمى"
        assert mine("PUT", f"people/{salma.pk}/block/").json()["code"] == "not_possible"


class TestDesk:
    def test_returns_with_a_reason_and_skips(self, program, town):
        desk, text = program(town["huda"]), town["waiting"].pk
        codes = [row["code"] for row in desk("GET", "desk/reasons/").json()["results"]]
        assert desk("POST", f"desk/{text}/return/", {"reason": "because"}).json()["fields"] == {
            "reason": ["This is not one of the choices."]
        }
        assert desk("POST", f"desk/{text}/skip/").status_code == 204
        assert desk("GET", "desk/").json()["results"][0]["skipped_until"]
        done = desk("POST", f"desk/{text}/return/", {"reason": codes[0], "note": "من فضلك"}).json()
        assert (done["verdict"], done["note"]) == ("returned", "من فضلك")
        again = desk("POST", f"desk/{text}/accept/")
        assert (again.status_code, again.json()["code"]) == (409, "wrong_state")
        assert desk("GET", "desk/decisions/").json()["results"][0]["id"] == done["id"]


def test_the_refusal_is_in_the_persons_language_unless_asked_otherwise(program, salma, client):
    key = accounts.make_token(person=salma)
    answers = [
        client.get("/api/talks/12345/", headers={"authorization": f"Token {key}", **more}).json()["text"]
        for more in ({}, {"accept-language": "en"})
    ]
    assert answers == ["لا شيء هنا.", "There is nothing here."]


def test_nobody_on_the_way_keeps_what_is_for_one_person(program, salma, client):
    key = accounts.make_token(person=salma)
    private = client.get("/api/me/", headers={"authorization": f"Token {key}"})
    assert (private["Cache-Control"], private["Content-Language"]) == ("private, no-store", "ar")
    assert "Authorization" in private["Vary"]
    assert "no-store" not in client.get("/api/districts/").get("Cache-Control", "")


def test_a_newcomer_is_asked_to_introduce_themselves_first(program, db):
    newcomer = accounts.make_person(email="new@example.org", welcomed=False)
    ask = program(newcomer)
    assert ask("GET", "listings/").status_code == 200
    assert ask("POST", "listings/", {"kind": "offer"}).json()["code"] == "welcome_first"
    assert not Listing.objects.exists()
