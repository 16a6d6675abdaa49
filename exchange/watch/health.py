"""Which parts answer. Without its search engine or its bells a city is degraded, not dead; without rows it is down."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import cache
from typing import Any

import redis
from django.conf import settings
from django.db import connection

from search import health as search

OK, DEGRADED, DOWN = "ok", "degraded", "down"
WAIT_SECONDS = 0.7  # so that the answer itself comes within a second, whatever hangs
ASK_SECONDS = 0.5
GLANCE_SECONDS = 0.25

_threads = ThreadPoolExecutor(max_workers=6, thread_name_prefix="health")
_asked: dict[str, Future[float]] = {}


def report() -> dict[str, Any]:
    """Give {"state", "parts": {name: {"state", "ms", "says"}}} within a second; says no more than kinds of errors."""
    asked = {name: _ask(name, check) for name, (check, _state) in _parts().items()}
    wait(asked.values(), timeout=WAIT_SECONDS)
    parts: dict[str, dict[str, Any]] = {}
    for name, (_check, worst) in _parts().items():
        future = asked[name]
        if not future.done():
            parts[name] = {"state": worst, "ms": None, "says": "does not answer"}
        elif (error := future.exception()) is not None:
            parts[name] = {"state": worst, "ms": None, "says": type(error).__name__}
        else:
            parts[name] = {"state": OK, "ms": round(future.result() * 1000, 1), "says": ""}
    states = {part["state"] for part in parts.values()}
    state = DOWN if DOWN in states else DEGRADED if DEGRADED in states else OK
    return {"state": state, "parts": parts}


def search_answers() -> bool:
    """Whether the search engine answers, found out in the background: who asks waits for `GLANCE_SECONDS` at most."""
    asked = _ask("search", _search)
    wait([asked], timeout=GLANCE_SECONDS)
    return asked.done() and asked.exception() is None


def _parts() -> dict[str, tuple[Callable[[], None], str]]:
    """Give part → (its check, how the whole is without it); parts that are not configured are not there."""
    parts: dict[str, tuple[Callable[[], None], str]] = {"database": (_database, DOWN)}
    if settings.REDIS_URL:
        parts["redis"] = (_redis, DEGRADED)
    if settings.ELASTICSEARCH_URL:
        parts["search"] = (_search, DEGRADED)
    return parts


def _ask(name: str, check: Callable[[], None]) -> Future[float]:
    """Ask in the background; while an earlier question hangs, no second one is put on top of it."""
    running = _asked.get(name)
    if running is None or running.done():
        running = _asked[name] = _threads.submit(_timed, check)
    return running


def _timed(check: Callable[[], None]) -> float:
    started = time.monotonic()
    check()
    return time.monotonic() - started


def _database() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        connection.close()


def _redis() -> None:
    redis_client().ping()


def _search() -> None:
    search.ask(ASK_SECONDS)


@cache
def redis_client() -> redis.Redis:
    """Give a client that soon gives up."""
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=ASK_SECONDS, socket_connect_timeout=ASK_SECONDS)
