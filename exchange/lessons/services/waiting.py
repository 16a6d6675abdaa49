"""Waiting for an answer to a hello, and being full for a while."""

from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Person
from exchange.chat.models import Message
from exchange.lessons import rules
from exchange.lessons.models import Lesson, Rest
from exchange.lib.errors import Refused
from exchange.outbox import services as outbox
from exchange.ready import Ready
from exchange.whole import whole
from skills.models import Listing
from skills.services import listings

USUAL_SECONDS = 600


class NotAsked(Refused):
    """Only the teacher who was asked can say that they are full, while the hello has no answer."""

    code = "not_asked"


def wait_for_answers(*, now: datetime, limit: int = 200) -> int:
    """Let unanswered hellos take the rungs that are due; gives how many were looked at. Any number may run at once."""
    due = Lesson.objects.filter(rung_due_at__lte=now).order_by("rung_due_at", "id").values_list("id", flat=True)
    return sum(_wait_on(lesson_id, now) for lesson_id in list(due[:limit]))


@whole
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


@whole
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
    rest_offers(teacher=by, until=lesson.full_until)
    outbox.emit("enquiry.deferred", lesson)
    return lesson


@whole
def rest_offers(*, teacher: Person, until: datetime) -> None:
    """Let a teacher's published offers rest until then; they come back by themselves."""
    for offer in Listing.objects.published().filter(owner=teacher, kind=Listing.Kind.OFFER).order_by("id"):
        listings.pause(listing=offer, by=teacher)
        Rest.objects.update_or_create(listing=offer, defaults={"until": until})


def end_rests(*, now: datetime) -> int:
    """Bring resting offers back whose time is over; gives how many."""
    over = Rest.objects.filter(until__lte=now).select_related("listing", "listing__owner").order_by("until")
    return sum(_end_rest(rest) for rest in over[:200])


@whole
def _end_rest(rest: Rest) -> bool:
    if not Rest.objects.filter(listing=rest.listing_id, until=rest.until).delete()[0]:
        return False
    if rest.listing.state == Listing.State.PAUSED:
        listings.resume(listing=rest.listing, by=rest.listing.owner)
    return True


@whole
def forget_rests(*, listing_ids: list[int]) -> None:
    """Forget that offers rest which their teacher has brought back already."""
    Rest.objects.filter(listing__in=listing_ids, listing__state=Listing.State.PUBLISHED).delete()


def unanswered(*, conversation_id: int, person: Person) -> Lesson | None:
    """Give the hello of a talk of this person that has no answer yet."""
    rows = Lesson.objects.hellos().for_member(person).filter(conversation=conversation_id)
    lesson = rows.select_related("teacher").first()
    return None if lesson is None or is_answered(lesson) else lesson


def _hellos(*, person: int, since: datetime) -> QuerySet[Lesson, Any]:
    first = Message.objects.filter(conversation=OuterRef("conversation"), sender=person).order_by("seq").values("at")
    return (
        Lesson.objects.hellos()
        .filter(Q(teacher=person) | Q(learner=person), made_at__gte=since)
        .exclude(opened_by=person)
        .exclude(conversation__last_seq=0)
        .annotate(first_at=Subquery(first[:1]))
        .order_by("-made_at")
        .values_list("made_at", "first_at", "full_at")[: rules.MOST_HELLOS]
    )


_read_hellos = Ready(_hellos)


def usual_answer(*, person: Person) -> str:
    """Give how soon this person usually answers a hello, as a coarse band (`rules.usual_band`); in one query, and at
    most ten minutes old: every reader of an offer asks, and the band of half a year changes slowly."""
    name = f"usual_answer:{person.pk}"
    band: str | None = cache.get(name)
    if band is None:
        band = _usual_answer(person)
        cache.set(name, band, USUAL_SECONDS)
    return band


def _usual_answer(person: Person) -> str:
    now = timezone.now()
    rows = _read_hellos(person=person.pk, since=now - rules.LATELY)
    hellos = []
    for made_at, first_at, full_at in rows:
        answered = min((at for at in (first_at, full_at) if at is not None), default=None)
        hellos.append(rules.Heard(now - made_at, None if answered is None else answered - made_at))
    return rules.usual_band(hellos)
