"""What lessons do when rooms below have news."""

from exchange.lessons import services as lessons
from exchange.outbox.models import Event
from exchange.outbox.services import on


@on("listing.changed", many=True)
def forget_rests(events: list[Event]) -> None:
    """A teacher brought an offer back before its time: it rests no more."""
    lessons.forget_rests(listing_ids=[int(event.subject_id) for event in events])
