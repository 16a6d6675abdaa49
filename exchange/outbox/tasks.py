"""Bells for the relay, and its housekeeping."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from exchange.outbox import services as outbox
from exchange.sqlite3 import sizes

BATCH = {outbox.BELLS: 500, outbox.LONG: 20}


@shared_task(ignore_result=True)
def relay_outbox(queue: str = outbox.BELLS, **_: Any) -> None:
    """Relay what waits in one queue; rings itself again while full batches were found, so each task stays short."""
    limit = BATCH.get(queue, 100)
    if outbox.relay(queue=queue, limit=limit) >= limit:
        relay_outbox.apply_async(kwargs={"queue": queue}, queue=queue)


@shared_task(ignore_result=True)
def forget_handled(**_: Any) -> None:
    """Forget events that were finished long ago."""
    now = timezone.now()
    outbox.do_job("forget-handled", every_seconds=3600, now=now, work=lambda: outbox.forget_handled(now=now))


@shared_task(ignore_result=True)
def learn_sizes(**_: Any) -> None:
    """Let SQLite count its rows once an hour."""
    outbox.do_job("learn-sizes", every_seconds=3600, now=timezone.now(), work=sizes.learn)


@shared_task(ignore_result=True)
def heartbeat(**_: Any) -> None:
    """Show that scheduler and worker are alive."""
    outbox.beat(now=timezone.now())
