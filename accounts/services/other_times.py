"""Exceptions from one's week: away from … to …, also free on …."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import OtherTime, Person
from exchange.lib.errors import Refused
from exchange.outbox import services as outbox

MOST = 50
LONGEST = {OtherTime.Kind.AWAY: timedelta(days=366), OtherTime.Kind.FREE: timedelta(days=1, hours=1)}
AHEAD = timedelta(days=2 * 366)
KEPT = timedelta(days=30)  # after it is over


class WrongTime(Refused):
    """It ends before it begins, is over already, or is too long or too far away."""

    code = "wrong_time"


class TooManyTimes(Refused):
    """More exceptions than anyone looks after."""

    code = "too_many"


@transaction.atomic
def add(*, person: Person, kind: str, starts_at: datetime, ends_at: datetime) -> OtherTime:
    """Note that somebody is away, or free besides; the same again is found. Refused: `WrongTime`, `TooManyTimes`."""
    now = timezone.now()
    if ends_at <= starts_at:
        raise WrongTime(_("The end must come after the beginning."))
    if ends_at <= now:
        raise WrongTime(_("This time is over already."))
    if ends_at - starts_at > LONGEST[OtherTime.Kind(kind)] or ends_at > now + AHEAD:
        raise WrongTime(_("This is too long, or too far ahead: a year at most, within the next two."))
    Person.objects.select_for_update().get(id=person.pk)  # two forms at once are counted one after the other
    OtherTime.objects.filter(person=person, ends_at__lt=now - KEPT).delete()
    same = OtherTime.objects.filter(person=person, kind=kind, starts_at=starts_at, ends_at=ends_at).first()
    if same is not None:
        return same
    if OtherTime.objects.filter(person=person).to_come().count() >= MOST:
        raise TooManyTimes(_("These are many exceptions already; take some away first."))
    made = OtherTime.objects.create(person=person, kind=kind, starts_at=starts_at, ends_at=ends_at)
    outbox.emit("person.changed", person)
    return made


@transaction.atomic
def remove(*, person: Person, number: int) -> None:
    """Take one of one's own exceptions away; one that is not there is no matter."""
    if OtherTime.objects.filter(person=person, id=number).delete()[0]:
        outbox.emit("person.changed", person)
