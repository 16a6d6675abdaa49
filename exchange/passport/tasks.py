"""What the passport does by the clock."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from exchange.outbox import services as outbox
from exchange.passport import services as passports


@shared_task(ignore_result=True)
def open_stories(**_: Any) -> None:
    """Open the stories whose days have passed; once in five minutes."""
    now = timezone.now()
    outbox.do_job("stories", every_seconds=300, now=now, work=lambda: passports.open_due(now=now))
