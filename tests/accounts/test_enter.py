"""Coming in: one door, a six-digit code, three first answers."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts import rules
from accounts.models import Person

pytestmark = pytest.mark.django_db


def ask(client, email):
    assert client.post("/enter/", {"email": email}).status_code == 302
    return re.search(r"\b(\d{6})\b", mail.outbox[-1].body).group(1)


class TestTheCode:
    def test_lets_a_newcomer_in_and_asks_four_things(self, client, districts):
        code = ask(client, "new@example.org")
        assert client.post("/enter/code/", {"code": code}).url == "/welcome/"
        assert client.get("/me/").url == "/welcome/"
        answers = {"name": "أم علي", "district": districts["naseem"].pk, "language": "ar", "age": "18+"}
        assert client.post("/welcome/", answers).status_code == 302
        assert client.get("/me/").status_code == 200
        assert Person.objects.get().emailaddress_set.get().verified

    def test_lets_one_back_in_with_arabic_digits_and_blanks(self, client, salma):
        code = ask(client, "SALMA@example.org").translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
        assert client.post("/enter/code/", {"code": f" {code[:3]} {code[3:]}"}).url == "/"

    def test_looks_the_same_for_known_and_unknown_addresses(self, client, salma):
        known = client.post("/enter/", {"email": salma.email})
        unknown = Client().post("/enter/", {"email": "nobody@example.org"})
        assert (known.status_code, known.url) == (unknown.status_code, unknown.url)
        assert len(mail.outbox) == 2
        subjects = {re.sub(r"\d", "", message.subject) for message in mail.outbox}
        assert len(subjects) == 1

    def test_goes_to_another_address_when_the_first_was_mistyped(self, client, db):
        ask(client, "mistyped@example.org")
        ask(client, "right@example.org")
        assert mail.outbox[-1].to == ["right@example.org"]

    def test_that_is_wrong_is_said_kindly(self, client, salma):
        code = ask(client, salma.email)
        wrong = "000000" if code != "000000" else "111111"
        answer = client.post("/enter/code/", {"code": wrong})
        assert answer.status_code == 422
        assert 'class="error"' in answer.content.decode()

    def test_is_too_late_after_ten_minutes(self, client, salma):
        code = ask(client, salma.email)
        with time_machine.travel(timezone.now() + timedelta(minutes=11)):
            answer = client.post("/enter/code/", {"code": code}, follow=True)
        assert answer.redirect_chain[-1][0].startswith("/enter/")
        assert not answer.wsgi_request.user.is_authenticated

    @pytest.mark.parametrize("bad", ["", "x", "a@b", "x" * 100_000, "\x00@example.org", "س@س"])
    def test_is_not_sent_to_what_is_no_address(self, client, bad):
        answer = client.post("/enter/", {"email": bad})
        assert answer.status_code == 422
        assert mail.outbox == []


class TestTheLook:
    def test_stays_with_the_person(self, salma, client_of):
        client_of(salma).post("/appearance/", {"text": "largest", "contrast": "high", "next": "/"})
        page = client_of(salma).get("/").content.decode()
        assert 'data-text="largest"' in page
        assert 'data-contrast="high"' in page

    def test_of_a_stranger_stays_on_the_device(self, client, db):
        client.post("/appearance/", {"text": "large", "next": "/"})
        assert 'data-text="large"' in client.get("/").content.decode()

    def test_never_leads_away(self, client, db):
        assert client.post("/language/", {"lang": "en", "next": "https://evil.example/"}).url == "/"


class TestSignOutEverywhere:
    def test_ends_every_session(self, client, salma):
        code = ask(client, salma.email)
        client.post("/enter/code/", {"code": code})
        other = type(client)()
        other.cookies = client.cookies.copy()
        client.post("/me/devices/")
        assert other.get("/me/").status_code == 302


class TestDevices:
    @pytest.mark.parametrize(
        ("agent", "name"),
        [
            ("Mozilla/5.0 (Linux; Android 14; SM-A055F) Chrome/130.0 Mobile Safari/537.36", "Chrome · Android"),
            ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/131.0 Safari/537.36 Edg/131.0", "Edge · Windows"),
            ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari · iPhone"),
            ("curl/8.5.0", "curl"),
            ("", ""),
        ],
    )
    def test_are_named_in_words_one_knows(self, agent, name):
        assert rules.device_name(agent) == name
