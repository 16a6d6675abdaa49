"""Who is busy when: rows that stand exactly while a lesson is booked or held."""

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import Person
from exchange.lessons.models import Lesson, Taken
from exchange.lessons.rules import Span
from exchange.lessons.services.refusals import TakenAlready


def take(lesson: Lesson, span: Span) -> None:
    """Make both people of a locked lesson busy then, in place of any time it had. Refused: `TakenAlready`."""
    people = [lesson.teacher_id, lesson.learner_id]
    # Locked in id order: two bookings of one person are looked at one after the other.
    list(Person.objects.select_for_update().filter(id__in=people).order_by("id").values_list("id", flat=True))
    meets = Q(starts_at__lt=span.ends_at, ends_at__gt=span.starts_at)
    if Taken.objects.filter(meets, person__in=people).exclude(lesson=lesson).exists():
        raise TakenAlready(_("One of you is busy then. Choose another time."))
    free(lesson)
    Taken.objects.bulk_create(
        Taken(person_id=person, starts_at=span.starts_at, ends_at=span.ends_at, lesson=lesson)
        for person in sorted(people)
    )


def free(lesson: Lesson) -> None:
    """Make both people free again."""
    Taken.objects.filter(lesson=lesson).delete()
