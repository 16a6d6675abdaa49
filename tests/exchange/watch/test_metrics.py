"""Metrics: for the inside only, and true."""

import threading
import time

import pytest
from django.db import transaction

from exchange.outbox import services as outbox
from exchange.watch import metrics

TOKEN = "a-long-enough-token"


class TestAccess:
    def test_from_this_machine_without_a_token(self, client, db):
        assert client.get("/metrics").status_code == 200

    def test_never_through_a_proxy_without_a_token(self, client, db):
        assert client.get("/metrics", headers={"x-forwarded-for": "203.0.113.5"}).status_code == 404

    def test_never_from_elsewhere_without_a_token(self, client, db):
        assert client.get("/metrics", REMOTE_ADDR="203.0.113.5").status_code == 404

    @pytest.mark.parametrize(
        ("given", "status"), [("", 404), ("Bearer wrong", 404), ("Bearer كلمة", 404), (f"Bearer {TOKEN}", 200)]
    )
    def test_by_the_token_where_there_is_one(self, client, db, settings, given, status):
        settings.METRICS_TOKEN = TOKEN
        assert client.get("/metrics", HTTP_AUTHORIZATION=given).status_code == status


def values(client):
    lines = client.get("/metrics").content.decode().splitlines()
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines if not line.startswith("#")}


def test_requests_are_counted_by_route_not_by_address(client, make_offer, salma):
    offer = make_offer(salma, "خياطة", ["rukn:sewing"])
    name = 'rukn_requests_total{method="GET",route="/listings/<row:pk>/",status="200"}'
    before = values(client).get(name, 0)
    client.get(f"/listings/{offer.pk}/?canary=1")
    after = values(client)
    assert after[name] == before + 1
    assert after['rukn_request_seconds_count{route="/listings/<row:pk>/"}'] >= 1
    assert not [line for line in after if "canary" in line or f"listings/{offer.pk}" in line]


@pytest.mark.django_db(transaction=True)
def test_what_waits_is_told_with_its_age(client):
    with transaction.atomic():
        outbox.emit("listing.changed", 1)
    found = values(client)
    assert sum(value for name, value in found.items() if name.startswith("rukn_outbox_events")) >= 1
    assert found["rukn_index_waiting"] == 1
    assert found["rukn_index_lag_seconds"] > 0
    assert found["rukn_outbox_parked"] == 0
    assert found["rukn_scheduler_seconds"] == -1
    assert found['rukn_breaker_open{part="broker"}'] in (0, 1)


def test_parts_that_are_away_are_told_and_the_rest_is_answered(client, db, monkeypatch, settings):
    from django.db import OperationalError

    def away(*_):
        raise OperationalError

    monkeypatch.setattr(metrics.outbox, "standing", away)
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    metrics.health.redis_client.cache_clear()
    found = values(client)
    metrics.health.redis_client.cache_clear()
    assert found['rukn_part_up{part="database"}'] == 0
    assert found['rukn_part_up{part="redis"}'] == 0


class TestSearch:
    @pytest.fixture(autouse=True)
    def _engine(self, settings, monkeypatch):
        settings.ELASTICSEARCH_URL = "http://127.0.0.1:1"
        monkeypatch.setattr(metrics.health, "_asked", {})

    def test_is_a_part_that_is_up_when_it_answers(self, client, db, monkeypatch):
        monkeypatch.setattr(metrics.health.search, "ask", lambda seconds: None)
        assert values(client)['rukn_part_up{part="search"}'] == 1

    def test_is_away_when_it_refuses(self, client, db, monkeypatch):
        def refuse(seconds):
            raise OSError

        monkeypatch.setattr(metrics.health.search, "ask", refuse)
        assert values(client)['rukn_part_up{part="search"}'] == 0

    def test_holds_no_watcher_up_while_it_hangs(self, db, monkeypatch):
        may_end, asked = threading.Event(), []

        def hang(seconds):
            asked.append(seconds)
            may_end.wait(10)

        monkeypatch.setattr(metrics.health.search, "ask", hang)
        try:
            started = time.monotonic()
            for _ in range(3):
                assert not metrics.health.search_answers()
            assert time.monotonic() - started < 1.5
            assert len(asked) == 1  # nobody puts a second question on top of one that hangs
        finally:
            may_end.set()
