"""What talks do when rooms below have news."""

from accounts.models import Guardianship
from exchange.chat import services as chat
from exchange.outbox.models import Event
from exchange.outbox.services import on


@on("guardian.changed")
def follow_guardian(event: Event) -> None:
    """A guardian agreed, or is one no more: their place in the young person's talks follows.

    Until it does, nobody writes there: `send` asks whether the guardian is in the talk.
    """
    found = Guardianship.objects.select_related("guardian").filter(id=int(event.subject_id)).first()
    if found is not None:
        chat.follow_guardian(guardianship=found)
