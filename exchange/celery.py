"""The Celery application: short, idempotent tasks that only ring bells; the work itself is rows."""

import contextlib
import logging.config
import os
import sys
from typing import Any

from celery import Celery
from celery.signals import beat_init, before_task_publish, celeryd_init, heartbeat_sent, setup_logging

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


@celeryd_init.connect
@beat_init.connect
def has_a_broker(**_: Any) -> None:
    """End a worker or scheduler that would idle for ever: without Redis its queues are in its own memory."""
    from django.conf import settings

    if not settings.REDIS_URL:
        sys.stderr.write(
            "rukn: REDIS_URL is not set, so nobody can send work to this process: set REDIS_URL (redis://HOST:6379/0)."
            " On one machine `make demo` does the work in its own process.\n"
        )
        raise SystemExit(2)
