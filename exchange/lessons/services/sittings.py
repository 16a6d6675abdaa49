"""Group lessons: a teacher announces a date with seats, neighbours take them or wait in a queue for one that is freed.

Every act locks the sitting's row first: the last seat has one taker, and the queue keeps its order.
"""

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import policies
from accounts.models import Person
from accounts.services import care
from exchange.chat import services as chat
from exchange.lessons import rules, states
from exchange.lessons.models import Lesson, Queued, Sitting
from exchange.lessons.rules import FEWEST_SEATS, MOST_SEATS, Span
from exchange.lessons.services import hours, taking
from exchange.lessons.services.ending import cancel
from exchange.lessons.services.hello import NotReachable, OwnListing
from exchange.lessons.services.refusals import BadTerms, BadTimes, NotYours, SittingFull, SittingOver
from exchange.lessons.services.steps import step
from exchange.lib.text import clean
from exchange.outbox import services as outbox
from exchange.whole import whole
from skills.models import Listing
from skills.services import listings

ANSWER = timedelta(hours=24)  # how long a freed seat is kept for the next in the queue
LAST_OFFER = timedelta(hours=3)  # before the start: from then on a freed seat is for whoever comes first


def beside(rows: QuerySet[Listing], now: datetime) -> QuerySet[Listing]:
    """Put the next group lesson beside listings: `next_sitting` its number, `next_date` when it begins, or None."""
    dates = Sitting.objects.filter(listing=OuterRef("pk"), cancelled_at=None, starts_at__gt=now)
    dates = dates.order_by("starts_at", "id")
    return rows.annotate(
        next_sitting=Subquery(dates.values("pk")[:1]), next_date=Subquery(dates.values("starts_at")[:1])
    )


@whole
def announce(
    *,
    listing: Listing,
    by: Person,
    starts_at: datetime,
    minutes: int,
    seats: int,
    format: str,
    place: str = "",
    in_return: str = Lesson.Return.GIFT,
) -> Sitting:
    """Announce a date of one's own offer; its teacher is busy then.

    Refused: `NotYours` (another's listing, a wish, one that is not published), `BadTerms`, `BadTimes`, `TakenAlready`,
    `NeedsGuardian`, `listings.NotForYoung`.
    """
    now, place = timezone.now(), clean(place)[:160]
    if listing.owner_id != by.pk or not listing.is_offer or not listing.is_published:
        raise NotYours(_("Dates are announced for an offer of your own that neighbours can see."))
    if not FEWEST_SEATS <= seats <= MOST_SEATS:
        raise BadTerms(_("A group has from %(least)s to %(most)s seats.") % {"least": FEWEST_SEATS, "most": MOST_SEATS})
    if not rules.LEAST_MINUTES <= minutes <= rules.MOST_MINUTES or format not in Lesson.Format.values:
        raise BadTerms(_("A lesson is in person or online, and lasts from a quarter of an hour to eight hours."))
    if in_return not in (Lesson.Return.HOURS, Lesson.Return.GIFT):
        raise BadTerms(_("A group lesson is for hours or a gift."))
    if not now < starts_at <= now + rules.FARTHEST:
        raise BadTimes(_("Choose a day to come, within a year."))
    care.require_may_meet(by)
    _require_suits(by, format, place)
    made = Sitting.objects.create(
        teacher=by, listing=listing, title=listing.title[:90], starts_at=starts_at, minutes=minutes, seats=seats,
        ends_at=starts_at + timedelta(minutes=minutes), format=format, place=place, in_return=in_return,
    )  # fmt: skip
    taking.take_for_sitting(made)
    outbox.emit("sitting.announced", made)
    return made


@whole
def take_seat(*, sitting: Sitting, by: Person) -> Lesson:
    """Take a seat: a lesson of one's own in the group, booked at once; one that is taken already is found.

    Refused: `SittingOver`, `SittingFull`, `OwnListing`, `NotReachable`, `AgeNotSaid`, `NeedsGuardian`,
    `listings.NotForYoung`, `TakenAlready`, `ledger.NotEnoughHours`.
    """
    sitting = _locked(sitting.pk)
    mine = Lesson.objects.filter(sitting=sitting, learner=by, state=states.BOOKED).first()
    if mine is not None:
        return mine
    _require_open(sitting)
    _require_doors(sitting, by)
    _fill(sitting)
    place = Queued.objects.filter(sitting=sitting, person=by).first()
    if (place is None or place.offered_until is None) and _seats_left(sitting) < 1:
        raise SittingFull(_("All seats are taken or kept for those who wait. You can join the queue."))
    if place is not None:
        place.delete()
    lesson = _seat(sitting, by)
    _fill(sitting)
    return lesson


@whole
def join_queue(*, sitting: Sitting, by: Person) -> Queued:
    """Wait for a seat; who waits already keeps their place. Refused: as `take_seat`, without `SittingFull`."""
    sitting = _locked(sitting.pk)
    _require_open(sitting)
    _require_doors(sitting, by)
    place, _is_new = Queued.objects.get_or_create(sitting=sitting, person=by)
    _fill(sitting)
    place.refresh_from_db()
    return place


@whole
def leave_queue(*, sitting: Sitting, by: Person) -> None:
    """Wait no more, or say no to a seat that was kept: the next one hears of it. Not in the queue: nothing happens."""
    sitting = _locked(sitting.pk)
    if Queued.objects.filter(sitting=sitting, person=by).delete()[0]:
        _fill(sitting)


@whole
def call_off(*, sitting: Sitting, by: Person, note: str = "") -> Sitting:
    """Call a whole sitting off as its teacher: everyone gets everything back, and nobody waits any more.

    A second time changes nothing. Refused: `NotYours`, `SittingOver` (it has begun).
    """
    sitting, now = _locked(sitting.pk), timezone.now()
    if sitting.teacher_id != by.pk:
        raise NotYours(_("Only the teacher can do this."))
    if sitting.cancelled_at is not None:
        return sitting
    _require_open(sitting)
    sitting.cancelled_at = now
    sitting.sequence += 1
    sitting.save(update_fields=["cancelled_at", "sequence"])
    for lesson in Lesson.objects.filter(sitting=sitting, state=states.BOOKED).order_by("id"):
        cancel(lesson=lesson, by=by, note=note, now=now)
    waiting = list(Queued.objects.filter(sitting=sitting).values_list("person", flat=True))
    Queued.objects.filter(sitting=sitting).delete()
    taking.free_sitting(sitting)
    outbox.emit("sitting.cancelled", sitting, waiting=waiting)
    return sitting


@whole
def fill(*, sitting_id: int) -> None:
    """Offer what seats are free to those who wait, in their order."""
    _fill(_locked(sitting_id))


def keep_seats(*, now: datetime) -> int:
    """Pass on seats that were kept for somebody who did not answer, and free teachers whose sitting is over."""
    late = Queued.objects.filter(offered_until__lte=now).values_list("sitting", flat=True).distinct()
    numbers = sorted(late)
    for number in numbers:
        fill(sitting_id=number)
    for sitting in Sitting.objects.filter(taken__isnull=False, ends_at__lte=now).order_by("id"):
        taking.free_sitting(sitting)
    return len(numbers)


def place_of(*, sitting: Sitting, person: Person) -> tuple[Queued | None, int]:
    """Give somebody's place in the queue, and its number from 1; (None, 0) for who does not wait."""
    place = Queued.objects.filter(sitting=sitting, person=person).first()
    if place is None:
        return None, 0
    return place, Queued.objects.filter(sitting=sitting, id__lte=place.pk).count()


def _locked(number: int) -> Sitting:
    return Sitting.objects.select_for_update(of=("self",)).select_related("teacher", "listing").get(id=number)


def _require_open(sitting: Sitting) -> None:
    if not sitting.is_open:
        raise SittingOver(_("This date has begun or was called off."))


def _require_doors(sitting: Sitting, by: Person) -> None:
    """Hold who takes a seat to what holds when they say hello."""
    if by.pk == sitting.teacher_id:
        raise OwnListing(_("This is your own group lesson."))
    if policies.lacks_guardian(sitting.teacher) or not policies.may_write_to(by, sitting.teacher):
        raise NotReachable(_("This neighbour is not taking lessons now."))
    care.require_may_meet(by)
    if by.is_young or sitting.teacher.is_young:
        _require_suits(None, sitting.format, sitting.place)


def _require_suits(person: Person | None, format: str, place: str) -> None:
    if (person is None or person.is_young) and not policies.suits_the_young(format=format, place=place):
        raise listings.NotForYoung(
            _("Learners of 13 to 17 meet online or in a public place only; this lesson is in neither.")
        )


def _seats_left(sitting: Sitting) -> int:
    taken = Lesson.objects.filter(sitting=sitting, state=states.BOOKED).count()
    kept = Queued.objects.filter(sitting=sitting, offered_until__isnull=False).count()
    return sitting.seats - taken - kept


def _fill(sitting: Sitting) -> None:
    """Take kept seats back that nobody answered for, then keep free ones for the next who wait. The row is locked."""
    now = timezone.now()
    Queued.objects.filter(sitting=sitting, offered_until__lte=now).delete()
    until = min(now + ANSWER, sitting.starts_at - LAST_OFFER)
    if not sitting.is_open or until <= now:
        return
    left = _seats_left(sitting)
    if left < 1:
        return
    for place in Queued.objects.filter(sitting=sitting, offered_until=None).order_by("id")[:left]:
        place.offered_until = until
        place.save(update_fields=["offered_until"])
        outbox.emit("seat.offered", place)


def _seat(sitting: Sitting, by: Person) -> Lesson:
    """Book a lesson in the group: the teacher asked when they announced it, and who takes a seat says yes."""
    now, teacher = timezone.now(), sitting.teacher
    known = Lesson.objects.filter(listing=sitting.listing_id, teacher=teacher, learner=by).order_by("id").first()
    talk = known.conversation if known else None
    if talk is None or talk.stopped_at is not None:
        lang = sitting.listing.lang if sitting.listing else settings.LANGUAGE_CODE
        about = sitting.get_absolute_url()
        talk = chat.open_conversation(subject=sitting.title, subject_lang=lang, people=[teacher, by], about_url=about)
    lesson = Lesson.objects.create(
        teacher=teacher, learner=by, opened_by=by, listing_id=sitting.listing_id, conversation=talk, sitting=sitting,
        follows=known, made_at=now, state=states.ASKED, minutes=sitting.minutes, format=sitting.format,
        place=sitting.place, in_return=sitting.in_return, asked_by=teacher, asked_at=now,
        answer_due_at=sitting.starts_at, uid=uuid.uuid4(), starts_at=sitting.starts_at, ends_at=sitting.ends_at,
        reminded=rules.reminders_over(sitting.starts_at, now=now), sequence=1,
    )  # fmt: skip
    taking.take_seat(lesson, Span(sitting.starts_at, sitting.ends_at))
    hours.hold(lesson)
    step(lesson, states.ACCEPT, to=states.BOOKED, by=by, now=now, event="lesson.booked", seat=sitting.pk)
    return lesson
