"""What lessons do when rooms below have news."""

from django.utils import timezone

from accounts.models import Guardianship
from exchange.lessons import services as lessons
from exchange.lessons.models import Lesson
from exchange.lessons.services import sittings
from exchange.outbox.models import Event
from exchange.outbox.services import on, unheard

unheard("sitting.announced", "lesson.chosen", "lesson.released")


@on("listing.changed", many=True)
def forget_rests(events: list[Event]) -> None:
    """A teacher brought an offer back before its time: it rests no more."""
    lessons.forget_rests(listing_ids=[int(event.subject_id) for event in events])


@on("lesson.cancelled")
def pass_seat_on(event: Event) -> None:
    """A seat in a group lesson was given back: the next who waits is offered it."""
    sitting = Lesson.objects.filter(id=int(event.subject_id)).values_list("sitting", flat=True).first()
    if sitting is not None:
        sittings.fill(sitting_id=sitting)


@on("person.blocked")
def part_blocked(event: Event) -> None:
    """A block was made: the two have no lesson before them any more."""
    lessons.part_blocked(one=int(event.subject_id), other=int(event.payload["other"]), now=timezone.now())


@on("guardian.changed")
def part_unguarded(event: Event) -> None:
    """Somebody young may have no guardian any more: then they have no lesson before them either."""
    found = Guardianship.objects.select_related("young").filter(id=int(event.subject_id)).first()
    if found is not None:
        lessons.part_unguarded(guardianship=found, now=timezone.now())
