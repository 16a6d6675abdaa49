"""Notices on devices: encrypted as browsers expect, to known services only, off and invisible without keys."""

import base64
import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import requests
import time_machine
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from django.utils import timezone

from exchange.management.commands import doctor
from exchange.notices import tasks, webpush
from exchange.notices.models import Device, Notice
from exchange.notices.services import choosing, pushing, telling

NOON = datetime(2026, 11, 24, 10, tzinfo=UTC)  # 13:00 in Amman
# RFC 8291, appendix A:
PUBLIC = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
SENDER, SALT = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw", "DGv6ra1nlYgDCS1FRnbzlw"
SEALED = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_y"
    "l95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)
ENDPOINT = "https://updates.push.services.mozilla.com/wpush/v2/abc"
KEYS = webpush.new_keys()


@pytest.fixture(autouse=True)
def _noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def city_keys(settings):
    settings.VAPID_PUBLIC_KEY, settings.VAPID_PRIVATE_KEY = KEYS.public, KEYS.private
    settings.VAPID_CONTACT = "https://rukn.example.org"


@pytest.fixture
def service(monkeypatch):
    """A push service that keeps what it is sent."""
    came, answers = [], [201]

    def post(url, **given):
        came.append((url, given))
        made = requests.Response()
        made.status_code = answers[-1]
        return made

    monkeypatch.setattr(pushing.requests, "post", post)
    return SimpleNamespace(came=came, answers=answers)


@pytest.fixture
def browser(city_keys, client_of, karim):
    """Karim's browser has asked to be told."""
    client = client_of(karim)
    sent = {"endpoint": ENDPOINT, "p256dh": PUBLIC, "auth": AUTH}
    assert client.post("/me/notices/device/", sent).status_code == 204
    return client


def push(*, hours=0):
    return pushing.push_due(now=timezone.now() + timedelta(hours=hours))


def tell(person, key="1"):
    telling.tell(people=[person.pk], kind="report", key=key, url="/talks/", verdict="calm")


class TestWords:
    def test_are_sealed_as_the_standard_shows(self):
        salt = webpush.narrow(SALT)
        made = webpush.sealed(b"When I grow up, I want to be a watermelon", p256dh=PUBLIC, auth=AUTH, salt=salt,
                              own=SENDER)  # fmt: skip
        assert webpush.wide(made) == SEALED

    def test_are_signed_so_that_the_service_can_tell_who_sends(self):
        line = webpush.signed(ENDPOINT, keys=KEYS, contact="https://rukn.example.org", now=1_000)
        token, key = line.removeprefix("vapid t=").split(", k=")
        head, claims, signature = token.split(".")
        assert key == KEYS.public
        assert json.loads(webpush.narrow(claims)) == {
            "aud": "https://updates.push.services.mozilla.com", "exp": 1_000 + 12 * 3600,
            "sub": "https://rukn.example.org",
        }  # fmt: skip
        raw = webpush.narrow(signature)
        both = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
        known = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), webpush.narrow(KEYS.public))
        known.verify(both, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))

    def test_carry_one_sentence_in_the_persons_language_and_where_it_leads(self, browser, karim, service, monkeypatch):
        seen = []
        usual = webpush.sealed
        monkeypatch.setattr(webpush, "sealed", lambda words, **given: seen.append(words) or usual(words, **given))
        tell(karim)
        assert push() == 1
        told = json.loads(seen[-1])
        assert told["text"].startswith("We looked at your report.")
        assert (told["url"], told["lang"]) == ("/talks/", "en")
        ((url, given),) = service.came
        assert url == ENDPOINT
        assert given["headers"]["Content-Encoding"] == "aes128gcm"
        assert given["allow_redirects"] is False
        assert b"report" not in given["data"]


class TestPush:
    def test_comes_once(self, browser, karim, service):
        tell(karim)
        assert [push(), push()] == [1, 0]
        assert len(service.came) == 1

    def test_waits_for_the_end_of_the_quiet_hours(self, browser, karim, service):
        with time_machine.travel(datetime(2026, 11, 24, 20, tzinfo=UTC), tick=False):  # 23:00
            tell(karim)
            assert push() == 0
            assert push(hours=8) == 1

    def test_is_not_sent_for_what_was_read_or_is_a_day_late(self, browser, karim, service):
        tell(karim)
        telling.mark_read(person=karim)
        assert push() == 0
        tell(karim, "2")
        assert push(hours=25) == 0
        assert not Notice.objects.exclude(push_due_at=None).exists()

    def test_is_not_sent_for_a_kind_that_is_not_wanted_also_when_it_waits_already(self, browser, karim, service):
        tell(karim)
        choosing.choose(person=karim, on_devices={"report": False})
        assert push() == 0
        tell(karim, "2")
        assert push() == 0

    def test_is_not_sent_to_a_browser_in_which_one_signed_out(self, browser, karim, service):
        tell(karim)
        browser.logout()
        assert push() == 0

    @pytest.mark.parametrize(("code", "left"), [(410, 0), (404, 0), (500, 1), (429, 1)])
    def test_to_a_browser_that_is_gone_forgets_it(self, browser, karim, service, code, left):
        service.answers.append(code)
        tell(karim)
        assert push() == 0
        assert Device.objects.count() == left

    def test_does_not_break_what_else_is_due(self, browser, karim, yusuf, client_of, monkeypatch):
        def fail(*_given, **_more):
            raise requests.ConnectionError

        monkeypatch.setattr(pushing.requests, "post", fail)
        tell(karim)
        tell(karim, "2")
        assert push() == 0

    def test_goes_out_with_the_clock_of_notices(self, browser, karim, service):
        tell(karim)
        tasks.send_due_notices()
        assert len(service.came) == 1


class TestDevice:
    @pytest.mark.parametrize(
        "wrong",
        [
            {"endpoint": "http://fcm.googleapis.com/x"}, {"endpoint": "https://127.0.0.1/x"},
            {"endpoint": "https://evil.example/fcm.googleapis.com"}, {"endpoint": "https://notfcm.googleapis.com.evil/x"},
            {"endpoint": "https://fcm.googleapis.com:8443/x"}, {"endpoint": "https://a@fcm.googleapis.com/x"},
            {"endpoint": "https://[fcm.googleapis.com/x"}, {"endpoint": ENDPOINT + "x" * 500}, {"p256dh": "x"},
            {"p256dh": "ا"}, {"p256dh": ""}, {"auth": "!"}, {"auth": "A" * 400},
        ],
        ids=str,
    )  # fmt: skip
    def test_of_an_unknown_service_or_with_broken_keys_is_refused(self, city_keys, karim, client_of, wrong):
        sent = {"endpoint": ENDPOINT, "p256dh": PUBLIC, "auth": AUTH, **wrong}
        assert client_of(karim).post("/me/notices/device/", sent).status_code == 422
        assert not Device.objects.exists()

    def test_asked_by_somebody_else_in_the_same_browser_is_theirs_from_then_on(self, browser, yusuf, client_of):
        client_of(yusuf).post("/me/notices/device/", {"endpoint": ENDPOINT, "p256dh": PUBLIC, "auth": AUTH})
        assert Device.objects.get().person_id == yusuf.pk

    def test_is_forgotten_by_its_own_person_only(self, browser, yusuf, client_of):
        client_of(yusuf).post("/me/notices/device/", {"remove": "1", "endpoint": ENDPOINT})
        assert Device.objects.count() == 1
        browser.post("/me/notices/device/", {"remove": "1", "endpoint": ENDPOINT})
        assert Device.objects.count() == 0

    def test_the_eleventh_takes_the_place_of_the_oldest(self, browser, karim):
        for number in range(10):
            browser.post("/me/notices/device/", {"endpoint": f"{ENDPOINT}{number}", "p256dh": PUBLIC, "auth": AUTH})
        assert Device.objects.count() == 10
        assert not Device.objects.filter(endpoint=ENDPOINT).exists()


class TestWithoutKeys:
    def test_nothing_of_it_is_seen_and_nothing_is_kept(self, karim, client_of):
        client = client_of(karim)
        page = client.get("/me/notices/").content.decode()
        assert "devices.js" not in page
        assert "push_" not in page
        sent = {"endpoint": ENDPOINT, "p256dh": PUBLIC, "auth": AUTH}
        assert client.post("/me/notices/device/", sent).status_code == 422

    def test_with_keys_the_page_offers_it_and_keeps_the_ticks(self, browser, karim):
        page = browser.get("/me/notices/").content.decode()
        assert "devices.js" in page
        assert KEYS.public in page
        plain = {"mail": "usual", "every": "day", "day": "6", "hour": "18", "quiet_from": "22", "quiet_until": "7"}
        browser.post("/me/notices/", {**plain, "push_message": "on"})
        wanted = choosing.device_choices_of(person=karim)
        assert (wanted["message"], wanted["report"]) == (True, False)


class TestDoctor:
    def test_sees_keys_that_are_no_pair_or_no_keys(self, settings):
        assert doctor._push().startswith("not used")
        settings.VAPID_PUBLIC_KEY, settings.VAPID_PRIVATE_KEY = KEYS.public, KEYS.private
        assert doctor._push() == "the keys are a pair"
        settings.VAPID_PUBLIC_KEY = webpush.new_keys().public
        assert "does not belong" in doctor._push()[0]
        settings.VAPID_PRIVATE_KEY = base64.b64encode(b"no").decode() + "!"
        assert "no key" in doctor._push()[0]
