"""What search does when it hears news."""

from exchange.outbox.models import Event
from exchange.outbox.services import on
from search import indexing
from search import services as search


@on("listing.changed", "listing.stale", many=True)
def index_listings(events: list[Event]) -> None:
    """Listings changed: the engine gets them as they are now, in one request."""
    indexing.sync(int(event.subject_id) for event in events)


@on("person.changed")
def touch_listings(event: Event) -> None:
    """Free hours or pause changed: the person's listings are indexed anew."""
    indexing.touch_listings_of(int(event.subject_id))


@on("listing.changed")
def tell_keepers(event: Event) -> None:
    """A listing may be new: whoever keeps a search that it meets is told."""
    search.tell_keepers(listing_id=int(event.subject_id))
