"""What is told when rooms below have news."""

from django.urls import reverse

from exchange.notices import services as notices
from exchange.outbox.models import Event
from exchange.outbox.services import on
from search.models import Met


@on("search.met")
def tell_of_new_listing(event: Event) -> None:
    """Something new meets a search that somebody keeps."""
    met = Met.objects.select_related("saved", "listing").filter(id=event.subject_id).first()
    if met is not None:
        notices.tell(
            people=[met.saved.person_id],
            kind="met",
            key=str(met.listing_id),  # two kept searches that meet one listing tell of it once
            url=met.listing.get_absolute_url(),
            listing_id=met.listing_id,
            search=met.saved.name,
        )


@on("report.decided")
def tell_reporter(event: Event) -> None:
    """A curator has decided about a report. Its room is a stranger to this one, so the event says all there is."""
    notices.tell(
        people=[int(event.payload["reporter"])],
        kind="report",
        key=event.subject_id,
        url=reverse("talk", args=[event.payload["conversation"]]),
        verdict=event.payload["verdict"],
    )
