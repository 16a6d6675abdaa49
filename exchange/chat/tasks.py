"""Tidying up the private folder."""

from celery import shared_task
from django.utils import timezone

from exchange.chat.services import cabinet
from exchange.outbox import services as outbox


@shared_task(acks_late=True, ignore_result=True)
def sweep_files(**_: object) -> None:
    """Take away files that belong to no message, every six hours; doing it twice does nothing."""
    outbox.do_job(
        "sweep-files", every_seconds=6 * 3600, now=timezone.now(), work=lambda: cabinet.sweep(now=cabinet.now())
    )
