"""Bells for the relay."""

from typing import Any

from celery import shared_task

from exchange.outbox import services as outbox


@shared_task(ignore_result=True)
def relay_outbox(**_: Any) -> None:
    """Relay what waits; rings itself again while a full batch was found."""
    if outbox.relay(limit=200) >= 200:
        relay_outbox.delay()
