"""The outermost layer of pages: each request gets a number, a line in the log, a count; and calm when rows are away."""

import logging
import re
import secrets
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse

from exchange.lib.breaker import Breaker
from exchange.lib.counters import REQUESTS, SECONDS
from exchange.lib.logs import Plain
from exchange.watch import metrics
from exchange.watch.away import away

log = logging.getLogger("rukn")
NUMBER = re.compile(r"[0-9a-f]{10,64}\Z")
METHODS = frozenset(("GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"))
DENIED = frozenset((401, 403, 409, 429))
INSIDE = frozenset(("/healthz", "/readyz", "/metrics"))
ALWAYS = ("/healthz", "/readyz", "/metrics", "/static/")  # answered even while the database is left alone

database = Breaker(failures=3, rest_seconds=2.0, name="database")


class WatchMiddleware:
    """Number, measure, count and write down each request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        number = given[:10] if NUMBER.match(given) else secrets.token_hex(5)
        request.number = number  # type: ignore[attr-defined]
        if request.path in INSIDE:  # watchers know this process by other names than residents do
            request.META["HTTP_HOST"] = urlsplit(settings.SITE_URL).netloc
        structlog.contextvars.bind_contextvars(request=number)
        try:
            if database.is_open and not request.path.startswith(ALWAYS) and not database.may_try():
                response: HttpResponse = away(request)
            else:
                response = self.get_response(request)
                if connection.connection is not None and not hasattr(request, "database_was_lost"):
                    database.worked()  # a page that asked no rows says nothing about them
            self._note(request, response, time.perf_counter() - started)
        finally:
            structlog.contextvars.clear_contextvars()
        return response

    def _note(self, request: HttpRequest, response: HttpResponse, seconds: float) -> None:
        match = request.resolver_match
        route = f"/{match.route}" if match else "(none)"
        method = request.method if request.method in METHODS else "OTHER"
        status = response.status_code
        REQUESTS.labels(route, method, status).inc()
        SECONDS.labels(route).observe(seconds)
        metrics.sample()
        if not log.isEnabledFor(logging.INFO):
            return
        user = getattr(request, "_cached_user", None)
        fields = {
            "request": request.number,  # type: ignore[attr-defined]
            "method": method, "route": route, "status": status, "ms": round(seconds * 1000, 1),
            "person": getattr(user, "pk", None),
        }  # fmt: skip
        log.info(Plain(fields, event="request"))
        if status in DENIED:
            log.info(Plain(fields, event="denied", refusal=getattr(request, "refused", "")))
