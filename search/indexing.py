"""Bringing listings to an engine that keeps its own index; engines inside the database need none of this."""

import time
from collections.abc import Iterable, Iterator

from django.db import transaction
from django.db.models import F

from exchange.lib.breaker import Breaker
from exchange.outbox import services as outbox
from search import document
from search.backends import backend
from search.backends.base import Away, Drift
from search.query import Document
from skills.models import Listing

AWAY_SECONDS = 2.0
REST_SECONDS = 5.0
LOOKS = 5  # what differs may still be on its way: look again, a second apart

# Indexing shares its queue with other quick news: while the engine hangs, one batch every few seconds waits for it.
_engine = Breaker(failures=1, rest_seconds=REST_SECONDS)


def sync(listing_ids: Iterable[int]) -> None:
    """Bring listings, as they are now, to the engine; those that are gone are erased. Idempotent, in any order.

    Raises `outbox.Later` when the engine is away.
    """
    engine = backend()
    ids = sorted(set(listing_ids))
    if not engine.keeps_own_index or not ids:
        return
    if not _engine.may_try():
        raise outbox.Later("the search engine was away a moment ago", seconds=AWAY_SECONDS)
    found: set[int] = set()

    def documents() -> Iterator[Document]:
        # Read only when the engine asks, which is after it knows where to write (see elastic_rebuild).
        for chunk in document.read(ids):
            found.update(each.listing_id for each in chunk)
            yield from chunk

    try:
        engine.write(documents())
        gone = [listing_id for listing_id in ids if listing_id not in found]
        if gone:
            engine.erase(gone)
    except Away as error:
        _engine.failed()
        raise outbox.Later(f"the search engine is away: {error}", seconds=AWAY_SECONDS) from error
    _engine.worked()


@transaction.atomic
def touch_listings_of(person_id: int) -> None:
    """A person's hours or pause changed, which their listings show in search: give these a new version."""
    if not backend().keeps_own_index:
        return
    rows = Listing.objects.filter(owner=person_id)
    rows.update(search_rev=F("search_rev") + 1)
    for listing_id in rows.values_list("id", flat=True):
        outbox.emit("listing.stale", listing_id)


def settled_drift() -> Drift:
    """Give what differs and goes on differing; a listing changed just now is given a few seconds. Raises `Away`."""
    engine = backend()
    found = engine.drift()
    for _ in range(LOOKS):
        if not found:
            break
        time.sleep(1)
        again = engine.drift()
        found = Drift(
            sorted({*found.missing} & {*again.missing}),
            sorted({*found.stale} & {*again.stale}),
            sorted({*found.ghosts} & {*again.ghosts}),
        )
    return found
