"""Who may do what: every operation × everyone, keys without permission, CSRF, and fields nobody may set."""

import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.apps import apps
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone

from accounts import services as accounts
from accounts.models import Person, Token
from exchange.api.views import ApiView, Nowhere
from exchange.chat.models import Message

pytestmark = pytest.mark.django_db

OWN, ANY, CURATOR, ALL = "own", "any", "curator", "all"
UUID = str(uuid.uuid4())
TIMES = [(datetime.now(UTC) + timedelta(days=days)).isoformat() for days in (3, 4)]


def keyed(**body):
    """A body with a key of its own."""
    return {"key": str(uuid.uuid4()), **body}


SOON = f"{timezone.now() + timedelta(days=30):%Y-%m-%d}"
# operation → (body, whom it lets in). "own": Salma, whose rows these are; "any": whoever is signed in, on their own
# behalf; "all": also nobody. What is in <> is filled in from the town.
MATRIX = {
    "GET me/": (None, ANY), "PATCH me/": ({"about": "x"}, ANY), "GET me/hours/": (None, ANY),
    "GET me/other-times/": (None, ANY), "DELETE me/other-times/<stranger>/": (None, ANY),
    "POST me/other-times/": ({"kind": "away", "starts_at": f"{SOON}T08:00Z", "ends_at": f"{SOON}T09:00Z"}, ANY),
    "GET me/balance/": (None, ANY), "GET me/statement/": (None, ANY),
    "PUT me/hours/": ({"free": []}, ANY), "PUT me/pause/": (None, ANY), "DELETE me/pause/": (None, ANY),
    "GET me/blocks/": (None, ANY), "GET me/listings/": (None, ANY), "GET me/passport/": (None, ANY),
    "GET districts/": (None, ALL),
    "GET people/<stranger>/": (None, ALL), "PUT people/<stranger>/block/": (None, ANY),
    "DELETE people/<stranger>/block/": (None, ANY), "GET concepts/": (None, ALL), "GET concepts/search/": (None, ALL),
    "GET concepts/suggest/": (None, ALL), "GET concepts/<concept>/": (None, ALL), "GET listings/": (None, ALL),
    "POST listings/": ({"kind": "offer"}, ANY), "GET listings/<public>/": (None, ALL),
    "GET listings/<draft>/draft/": (None, OWN), "PATCH listings/<draft>/draft/": ({"title": "y"}, OWN),
    "POST listings/<draft>/send/": (None, OWN), "DELETE listings/<draft>/draft/": (None, OWN),
    "POST listings/<offer>/pause/": (None, OWN), "POST listings/<offer>/resume/": (None, OWN),
    "POST listings/<offer>/confirm/": (None, OWN), "GET listings/<offer>/matches/": (None, OWN),
    "POST listings/<offer>/sittings/": (
        {"starts_at": TIMES[1], "minutes": 60, "seats": 4, "format": "online"}, OWN
    ),
    "POST listings/<offer>/matches/": (None, OWN), "POST listings/<offer>/close/": (None, OWN),
    "POST listings/<public>/hello/": ({"body": "hi", "client_id": UUID}, ANY), "GET search/": (None, ALL),
    "GET search/suggest/": (None, ALL), "GET matches/": (None, ANY),
    "POST matches/dismiss/": ({"offer": "<offer>", "wish": "<wish>"}, "pair"), "GET talks/": (None, ANY),
    "GET talks/<talk>/": (None, "pair"), "GET talks/<talk>/messages/": (None, "pair"),
    "GET talks/<talk>/search/": (None, "pair"),
    "POST talks/<talk>/messages/": ({"body": "x", "client_id": UUID}, "pair"),
    "DELETE talks/<talk>/messages/<first>/": (None, "writer"),
    "POST talks/<talk>/seen/": ({"seq": 1}, "pair"), "GET desk/": (None, CURATOR), "GET desk/reasons/": (None, CURATOR),
    "GET desk/decisions/": (None, CURATOR), "GET desk/<waiting>/": (None, CURATOR),
    "POST desk/<waiting>/skip/": (None, CURATOR), "POST desk/<waiting>/return/": ({"reason": "too_vague"}, CURATOR),
    "GET lessons/": (None, ANY), "GET lessons/<lesson>/": (None, "pair"),
    "POST lessons/<lesson>/ask/": (keyed(times=TIMES, minutes=60, format="online"), "pair"),
    "POST lessons/<lesson>/counter/": (keyed(times=TIMES), "pair"),
    "POST lessons/<lesson>/accept/": (keyed(proposal=1), "pair"),
    "POST lessons/<lesson>/decline/": (keyed(why="times"), "pair"),
    "POST lessons/<lesson>/withdraw/": (keyed(), "pair"), "POST lessons/<lesson>/cancel/": (keyed(), "pair"),
    "POST lessons/<lesson>/confirm/": (keyed(), "pair"), "POST lessons/<lesson>/missed/": (keyed(), "pair"),
    "POST lessons/<lesson>/dispute/": (keyed(note="x"), "pair"), "POST lessons/<lesson>/again/": (None, "pair"),
    "POST lessons/<lesson>/cancel-rest/": (keyed(), "pair"),
    "GET sittings/": (None, ALL), "GET sittings/<sitting>/": (None, "seen"),
    "POST sittings/<sitting>/seat/": (None, "guests"), "POST sittings/<sitting>/queue/": (None, "guests"),
    "POST sittings/<sitting>/leave/": (None, "guests"), "POST sittings/<sitting>/cancel/": ({}, OWN),
    "GET desk/lessons/": (None, CURATOR),
    "POST desk/lessons/<dispute>/resolve/": (keyed(outcome="half"), CURATOR),
    "POST desk/<waiting>/accept/": (None, CURATOR), "POST desk/decisions/<decision>/undo/": (None, CURATOR),
}  # fmt: skip
SIGNED_IN = ("salma", "yusuf", "karim", "huda", "nadia")
LETS_IN = {OWN: {"salma"}, "pair": {"salma", "yusuf"}, "writer": {"yusuf"}, CURATOR: {"huda"}, ANY: set(SIGNED_IN)}
LETS_IN[ALL] = {*SIGNED_IN, "nobody"}
LETS_IN["guests"] = {*SIGNED_IN} - {"karim"}  # whom Salma keeps away
LETS_IN["seen"] = LETS_IN["guests"] | {"nobody"}


def operations():
    """Give every "METHOD path" of the API, from its addresses."""
    found = set()
    for each in get_resolver("exchange.api_urls").url_patterns:
        view = getattr(each.callback, "cls", None)
        if view and issubclass(view, ApiView) and view is not Nowhere:
            path = str(each.pattern).replace("<int:pk>", "<>").replace("<row:pk>", "<>").replace("<int:seq>", "<>")
            found |= {f"{m.upper()} {path}" for m in ("get", "post", "put", "patch", "delete") if hasattr(view, m)}
    return found


def filled(text, town):
    """Fill the numbers of the town in."""
    row = {**town, "public": town["nadias"], "concept": town["offer"].main_concept, "first": Message(pk=1)}
    for name, value in row.items():
        if f"<{name}>" in text:
            text = text.replace(f"<{name}>", str(value.pk))
    return text


@pytest.fixture
def whole_town(town, make_offer):
    return {**town, "nadias": make_offer(town["stranger"], "Chess", ["chess"])}


def call(ask, operation, town):
    method, path = operation.split()
    body = MATRIX[operation][0]
    if body is not None:
        body = json.loads(filled(json.dumps(body), town))
        body = {name: int(value) if name in ("offer", "wish") else value for name, value in body.items()}
    return ask(method, filled(path, town), body)


def test_the_matrix_names_every_operation():
    named = {f"{op.split()[0]} " + "/".join("<>" if "<" in part else part for part in op.split()[1].split("/"))
             for op in MATRIX}  # fmt: skip
    assert named == operations()


@pytest.mark.parametrize("who", [*SIGNED_IN, "nobody"])
def test_lets_in_whom_it_should_and_nobody_else(who, whole_town, program):
    ask = program(whole_town[who]) if who != "nobody" else program()
    wrong = {}
    for operation, (_body, whom) in MATRIX.items():
        status = call(ask, operation, whole_town).status_code
        expected = {True: {200, 201, 204, 409}, False: {401} if who == "nobody" else {404}}[who in LETS_IN[whom]]
        if status not in expected:
            wrong[operation] = status
    assert wrong == {}


def test_a_key_without_the_permission_is_told_so(whole_town, program):
    for operation in MATRIX:
        method, path = operation.split()
        view = next(
            each.callback.cls
            for each in get_resolver("exchange.api_urls").url_patterns
            if each.pattern.match(filled(path, whole_town))
        )
        scope = view.scope_of(method)
        others = [each for each in ("read", "write", "talk", "curate") if each != scope]
        answer = call(program(whole_town["huda"], *others), operation, whole_town)
        assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing"), operation
        assert scope in answer.json()["text"]


def test_what_is_blocked_looks_like_what_is_not_there(whole_town, program):
    ask = program(whole_town["karim"])  # Salma keeps him away
    hidden, missing = ask("GET", f"listings/{whole_town['offer'].pk}/"), ask("GET", "listings/987654/")
    assert hidden.status_code == missing.status_code == 404
    assert hidden.content == missing.content
    assert ask("POST", f"listings/{whole_town['offer'].pk}/hello/", {"body": "x"}).content == missing.content
    assert ask("GET", f"people/{whole_town['salma'].pk}/").content == missing.content
    assert ask("GET", f"desk/{whole_town['waiting'].pk}/").content == missing.content
    assert ask("GET", "no/such/place/").content == missing.content
    found = ask("GET", "search/?q=خياطة").json()["results"]
    assert whole_town["offer"].pk not in {row["id"] for row in found}


class TestKeys:
    def test_that_open_nothing_are_refused_even_where_none_is_needed(self, client, db):
        for key in ("", "wrong", "\u0661", "x" * 5000):
            answer = client.get("/api/districts/", headers={"authorization": f"Token {key}"})
            assert (answer.status_code, answer.json()["code"]) == (401, "bad_key")
            assert answer["WWW-Authenticate"] == "Token"

    def test_end(self, program, salma):
        ask = program(salma)
        assert ask("GET", "me/").status_code == 200
        key = Token.objects.get(person=salma)
        assert key.last_used_at is not None
        Token.objects.update(expires_at=key.made_at)
        assert ask("GET", "me/").status_code == 401

    def test_of_someone_who_left_open_nothing(self, program, salma):
        ask = program(salma)
        Person.objects.filter(id=salma.pk).update(is_active=False)
        assert ask("GET", "me/").status_code == 401

    def test_are_gone_with_signing_out_everywhere(self, program, salma):
        ask = program(salma)
        accounts.sign_out_everywhere(person=salma)
        assert ask("GET", "me/").status_code == 401


class TestSession:
    def test_reads_freely_and_writes_with_the_csrf_token(self, salma):
        browser = Client(enforce_csrf_checks=True, headers={"accept-language": "en"})
        browser.force_login(salma, backend="allauth.account.auth_backends.AuthenticationBackend")
        assert browser.get("/api/me/").json()["id"] == salma.pk
        refused = browser.patch("/api/me/", {"about": "x"}, content_type="application/json")
        assert (refused.status_code, refused.json()["code"]) == (403, "csrf")
        browser.get("/me/profile/")
        token = browser.cookies["csrftoken"].value
        done = browser.patch(
            "/api/me/", {"about": "x"}, content_type="application/json", headers={"x-csrftoken": token}
        )
        assert done.json()["about"] == "x"

    def test_a_key_needs_no_csrf_token(self, salma):
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(salma, backend="allauth.account.auth_backends.AuthenticationBackend")
        key = accounts.make_token(person=salma)
        answer = browser.put("/api/me/pause/", headers={"authorization": f"Token {key}"})
        assert answer.status_code == 204


def everything():
    """Give every row of every table but those that only count (limits) and a key's last use."""
    rows = {}
    for model in apps.get_models():
        if model._meta.label in ("limits.Bucket", "sessions.Session", "usersessions.UserSession"):
            continue
        values = list(model.objects.order_by("pk").values())
        for row in values:
            row.pop("last_used_at", None)
        rows[model._meta.label] = values
    return rows


def test_get_never_writes(whole_town, program):
    asks = [program(whole_town[who]) for who in ("salma", "yusuf", "huda")] + [program()]
    before = everything()
    for ask in asks:
        for operation in MATRIX:
            if operation.startswith("GET"):
                call(ask, operation, whole_town)
    assert everything() == before


EXTRA = {
    "id": 1, "pk": 1, "owner": 2, "owner_id": 2, "state": "published", "role": "admin", "is_staff": True,
    "is_superuser": True, "is_active": False, "email": "evil@example.org", "published_at": "2020-01-01T00:00:00Z",
    "confirmed_at": "2020-01-01T00:00:00Z", "search_rev": 99, "key": "stolen", "sender": 2, "sender_id": 2, "seq": 77,
    "at": "2020-01-01T00:00:00Z", "score": 5, "curator": 2, "verdict": "accepted", "undone_at": None, "step": 6,
    "paused_at": "2020-01-01T00:00:00Z", "joined_at": "2020-01-01T00:00:00Z", "main_concept": 1, "teacher": 2,
    "listing": 1, "kind_": "wish", "last_seq": 50, "person": 2, "scopes": ["curate"], "welcomed_at": None,
}  # fmt: skip


def test_fields_that_nobody_may_set_change_nothing(whole_town, program):
    """Each operation with a body is done twice from the same start, plainly and with every other field there is."""
    from django.db import transaction

    for operation, (body, whom) in MATRIX.items():
        if body is None or whom == ALL:
            continue
        ask = program(whole_town["huda" if whom == CURATOR else "salma"])
        results = []
        for extra in ({}, EXTRA):
            own = {name: value for name, value in extra.items() if name not in body}
            with transaction.atomic():
                method, path = operation.split()
                sent = json.loads(filled(json.dumps(body), whole_town))
                sent = {n: int(v) if n in ("offer", "wish") else v for n, v in sent.items()}
                answer = ask(method, filled(path, whole_town), {**own, **sent})
                results.append((answer.status_code, _plain(everything())))
                transaction.set_rollback(True)
        assert results[0] == results[1], operation


def _plain(rows):
    """Leave out what differs between any two runs: numbers and moments."""
    return {
        model: [{n: v for n, v in row.items() if n not in ("id", "number", "uid", "at", "payload")
                 and not n.endswith(("_at", "_id"))} for row in found]
        for model, found in rows.items()
    }  # fmt: skip
