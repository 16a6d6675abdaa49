"""What the ledger does by the clock."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from exchange.ledger.services import audit
from exchange.outbox import services as outbox

DAY_SECONDS = 86_400


@shared_task(ignore_result=True)
def verify_ledger(**_: Any) -> None:
    """Hold the whole ledger against itself, once a day however many schedulers ask."""
    now = timezone.now()
    outbox.do_job("verify-ledger", every_seconds=DAY_SECONDS, now=now, work=lambda: audit.verify_and_note(now=now))
