"""What money does when lessons have news, and when Stripe told something."""

from exchange.outbox.models import Event
from exchange.outbox.services import LONG, on
from exchange.payments import gateway
from exchange.payments.services import errands, fees, inbox


@on("lesson.booked", "lesson.moved")
def make_due(event: Event) -> None:
    """A lesson for a fee is booked, or moved: the fee is due, until a time before its start."""
    if gateway.is_on():
        fees.begin(lesson_id=int(event.subject_id))


@on(
    "lesson.confirmed", "lesson.cancelled", "lesson.missed", "lesson.resolved", "lesson.declined", "lesson.withdrawn",
    "lesson.lapsed",
)  # fmt: skip
def follow_end(event: Event) -> None:
    """A lesson is over: its fee is handed on, given back, or not to be paid any more."""
    fees.end(lesson_id=int(event.subject_id))


@on("stripe.told", "errand.given", queue=LONG, many=True)
def work(events: list[Event]) -> None:
    """Stripe told something, or something is to be asked of it."""
    if gateway.is_on():  # without keys the rows wait; the clock comes back to them
        inbox.work()
        errands.run()
