"""Tidying up the private folder."""

from celery import shared_task

from exchange.chat.services import cabinet


@shared_task(acks_late=True, ignore_result=True)
def sweep_files(**_: object) -> None:
    """Take away files that belong to no message; doing it twice does nothing."""
    cabinet.sweep(now=cabinet.now())
