"""Degraded is not dead: what /healthz and /readyz say when parts are there, away, or hang."""

import asyncio
import json
import threading

import pytest
from django.db import OperationalError
from django.test import Client, override_settings

from exchange.asgi import sockets
from exchange.watch import health


@pytest.fixture(autouse=True)
def _fresh():
    health._asked.clear()
    health.redis_client.cache_clear()
    yield
    health._asked.clear()
    health.redis_client.cache_clear()


@pytest.fixture
def parts(monkeypatch):
    """Put other checks in the place of the real ones."""

    def put(**checks):
        worst = {"database": health.DOWN}
        monkeypatch.setattr(
            health,
            "_parts",
            lambda: {name: (check, worst.get(name, health.DEGRADED)) for name, check in checks.items()},
        )

    return put


def away():
    raise OperationalError("password authentication failed for user rukn")


def well():
    return None


class TestReadyz:
    @pytest.mark.django_db(transaction=True)
    def test_names_the_database_and_how_long_it_took(self, client):
        answer = client.get("/readyz")
        found = answer.json()["parts"]["database"]
        assert answer.status_code == 200
        assert found["state"] == "ok"
        assert found["ms"] >= 0

    def test_is_degraded_and_alive_without_redis_or_search(self, client, parts):
        parts(database=well, redis=away, search=well)
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()["state"]) == (200, "degraded")
        assert answer.json()["parts"]["redis"] == {"state": "degraded", "ms": None, "says": "OperationalError"}

    def test_is_down_without_the_database_and_tells_no_words_of_it(self, client, parts):
        parts(database=away, redis=well)
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert b"password" not in answer.content

    def test_does_not_wait_for_what_hangs_nor_ask_it_twice(self, client, parts):
        go_on, asked = threading.Event(), []

        def hang():
            asked.append(1)
            go_on.wait(10)

        parts(database=well, search=hang)
        try:
            for _ in range(3):
                answer = client.get("/readyz")
                assert answer.status_code == 200
                assert answer.json()["parts"]["search"]["says"] == "does not answer"
                assert answer.json()["parts"]["database"]["state"] == "ok"
            assert len(asked) == 1
        finally:
            go_on.set()

    @override_settings(REDIS_URL="redis://:canary-secret@127.0.0.1:1/0")
    def test_a_real_redis_that_is_away_is_degraded_and_leaks_no_password(self, client, parts):
        parts(database=well, redis=health._redis)
        answer = client.get("/readyz")
        assert answer.json()["state"] == "degraded"
        assert b"canary" not in answer.content


def test_healthz_asks_nothing_of_anything(client, db, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert client.get("/healthz").json() == {"ok": True}


def test_watchers_ask_without_tls_and_by_the_name_of_the_container(db, settings, parts):
    parts(database=well)
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]
    settings.SITE_URL, settings.ALLOWED_HOSTS = "https://rukn.example.org", ["rukn.example.org"]
    browser = Client()
    for path in ("/healthz", "/readyz", "/metrics"):
        assert browser.get(path, HTTP_HOST="pages:8000").status_code == 200
    assert browser.get("/help/", HTTP_HOST="rukn.example.org").status_code == 301
    assert browser.get("/help/", HTTP_HOST="pages:8000").status_code in (400, 301)


class TestSocketProcess:
    def ask(self, path, headers=(), client=("127.0.0.1", 5)):
        sent = []

        async def send(event):
            sent.append(event)

        scope = {
            "type": "http", "method": "GET", "path": path, "headers": list(headers), "client": client,
            "query_string": b"",
        }  # fmt: skip
        asyncio.run(sockets(scope, None, send))
        return sent[0]["status"], sent[1]["body"]

    def test_answers_watchers_and_serves_no_pages(self, parts):
        parts(database=well, redis=away)
        assert self.ask("/healthz")[0] == 200
        assert json.loads(self.ask("/readyz")[1])["state"] == "degraded"
        assert self.ask("/")[0] == 404
        assert self.ask("/admin/")[0] == 404

    def test_tells_how_many_sockets_are_open_to_whom_it_is_meant_for(self):
        assert b"rukn_open_sockets" in self.ask("/metrics")[1]
        assert self.ask("/metrics", headers=[(b"x-forwarded-for", b"203.0.113.5")])[0] == 404
        assert self.ask("/metrics", client=("203.0.113.5", 5))[0] == 404
