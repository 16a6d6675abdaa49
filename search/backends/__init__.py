"""Engines that answer a `Query`; which one is a setting."""

from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from search.backends.base import Backend


def backend() -> Backend:
    """Give the engine named by `SEARCH_BACKEND`."""
    return _made(settings.SEARCH_BACKEND)


@cache
def _made(path: str) -> Backend:
    made: Backend = import_string(path)()
    return made
