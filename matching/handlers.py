"""What matching does when it hears news."""

from django.utils import timezone

from exchange.outbox.models import Event
from exchange.outbox.services import LONG, on
from matching import ladder
from matching import services as matching
from matching import services_rings as ring_services
from matching import services_waiting as waiting
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


@on("listing.changed", queue=LONG)
def follow_wish(event: Event) -> None:
    """A wish appeared or went: its climb begins or ends. After `rematch_listing`, whose pairs are its first rung."""
    waiting.follow(wish_id=int(event.subject_id), now=timezone.now())


@on("enquiry.opened")
def end_claim(event: Event) -> None:
    """A mentor who took a wish has said hello."""
    waiting.note_hello(lesson_id=int(event.subject_id), now=timezone.now())


@on("message.sent")
def end_climb(event: Event) -> None:
    """Both sides have written: the wish has its answer."""
    waiting.note_answer(conversation_id=int(event.subject_id), now=timezone.now())


@on("wish.climbed", queue=LONG)
def take_rung(event: Event) -> None:
    """A wish took a rung: look in a wider circle, or for a ring."""
    if event.payload["rung"] == ladder.WIDER:
        matching.refresh_listing(listing_id=int(event.subject_id))
    elif event.payload["rung"] == ladder.RING:
        ring_services.look(now=timezone.now())


@on("ring.broken", queue=LONG)
def plan_again(_event: Event) -> None:
    """A ring did not come about: those who were willing are planned for anew."""
    ring_services.look(now=timezone.now())


@on("person.changed", "person.blocked")
def break_unfit_rings(event: Event) -> None:
    """Somebody rests, left, or keeps a neighbour away: rings that no longer can stand break."""
    ring_services.break_unfit(person_id=int(event.subject_id))
