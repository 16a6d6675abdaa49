"""Limits: by person and by address, over all processes, and without a fresh start when Redis goes or forgets."""

import threading
import time
import uuid

import pytest
from django.conf import settings as configured
from django.db import connections
from hypothesis import given
from hypothesis import strategies as st

from exchange.lib.address import client_address
from exchange.lib.bucket import Limit, read_limit, take
from exchange.lib.environment import WrongVariable
from exchange.limits import services as limits
from exchange.limits.models import Bucket
from exchange.limits.tasks import forget_full_buckets

TEN = Limit(10, 3600)  # five at once, then one each twelve minutes


class TestBucket:
    @given(st.integers(1, 50), st.lists(st.floats(0, 30), max_size=300), st.floats(0, 2e9))
    def test_lets_no_more_through_in_any_span_than_its_count(self, count, gaps, start):
        limit, full_at, now, passed = Limit(count, 60), 0.0, start, []
        for gap in gaps:
            now += gap
            full_at, wait = take(full_at, now, limit)
            if not wait:
                passed.append(now)
        for first in passed:
            assert sum(first <= each < first + 60 for each in passed) <= count + 1

    def test_says_truly_how_long_to_wait(self):
        full_at, now = 0.0, 1000.0
        for _ in range(5):
            full_at, wait = take(full_at, now, TEN)
            assert wait == 0
        full_at, wait = take(full_at, now, TEN)
        assert wait > 0
        assert take(full_at, now + wait - 1, TEN)[1] > 0
        assert take(full_at, now + wait + 0.01, TEN)[1] == 0

    def test_is_read_from_a_setting(self):
        assert read_limit("X", "120/minute") == Limit(120, 60)
        assert read_limit("X", "off") is None
        for wrong in ("", "120", "0/minute", "-1/minute", "x/minute", "5/fortnight"):
            with pytest.raises(WrongVariable, match="X must look like"):
                read_limit("X", wrong)


class TestAddress:
    @pytest.mark.parametrize(
        ("peer", "said", "proxies", "counted"),
        [
            ("203.0.113.9", "", 0, "203.0.113.9"),
            ("203.0.113.9", "198.51.100.1", 0, "203.0.113.9"),  # no proxy of ours says so
            ("127.0.0.1", "198.51.100.1", 1, "198.51.100.1"),
            ("127.0.0.1", "1.2.3.4, 198.51.100.1", 1, "198.51.100.1"),  # the client wrote the first one itself
            ("127.0.0.1", "1.2.3.4, 198.51.100.1, 10.1.1.1", 2, "198.51.100.1"),
            ("127.0.0.1", "198.51.100.1", 2, "127.0.0.1"),
            ("127.0.0.1", "rubbish", 1, "127.0.0.1"),
            ("127.0.0.1", "", 1, "127.0.0.1"),
            ("::ffff:127.0.0.1", "198.51.100.1:8080", 1, "198.51.100.1"),
            ("2001:db8:1:2:3:4:5:6", "", 0, "2001:db8:1:2::/64"),
            ("127.0.0.1", "[2001:db8:1:2::9]:443", 1, "2001:db8:1:2::/64"),
            ("", "198.51.100.1", 0, "unknown"),
        ],
    )
    def test_believes_only_what_proxies_of_ours_wrote(self, peer, said, proxies, counted):
        assert client_address(peer, said, proxies) == counted


@pytest.fixture
def narrow(settings):
    """Limits one can reach, and counters that know nothing yet."""
    settings.RATE_LIMITS = {"api-person": Limit(6, 3600), "api-write": Limit(4, 3600), "api-address": TEN}
    settings.SECRET_KEY = uuid.uuid4().hex  # other digests: what Redis still holds of the last test is not ours
    return settings


@pytest.mark.django_db
@pytest.mark.usefixtures("narrow")
class TestApi:
    def test_a_person_is_asked_to_wait_with_all_keys_together(self, program, salma, yusuf):
        asks = [program(salma), program(salma)]
        answers = [asks[number % 2]("GET", "me/") for number in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert answers[-1].json() == {
            "code": "too_many_requests",
            "text": "A little slower, please. Try again in a moment.",
        }
        assert 0 < int(answers[-1]["Retry-After"]) <= 1200
        assert program(yusuf)("GET", "me/").status_code == 200

    def test_writing_has_a_limit_of_its_own(self, program, salma):
        ask = program(salma)
        assert [ask("PUT", "me/pause/").status_code for _ in range(3)] == [204, 204, 429]

    def test_strangers_are_counted_by_address_and_cannot_name_another(self, client):
        def answer(number):
            headers = {"x-forwarded-for": f"198.51.100.{number}", "x-real-ip": f"198.51.100.{number}"}
            return client.get("/api/districts/", headers=headers).status_code

        assert [answer(number) for number in range(6)] == [200] * 5 + [429]
        assert client.get("/api/districts/", REMOTE_ADDR="203.0.113.9").status_code == 200

    def test_behind_a_known_proxy_each_address_has_its_own(self, client, narrow):
        narrow.TRUSTED_PROXIES = 1
        for number in range(2):
            headers = {"x-forwarded-for": f"1.2.3.4, 198.51.100.{number}"}
            answers = [client.get("/api/districts/", headers=headers).status_code for _ in range(6)]
            assert answers == [200] * 5 + [429]

    def test_guessing_keys_is_counted(self, client):
        tries = [
            client.get("/api/me/", headers={"authorization": f"Token {number}"}).status_code for number in range(7)
        ]
        assert tries == [401] * 5 + [429] * 2

    def test_no_address_is_kept(self, client):
        client.get("/api/districts/", REMOTE_ADDR="203.0.113.9")
        assert "203.0.113" not in str(list(Bucket.objects.values()))

    def test_full_buckets_are_forgotten(self, db):
        Bucket.objects.create(key="old", full_at=time.time() - 1)
        Bucket.objects.create(key="new", full_at=time.time() + 100)
        forget_full_buckets()
        assert list(Bucket.objects.values_list("key", flat=True)) == ["new"]


def crowd(counters, tries):
    """Take from one bucket by several processes' counters at once; gives how often it was let through."""
    passed, start = [], threading.Barrier(len(counters))

    def run(counter):
        start.wait()
        passed.extend(1 for _ in range(tries) if not limits.wait_for("api-address", "crowd", counter=counter))
        connections.close_all()

    threads = [threading.Thread(target=run, args=(counter,)) for counter in counters]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(passed)


@pytest.mark.django_db(transaction=True)
class TestAcrossProcesses:
    def test_the_database_counts_exactly(self, narrow):
        narrow.REDIS_URL = ""
        narrow.RATE_LIMITS = {"api-address": Limit(20, 36000)}
        assert crowd([limits.Counter() for _ in range(4)], 10) == 10

    def test_redis_away_means_the_database_not_the_open_door(self, narrow, monkeypatch):
        narrow.REDIS_URL = "redis://127.0.0.1:1/0"
        limits._script.cache_clear()
        try:
            started = time.monotonic()
            assert crowd([limits.Counter() for _ in range(2)], 8) == 5
            assert time.monotonic() - started < 5
        finally:
            limits._script.cache_clear()

    @pytest.mark.parametrize("fault", ["forgets", "goes"])
    def test_a_redis_that_fails_gives_no_fresh_start(self, narrow, monkeypatch, fault):
        narrow.REDIS_URL = narrow.REDIS_URL or "redis://here"
        memory = Forgetful()
        if not configured.REDIS_URL or narrow.REDIS_URL == "redis://here":
            monkeypatch.setattr(limits, "_script", lambda: memory)
        narrow.RATE_LIMITS = {"api-address": Limit(20, 36000)}
        counters = [limits.Counter(), limits.Counter()]
        passed = 0
        for number in range(40):
            passed += not limits.wait_for("api-address", "walker", counter=counters[number % 2])
            if number == 6 and fault == "forgets":
                forget_all(memory)
            elif number == 6:
                monkeypatch.setattr(limits, "_script", _away)
        assert passed <= 11
        assert passed >= 10


class Forgetful:
    """Redis with this one script, for machines that have none."""

    def __init__(self):
        self.kept = {}

    def __call__(self, keys, args):
        now, floor, cost, depth = args
        full_at = max(self.kept.get(keys[0], 0.0), floor, now)
        if full_at + cost - now - depth > 1e-6:
            return [str(full_at), str(full_at + cost - now - depth)]
        self.kept[keys[0]] = full_at + cost
        return [str(full_at + cost), "0"]


def forget_all(memory):
    memory.kept.clear()
    if configured.REDIS_URL and configured.REDIS_URL != "redis://here":
        import redis

        client = redis.Redis.from_url(configured.REDIS_URL)
        for key in client.scan_iter("limit:*"):
            client.delete(key)


def _away():
    raise ConnectionError
