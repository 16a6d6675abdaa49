"""What skills does by the clock."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from skills.services import listings


@shared_task(ignore_result=True)
def rest_stale_listings(**_: Any) -> None:
    """Ask "still true?" of old listings and let the unanswered rest."""
    listings.rest_stale(now=timezone.now())
