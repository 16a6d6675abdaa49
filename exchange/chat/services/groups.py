"""Talks of several people: for a ring, a programme, a venue. Who is in one agreed to meet before it was opened."""

import uuid
from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts import policies
from accounts.models import Block, Person
from exchange.chat import guarding
from exchange.chat import services as chat
from exchange.chat.models import Conversation, Member
from exchange.lib.errors import Refused

MOST = 40


class Apart(Refused):
    """Two of the people keep each other away: they are never put into one group; who they are is not told."""

    code = "apart"


class TooFew(Refused):
    """A group has two people at least."""

    code = "too_few"


class TooManyPeople(Refused):
    """A group has forty people at most."""

    code = "too_many_people"


class NotAGroup(Refused):
    """A talk of two cannot be left; one blocks or lets it rest."""

    code = "not_a_group"


class GuardianStays(Refused):
    """A guardian is in a group for somebody young, and leaves with them."""

    code = "guardian_stays"


@transaction.atomic
def open_group(*, subject: str, subject_lang: str, people: Iterable[Person], about_url: str = "") -> Conversation:
    """Begin a talk of several people who have agreed to meet: nothing is hidden in it, and files may be sent.

    The guardian of whoever is young comes with them. Refused: `TooFew` (two at least), `TooManyPeople` (forty at
    most), `Apart` (two of them keep each other away), `NeedsGuardian` (somebody young has none).
    """
    members = list({person.pk: person for person in people}.values())
    if len(members) < 2:
        raise TooFew(_("A group has two people at least."))
    if len(members) > MOST:
        raise TooManyPeople(_("A group has forty people at most."))
    _require_together(members)
    everyone = guarding.with_guardians(members)
    conversation = Conversation.objects.create(
        subject=subject[:200], subject_lang=subject_lang, about_url=about_url, is_group=True, met_at=timezone.now()
    )
    Member.objects.bulk_create(
        Member(conversation=conversation, person=person, first_seq=0, is_guardian=is_guardian)
        for person, is_guardian in everyone.items()
    )
    return conversation


@transaction.atomic
def join(*, conversation: Conversation, person: Person) -> None:
    """Take one more person into a group, who then reads what was said before; twice is once.

    For rooms above that know who belongs: nobody joins by themselves. Refused: `NotAGroup`, `TooManyPeople`, `Apart`,
    `NeedsGuardian`.
    """
    conversation = Conversation.objects.select_for_update().get(id=conversation.pk)
    if not conversation.is_group:
        raise NotAGroup(_("Nobody can be taken into a talk of two."))
    members = [member.person for member in conversation.members.select_related("person")]
    if person.pk in {member.pk for member in members}:
        return
    if len(members) >= MOST:
        raise TooManyPeople(_("A group has forty people at most."))
    _require_together([*members, person])
    there = {member.pk for member in members}
    Member.objects.bulk_create(
        Member(
            conversation=conversation,
            person=each,
            first_seq=0,
            seen_seq=conversation.last_seq,
            is_guardian=is_guardian,
        )
        for each, is_guardian in guarding.with_guardians([person]).items()
        if each.pk not in there
    )


@transaction.atomic
def leave(*, conversation_id: int, person: Person) -> None:
    """Leave a group: a line says so to the others, what one wrote stays, and nothing of it is open to one any more.

    The guardian of somebody young leaves with them. Refused: `chat.NoSuchTalk`, `NotAGroup`, `GuardianStays`.
    """
    conversation = chat.locked(conversation_id, person)
    if not conversation.is_group:
        raise NotAGroup(_("A talk of two cannot be left. You can block the person."))
    if Member.objects.filter(conversation=conversation, person=person, is_guardian=True).exists():
        raise GuardianStays(_("A guardian stays in the group as long as the one they look after is in it."))
    with translation.override(conversation.subject_lang or None):
        chat.put_last(conversation, person, uuid.uuid4(), _("I have left this group."), "", [])
    Member.objects.filter(conversation=conversation, person=person).delete()
    rest = list(conversation.members.filter(is_guardian=False).values_list("person_id", flat=True))
    needed = [guardian.pk for guardian in policies.guardians_of(rest).values() if guardian is not None]
    conversation.members.filter(is_guardian=True).exclude(person__in=needed).delete()


def about(*, person: Person, url: str) -> Conversation | None:
    """Give the newest group of this person that is about what stands at an address of these pages."""
    return Conversation.objects.for_member(person).filter(is_group=True, about_url=url).order_by("-id").first()


def keeps_away(*, person: Person, others: Iterable[Person]) -> bool:
    """Whether this person has blocked one of those they are in a group with, since it was opened."""
    return Block.objects.filter(blocker=person, blocked__in=[other.pk for other in others]).exists()


def _require_together(people: list[Person]) -> None:
    ids = [person.pk for person in people]
    if Block.objects.filter(blocker__in=ids, blocked__in=ids).exists():
        raise Apart(_("Not all of these people wish to meet. No group was opened."))
