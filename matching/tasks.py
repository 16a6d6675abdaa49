"""What matching does by the clock."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from exchange.outbox import services as outbox
from matching.services import pairs

DAY_SECONDS = 86_400


@shared_task(ignore_result=True)
def rematch_everybody(**_: Any) -> None:
    """Begin the full pass, once a day however many schedulers ask; its shards go to all workers."""
    if outbox.claim_job("rematch", every_seconds=DAY_SECONDS, now=timezone.now()):
        pairs.rematch_by_queue()
