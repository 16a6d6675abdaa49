"""Elasticsearch while it answers, the database's own full text while it does not.

A page waits `SEARCH_SECONDS` at most; after three failures nobody waits, but one question every few seconds probes.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeVar

from django.conf import settings
from django.utils.module_loading import import_string
from elasticsearch import BadRequestError

from exchange.lib.breaker import Breaker
from search.backends.base import Away, Backend, Drift, Progress
from search.backends.elastic import ElasticBackend
from search.backends.elastic_index import Unreachable
from search.query import Document, Found, Query

log = logging.getLogger(__name__)

FAILURES = 3
REST_SECONDS = 3.0
Answer = TypeVar("Answer")


class GuardedBackend(Backend):
    """Asks Elasticsearch behind a breaker; `Found.is_basic` says that the database answered instead."""

    keeps_own_index = True

    def __init__(self) -> None:
        self.usual = ElasticBackend()
        self.basic: Backend = import_string(settings.SEARCH_FALLBACK)()
        self.breaker = Breaker(failures=FAILURES, rest_seconds=REST_SECONDS, name="elasticsearch")

    def find(self, query: Query) -> Found:
        """Answer a question, marked basic when Elasticsearch could not."""
        return self._ask(lambda: self.usual.find(query), lambda: replace(self.basic.find(query), is_basic=True))

    def suggest(self, text: str, *, limit: int = 8) -> list[str]:
        """Complete from titles."""
        return self._ask(lambda: self.usual.suggest(text, limit=limit), lambda: self.basic.suggest(text, limit=limit))

    def write(self, documents: Iterable[Document]) -> None:
        """Write to Elasticsearch; the database keeps its own index."""
        self.usual.write(documents)

    def erase(self, listing_ids: Iterable[int]) -> None:
        """Erase in Elasticsearch."""
        self.usual.erase(listing_ids)

    def migrate(self, progress: Progress | None = None) -> None:
        """Bring Elasticsearch to today's shape."""
        self.usual.migrate(progress)

    def rebuild(self, progress: Progress | None = None) -> None:
        """Write everything again, while searches and writes go on."""
        self.usual.rebuild(progress)

    def drift(self) -> Drift:
        """Compare Elasticsearch with the database."""
        return self.usual.drift()

    def refresh(self) -> None:
        """Let everything written be found now."""
        self.usual.refresh()

    def _ask(self, usual: Callable[[], Answer], basic: Callable[[], Answer]) -> Answer:
        if not self.breaker.may_try():
            return basic()
        try:
            answer = usual()
        except BadRequestError:
            # It answered, so it is alive: this question is at fault, and must not turn everybody else away.
            self.breaker.worked()
            log.exception("Elasticsearch refused a question; results are basic")
            return basic()
        except (Away, *Unreachable) as error:
            self.breaker.failed()
            log.warning("Elasticsearch did not answer (%s); results are basic", type(error).__name__)
            return basic()
        self.breaker.worked()
        return answer
