"""Keys for programs: made on a page, shown once, kept as digests, removed in one click."""

import json
import re

import pytest
from django.core.management import call_command
from django.test import Client

from accounts import services as accounts
from accounts.models import Token

pytestmark = pytest.mark.django_db


def make(browser, **more):
    return browser.post("/me/keys/", {"name": "screen", "scopes": ["read"], "lasts": "90", **more})


def secret_of(page):
    found = re.search(r"<textarea[^>]*id=\"secret\"[^>]*>([\w-]+)</textarea>", page.content.decode())
    return found.group(1) if found else None


class TestPage:
    def test_makes_a_key_that_works_and_shows_it_once(self, client_of, salma):
        browser = client_of(salma)
        page = make(browser)
        secret = secret_of(page)
        assert "no-store" in page["Cache-Control"]
        assert secret not in browser.get("/me/keys/").content.decode()
        program = Client(headers={"authorization": f"Token {secret}"})
        assert program.get("/api/me/").json()["id"] == salma.pk
        assert program.put("/api/me/pause/").status_code == 403
        key = Token.objects.get()
        assert (key.name, key.scopes, key.ending) == ("screen", ["read"], secret[-4:])
        assert key.expires_at is not None
        assert secret not in str(vars(key))

    def test_a_second_click_makes_no_second_key(self, client_of, salma):
        browser = client_of(salma)
        make(browser)
        again = make(browser)
        assert again.status_code == 422
        assert secret_of(again) is None
        assert 'value="screen"' in again.content.decode()
        assert Token.objects.count() == 1

    def test_asks_for_a_name_and_a_permission(self, client_of, salma):
        page = make(client_of(salma), name="", scopes=[])
        assert page.status_code == 422
        assert page.content.decode().count('class="error"') == 2
        assert not Token.objects.exists()

    def test_only_curators_are_offered_the_desk(self, client_of, salma, huda):
        assert make(client_of(salma), scopes=["curate"]).status_code == 422
        assert make(client_of(huda), scopes=["curate"]).status_code == 200

    def test_keeps_twenty_at_most(self, client_of, salma):
        for number in range(accounts.MOST_KEYS):
            accounts.make_token(person=salma, name=f"key {number}")
        assert make(client_of(salma)).status_code == 422

    def test_removes_ones_own_key_only(self, client_of, salma, yusuf):
        accounts.make_token(person=salma, name="hers")
        key = Token.objects.get()
        client_of(yusuf).post(f"/me/keys/{key.pk}/remove/")
        assert Token.objects.exists()
        assert client_of(salma).post(f"/me/keys/{key.pk}/remove/").status_code == 302
        assert client_of(salma).post(f"/me/keys/{key.pk}/remove/").status_code == 302
        assert not Token.objects.exists()


def test_make_person_gives_a_key_that_opens_everything(capsys):
    call_command("make_person", "machine@example.org", "--role", "curator", "--token")
    made = json.loads(capsys.readouterr().out)
    program = Client(headers={"authorization": f"Token {made['token']}"})
    assert program.get("/api/me/").json() | {"email": made["email"], "id": made["id"]} == program.get("/api/me/").json()
    assert program.get("/api/desk/").status_code == 200
    assert program.get("/api/talks/").status_code == 200
    assert program.put("/api/me/pause/").status_code == 204
