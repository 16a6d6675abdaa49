"""Who is busy when: rows that stand exactly while a lesson or a sitting is booked or held (ADR 0065)."""

from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import Person
from exchange.lessons.models import Lesson, Sitting, Taken
from exchange.lessons.rules import Span
from exchange.lessons.services import slots
from exchange.lessons.services.refusals import TakenAlready


def take(lesson: Lesson, span: Span) -> None:
    """Make both people of a locked lesson busy then, in place of any time it had.

    Refused: `TakenAlready`, with up to three other times of the same length that suit both.
    """
    people = [lesson.teacher_id, lesson.learner_id]
    lock(people)
    if clashes(people, [span]).exclude(lesson=lesson).exists():
        raise _taken(lesson, span)
    free(lesson)
    try:
        with transaction.atomic():
            _put(people, span, lesson=lesson)
    except IntegrityError:  # PostgreSQL's own promise: whatever wrote without the lock was faster
        raise _taken(lesson, span) from None


def take_for_sitting(sitting: Sitting) -> None:
    """Make the teacher of a sitting busy then. Refused: `TakenAlready`."""
    span = Span(sitting.starts_at, sitting.ends_at)
    lock([sitting.teacher_id])
    if clashes([sitting.teacher_id], [span]).exclude(sitting=sitting).exists():
        raise TakenAlready(_("You are busy then. Choose another time."))
    try:
        with transaction.atomic():
            _put([sitting.teacher_id], span, sitting=sitting)
    except IntegrityError:
        raise TakenAlready(_("You are busy then. Choose another time.")) from None


def take_seat(lesson: Lesson, span: Span) -> None:
    """Make a learner busy while they sit in a group lesson, whose teacher is so already. Refused: `TakenAlready`."""
    lock([lesson.learner_id])
    if clashes([lesson.learner_id], [span]).exclude(lesson=lesson).exists():
        raise TakenAlready(_("You have another lesson then."))
    try:
        with transaction.atomic():
            _put([lesson.learner_id], span, lesson=lesson)
    except IntegrityError:
        raise TakenAlready(_("You have another lesson then.")) from None


def free(lesson: Lesson) -> None:
    """Make the people of a lesson free again."""
    Taken.objects.filter(lesson=lesson).delete()


def free_sitting(sitting: Sitting) -> None:
    """Make the teacher of a sitting free again."""
    Taken.objects.filter(sitting=sitting).delete()


def lock(people: Iterable[int]) -> None:
    """Hold people's rows, in id order, until the act ends: two bookings of one person go one after the other.

    They are not locked for the key: messages and whatever else merely points at them goes on.
    """
    rows = Person.objects.select_for_update(no_key=True).filter(id__in=list(people)).order_by("id")
    list(rows.values_list("id", flat=True))


def clashes(people: Iterable[int], spans: Iterable[Span]) -> QuerySet[Taken]:
    """Give what of the people's taken time meets one of the spans."""
    meets = Q(pk__in=[])
    for span in spans:
        meets |= Q(starts_at__lt=span.ends_at, ends_at__gt=span.starts_at)
    return Taken.objects.filter(meets, person__in=list(people))


def _put(people: Iterable[int], span: Span, *, lesson: Lesson | None = None, sitting: Sitting | None = None) -> None:
    Taken.objects.bulk_create(
        Taken(person_id=person, starts_at=span.starts_at, ends_at=span.ends_at, lesson=lesson, sitting=sitting)
        for person in sorted(people)
    )


def _taken(lesson: Lesson, span: Span) -> TakenAlready:
    minutes = int((span.ends_at - span.starts_at).total_seconds()) // 60
    return TakenAlready(
        _("One of you is busy then. Choose another time."), others=slots.propose(lesson=lesson, minutes=minutes)
    )
