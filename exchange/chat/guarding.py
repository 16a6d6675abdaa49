"""Guardians in talks: a third member from the start, whose words answer for nobody (rules: `accounts.policies`)."""

from collections.abc import Iterable, Sequence

from django.utils.translation import gettext as _

from accounts import policies
from accounts.models import Person
from accounts.services.care import NeedsGuardian
from exchange.chat.models import Member


def with_guardians(people: Iterable[Person]) -> dict[Person, bool]:
    """Give everyone of a talk to be opened, each with whether they are there as a guardian.

    Refused (`NeedsGuardian`): one of them is young and nobody has agreed to look after them.
    """
    found = dict.fromkeys(people, False)
    for guardian in policies.guardians_of(person.pk for person in found).values():
        if guardian is None:
            raise NeedsGuardian(_("This needs a guardian who has agreed."))
        found.setdefault(guardian, True)
    return found


def require_guardians(members: Sequence[Member]) -> None:
    """Refuse (`NeedsGuardian`) to go on with a talk in which somebody young is without their guardian."""
    if not any(member.person.is_young for member in members):
        return
    here = {member.person_id for member in members}
    guardians = policies.guardians_of(here).values()
    if any(guardian is None or guardian.pk not in here for guardian in guardians):
        raise NeedsGuardian(_("This talk rests until a guardian is in it."))


def may_all_talk(members: Sequence[Member], person: Person) -> bool:
    """Whether no block and nobody's absence keeps this person from writing in a talk of two, guardians included."""
    if sum(not member.is_guardian for member in members) != 2:
        return True
    return all(policies.may_write_to(person, member.person) for member in members if member.person_id != person.pk)
