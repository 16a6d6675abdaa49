"""What skills does when it hears news."""

from exchange.outbox.models import Event
from exchange.outbox.services import LONG, on
from skills.services import listings


@on("concepts.changed", queue=LONG)
def rewrite_tokens(event: Event) -> None:
    """Names changed: what search reads of each listing is written again."""
    listings.rewrite_tokens()
