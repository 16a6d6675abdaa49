"""The Celery application: short, idempotent tasks that only ring bells; the work itself is rows."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "exchange.settings")

app = Celery("rukn")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["exchange.outbox", "exchange.limits", "skills", "matching"])
