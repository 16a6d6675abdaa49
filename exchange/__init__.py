"""The Django project, and the exchange between people: talks, lessons, curation."""

from exchange.celery import app as celery_app

__all__ = ["celery_app"]
