"""Variables that cannot work stop the start of every process, with a sentence that names them and the cure."""

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from exchange.lib.environment import Env, WrongVariable, agree

ROOT = Path(__file__).resolve().parent.parent.parent
WELL = {
    "SITE_URL": "https://rukn.example.org",
    "BEHIND_HTTPS": True,
    "SECRET_KEY": True,
    "ALLOWED_HOSTS": ["rukn.example.org"],
    "REDIS_URL": "redis://r:6379/0",
    "DATABASE_URL": "postgres://u:p@h:5432/rukn",
    "EMAIL_URL": "smtp+tls://u:p@h:587",
    "DEFAULT_FROM_EMAIL": "rukn@example.org",
    "METRICS_TOKEN": "a" * 32,
    "REPLY_ADDRESS": "reply@rukn.example.org",
    "VAPID_PUBLIC_KEY": "public",
    "VAPID_PRIVATE_KEY": "private",
    "STRIPE_SECRET_KEY": "sk_live_abc",
    "STRIPE_WEBHOOK_SECRET": "whsec_one, whsec_two",
    "STRIPE_API_BASE": "",
    "CITY_COUNTRY": "JO",
}


def test_a_whole_environment_is_left_alone():
    agree(WELL)
    without_keys = {"STRIPE_SECRET_KEY": "", "STRIPE_WEBHOOK_SECRET": ""}
    here = {"SITE_URL": "http://127.0.0.1:8000", "BEHIND_HTTPS": False, "ALLOWED_HOSTS": ["127.0.0.1"]}
    agree({**WELL, **here, **without_keys})
    agree({**WELL, **here, "STRIPE_SECRET_KEY": "sk_test_a", "STRIPE_API_BASE": "http://127.0.0.1:12111"})


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"SITE_URL": "rukn.example.org"}, "SITE_URL must look like"),
        ({"SITE_URL": "https://rukn.example.org/city"}, "without a path"),
        ({"SITE_URL": "http://rukn.example.org"}, "SITE_URL must begin with https"),
        ({"BEHIND_HTTPS": False}, "set BEHIND_HTTPS=1"),
        ({"SECRET_KEY": False}, "SECRET_KEY must be set"),
        ({"ALLOWED_HOSTS": ["other.example.org"]}, "ALLOWED_HOSTS must hold rukn.example.org"),
        ({"DATABASE_URL": ""}, "REDIS_URL is for several processes"),
        ({"DATABASE_URL": "sqlite:///x"}, "REDIS_URL is for several processes"),
        ({"DEFAULT_FROM_EMAIL": ""}, "set DEFAULT_FROM_EMAIL"),
        ({"METRICS_TOKEN": "short"}, "METRICS_TOKEN must have 16"),
        ({"VAPID_PRIVATE_KEY": ""}, "Set both VAPID_PUBLIC_KEY and"),
        ({"VAPID_PUBLIC_KEY": ""}, "Set both VAPID_PUBLIC_KEY and"),
        ({"REPLY_ADDRESS": "reply"}, "REPLY_ADDRESS must look like"),
        ({"REPLY_ADDRESS": "a+b@rukn.example.org"}, "REPLY_ADDRESS must look like"),
        ({"STRIPE_WEBHOOK_SECRET": ""}, "Set both STRIPE_SECRET_KEY and"),
        ({"STRIPE_SECRET_KEY": ""}, "Set both STRIPE_SECRET_KEY and"),
        ({"STRIPE_SECRET_KEY": "pk_live_abc"}, "must begin with sk_test_ or sk_live_"),
        ({"STRIPE_WEBHOOK_SECRET": "whsec_one,two"}, "must begin with whsec_"),
        ({"STRIPE_API_BASE": "http://127.0.0.1:12111"}, "take STRIPE_API_BASE away"),
        (
            {"SITE_URL": "http://127.0.0.1", "ALLOWED_HOSTS": ["127.0.0.1"], "BEHIND_HTTPS": False},
            "STRIPE_SECRET_KEY is a live key: set BEHIND_HTTPS",
        ),
        ({"CITY_COUNTRY": "Jordan"}, "CITY_COUNTRY must be two capital letters"),
        ({"REPLY_ADDRESS": "answers-to-your-talk@rukn.example.org"}, "at most 16 characters"),
    ],
)
def test_halves_and_contradictions_are_named(change, says):
    with pytest.raises(WrongVariable, match=says):
        agree({**WELL, **change})


class TestValues:
    @pytest.mark.parametrize(
        ("value", "read", "says"),
        [
            ("yes please", lambda env: env.bool("RUKN_TRIED"), "must be 1 or 0"),
            ("four", lambda env: env.int("RUKN_TRIED", default=4), "whole number"),
            ("-1", lambda env: env.int("RUKN_TRIED", default=4), "between 0 and"),
            ("0,6", lambda env: env.float("RUKN_TRIED", default=0.6), "a number"),
            ("hindi", lambda env: env.choice("RUKN_TRIED", "latn", ("latn", "arab")), "one of latn, arab"),
            ("Amman", lambda env: env.zone("RUKN_TRIED", "Asia/Amman"), "time zone"),
            ("8-12 12-17", lambda env: env.hours("RUKN_TRIED", "8-12 12-17 17-22"), "three ranges of hours"),
            ("8-13 12-17 17-22", lambda env: env.hours("RUKN_TRIED", "8-12 12-17 17-22"), "one after the other"),
            ("8-12 12-17 17-26", lambda env: env.hours("RUKN_TRIED", "8-12 12-17 17-22"), "up to 24"),
            ("in spring", lambda env: env.seasons("RUKN_TRIED"), "first and last day"),
            ("2027-03-09,2027-02-08", lambda env: env.seasons("RUKN_TRIED"), "first and last day"),
        ],
    )
    def test_that_cannot_be_are_refused(self, monkeypatch, value, read, says):
        monkeypatch.setenv("RUKN_TRIED", value)
        with pytest.raises(WrongVariable, match=f"RUKN_TRIED.*{says}"):
            read(Env())

    def test_unset_and_empty_ones_have_their_default(self, monkeypatch):
        monkeypatch.setenv("RUKN_TRIED", "")
        assert Env().int("RUKN_TRIED", default=4) == 4
        assert Env().bool("RUKN_TRIED_TOO", default=True) is True

    def test_times_of_the_city_are_read(self, monkeypatch):
        monkeypatch.setenv("RUKN_TRIED", "9-12 13-17 18-24")
        assert Env().hours("RUKN_TRIED", "8-12 12-17 17-22") == ((9, 12), (13, 17), (18, 24))
        monkeypatch.setenv("RUKN_TRIED", "2027-02-08,2027-03-09 2028-01-28,2028-02-26")
        assert Env().seasons("RUKN_TRIED")[1] == (date(2028, 1, 28), date(2028, 2, 26))

    def test_misspelt_names_are_refused(self, monkeypatch):
        env = Env()
        env.str("ELASTICSEARCH_URL", default="")
        monkeypatch.setenv("ELASTICSEARCH_URI", "http://h:9200")
        with pytest.raises(WrongVariable, match="did you mean ELASTICSEARCH_URL"):
            env.refuse_misspelt()


@pytest.mark.parametrize(
    "start",
    [
        ["manage.py", "check"],
        ["-c", "import exchange.wsgi"],
        ["-c", "import exchange.asgi"],
        ["-m", "celery", "-A", "exchange", "report"],
    ],
    ids=["command", "pages", "sockets", "worker"],
)
def test_every_process_says_one_sentence(start):
    environment = {**os.environ, "STALE_AFTER_DAYS": "sixty"}
    ended = subprocess.run(
        [sys.executable, *start], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode != 0
    assert "STALE_AFTER_DAYS must be a whole number" in ended.stderr
    assert "Traceback" not in ended.stderr
