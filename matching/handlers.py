"""What matching does when it hears news."""

from django.utils import timezone

from exchange.lessons.models import Lesson
from exchange.outbox.models import Event
from exchange.outbox.services import LONG, on, unheard
from matching import ladder
from matching.models import Dismissal
from matching.services import learning, likeness, pairs, rings, standing, waiting
from skills.models import Listing

unheard("ring.held")


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


@on("listing.changed", queue=LONG)
def follow_wish(event: Event) -> None:
    """A wish appeared or went: its climb begins or ends. After `rematch_listings`, whose pairs are its first rung."""
    waiting.follow(wish_id=int(event.subject_id), now=timezone.now())


@on("enquiry.opened")
def end_claim(event: Event) -> None:
    """A mentor who took a wish has said hello."""
    waiting.note_hello(lesson_id=int(event.subject_id), now=timezone.now())


@on("message.sent")
def end_climb(event: Event) -> None:
    """Both sides have written: the wish has its answer."""
    waiting.note_answer(conversation_id=int(event.subject_id), now=timezone.now())


@on("lesson.booked")
def end_climb_of_booked(event: Event) -> None:
    """A time is agreed on: the wish is served, and looked for no more."""
    waiting.note_booked(lesson_id=int(event.subject_id), now=timezone.now())


@on("wish.climbed", queue=LONG)
def take_rung(event: Event) -> None:
    """A wish reached the rung of rings: look for one. (The wider circle is read when it is shown.)"""
    if event.payload["rung"] == ladder.RING:
        rings.look(now=timezone.now())


@on("ring.broken", queue=LONG)
def plan_again(_event: Event) -> None:
    """A ring did not come about: those who were willing are planned for anew."""
    rings.look(now=timezone.now())


@on("person.changed", "person.blocked")
def break_unfit_rings(event: Event) -> None:
    """Somebody rests, left, or keeps a neighbour away: rings that no longer can stand break."""
    rings.break_unfit(person_id=int(event.subject_id))


@on("listing.changed", queue=LONG)
def break_rings_without_it(event: Event) -> None:
    """An offer or a wish is no longer public: open rings that need it break."""
    rings.break_unfit(listing_id=int(event.subject_id))


@on("bundle.booked")
def stand_ring(event: Event) -> None:
    """The last lesson of a ring has its time, and all are booked: the ring stands."""
    rings.stand(bundle_id=int(event.subject_id), now=timezone.now())


@on("bundle.let_go")
def break_let_go_ring(event: Event) -> None:
    """One lesson of a ring was declined, or found no time: the others are let go, and the ring breaks."""
    rings.fall(bundle_id=int(event.subject_id), by_id=event.payload["by"], now=timezone.now())
