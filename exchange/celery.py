"""The Celery application: short, idempotent tasks that only ring bells; the work itself is rows."""

import logging.config
import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "exchange.settings")

app = Celery("rukn")
app.config_from_object("django.conf:settings", namespace="CELERY")
ROOMS = (
    "exchange.outbox", "exchange.limits", "skills", "matching", "exchange.chat", "exchange.ledger", "exchange.lessons",
    "exchange.notices", "exchange.passport",
)  # fmt: skip
app.autodiscover_tasks(ROOMS)


@setup_logging.connect
def log_as_everywhere(**_: Any) -> None:
    """Workers and the scheduler write their log as pages do."""
    from django.conf import settings

    logging.config.dictConfig(settings.LOGGING)
