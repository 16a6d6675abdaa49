"""What matching does when it hears news."""

from exchange.outbox.models import Event
from exchange.outbox.services import LONG, on
from matching import services as matching
from skills.models import Listing


@on("listing.changed", queue=LONG)
def rematch_listing(event: Event) -> None:
    """A listing appeared, changed or went: its pairs are found anew."""
    matching.refresh_listing(listing_id=int(event.subject_id))


@on("person.changed", queue=LONG)
def rematch_person(event: Event) -> None:
    """Free hours, languages or pause changed: all public listings of the person are paired anew."""
    ids = Listing.objects.published().filter(owner_id=int(event.subject_id)).values_list("id", flat=True)
    for listing_id in list(ids):
        matching.refresh_listing(listing_id=listing_id)
