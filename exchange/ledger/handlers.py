"""What the ledger does when rooms below have news."""

from exchange.ledger import services as ledger
from exchange.outbox.models import Event
from exchange.outbox.services import on


@on("person.welcomed")
def open_account(event: Event) -> None:
    """Somebody came: their account is open, with the hours everyone begins with."""
    ledger.open_account(person_id=int(event.subject_id))
