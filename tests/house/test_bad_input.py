"""Whatever is typed, sent or put into an address: no page breaks, no text becomes markup."""

import json
import os
from html.parser import HTMLParser
from urllib.parse import quote_plus

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from town import arguments

from accounts import services as accounts
from exchange.lessons import services as lessons
from skills.services import listings

NASTY = [
    "", " ", "\x00", "a\x00b", "\ud800", "x\udfffy", "\u202eيوسف", "\u2066\u2069", "\u200b\u200b", "٠١٢", "-1", "0",
    "9" * 40, "NaN", "null", "[]", "{}", "{% now %}", "{{ 7|add:7 }}", "%00", "' OR 1=1 --", '"*"', 'x" NEAR y', "(",
    "*", "AND", "a:b", "\\", "ـ" * 50, "َ" * 200, "س" * 5_000, "\n" * 500, "👩‍👩‍👧‍👦", "Ǆﬁ½", "../../etc/passwd",
    "1e9", "<script>alert(1)</script>",
]  # fmt: skip
ANY = st.one_of(st.sampled_from(NASTY), st.text(max_size=40), st.integers().map(str))
FORMS = {
    "account_login": ["email", "next"],
    "account_confirm_login_code": ["code", "action"],
    "welcome": ["name", "district", "language"],
    "profile_edit": ["name", "district", "about", "speaks", "max_learners"],
    "free_hours": ["free"],
    "sitting_new": ["day", "time", "minutes", "seats", "format", "place", "in_return"],
    "time_away": ["away-first", "away-last"],
    "time_also": ["also-day", "also-begins", "also-ends"],
    "hours_give": ["to", "hours", "minutes", "note", "key"],
    "hours_pot": ["email", "hours", "minutes", "note", "key"],
    "hours_reverse": ["entry", "reason", "key"],
    "language": ["lang", "next"],
    "appearance": ["text", "contrast", "next"],
    "offer_new": ["q"],
    "listing_step": ["title", "skills", "then"],
    "listing_autosave": ["title", "body", "place", "skills", "in_return_note", "format", "in_return"],
    "listing_send": [],
    "listing_not_meant": ["uri", "on"],
    "hello": ["body", "client_id"],
    "talk_messages": ["body", "client_id", "reply_to", "quick"],
    "talk_delete": [],
    "talk_files": ["body", "client_id", "reply_to", "file"],
    "talk_seen": ["seq", "then"],
    "match_dismiss": ["offer", "wish"],
    "swap": ["offer", "this-minutes", "this-day_1", "this-time_1", "this-place", "other-format", "other-day_2"],
    "thanks": ["learned", "thanks"],
    "thanks_show": ["shown"],
    "thanks_report": ["reason"],
    "private_note": ["body"],
    "desk_thanks_report": ["why"],
    "fund": ["amount", "other", "how", "key"],
    "desk_payments_retry": ["what", "number"],
    "desk_return": ["reason", "note"],
    "lesson_ask": [
        "key",
        "scope",
        "minutes",
        "day_1",
        "time_1",
        "day_2",
        "time_2",
        "format",
        "place",
        "in_return",
        "suggested",
    ],
    "lesson_answer": ["key", "answer", "proposal", "decline-why", "decline-note"],
    "lesson_cancel": ["key", "cancel-note"],
    "lesson_dispute": ["key", "dispute-note"],
    "lesson_confirm": ["key"],
    "lesson_again": ["key"],
    "desk_begin": [],
    "desk_lesson": ["outcome", "note"],
    "desk_undo": [],
}
STEPS = {2: ["body", "speaks"], 3: ["format", "district", "place"], 4: ["free"], 5: ["in_return", "in_return_note"]}
ASKED = {
    "find": ["q", "kind", "concept", "district", "format", "speaks", "day", "part", "new", "page"],
    "find_suggest": ["q"],
    "hours": ["before"],
    "hours_give": ["to"],
    "concept_suggest": ["q"],
    "wish_new": ["q"],
    "talk": ["before", "answer", "at"],
    "talk_search": ["q"],
    "talk_messages": ["after"],
    "lessons": ["before"],
    "lesson_ask": ["at"],
}


def encoded(fields):
    return "&".join(f"{name}={quote_plus(value, errors='surrogatepass')}" for name, value in fields)


@pytest.fixture
def people(town, cast, client_of):
    return {name: client_of(cast[name]) for name in ("salma", "yusuf", "huda")} | {"": Client()}


EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "4"))  # each walks through every form
CALM = {
    "deadline": None,
    "phases": [Phase.generate],
    "database": None,
    "suppress_health_check": [HealthCheck.function_scoped_fixture],
}


@settings(max_examples=EXAMPLES, **CALM)
@given(data=st.data())
def test_no_form_breaks(town, people, data):
    known = arguments(town)
    addresses = [(reverse(name, args=known.get(name, ())), fields) for name, fields in FORMS.items()]
    addresses += [(reverse("listing_step", args=[town.draft.listing_id, step]), names) for step, names in STEPS.items()]
    for address, names in addresses:
        fields = [(name, data.draw(ANY)) for name in names if data.draw(st.integers(0, 5))]
        for browser in (people["salma"], people["huda" if "/desk/" in address else "yusuf"]):
            with transaction.atomic():
                answer = browser.post(address, encoded(fields), content_type="application/x-www-form-urlencoded")
                transaction.set_rollback(True)
            assert answer.status_code < 500, (address, fields)


@settings(max_examples=EXAMPLES, **CALM)
@given(data=st.data())
def test_no_question_breaks(town, people, data):
    for name, names in ASKED.items():
        fields = [(each, data.draw(ANY)[:2_000]) for each in names if data.draw(st.booleans())]
        address = f"{reverse(name, args=arguments(town).get(name, ()))}?{encoded(fields)}"
        assert people["yusuf"].get(address).status_code < 500, address


@pytest.mark.parametrize("number", ["0", "9" * 19, "9" * 60])
def test_no_number_in_an_address_breaks(town, people, number):
    for name in [*arguments(town), "listing_step"]:
        args = (town.draft.listing_id, number) if name == "listing_step" else (number,) * len(arguments(town)[name])
        address = "/".join(["", *reverse(name, args=[1] * len(args)).strip("/").split("/"), ""])
        address = address.replace("/1/", f"/{number}/", 1)
        for method in ("get", "post"):
            assert getattr(people["huda"], method)(address).status_code in (302, 303, 404, 405, 422), (method, address)


@pytest.mark.parametrize(
    "body",
    [b" ", b"\xff", b"{", b"[]", b"1", b"null", b'{"body": "\\ud800", "client_id": "x"}', b"[" * 100_000,
     json.dumps({"body": ["a"], "client_id": {}}).encode(), b'{"body": "\\u0000"}'],
)  # fmt: skip
def test_no_json_breaks_the_twin_of_the_socket(town, people, body):
    answer = people["yusuf"].post(f"/talks/{town.talk}/messages/", body, content_type="application/json")
    assert answer.status_code == 422
    assert answer.json()["type"] == "refused"


@pytest.mark.parametrize(
    ("address", "field", "others"),
    [
        ("/me/profile/", "about", {"name": "", "district": "1", "speaks": "ar", "max_learners": "2"}),
        ("/me/profile/", "name", {"district": "1", "speaks": "xx", "max_learners": "-5"}),
        ("/welcome/", "name", {"district": "", "language": "ar", "age": "18+"}),
        ("step", "title", {"skills": "x" * 401}),
        ("hello", "body", {"client_id": "not one"}),
        ("talk", "body", {"client_id": "not one"}),
    ],
)
def test_what_was_typed_stays_in_the_form(town, people, nadia, client_of, address, field, others):
    where = {
        "step": reverse("listing_step", args=[town.draft.listing_id, 1]),
        "hello": reverse("hello", args=[town.offer.pk]),
        "talk": reverse("talk_messages", args=[town.talk]),
    }
    browser = {"step": people["salma"], "talk": people["yusuf"]}.get(address, client_of(nadia))
    typed = "كلام كتبته & <لا> يضيع"
    answer = browser.post(where.get(address, address), {field: typed, **others})
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "كلام كتبته &amp; &lt;لا&gt; يضيع" in text
    assert 'class="error-summary"' in text


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("ن" * 61, "أقصر من فضلك: 60 حرفًا على الأكثر."),
        ("ن" * 500_000, "أقصر من فضلك: 60 حرفًا على الأكثر."),
        ("\u200b\u200d\u3164", "اكتب الاسم الذي يناديك به الجيران."),
    ],
)
def test_what_is_wrong_is_said_in_ordinary_words(town, people, typed, says):
    answer = people["salma"].post("/me/profile/", {"name": typed, "district": "1", "speaks": "ar", "max_learners": "2"})
    assert answer.status_code == 422
    assert says in answer.content.decode()


PAYLOADS = [
    "<script>alert(1)</script><img src=x onerror=alert(1)>", "\"><svg onload=alert(1)>", "'><b onmouseover=alert(1)>",
    "</title></textarea></option></select><script>alert(1)</script>", "javascript:alert(1)//<base href=//evil.example>",
    "<!--<style>*{display:none}</style><iframe srcdoc=x>",
    "{{ request.user }}]]>&lt;script&gt;<form action=//evil.example>",
    "<svg><animate onbegin=alert(1)><math><mi xlink:href=data:x,y>", "x\" onfocus=alert(1) autofocus y='",
]  # fmt: skip


class Watch(HTMLParser):
    """Notes what a page must never hold where a person's words stand."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        is_ours = str(told.get("src", "")).startswith("/static/")
        if tag in ("iframe", "style", "base", "math", "animate", "img") or (tag == "script" and not is_ours):
            self.found.append(tag)
        self.found += [name for name in told if name.startswith("on") or name == "srcdoc"]
        names = () if told.get("rel") == "icon" else ("href", "action", "src", "formaction")  # our own drawing
        for name in names:
            value = str(told.get(name) or "")
            if value.strip().lower().startswith(("javascript:", "data:", "//", "vbscript:")):
                self.found.append(f"{name}={value}")


def test_words_never_become_markup(town, cast, people, make_offer):
    salma, karim, yusuf = cast["salma"], cast["karim"], cast["yusuf"]
    pages = {}
    for number, payload in enumerate(PAYLOADS):
        with transaction.atomic():
            accounts.change_profile(person=salma, name=payload[:60], about=payload)
            accounts.change_profile(person=yusuf, name=f"{payload[:50]} {number}", about=payload)
            offer = make_offer(salma, payload, [payload, "خياطة"], body=payload, place=payload, in_return_note=payload)
            talk = lessons.say_hello(listing=offer, by=yusuf, body=payload or "x").conversation_id
            for revision in (town.draft, listings.edit(listing=town.offer, by=salma)):
                listings.save_answers(
                    revision=revision, by=salma, title=payload, body=payload, place=payload, in_return_note=payload,
                    tags=[{"text": payload}], step=5,
                )  # fmt: skip
            listings.send(revision=revision, by=salma)
            accounts.block(blocker=yusuf, blocked=karim)
            for who, address in [
                ("", f"/listings/{offer.pk}/"), ("", f"/people/{salma.pk}/"), ("", f"/find/?q={quote_plus(payload)}"),
                ("", f"/enter/?next={quote_plus(payload)}"), ("yusuf", "/"), ("yusuf", "/me/"), ("yusuf", "/talks/"),
                ("yusuf", f"/talks/{talk}/"), ("yusuf", f"/wish/new/?q={quote_plus(payload)}"), ("salma", "/me/"),
                ("salma", "/me/profile/"), ("salma", f"/listings/{town.draft.listing_id}/check/"),
                ("salma", f"/listings/{offer.pk}/matches/"), ("salma", f"/talks/{talk}/"), ("huda", "/desk/"),
                ("huda", f"/desk/{revision.pk}/"),
                *(("salma", f"/listings/{town.draft.listing_id}/edit/{step}/") for step in (1, 2, 3, 5)),
            ]:  # fmt: skip
                answer = people[who].get(address)
                watch = Watch()
                watch.feed(answer.content.decode())
                if watch.found or answer.status_code != 200:
                    pages[payload, address] = answer.status_code, watch.found
            transaction.set_rollback(True)
    assert pages == {}
