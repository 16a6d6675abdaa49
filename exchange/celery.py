"""The Celery application: short, idempotent tasks that only ring bells; the work itself is rows."""

import contextlib
import logging.config
import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, before_task_publish, heartbeat_sent, setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "exchange.settings")

app = Celery("rukn")
app.config_from_object("django.conf:settings", namespace="CELERY")
ROOMS = (
    "exchange.outbox", "exchange.limits", "skills", "matching", "exchange.chat", "exchange.ledger", "exchange.lessons",
    "exchange.payments", "exchange.passport", "exchange.notices",
)  # fmt: skip
app.autodiscover_tasks(ROOMS)


@setup_logging.connect
def log_as_everywhere(**_: Any) -> None:
    """Workers and the scheduler write their log as pages do."""
    from django.conf import settings

    logging.config.dictConfig(settings.LOGGING)


@heartbeat_sent.connect
def still_alive(**_: Any) -> None:
    """Leave a trace for the container's health check: a worker's loop has reached the broker just now."""
    from django.conf import settings

    with contextlib.suppress(OSError):
        (settings.VAR_DIR / "alive").touch()


@beat_init.connect
def rings(**_: Any) -> None:
    """The scheduler has no heartbeat of its own: each task that it sends is one."""
    before_task_publish.connect(still_alive)
