"""The Django project, and the exchange between people: talks, lessons, curation."""

from exchange.celery import app as celery_app
from exchange.lib.environment import speak_plainly

speak_plainly()

__all__ = ["celery_app"]
