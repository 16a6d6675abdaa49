"""Tidying up."""

import time

from celery import shared_task

from exchange.limits import services as limits


@shared_task(acks_late=True, ignore_result=True)
def forget_full_buckets(**_: object) -> None:
    """Delete what nobody is counted by any more; doing it twice does nothing."""
    limits.forget_full(now=time.time())
