"""What skills does when it hears news."""

from accounts.models import Person
from exchange.outbox.models import Event
from exchange.outbox.services import LONG, on, unheard
from skills.services import listings

unheard("listing.sent", "concept.curated")


@on("concepts.changed", queue=LONG)
def rewrite_tokens(event: Event) -> None:
    """Names changed: what search reads of each listing is written again."""
    listings.rewrite_tokens()


@on("person.age_said")
def pause_unfit_listings(event: Event) -> None:
    """Somebody said that they are 13 to 17: their listings in private places go out of sight."""
    person = Person.objects.filter(id=int(event.subject_id)).first()
    if person is not None:
        listings.pause_unfit_for_young(person=person)
