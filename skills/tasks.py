"""What skills does by the clock."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from exchange.outbox import services as outbox
from skills.services import listings


@shared_task(ignore_result=True)
def rest_stale_listings(**_: Any) -> None:
    """Ask "still true?" of old listings and let the unanswered rest; once an hour, however many schedulers ask."""
    now = timezone.now()
    outbox.do_job("ask-still-true", every_seconds=3600, now=now, work=lambda: listings.rest_stale(now=now))
