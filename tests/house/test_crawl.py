"""What holds on every address: looking writes nothing, headers protect, and what goes wrong is said kindly."""

import hashlib
import re

import pytest
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.test import Client
from django.urls import reverse
from town import arguments, routes

from exchange.templatetags import drawn

# What is kept for this browser, not for people: Django's sessions.
APART = {"sessions.Session"}
PRIVATE = ("me", "talks", "talk", "desk", "home", "listing")


@pytest.fixture
def addresses(town):
    known = arguments(town)
    steps = [reverse("listing_step", args=[town.draft.listing_id, step]) for step in range(2, 6)]
    asked = ["/find/?q=خياطة&day=tue&new=true", "/find/?district=x&page=99", "/concepts/suggest/?q=خيا"]
    asked += [f"/talks/{town.talk}/messages/?after=0", f"/talks/{town.talk}/?before=2", "/wish/new/?q=عود"]
    return [reverse(name, args=known.get(name, ())) for name in routes()] + steps + asked


@pytest.fixture
def browsers(cast, amal):
    found = {"anonymous": Client()}
    for key, person in {**cast, "amal": amal}.items():
        found[key] = Client()
        found[key].force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    return found


def digests():
    """Give model → digest of all its rows."""
    found = {}
    for model in apps.get_models():
        if model._meta.label not in APART:
            rows = sorted(map(repr, model._base_manager.values_list()))
            found[model._meta.label] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    return found


def test_looking_at_any_page_writes_nothing(addresses, browsers, salma):
    UserSession.objects.create(user=salma, ip="127.0.0.1", session_key="ended long ago", user_agent="Firefox")
    before = digests()
    for browser in browsers.values():
        for address in addresses:
            browser.get(address)
    after = digests()
    assert [label for label in before if before[label] != after[label]] == []


def test_every_address_answers_head_as_it_does_get(addresses, browsers):
    # Monitors and link checkers ask so.
    differ = []
    for who in ("anonymous", "salma", "amal"):
        for address in [*addresses, "/api/schema/", "/api/listings/", "/healthz", "/readyz", "/metrics"]:
            asked, looked = browsers[who].head(address), browsers[who].get(address)
            if asked.status_code != looked.status_code:
                differ.append((who, address, asked.status_code, looked.status_code))
    assert differ == []


def test_every_answer_carries_its_headers(addresses, browsers):
    wrong = []
    for who in ("anonymous", "salma", "yusuf", "amal"):
        for address in [
            *addresses,
            "/nowhere/",
            "/static/rukn/rukn.css",
            "/static/rukn/drawings.svg",
            "/static/no.css",
        ]:
            answer = browsers[who].get(address)
            policy = answer.headers.get("Content-Security-Policy", "")
            held = (
                "frame-ancestors 'none'" in policy
                and "default-src 'self'" in policy
                and "unsafe" not in policy
                and answer.headers.get("X-Content-Type-Options") == "nosniff"
                and answer.headers.get("Referrer-Policy") == "same-origin"
                and answer.headers.get("X-Frame-Options") == "DENY"
            )
            is_private = who != "anonymous" and not address.startswith("/static/rukn")
            if not held or (is_private and "no-store" not in answer.headers.get("Cache-Control", "")):
                wrong.append(f"{who} {address}: {dict(answer.headers)}")
    drawn.forget()
    assert wrong == [], wrong


def test_leaving_wipes_the_browser(browsers):
    for address in ("/sign-out/", "/me/devices/"):
        answer = browsers["yusuf" if "out" in address else "salma"].post(address)
        assert '"storage"' in answer["Clear-Site-Data"]


def test_cookies_are_out_of_reach_of_scripts(client, districts):
    client.get("/enter/")
    client.post("/appearance/", {"text": "large", "contrast": "high"})
    client.post("/language/", {"lang": "en"})
    assert {
        name for name, cookie in client.cookies.items() if not cookie["httponly"] or cookie["samesite"] != "Lax"
    } == set()


def kind(answer, status, language):
    """Whether an answer is a whole page in the reader's language with a way on."""
    text = answer.content.decode()
    ways = re.findall(r'<a class="do" href="|<button class="do"', text)
    return answer.status_code == status and f'<html lang="{language}"' in text and "<h1" in text and bool(ways)


@pytest.mark.parametrize("language", ["ar", "en"])
class TestWhatGoesWrong:
    @pytest.fixture
    def browser(self, salma, language):
        browser = Client(enforce_csrf_checks=True, headers={"accept-language": language})
        browser.force_login(salma, backend="allauth.account.auth_backends.AuthenticationBackend")
        return browser

    def test_page_that_is_not_here(self, browser, language):
        assert kind(browser.get("/listings/999999/"), 404, language)
        assert kind(browser.get("/نص/"), 404, language)

    def test_button_without_a_page(self, browser, language):
        answer = browser.get("/sign-out/")
        assert kind(answer, 405, language)
        assert answer["Allow"] == "POST"

    def test_stale_form_of_ours_is_sent_again_with_all_that_was_typed(self, browser, language):
        words = {"name": "<b>سلمى</b>", "about": "أعلّم الخياطة منذ أربعين سنة", "speaks": ["ar", "en"]}
        answer = browser.post("/me/profile/", words, headers={"origin": "http://testserver"})
        assert kind(answer, 403, language)
        text = answer.content.decode()
        assert 'action="/me/profile/"' in text
        assert 'value="أعلّم الخياطة منذ أربعين سنة"' in text
        assert text.count('name="speaks"') == 2
        assert "<b>سلمى" not in text

    @pytest.mark.parametrize("origin", ["https://evil.example", "null", ""])
    def test_form_of_somebody_else_is_not_offered_again(self, browser, language, origin):
        answer = browser.post("/me/profile/", {"about": "send money"}, headers={"origin": origin} if origin else {})
        assert kind(answer, 403, language)
        assert "send money" not in answer.content.decode()

    def test_act_that_is_refused(self, browser, language, salma):
        browser.handler.enforce_csrf_checks = False
        assert kind(browser.post(f"/people/{salma.pk}/block/"), 409, language)

    def test_more_than_we_take(self, browser, language):
        browser.handler.enforce_csrf_checks = False
        answer = browser.post("/me/profile/", {"about": "س" * 3_000_000})
        assert answer.status_code == 400
        assert "لم نفهم" in answer.content.decode()


def test_the_citys_digits_stand_on_every_arabic_page(addresses, browsers, settings):
    settings.CITY = {**settings.CITY, "digits": "arab"}
    drawn.forget()  # what other tests had drawn
    left = re.compile(r"<(script|style|code|kbd|svg|textarea|select)\b.*?</\1>|<[^>]*>|&[#\w]+;", re.DOTALL)
    wrong = []
    for who in ("salma", "amal"):
        browsers[who].cookies["django_language"] = "ar"
        for address in addresses:
            answer = browsers[who].get(address)
            if answer.status_code != 200 or "text/html" not in answer["Content-Type"] or address.startswith("/admin"):
                continue
            page = answer.content.decode()
            shown = left.sub(" ", page[page.index("<body") :]) if "<body" in page else left.sub(" ", page)
            if found := re.findall(r".{0,20}[0-9].{0,20}", shown):
                wrong.append((address, found))
            assert "<body" not in page or 'data-digits="arab"' in page
    drawn.forget()
    assert wrong == [], wrong
