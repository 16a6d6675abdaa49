"""What matching does by the clock."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from exchange.outbox import services as outbox
from matching.services import pairs, rings, waiting

DAY_SECONDS = 86_400


@shared_task(ignore_result=True)
def rematch_everybody(**_: Any) -> None:
    """Begin the full pass, once a day however many schedulers ask; its shards go to all workers."""
    outbox.do_job("rematch", every_seconds=DAY_SECONDS, now=timezone.now(), work=pairs.rematch_by_queue)


@shared_task(ignore_result=True)
def stay_ready(**_: Any) -> None:
    """Keep this worker's copy of the open listings fresh; each worker has its own, so it is no job done once."""
    pairs.stay_ready()


@shared_task(ignore_result=True)
def climb(**_: Any) -> None:
    """Let waiting wishes climb, claims lapse and rings end by their deadlines; once a minute."""
    now = timezone.now()

    def work() -> None:
        waiting.climb_due(now=now)
        rings.expire_due(now=now)

    outbox.do_job("climb", every_seconds=60, now=now, work=work)


@shared_task(ignore_result=True)
def look_for_rings(**_: Any) -> None:
    """Look for rings once a day."""
    now = timezone.now()
    outbox.do_job("look-for-rings", every_seconds=DAY_SECONDS, now=now, work=lambda: rings.look(now=now))
