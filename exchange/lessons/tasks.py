"""What lessons do by the clock."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from exchange.lessons import services as lessons
from exchange.lessons.services import sittings
from exchange.outbox import services as outbox


@shared_task(ignore_result=True)
def wait_for_answers(**_: Any) -> None:
    """Remind of unanswered hellos, and bring resting offers back; once in five minutes."""
    now = timezone.now()

    def work() -> None:
        lessons.end_rests(now=now)
        lessons.wait_for_answers(now=now)

    outbox.do_job("hellos", every_seconds=300, now=now, work=work)


@shared_task(ignore_result=True)
def keep_time(**_: Any) -> None:
    """Do what time does to lessons: remind, end, settle, lapse; every minute."""
    now = timezone.now()
    lessons.keep_time(now=now)
    sittings.keep_seats(now=now)
