"""A swap: two lessons of the same two people, asked for and booked at once, whose hours cancel out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Person
from exchange.lessons import states
from exchange.lessons.models import Bundle, Lesson
from exchange.lessons.rules import Span
from exchange.lessons.services import bundling
from exchange.lessons.services.agreeing import accept, ask
from exchange.lessons.services.refusals import BadTerms
from exchange.lessons.services.steps import locked, require
from exchange.whole import whole
from skills.models import Listing


@dataclass(frozen=True)
class Half:
    """What is asked for one lesson of a swap."""

    times: Sequence[Span]
    minutes: int
    format: str
    place: str = ""


@whole
def ask_swap(
    *, lesson: Lesson, by: Person, listing: Listing, this: Half, other: Half, key: str | None = None,
    now: datetime | None = None,
) -> Lesson:  # fmt: skip
    """Ask for a lesson and offer another for it: `listing` is an offer of its learner, taught to its teacher.

    Both are asked for at once and booked together or not at all. A second click finds the first question.
    Refused: `BadTerms` for a listing that is no public offer of the learner; otherwise as `ask`.
    """
    now = now or timezone.now()
    lesson = locked(lesson.pk)
    if lesson.partner_id and bundling.is_bound(lesson) and lesson.asked_by_id == by.pk:
        return lesson
    require(lesson, states.ASK, by, now=now)
    listing = Listing.objects.select_for_update(of=("self",)).get(id=listing.pk)
    is_fit = listing.owner_id == lesson.learner_id and listing.is_offer and listing.is_published
    if not is_fit:
        raise BadTerms(_("What is given in exchange must be a public offer of the one who learns."))
    partner = _other_half(lesson, listing, by, now)
    Lesson.objects.filter(id=lesson.pk).update(partner=partner)
    Lesson.objects.filter(id=partner.pk).update(partner=lesson)
    bundling.bind(lessons=[lesson, partner], in_return=Lesson.Return.SWAP, now=now)
    for row, half in ((lesson, this), (partner, other)):
        ask(
            lesson=row, by=by, times=half.times, minutes=half.minutes, format=half.format, place=half.place,
            in_return=Lesson.Return.SWAP, key=key, now=now,
        )  # fmt: skip
    return Lesson.objects.get(id=lesson.pk)


@whole
def accept_all(*, chosen: Mapping[int, int], by: Person, key: str | None = None, now: datetime | None = None) -> bool:
    """Agree to a time for each of several lessons (lesson → proposal) that are booked together; gives whether they are.

    All of it or nothing. Refused: as `accept`.
    """
    rows = [
        accept(lesson=Lesson(pk=number), by=by, proposal=chosen[number], key=key, now=now) for number in sorted(chosen)
    ]
    return Bundle.objects.filter(lessons__in=[row.pk for row in rows], booked_at__isnull=False).exists()


def _other_half(lesson: Lesson, listing: Listing, by: Person, now: datetime) -> Lesson:
    """Give the enquiry that the teacher has about the learner's offer already, or a new one in the same talk."""
    found = Lesson.objects.filter(
        listing=listing, teacher=lesson.learner_id, learner=lesson.teacher_id, state=states.ENQUIRY
    ).first()
    return found or Lesson.objects.create(
        teacher=lesson.learner,
        learner=lesson.teacher,
        opened_by=by,
        listing=listing,
        conversation_id=lesson.conversation_id,
        follows_id=lesson.follows_id or lesson.pk,
        made_at=now,
    )
