"""The city's districts, remembered: every page shows them, and they change once in years."""

import time

from accounts.models import District

FRESH_SECONDS = 30.0

_known: dict[int, District] = {}
_read_at = 0.0


def known() -> dict[int, District]:
    """Give id → district, in the order of ids, at most half a minute old."""
    global _known, _read_at
    if not _known or time.monotonic() - _read_at > FRESH_SECONDS:
        _known = {row.pk: row for row in District.objects.order_by("id")}
        _read_at = time.monotonic()
    return _known


def forget() -> None:
    """Read them again at the next look; for whoever changes districts."""
    global _read_at
    _read_at = float("-inf")
