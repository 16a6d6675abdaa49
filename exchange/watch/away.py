"""The page shown while the rows cannot be reached: one file, asking nothing of anything, in both languages."""

from functools import cache
from pathlib import Path

from django.http import HttpResponse

PAGE = Path(__file__).resolve().parent.parent / "static" / "rukn" / "away.html"
RETRY_SECONDS = 5


def away_page() -> HttpResponse:
    """Give the page with 503 and when to come again."""
    return HttpResponse(_page(), status=503, headers={"Retry-After": str(RETRY_SECONDS), "Cache-Control": "no-store"})


@cache
def _page() -> bytes:
    return PAGE.read_bytes()
