"""The acts by which no wish is left alone: climbing rung by rung, claims by mentors, and what its page says of that."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import policies
from accounts.models import Person
from exchange.lessons.models import Lesson
from exchange.lib.errors import Refused
from exchange.outbox import services as outbox
from matching import ladder, waits
from matching.models import Claim, Climb, Match, Place, Ring, Step
from skills.models import Listing

ANSWER_DAYS = 180  # waits older than this say nothing of today
MOST_WAITS = 2_000
AT_ONCE = 50
QUEUE = 30


class Taken(Refused):
    """Another mentor has the wish just now."""

    code = "taken"


class HandsFull(Refused):
    """This mentor holds as many wishes as one may."""

    code = "hands_full"


class NotForTaking(Refused):
    """A wish of one's own, of somebody unreachable, or one that is no longer public."""

    code = "not_for_taking"


@dataclass(frozen=True)
class Outlook:
    """What a wish's page says: what was done, what comes next and when, who looks after it, how long it may take."""

    climb: Climb
    steps: list[Step] = field(default_factory=list)
    next_rung: str = ""
    range: waits.Range | None = None
    claim: Claim | None = None
    ring: Ring | None = None  # in which it has a place, while that can still come about
    is_due: bool = False  # the next rung's time has come, and it is not taken yet


@transaction.atomic
def follow(*, wish_id: int, now: datetime) -> None:
    """Bring the climb of one wish to what the wish is now: begun while public, ended when not. Idempotent."""
    wish = Listing.objects.select_for_update().filter(id=wish_id, kind=Listing.Kind.WISH).first()
    if wish is None:
        return
    climb = Climb.objects.filter(wish=wish).first()
    if not wish.is_published:
        if climb is not None and climb.ended_at is None:
            _end(climb, Climb.Ended.GONE, now)
        return
    if climb is None:
        climb = Climb.objects.create(wish=wish, rung=ladder.SUGGESTED, since=wish.published_at or now)
        _step(climb, ladder.SUGGESTED, now, found=Match.objects.filter(wish=wish).count())
    elif climb.ended == Climb.Ended.GONE:
        _begin_again(climb, now)
    else:
        return
    _set_due(climb)


@transaction.atomic
def still_looking(*, wish: Listing, by: Person) -> None:
    """Begin the climb anew for a wish whose answer came to nothing. Refused (`NotForTaking`) unless it is one's own."""
    climb = Climb.objects.select_for_update().filter(wish=wish, wish__owner=by).first()
    if climb is None or not wish.is_published:
        raise NotForTaking(_("Only a public wish of your own can look on."))
    if climb.ended_at is None:
        return
    _begin_again(climb, timezone.now())
    _set_due(climb)


def _begin_again(climb: Climb, now: datetime) -> None:
    climb.since, climb.rung, climb.ended, climb.ended_at = now, ladder.SUGGESTED, "", None
    climb.steward = None
    _step(climb, "again", now)


def climb_due(*, now: datetime) -> int:
    """Let every wish whose time has come take its next rung, and lapse old claims. Gives how many climbed.

    Each wish climbs in its own transaction; what another worker holds is left to it.
    """
    lapse_claims(now=now)
    count = 0
    for climb_id in Climb.objects.filter(due_at__lte=now).order_by("due_at").values_list("id", flat=True)[:AT_ONCE]:
        count += _climb_one(climb_id, now)
    return count


@transaction.atomic
def _climb_one(climb_id: int, now: datetime) -> bool:
    rows = Climb.objects.filter(id=climb_id, due_at__lte=now)
    skips = connection.features.has_select_for_update_skip_locked
    climb = rows.select_for_update(of=("self",), skip_locked=skips).select_related("wish").first()
    if climb is None:
        return False
    rung = ladder.next_rung(climb.rung)
    if rung is None or climb.ended_at is not None:
        climb.due_at = None
        climb.save(update_fields=["due_at"])
        return False
    climb.rung = rung.name
    facts: dict[str, int] = {}
    if rung.name == ladder.STEWARD:
        climb.steward = least_burdened_curator(but=climb.wish.owner_id)
    _step(climb, rung.name, now, **facts)
    _set_due(climb)
    outbox.emit("wish.climbed", climb.wish, rung=rung.name)
    return True


def least_burdened_curator(*, but: int) -> Person | None:
    """Give the curator who looks after the fewest waiting wishes; nobody looks after their own."""
    rows = Person.objects.filter(role__in=[Person.Role.CURATOR, Person.Role.ADMIN], is_active=True).exclude(id=but)
    kept = Count("wishes_kept", filter=Q(wishes_kept__ended_at=None))
    return rows.annotate(kept=kept).order_by("kept", F("role").desc(), "id").first()


@transaction.atomic
def note_answer(*, conversation_id: int, now: datetime) -> None:
    """End the climbs of the wishes that a talk answers, once both sides have written in it; a guardian's words are
    neither's."""
    lesson = Lesson.objects.hellos().filter(conversation=conversation_id).select_related("listing").first()
    if lesson is None:
        return
    writers = set(lesson.conversation.messages.values_list("sender", flat=True).distinct())
    if {lesson.teacher_id, lesson.learner_id} <= writers:
        _answer(lesson, now)


@transaction.atomic
def note_booked(*, lesson_id: int, now: datetime) -> None:
    """End the climbs of the wishes that a booked lesson serves, however few words were written."""
    lesson = Lesson.objects.filter(id=lesson_id).select_related("listing").first()
    if lesson is not None:
        _answer(lesson, now)


def _answer(lesson: Lesson, now: datetime) -> None:
    wishes = set(Place.objects.filter(lesson=lesson).values_list("wish_id", flat=True))
    if lesson.listing is not None and not lesson.listing.is_offer:
        wishes.add(lesson.listing.pk)
    elif lesson.listing is not None:
        met = Match.objects.filter(offer=lesson.listing, wish__owner=lesson.learner_id)
        wishes.update(met.values_list("wish_id", flat=True))
    for climb in Climb.objects.select_for_update().filter(wish__in=wishes, ended_at=None).order_by("id"):
        _end(climb, Climb.Ended.ANSWERED, now)
        _step(climb, "answered", now)


@transaction.atomic
def take(*, wish: Listing, by: Person) -> Claim:
    """Take a wish for half an hour, so that its author is not written to by ten people; a second click finds the claim.

    Refused: `NotForTaking` (also where nothing they teach fits it), `Taken` (another mentor has it now), `HandsFull`
    (three at once).
    """
    wish = Listing.objects.select_for_update(of=("self",)).select_related("owner", "owner__profile").get(id=wish.pk)
    now = timezone.now()
    may = wish.is_published and not wish.is_offer and not wish.owner.profile.is_paused
    if wish.owner_id == by.pk or not may or not policies.may_write_to(by, wish.owner):
        raise NotForTaking(_("This wish cannot be taken now."))
    if not Match.objects.filter(wish=wish, offer__owner=by).exists():
        raise NotForTaking(_("None of your offers fits this wish. You can still say hello to its author."))
    if Lesson.objects.filter(listing=wish, teacher=by).exists():
        raise NotForTaking(_("You have written to its author already; the wish is in your talk."))
    Person.objects.select_for_update().get(id=by.pk)  # two wishes taken at once count one after the other
    _lapse(Claim.objects.filter(Q(wish=wish) | Q(mentor=by), ended_at=None, until__lte=now), now)
    held = Claim.objects.filter(wish=wish, ended_at=None).first()
    if held is not None:
        if held.mentor_id == by.pk:
            return held
        raise Taken(_("Another neighbour has just taken this wish. If they do not write, it is free again soon."))
    if Claim.objects.filter(mentor=by, ended_at=None).count() >= ladder.MOST_CLAIMS:
        raise HandsFull(_("You hold three wishes already. Write to one of them first, or let one go."))
    claim = Claim.objects.create(wish=wish, mentor=by, at=now, until=now + timedelta(minutes=ladder.CLAIM_MINUTES))
    if climb := Climb.objects.filter(wish=wish, ended_at=None).first():
        _step(climb, "claimed", now)
    outbox.emit("wish.claimed", wish)
    return claim


@transaction.atomic
def let_go(*, wish: Listing, by: Person) -> None:
    """Give a wish one took back to the others."""
    _free(Claim.objects.filter(wish=wish, mentor=by, ended_at=None), Claim.Outcome.LET_GO, timezone.now())


@transaction.atomic
def note_hello(*, lesson_id: int, now: datetime) -> None:
    """End the claim of a mentor who has said hello."""
    lesson = Lesson.objects.filter(id=lesson_id).first()
    if lesson is not None:
        held = Claim.objects.filter(wish=lesson.listing_id, mentor=lesson.teacher_id, ended_at=None)
        held.update(ended_at=now, outcome=Claim.Outcome.HELLO)


def lapse_claims(*, now: datetime) -> int:
    """End claims whose half hour is over. Gives how many."""
    return _lapse(Claim.objects.filter(ended_at=None, until__lte=now), now)


def queue_for(*, person: Person) -> list[Match]:
    """Give the wishes this person could serve, each once with its best pair: those that wait longest at a good score.

    Left out: wishes taken by another, answered, dismissed, of blocked people, or already written to.
    """
    spoken = Lesson.objects.filter(teacher=person).values("listing")
    rows = (
        Match.objects.for_owner(person)
        .filter(offer__owner=person)
        .exclude(wish__in=spoken.exclude(listing=None))
        .exclude(wish__climb__ended=Climb.Ended.ANSWERED)
        .order_by("-score", "wish__climb__since", "id")[: QUEUE * 3]
    )
    best: dict[int, Match] = {}
    for match in rows:
        best.setdefault(match.wish_id, match)
    return list(best.values())[:QUEUE]


def held_by(*, person: Person, now: datetime) -> dict[int, datetime]:
    """Give the wishes this person holds, each with when that ends."""
    rows = Claim.objects.filter(mentor=person, ended_at=None, until__gt=now)
    return dict(rows.values_list("wish_id", "until"))


def outlook(*, wish: Listing, now: datetime) -> Outlook | None:
    """Give what a wish's page says of its way; None where it has not begun."""
    climb = Climb.objects.filter(wish=wish).select_related("steward", "wish__main_concept").first()
    if climb is None:
        return None
    rung = ladder.next_rung(climb.rung) if climb.ended_at is None and climb.due_at else None
    claim = Claim.objects.filter(wish=wish, ended_at=None, until__gt=now).first()
    open_rings = Ring.objects.filter(places__wish=wish, state__in=[Ring.State.PROPOSED, Ring.State.BOOKING])
    return Outlook(
        climb=climb,
        steps=list(climb.steps.order_by("at", "id")),
        next_rung=rung.name if rung else "",
        is_due=climb.due_at is not None and climb.due_at <= now,
        range=usual_wait(climb, now=now) if climb.ended_at is None else None,
        claim=claim,
        ring=open_rings.filter(deadline__gt=now).order_by("-id").first() if climb.ended_at is None else None,
    )


def usual_wait(climb: Climb, *, now: datetime) -> waits.Range | None:
    """Give how long such wishes wait, of the same subject where enough is known, else of the whole city."""
    waited = max(0.0, (now - climb.since).total_seconds() / 86_400)
    domain = climb.wish.main_concept.domain if climb.wish.main_concept else ""
    for rows in (past_waits(now=now, domain=domain), past_waits(now=now)) if domain else (past_waits(now=now),):
        found = waits.range_of(rows, waited=waited)
        if found is not None:
            return found
    return None


def past_waits(*, now: datetime, domain: str = "") -> list[waits.Wait]:
    """Give the waits of the last half year, ended and going on; wishes taken back count as not answered until then."""
    rows: QuerySet[Climb] = Climb.objects.filter(since__gte=now - timedelta(days=ANSWER_DAYS))
    if domain:
        rows = rows.filter(wish__main_concept__domain=domain)
    return [
        waits.Wait(
            max(0.0, ((ended_at or now) - since).total_seconds() / 86_400),
            ended == Climb.Ended.ANSWERED,
            age=(now - since).total_seconds() / 86_400,
        )
        for since, ended_at, ended in rows.order_by("-since").values_list("since", "ended_at", "ended")[:MOST_WAITS]
    ]


def kept_by(*, steward: Person) -> QuerySet[Climb]:
    """Give the waiting wishes a curator looks after, the longest waiting first."""
    rows = Climb.objects.filter(steward=steward, ended_at=None).select_related("wish", "wish__owner")
    return rows.order_by("since", "id")


def climbing(*, limit: int = 100) -> Sequence[Climb]:
    """Give the wishes that have reached the highest rung, the longest waiting first."""
    rows = Climb.objects.filter(rung=ladder.STEWARD, ended_at=None).select_related("wish", "wish__owner", "steward")
    return list(rows.order_by("since", "id")[:limit])


def _lapse(rows: QuerySet[Claim], now: datetime) -> int:
    return _free(rows, Claim.Outcome.LAPSED, now)


@transaction.atomic
def _free(rows: QuerySet[Claim], outcome: str, now: datetime) -> int:
    """End claims that led to no hello, and note on each wish that it is free again."""
    found = list(rows.select_for_update().values_list("id", "wish_id"))
    if not found:
        return 0
    ended = Claim.objects.filter(id__in=[row[0] for row in found]).update(ended_at=now, outcome=outcome)
    for climb in Climb.objects.filter(wish__in=[row[1] for row in found], ended_at=None).order_by("id"):
        _step(climb, "free", now)
    return ended


def _end(climb: Climb, why: str, now: datetime) -> None:
    climb.ended, climb.ended_at, climb.due_at = why, now, None
    climb.save(update_fields=["ended", "ended_at", "due_at"])


def _set_due(climb: Climb) -> None:
    rung = ladder.next_rung(climb.rung)
    climb.due_at = ladder.due_at(rung, since=climb.since) if rung else None
    climb.save(update_fields=["rung", "since", "due_at", "ended", "ended_at", "steward"])


def _step(climb: Climb, what: str, now: datetime, **facts: int) -> None:
    Step.objects.create(climb=climb, what=what, at=now, facts=facts)
