"""Taking from a bucket: in Redis where there is one, in a row where there is none or it does not answer.

Every process also remembers the buckets it took from as they were told to it, and goes on from there: neither an
emptied Redis nor the change to the database gives anyone a fresh start.
"""

import logging
import threading
import time
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db.models import F, Value
from django.db.models.functions import Greatest
from django.utils.crypto import salted_hmac

from exchange.lib.breaker import Breaker
from exchange.lib.bucket import Limit, take
from exchange.limits.models import Bucket

log = logging.getLogger(__name__)

REDIS_SECONDS = 0.25  # a page does not wait longer for a counter
MOST_REMEMBERED = 20_000
LUA = """
local now = tonumber(ARGV[1])
local full_at = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), tonumber(ARGV[2]), now)
local taken = full_at + tonumber(ARGV[3])
local wait = taken - now - tonumber(ARGV[4])
if wait > 0.000001 then return {string.format('%.6f', full_at), string.format('%.6f', wait)} end
redis.call('SET', KEYS[1], string.format('%.6f', taken), 'PX', math.ceil((taken - now) * 1000) + 1000)
return {string.format('%.6f', taken), '0'}
"""


class Counter:
    """What one process knows of all buckets. Safe between threads."""

    def __init__(self) -> None:
        self._breaker = Breaker(failures=1, rest_seconds=5.0)
        self._lock = threading.Lock()
        self._told: dict[str, float] = {}

    def take(self, key: str, limit: Limit, *, cost: int, now: float) -> float:
        """Take from a bucket; gives 0, or how many seconds to wait when it holds too little."""
        floor = self._told.get(key, 0.0)
        full_at, wait = self._ask(key, limit, cost, now, floor)
        with self._lock:
            if len(self._told) >= MOST_REMEMBERED:
                self._told = {each: at for each, at in self._told.items() if at > now}
            if len(self._told) < MOST_REMEMBERED:
                self._told[key] = max(full_at, self._told.get(key, 0.0))
        return wait

    def _ask(self, key: str, limit: Limit, cost: int, now: float, floor: float) -> tuple[float, float]:
        if settings.REDIS_URL and self._breaker.may_try():
            try:
                answer = _script()(keys=[f"limit:{key}"], args=[now, floor, cost * limit.step, limit.depth])
            except Exception as error:
                self._breaker.failed()
                log.warning("Redis counts no limits (%s); the database does", type(error).__name__)
            else:
                self._breaker.worked()
                return float(answer[0]), float(answer[1])
        return _take_row(key, limit, cost, now, floor)


_counter = Counter()


def wait_for(
    name: str, who: object, *, cost: int = 1, now: float | None = None, counter: Counter | None = None
) -> float:
    """Count one act of `who` against the limit of this name (`settings.RATE_LIMITS`).

    Gives 0 when it may go on, else the seconds to wait; nothing is counted then. The clocks of all machines are
    taken to agree.
    """
    limit = settings.RATE_LIMITS.get(name)
    if limit is None:
        return 0.0
    key = salted_hmac("exchange.limits", f"{name} {who}", algorithm="sha256").hexdigest()[:40]
    return (counter or _counter).take(key, limit, cost=cost, now=time.time() if now is None else now)


def forget_full(*, now: float) -> int:
    """Delete the rows of buckets that are full again. Gives how many."""
    return Bucket.objects.filter(full_at__lt=now).delete()[0]


def _take_row(key: str, limit: Limit, cost: int, now: float, floor: float) -> tuple[float, float]:
    """Take by one conditional update: whoever comes at the same time sees the row as it is after it."""
    cost_seconds, least = cost * limit.step, max(now, floor)
    row = Bucket.objects.filter(key=key)
    fits = row.filter(full_at__lte=now + limit.depth - cost_seconds + 1e-6)
    if least <= now + limit.depth - cost_seconds + 1e-6:
        later = Greatest(F("full_at"), Value(least)) + Value(cost_seconds)
        for _attempt in range(2):
            if fits.update(full_at=later):
                return (_full_at(key) if settings.REDIS_URL else least + cost_seconds), 0.0
            Bucket.objects.bulk_create([Bucket(key=key, full_at=0.0)], ignore_conflicts=True)
    full_at = max(_full_at(key), floor)
    _, wait = take(full_at, now, limit, cost)
    return full_at, max(wait, 0.001)


def _full_at(key: str) -> float:
    return Bucket.objects.filter(key=key).values_list("full_at", flat=True).first() or 0.0


@lru_cache(maxsize=1)
def _script() -> Any:
    import redis

    client = redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS, decode_responses=True
    )
    return client.register_script(LUA)
