"""Talks of several people: for a ring, a programme, a venue. Who is in one agreed to meet before it was opened."""

import uuid
from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.models import Block, Person
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


@transaction.atomic
def open_group(*, subject: str, subject_lang: str, people: Iterable[Person], about_url: str = "") -> Conversation:
    """Begin a talk of several people who have agreed to meet: nothing is hidden in it, and files may be sent.

    Refused: `TooFew` (two at least), `TooManyPeople` (forty at most), `Apart` (two of them keep each other away).
    """
    members = list({person.pk: person for person in people}.values())
    if len(members) < 2:
        raise TooFew(_("A group has two people at least."))
    if len(members) > MOST:
        raise TooManyPeople(_("A group has forty people at most."))
    _require_together(members)
    conversation = Conversation.objects.create(
        subject=subject[:200], subject_lang=subject_lang, about_url=about_url, is_group=True, met_at=timezone.now()
    )
    Member.objects.bulk_create(Member(conversation=conversation, person=person, first_seq=0) for person in members)
    return conversation


@transaction.atomic
def join(*, conversation: Conversation, person: Person) -> None:
    """Take one more person into a group, who then reads what was said before; twice is once.

    For rooms above that know who belongs: nobody joins by themselves. Refused: `NotAGroup`, `TooManyPeople`, `Apart`.
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
    Member.objects.create(conversation=conversation, person=person, first_seq=0, seen_seq=conversation.last_seq)


@transaction.atomic
def leave(*, conversation_id: int, person: Person) -> None:
    """Leave a group: a line says so to the others, what one wrote stays, and nothing of it is open to one any more.

    Refused: `chat.NoSuchTalk`, `NotAGroup`.
    """
    conversation = chat.locked(conversation_id, person)
    if not conversation.is_group:
        raise NotAGroup(_("A talk of two cannot be left. You can block the person."))
    with translation.override(conversation.subject_lang or None):
        chat.put_last(conversation, person, uuid.uuid4(), _("I have left this group."), "", [])
    Member.objects.filter(conversation=conversation, person=person).delete()


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
