"""The clock of notices."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from exchange.notices.services import mailing, pushing


@shared_task(ignore_result=True)
def send_due_notices(**_: Any) -> None:
    """Mail what is due, and push it where the city has keys for that."""
    mailing.send_due(now=timezone.now())
    if pushing.is_on():
        pushing.push_due(now=timezone.now())
