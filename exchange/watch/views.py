"""What a watcher asks of pages, and the two pages for what went wrong with us."""

import sys

import psycopg
import psycopg_pool
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from exchange.watch import health, metrics
from exchange.watch.away import away
from exchange.watch.middleware import database

LOST = (OperationalError, InterfaceError, psycopg.OperationalError, psycopg_pool.PoolTimeout)


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Say that this process answers; it asks nothing else."""
    return JsonResponse({"ok": True})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """Name each part with how it is and how long it took: 503 only when the whole is down."""
    found = health.report()
    return JsonResponse(found, status=503 if found["state"] == health.DOWN else 200)


@require_safe
@never_cache
def metrics_page(request: HttpRequest) -> HttpResponse:
    """Give the metrics to whom they are meant for; for others there is no such page."""
    meta = request.META
    if not metrics.is_allowed(
        authorization=meta.get("HTTP_AUTHORIZATION", ""),
        address=meta.get("REMOTE_ADDR", ""),
        forwarded=meta.get("HTTP_X_FORWARDED_FOR", ""),
    ):
        raise Http404
    return HttpResponse(metrics.text(), content_type="text/plain; version=0.0.4; charset=utf-8")


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer for a fault of ours: with the number under which the log has it, or kindly when the rows are away."""
    error = sys.exc_info()[1]
    if isinstance(error, LOST):
        if not isinstance(error.__cause__, psycopg.errors.QueryCanceled):  # one slow question is not a lost database
            database.failed()
        request.database_was_lost = True  # type: ignore[attr-defined]
        return away(request)
    return render(request, "500.html", {"number": getattr(request, "number", "")}, status=500)
