"""What the commands of this folder share: Django with the services that the environment names, and honest figures."""

import os
import sys
from collections.abc import Sequence


def start() -> None:
    """Set Django up. Ends with status 2 when no Elasticsearch is named."""
    if not os.environ.get("ELASTICSEARCH_URL"):
        print("this measurement needs ELASTICSEARCH_URL; see docs/search.md", file=sys.stderr)
        raise SystemExit(2)
    begin()


def begin() -> None:
    """Set Django up on whatever the environment names."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "exchange.settings")
    os.environ.setdefault("LOG_LEVEL", "ERROR")
    django.setup()


def quantile(values: Sequence[float], share: float) -> float:
    """Give the value under which a share (0–1) of the values lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered)) - 1))]
