"""What matching does when it hears news."""

from exchange.lessons.models import Lesson
from exchange.outbox.models import Event
from exchange.outbox.services import LONG, on
from matching.models import Dismissal
from matching.services import learning, likeness, pairs, standing
from skills.models import Listing


@on("listing.changed", queue=LONG, many=True)
def rematch_listings(events: list[Event]) -> None:
    """Listings appeared, changed or went: what their owners hold together is counted, their pairs are found anew."""
    ids = [int(event.subject_id) for event in events]
    owners = set(Listing.objects.filter(id__in=ids).values_list("owner_id", flat=True))
    likeness.count_people(owners)
    pairs.refresh_people(person_ids=owners)


@on("person.changed", queue=LONG, many=True)
def rematch_people(events: list[Event]) -> None:
    """Free hours, languages, places or pause changed."""
    pairs.refresh_people(person_ids=[int(event.subject_id) for event in events])


@on("person.blocked", queue=LONG, many=True)
def rematch_blocked(events: list[Event]) -> None:
    """A block was made or taken back: it hides at once when read, and makes room in both lists."""
    both = [person for event in events for person in (int(event.subject_id), int(event.payload["other"]))]
    pairs.refresh_people(person_ids=both)


@on("concepts.changed", queue=LONG)
def rematch_concepts(event: Event) -> None:
    """Names, links or mergers of concepts changed: listings that it touches are due."""
    pairs.follow_concepts()


@on("lists.due", queue=LONG, many=True)
def rematch_lists(events: list[Event]) -> None:
    """Shards of a full pass are due."""
    for event in events:
        pairs.refresh_lists(listing_ids=event.payload["listings"])


@on("enquiry.opened", queue=LONG)
def note_hello(event: Event) -> None:
    """Somebody said hello: the pair is kept to learn from, and the mentor's standing counted."""
    lesson = Lesson.objects.filter(id=int(event.subject_id)).first()
    if lesson is not None:
        learning.note_hello(lesson_id=lesson.pk)
        pairs.refresh_people(person_ids=standing.recount(person_ids=[lesson.teacher_id]))


@on("message.sent", queue=LONG, many=True)
def follow_talks(events: list[Event]) -> None:
    """Words were exchanged: a mentor may be busier, or have answered."""
    talks = [int(event.subject_id) for event in events]
    teachers = Lesson.objects.filter(conversation__in=talks).values_list("teacher_id", flat=True)
    pairs.refresh_people(person_ids=standing.recount(person_ids=teachers))


@on("match.dismissed", queue=LONG)
def follow_dismissal(event: Event) -> None:
    """Someone put a pair aside: it is kept to learn from, and its place in their list is free."""
    row = Dismissal.objects.filter(id=int(event.subject_id)).first()
    if row is not None:
        learning.note_dismissal(person_id=row.person_id, offer_id=row.offer_id, wish_id=row.wish_id, at=row.at)
        pairs.refresh_people(person_ids=[row.person_id])
