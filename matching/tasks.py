"""What matching does by the clock."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from exchange.outbox import services as outbox
from matching import services_rings as ring_services
from matching import services_waiting as waiting


@shared_task(ignore_result=True)
def climb(**_: Any) -> None:
    """Let waiting wishes climb, claims lapse and rings end by their deadlines; once a minute."""
    now = timezone.now()
    if outbox.claim_job("climb", every_seconds=60, now=now):
        waiting.climb_due(now=now)
        ring_services.expire_due(now=now)


@shared_task(ignore_result=True)
def look_for_rings(**_: Any) -> None:
    """Look for rings once a day."""
    now = timezone.now()
    if outbox.claim_job("look-for-rings", every_seconds=86_400, now=now):
        ring_services.look(now=now)
