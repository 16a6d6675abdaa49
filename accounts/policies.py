"""Who may meet whom, and what holds for learners of 13 to 17. Everyone asks here; services refuse by it.

The rules for the young, one sentence each: no talk without their guardian in it; nothing new to or from them while no
guardian has accepted; lessons online or in a public place; nobody becomes 18 by their own word.
"""

from collections.abc import Iterable

from accounts.models import Block, Guardianship, Person
from accounts.rules import is_public_place
from exchange.ready import Ready

_blocks = Ready(
    lambda *, one, other: Block.objects.all().between(Person(pk=one), Person(pk=other)).values_list("pk")[:1]
)


def is_blocked(one: Person, other: Person) -> bool:
    """Whether either of two people keeps the other away."""
    return bool(_blocks(one=one.pk, other=other.pk))


def may_write_to(sender: Person, other: Person) -> bool:
    """Whether one person may write to another now: both active, different, no block either way."""
    return sender.pk != other.pk and sender.is_active and other.is_active and not is_blocked(sender, other)


def may_answer_for_themselves(person: Person) -> bool:
    """Whether a person has said how old they are."""
    return person.age != Person.Age.UNSAID


def guardians_of(people: Iterable[int]) -> dict[int, Person | None]:
    """Give the young among these people (ids), each with the guardian who has accepted, or None: one query of one row
    a young person, and one of none where there is none."""
    young = list(Person.objects.filter(id__in=list(people), age=Person.Age.YOUNG).values_list("id", flat=True))
    if not young:
        return {}
    found = Guardianship.objects.current().filter(young__in=young).select_related("guardian")
    return dict.fromkeys(young) | {row.young_id: row.guardian for row in found}


def lacks_guardian(person: Person) -> bool:
    """Whether a person is young and nobody looks after them."""
    return person.is_young and not Guardianship.objects.current().filter(young=person).exists()


def suits_the_young(*, format: str, place: str) -> bool:
    """Whether a lesson is where the young may learn: online, or in a place that names itself as public."""
    return format == "online" or is_public_place(place)
