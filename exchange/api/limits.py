"""Counting requests: by person where one is signed in, else by address."""

import math
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from rest_framework.exceptions import Throttled

from exchange.lib.address import client_address
from exchange.limits import services as limits

SAFE = ("GET", "HEAD", "OPTIONS")


def address_of(request: HttpRequest) -> str:
    """Give where a request comes from, as limits count it."""
    peer, forwarded = request.META.get("REMOTE_ADDR", ""), request.headers.get("X-Forwarded-For", "")
    return client_address(peer, forwarded, settings.TRUSTED_PROXIES)


def count_stranger(request: HttpRequest) -> None:
    """Count a request of somebody unknown, or with a key that opens nothing. Raises `Throttled`."""
    _stop(limits.wait_for("api-address", address_of(request)))


def count(request: Any) -> None:
    """Count one request of the API. Raises `Throttled`, from which Retry-After is made."""
    if not request.user.is_authenticated:
        count_stranger(request._request)
        return
    wait = limits.wait_for("api-person", request.user.pk)
    if not wait and request.method not in SAFE:
        wait = limits.wait_for("api-write", request.user.pk)
    _stop(wait)


def _stop(wait: float) -> None:
    if wait:
        raise Throttled(math.ceil(wait))
