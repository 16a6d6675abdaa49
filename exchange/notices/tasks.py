"""The clock of notices."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from exchange.notices.services import mailing


@shared_task(ignore_result=True)
def send_due_notices(**_: Any) -> None:
    """Mail what is due."""
    mailing.send_due(now=timezone.now())
