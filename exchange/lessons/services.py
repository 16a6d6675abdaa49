"""The acts between two people about a lesson: say hello, wait for an answer, be full for a while."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import policies
from accounts.models import Person
from accounts.services import care
from exchange.chat import services as chat
from exchange.chat.models import Message
from exchange.chat.screening import screen
from exchange.lessons import rules
from exchange.lessons.models import Lesson, Rest
from exchange.lib.errors import Refused
from exchange.lib.text import clean
from exchange.outbox import services as outbox
from exchange.ready import Ready
from skills.models import Listing
from skills.services import listings


class OwnListing(Refused):
    """One cannot say hello to oneself."""

    code = "own_listing"


class NotReachable(Refused):
    """The owner cannot be written to: resting, gone, or a block either way; which one is not told."""

    code = "not_reachable"


class TooLong(Refused):
    """First words to a stranger are short."""

    code = "too_long"


class NoLinks(Refused):
    """First words to a stranger hold no links."""

    code = "no_links"


class TooManyHellos(Refused):
    """A new account has said hello to as many strangers as it may in a day."""

    code = "too_many_hellos"


class NotAsked(Refused):
    """Only the teacher who was asked can say that they are full, while the hello has no answer."""

    code = "not_asked"


_enquiry = Ready(
    lambda *, listing, person: (
        Lesson.objects.for_member(Person(pk=person))
        .filter(listing=listing, opened_by=person)
        .select_related("conversation")
        .order_by("pk")[:1]
    )
)


def enquiry_between(*, listing: Listing, person: Person) -> Lesson | None:
    """Give the enquiry this person already has about a listing."""
    return next(iter(_enquiry(listing=listing.pk, person=person.pk)), None)


@transaction.atomic
def say_hello(
    *, listing: Listing, by: Person, body: str, client_id: uuid.UUID | None = None, is_stranger: bool = True
) -> Lesson:
    """Open an enquiry about a listing with its conversation and first words, in one act; a second click finds it.

    On an offer the owner teaches; on a wish the one who says hello would. `is_stranger`: false where both already
    agreed to meet (a ring), so that the bounds of first words do not hold. Refused: `OwnListing`, `NotReachable`,
    `AgeNotSaid`, `NeedsGuardian`, `listings.NotForYoung` (either is 13 to 17, and the lesson in a private place),
    `TooLong`, `NoLinks`, `TooManyHellos`, and what `chat.send` refuses about the words. Words that a curator must read
    first open the talk for their sender alone.
    """
    # The listing's row is the lock: two clicks at once make one enquiry.
    locked = Listing.objects.select_for_update(of=("self",))
    listing = locked.select_related("owner", "owner__profile").get(id=listing.pk)
    owner = listing.owner
    if owner.pk == by.pk:
        raise OwnListing(_("This is your own listing."))
    existing = enquiry_between(listing=listing, person=by)
    if existing is not None:
        return existing
    if (
        policies.lacks_guardian(owner)
        or not listing.is_published
        or owner.profile.is_paused
        or not policies.may_write_to(by, owner)
    ):
        raise NotReachable(_("This neighbour is not taking new hellos now."))
    care.require_may_meet(by)
    if (by.is_young or owner.is_young) and not policies.suits_the_young(format=listing.format, place=listing.place):
        raise listings.NotForYoung(
            _("Learners of 13 to 17 meet online or in a public place only; this lesson is in neither.")
        )
    if is_stranger:
        _bound(by, body)
    teacher, learner = (owner, by) if listing.is_offer else (by, owner)
    conversation = chat.open_conversation(
        subject=listing.title, subject_lang=listing.lang, people=[by, owner], about_url=listing.get_absolute_url()
    )
    now = timezone.now()
    lesson = Lesson.objects.create(
        teacher=teacher,
        learner=learner,
        opened_by=by,
        listing=listing,
        conversation=conversation,
        made_at=now,
        rung_due_at=rules.rung_due(0, since=now, now=now),
    )
    chat.offer(conversation_id=conversation.pk, sender=by, client_id=client_id or uuid.uuid4(), body=body)
    outbox.emit("enquiry.opened", lesson)
    return lesson


def _bound(by: Person, body: str) -> None:
    """Refuse first words to a stranger that are long, hold a link, or are one too many of a new account today."""
    if len(clean(body)) > settings.FIRST_WORDS_LONGEST:
        raise TooLong(
            _("Shorter, please: %(most)s characters at most in the first message.")
            % {"most": settings.FIRST_WORDS_LONGEST}
        )
    if any(finding.rule == "link" for finding in screen(body, is_first_contact=True).findings):
        raise NoLinks(_("Please leave the link out of the first message. You can send it once both have written."))
    now = timezone.now()
    if by.joined_at < now - timedelta(days=settings.NEW_ACCOUNT_DAYS):
        return
    Person.objects.select_for_update().get(id=by.pk)  # two hellos at once are counted one after the other
    today = Lesson.objects.filter(opened_by=by, made_at__gt=now - timedelta(days=1)).count()
    if today >= settings.FIRST_CONTACTS_A_DAY:
        raise TooManyHellos(
            _("You have said hello to several neighbours today. Wait for their answers; tomorrow you can go on.")
        )


def wait_for_answers(*, now: datetime, limit: int = 200) -> int:
    """Let unanswered hellos take the rungs that are due; gives how many were looked at. Any number may run at once."""
    due = Lesson.objects.filter(rung_due_at__lte=now).order_by("rung_due_at", "id").values_list("id", flat=True)
    return sum(_wait_on(lesson_id, now) for lesson_id in list(due[:limit]))


@transaction.atomic
def _wait_on(lesson_id: int, now: datetime) -> bool:
    """Take one rung of one hello, or end its waiting; False when another process was faster."""
    lesson = Lesson.objects.select_for_update().filter(id=lesson_id, rung_due_at__lte=now).first()
    if lesson is None:
        return False
    talk = lesson.conversation
    lesson.rung_due_at = None
    if lesson.full_until is not None:
        outbox.emit("enquiry.again", lesson)
    elif talk.last_seq == 0:  # a curator reads the first words: waiting counts from when they are let through
        lesson.rung_due_at = now + rules.RUNGS[0][1]
    elif not is_answered(lesson) and talk.stopped_at is None:
        rung = rules.RUNGS[lesson.rungs][0]
        lesson.rungs += 1
        lesson.rung_due_at = rules.rung_due(lesson.rungs, since=lesson.made_at, now=now)
        outbox.emit("enquiry.waits", lesson, rung=rung)
    lesson.save(update_fields=["rungs", "rung_due_at"])
    return True


def is_answered(lesson: Lesson) -> bool:
    """Whether the one who was said hello to has written."""
    return Message.objects.filter(conversation=lesson.conversation_id, sender=lesson.asked_id).exists()


@transaction.atomic
def be_full(*, lesson: Lesson, by: Person, days: int) -> Lesson:
    """Answer a hello with "full now, ask me after so many days": the teacher's offers rest until then.

    Resting offers are suggested to nobody, and come back by themselves. A second tap changes nothing.
    Refused: `NotAsked`. Raises `ValueError` for days that are not offered (`rules.FULL_DAYS`).
    """
    if days not in rules.FULL_DAYS:
        raise ValueError(days)
    lesson = Lesson.objects.select_for_update().get(id=lesson.pk)
    if lesson.teacher_id != by.pk or lesson.asked_id != by.pk or (lesson.full_at is None and is_answered(lesson)):
        raise NotAsked(_("This can be said to a hello that you have not answered yet."))
    if lesson.full_at is not None:
        return lesson
    now = timezone.now()
    lesson.full_at, lesson.full_until = now, now + timedelta(days=days)
    lesson.rung_due_at = lesson.full_until
    lesson.save(update_fields=["full_at", "full_until", "rung_due_at"])
    for offer in Listing.objects.published().filter(owner=by, kind=Listing.Kind.OFFER).order_by("id"):
        listings.pause(listing=offer, by=by)
        Rest.objects.update_or_create(listing=offer, defaults={"until": lesson.full_until})
    outbox.emit("enquiry.deferred", lesson)
    return lesson


def end_rests(*, now: datetime) -> int:
    """Bring resting offers back whose time is over; gives how many."""
    over = Rest.objects.filter(until__lte=now).select_related("listing", "listing__owner").order_by("until")
    return sum(_end_rest(rest) for rest in over[:200])


@transaction.atomic
def _end_rest(rest: Rest) -> bool:
    if not Rest.objects.filter(listing=rest.listing_id, until=rest.until).delete()[0]:
        return False
    if rest.listing.state == Listing.State.PAUSED:
        listings.resume(listing=rest.listing, by=rest.listing.owner)
    return True


@transaction.atomic
def forget_rests(*, listing_ids: list[int]) -> None:
    """Forget that offers rest which their teacher has brought back already."""
    Rest.objects.filter(listing__in=listing_ids, listing__state=Listing.State.PUBLISHED).delete()


def unanswered(*, conversation_id: int, person: Person) -> Lesson | None:
    """Give the hello of a talk of this person that has no answer yet."""
    rows = Lesson.objects.for_member(person).filter(conversation=conversation_id)
    lesson = rows.select_related("teacher").first()
    return None if lesson is None or is_answered(lesson) else lesson


def _hellos(*, person: int, since: datetime) -> QuerySet[Lesson, Any]:
    first = Message.objects.filter(conversation=OuterRef("conversation"), sender=person).order_by("seq").values("at")
    return (
        Lesson.objects.filter(Q(teacher=person) | Q(learner=person), made_at__gte=since)
        .exclude(opened_by=person)
        .exclude(conversation__last_seq=0)
        .annotate(first_at=Subquery(first[:1]))
        .order_by("-made_at")
        .values_list("made_at", "first_at", "full_at")[: rules.MOST_HELLOS]
    )


_read_hellos = Ready(_hellos)


def usual_answer(*, person: Person) -> str:
    """Give how soon this person usually answers a hello, as a coarse band (`rules.usual_band`); in one query."""
    now = timezone.now()
    rows = _read_hellos(person=person.pk, since=now - rules.LATELY)
    hellos = []
    for made_at, first_at, full_at in rows:
        answered = min((at for at in (first_at, full_at) if at is not None), default=None)
        hellos.append(rules.Heard(now - made_at, None if answered is None else answered - made_at))
    return rules.usual_band(hellos)
