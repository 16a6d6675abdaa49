"""Messages: written once, in one order, read from the rows by whoever may.

The channel layer is a doorbell: it says that something is new and may lose every word of that.
"""

import json
import logging
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Case, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce, Greatest
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from accounts import policies
from accounts.models import Guardianship, Person
from accounts.services.care import NeedsGuardian
from exchange.chat import doorbell, guarding
from exchange.chat.models import Conversation, File, Held, Member, Message, Screening, SeenChoice
from exchange.chat.screening import judging, screen
from exchange.chat.services import cabinet
from exchange.lib.errors import Refused
from exchange.lib.text import clean
from exchange.outbox import services as outbox
from exchange.ready import Ready

log = logging.getLogger(__name__)

LONGEST = 4000
DELETE_WITHIN = timedelta(minutes=10)
MOST_AT_ONCE = 200
BESIDE = ("sender", "screening", "file")  # what is read with a message to show it


class EmptyMessage(Refused):
    """Nothing to send once invisible characters are gone."""

    code = "empty"


class TooLong(Refused):
    """More than 4,000 characters."""

    code = "too_long"


class ClientIdReused(Refused):
    """The same client id with other content: a bug or an attack, not a retry."""

    code = "client_id_reused"


class NotReachable(Refused):
    """The other person cannot be written to now; why is not told."""

    code = "not_reachable"


class NoSuchMessage(Refused):
    """The message that is meant is not in this talk, or not one's own."""

    code = "no_such_message"


class TooLate(Refused):
    """A message can be taken back for ten minutes."""

    code = "too_late"


class NoSuchTalk(Refused):
    """A conversation that is not there, or not this person's: both look the same."""

    code = "no_such_conversation"


class HeldForCurator(Refused):
    """The message waits for a curator; sending it again says the same."""

    code = "held"


class Stopped(Refused):
    """The talk was reported for something severe; nobody writes until a curator has decided."""

    code = "stopped"


@dataclass(frozen=True)
class TalkRow:
    """One line of the list of talks."""

    conversation: Conversation
    member_id: int  # number of this person's place in it
    others: list[Person] = field(default_factory=list)
    last_body: str = ""
    last_is_mine: bool = False
    last_file: str = ""  # what kind of file came with it
    unread: int = 0


@transaction.atomic
def open_conversation(
    *, subject: str, subject_lang: str, people: Iterable[Person], about_url: str = ""
) -> Conversation:
    """Begin a talk between people under a subject line, with the guardian of whoever is young.

    `about_url`: where on these pages stands what it is about. Refused (`NeedsGuardian`): somebody young has none.
    """
    everyone = guarding.with_guardians(people)
    conversation = Conversation.objects.create(subject=subject[:200], subject_lang=subject_lang, about_url=about_url)
    Member.objects.bulk_create(
        Member(conversation=conversation, person=person, is_guardian=is_guardian)
        for person, is_guardian in everyone.items()
    )
    return conversation


@transaction.atomic
def follow_guardian(*, guardianship: Guardianship) -> None:
    """Bring a guardian into the talks that their ward has, or take them out again when they are guardian no more."""
    guardian = guardianship.guardian
    if guardian is None:
        return
    theirs = Member.objects.filter(person=guardianship.young).values("conversation")
    if guardianship.ended_at is None:
        there = set(Member.objects.filter(person=guardian).values_list("conversation", flat=True))
        rows = Conversation.objects.filter(id__in=theirs).exclude(id__in=there)
        Member.objects.bulk_create(
            [Member(conversation=row, person=guardian, is_guardian=True, seen_seq=row.last_seq) for row in rows],
            ignore_conflicts=True,
        )
        return
    # Talks in which another ward of theirs takes part stay theirs.
    others = Guardianship.objects.current().filter(guardian=guardian).values("young")
    kept = Member.objects.filter(person__in=others).values("conversation")
    Member.objects.filter(person=guardian, is_guardian=True, conversation__in=theirs).exclude(
        conversation__in=kept
    ).delete()


def send(
    *, conversation_id: int, sender: Person, client_id: uuid.UUID, body: str, reply_to: int | None = None
) -> Message:
    """Store a message once, however often it is sent with this client id, and take its place in the order.

    This is the path of reference; `exchange.chat.one_statement` does the same on PostgreSQL for talks in which
    everyone has written already.

    Refused: `NoSuchTalk`, `NotReachable` (block either way), `EmptyMessage`, `TooLong` (4,000 characters),
    `ClientIdReused` when the id was used for another text or talk, `NoSuchMessage` (`reply_to` is not there),
    `Stopped`, `NeedsGuardian` (somebody young is without theirs), `HeldForCurator` (kept, and waiting).
    """
    stored = offer(conversation_id=conversation_id, sender=sender, client_id=client_id, body=body, reply_to=reply_to)
    if isinstance(stored, Held):  # said outside the transaction: what waits must stay
        raise HeldForCurator(_("Thank you. Somebody reads this message first, so that everyone is safe. It is kept."))
    return stored


@transaction.atomic
def offer(
    *, conversation_id: int, sender: Person, client_id: uuid.UUID, body: str, reply_to: int | None = None
) -> Message | Held:
    """Do as `send`, but give a message that waits for a curator instead of refusing it."""
    body = clean(body)
    conversation = locked(conversation_id, sender)
    done = _sent_before(conversation, sender, client_id, body, reply_to)
    if done is not None:
        return done
    if not body:
        raise EmptyMessage(_("Write something first."))
    if len(body) > LONGEST:
        raise TooLong(_("This message is too long. Send it in two parts."))
    require_open(conversation, sender)
    if reply_to is not None and not 1 <= reply_to <= conversation.last_seq:
        raise NoSuchMessage(_("The message you answer is not in this talk."))
    screened = screen(body, is_first_contact=conversation.met_at is None)
    found = [{"rule": each.rule, "severity": each.severity} for each in screened.findings]
    masked = screened.masked[:LONGEST]  # a cover may be longer than what it covers
    if screened.is_held:
        digest = digest_of(body)
        return Held.objects.create(
            conversation=conversation, sender=sender, client_id=client_id, body=masked, digest=digest, findings=found
        )
    return put_last(conversation, sender, client_id, masked, digest_of(body) if found else "", found, reply_to)


def require_open(conversation: Conversation, sender: Person) -> None:
    """Refuse (`Stopped`, `NotReachable`) where this member cannot write now."""
    if conversation.stopped_at is not None:
        raise Stopped(_("This talk rests until a curator has looked at it."))
    members = list(conversation.members.select_related("person"))
    guarding.require_guardians(members)
    if not guarding.may_all_talk(members, sender):
        raise NotReachable(_("This message cannot be delivered now."))


def may_go_on(*, members: Sequence[Member], person: Person) -> tuple[bool, bool]:
    """Give whether this person may write in a talk of these members (with their people), and whether it is a guardian
    that is missing."""
    try:
        guarding.require_guardians(members)
    except NeedsGuardian:
        return False, True
    return guarding.may_all_talk(members, person), False


@transaction.atomic
def release(*, held: Held) -> Message:
    """Give a held message its place in the order, now; a second call finds the first one's message."""
    conversation = Conversation.objects.select_for_update().get(id=held.conversation_id)
    held = Held.objects.select_related("sender", "message").get(id=held.pk)
    if held.message is None:
        held.message = put_last(conversation, held.sender, held.client_id, held.body, held.digest, held.findings)
        held.decided_at = timezone.now()
        held.save(update_fields=["message", "decided_at"])
    return held.message


@transaction.atomic
def keep_back(*, held: Held) -> None:
    """Close a held message without delivering it."""
    Held.objects.waiting().filter(id=held.pk).update(decided_at=timezone.now())


@transaction.atomic
def stop(*, conversation_id: int) -> None:
    """Let nobody write in a talk until it is opened again."""
    Conversation.objects.filter(id=conversation_id, stopped_at=None).update(stopped_at=timezone.now())


@transaction.atomic
def open_again(*, conversation_id: int) -> None:
    """Let people write in a stopped talk again."""
    Conversation.objects.filter(id=conversation_id).update(stopped_at=None)


_waiting = Ready(
    lambda *, person, conversation: (
        Held.objects.waiting().filter(sender=person, conversation=conversation).order_by("id")
    )
)


def waiting_of(*, person: Person, conversation_id: int) -> list[Held]:
    """Give this person's own messages in a talk that wait for a curator, oldest first."""
    return _waiting(person=person.pk, conversation=conversation_id)


def beside(messages: Iterable[Message], person: Person) -> list[Message]:
    """Write beside each message what this reader should know: that something is hidden, and why to be careful.

    The messages come with their screening. Warnings are for the receiver, in their language, never for the sender.
    """
    found = list(messages)
    for message in found:
        screening = getattr(message, "screening", None)
        if screening is None:
            continue
        severities = {each["severity"] for each in screening.findings}
        with translation.override(person.language):
            if judging.MASK in severities:
                message.note = _("Numbers and addresses stay hidden until both have written.")
        if message.sender_id != person.pk:
            rules = [each["rule"] for each in screening.findings if each["severity"] != judging.MASK]
            message.warnings = [judging.reason(rule, person.language) for rule in rules]
    return found


def _sent_before(
    conversation: Conversation, sender: Person, client_id: uuid.UUID, body: str, reply_to: int | None
) -> Message | Held | None:
    """Give what this client id already stands for; the words are compared as sent, not as masked."""
    message = Message.objects.select_related("screening").filter(sender=sender, client_id=client_id).first()
    held = None if message else Held.objects.filter(sender=sender, client_id=client_id).first()
    done = message or held
    if done is None:
        return None
    digest = held.digest if held else getattr(getattr(message, "screening", None), "digest", "")
    if message is not None and message.deleted_at is not None:
        is_same = True
    else:
        is_same = digest == digest_of(body) if digest else done.body == body
        is_same = is_same and (message is None or message.reply_to == reply_to)
    if done.conversation_id != conversation.pk or not is_same:
        raise ClientIdReused(_("This message number was already used for another message."))
    return done


def digest_of(body: str) -> str:
    """Give the keyed digest by which sent words are known again."""
    # Keyed, because a telephone number is short enough to be guessed from a bare digest.
    return salted_hmac("exchange.chat.sent", body, algorithm="sha256").hexdigest()


def put_last(
    conversation: Conversation,
    sender: Person,
    client_id: uuid.UUID,
    body: str,
    digest: str,
    findings: list[dict[str, str]],
    reply_to: int | None = None,
    file: File | None = None,
) -> Message:
    """Store a message at the end of the order, with the file that comes with it; the conversation's row is locked."""
    now, seq = timezone.now(), conversation.last_seq + 1
    message = Message.objects.create(
        conversation=conversation, seq=seq, sender=sender, client_id=client_id, body=body, reply_to=reply_to, at=now
    )
    if file is not None:
        file.message = message
        file.save(force_insert=True)
    if findings:
        Screening.objects.create(message=message, digest=digest, findings=findings)
    changes: dict[str, Any] = {"last_seq": seq, "last_at": now}
    if conversation.met_at is None and _is_answer(conversation, sender):
        changes["met_at"] = now
    Conversation.objects.filter(id=conversation.pk).update(**changes)
    Member.objects.filter(conversation=conversation, person=sender).update(
        seen_seq=seq, seen_at=now, first_seq=Coalesce("first_seq", seq)
    )
    outbox.emit("message.sent", conversation, seq=seq)
    people = list(Member.objects.filter(conversation=conversation).values_list("person_id", flat=True))
    # What stands beside a screened message differs by reader: each socket reads it for itself.
    told = {} if findings else {"text": json.dumps({"type": "message", **frame(message)}, ensure_ascii=False)}
    ring(people=people, conversation_id=conversation.pk, what="message", seq=seq, **told)
    return message


def _is_answer(conversation: Conversation, sender: Person) -> bool:
    """Whether another of those who talk has written before; a guardian neither answers nor is answered."""
    wrote = conversation.members.filter(is_guardian=False, first_seq__isnull=False).exclude(person=sender)
    return wrote.exclude(
        Exists(Member.objects.filter(conversation=conversation, person=sender, is_guardian=True))
    ).exists()


@transaction.atomic
def take_back(*, person: Person, conversation_id: int, seq: int) -> Message:
    """Take the words of one's own message away for all, within ten minutes; its place in the order stays.

    Refused: `NoSuchTalk`, `NoSuchMessage` (not there, or not one's own), `TooLate`. Twice is once.
    """
    conversation = locked(conversation_id, person)
    message = conversation.messages.select_related("sender").filter(seq=seq, sender=person).first()
    if message is None:
        raise NoSuchMessage(_("There is no such message of yours."))
    if message.deleted_at is not None:
        return message
    now = timezone.now()
    if now - message.at > DELETE_WITHIN:
        raise TooLate(_("A message can be deleted for ten minutes after it was sent."))
    for file in File.objects.filter(message=message):
        cabinet.take_away([file.path, file.small_path])
        file.delete()
    message.body, message.deleted_at = "", now
    message.save(update_fields=["body", "deleted_at"])
    people = list(conversation.members.values_list("person_id", flat=True))
    ring(people=people, conversation_id=conversation.pk, what="deleted", seq=seq)
    return message


def since(*, person: Person, conversation_id: int, seq: int, limit: int = MOST_AT_ONCE) -> list[dict[str, Any]]:
    """Give messages after `seq`, in order, as frames carry them. Empty for a talk that is not this person's."""
    found = messages_after(person=person, conversation_id=conversation_id, seq=seq, limit=limit)
    return [frame(message) for message in found]


def messages_after(*, person: Person, conversation_id: int, seq: int, limit: int = MOST_AT_ONCE) -> list[Message]:
    """Give messages after `seq`, in order. Empty for a talk that is not this person's."""
    rows = Message.objects.filter(conversation_id=conversation_id, conversation__members__person=person, seq__gt=seq)
    return beside(rows.select_related(*BESIDE).order_by("seq")[:limit], person)


@dataclass(frozen=True)
class Mark:
    """How far one of the others in a talk is. `seen` is None where one of the two keeps it to themselves."""

    person: Person
    seen: int | None
    delivered: int


def places(*, person: Person, conversation_id: int) -> list[Member]:
    """Give everyone's place in a talk of this person, guardians included, with their people, in one query.

    Each carries `hides`: whether its seen mark is hidden from this person.
    """
    return _places(person=person.pk, conversation=conversation_id)


def marks(*, person: Person, of: Iterable[Member]) -> list[Mark]:
    """Give how far each of the others in a talk is: what their devices have, and what they have seen. Of `places`."""
    return [
        Mark(
            each.person,
            None if each.hides else each.seen_seq,  # type: ignore[attr-defined]
            max(each.received_seq, each.seen_seq),
        )
        for each in of
        if each.person_id != person.pk and not each.is_guardian
    ]


def seen_by(found: Iterable[Mark]) -> dict[str, int]:
    """Give person → how far they have seen, of those who show it, as the protocol says it."""
    return {str(mark.person.pk): mark.seen for mark in found if mark.seen is not None}


def delivered_to(found: Iterable[Mark]) -> dict[str, int]:
    """Give person → how far their devices are, as the protocol says it."""
    return {str(mark.person.pk): mark.delivered for mark in found}


def _hidden(reader: Any) -> Exists:
    """Whether a place's seen mark is hidden from a reader: its person, or the reader, keeps that to themselves."""
    return Exists(SeenChoice.objects.filter(Q(person=OuterRef("person")) | Q(person=reader)))


def _shown_seen(reader: Any) -> Case:
    return Case(When(_hidden(reader), then=Value(0)), default="seen_seq", output_field=IntegerField())


_DELIVERED = Greatest("received_seq", "seen_seq", output_field=IntegerField())


_places = Ready(
    lambda *, person, conversation: (
        Member.objects.filter(conversation__members__person=person, conversation=conversation)
        .annotate(hides=_hidden(person))
        .select_related("person")
        .order_by("id")
    )
)
_seen_choices = Ready(lambda *, person: SeenChoice.objects.filter(person=person))


def hides_seen(*, person: Person) -> bool:
    """Whether this person keeps to themselves what they have read."""
    return bool(_seen_choices(person=person.pk))


@transaction.atomic
def choose_seen(*, person: Person, is_shown: bool) -> None:
    """Show others what one has read, and see it of them; or neither. Doing it twice changes nothing."""
    if is_shown:
        SeenChoice.objects.filter(person=person).delete()
    else:
        SeenChoice.objects.get_or_create(person=person)


@transaction.atomic
def note_received(*, marks: dict[tuple[int, int], int]) -> None:
    """Note what devices said they have: (person, conversation) → seq; it only grows. Tells the others, in two
    statements however many there are."""
    places, whens = Q(pk__in=[]), []
    for (person, conversation), seq in marks.items():
        place = Q(person=person, conversation=conversation)
        places |= place & Q(received_seq__lt=seq)
        whens.append(When(place, then=Value(seq)))
    if not Member.objects.filter(places).update(
        received_seq=Case(*whens, default="received_seq", output_field=IntegerField())
    ):
        return
    people: dict[int, list[int]] = {}
    guardians = set()  # of whom nobody is told how far they are
    rows = Member.objects.filter(conversation__in={conversation for _person, conversation in marks})
    for conversation, person, is_guardian in rows.values_list("conversation_id", "person_id", "is_guardian"):
        people.setdefault(conversation, []).append(person)
        if is_guardian:
            guardians.add((person, conversation))
    for (person, conversation), seq in marks.items():
        if (person, conversation) in guardians:
            continue
        others = [each for each in people.get(conversation, ()) if each != person]
        ring(people=others, conversation_id=conversation, what="delivered", person=person, seq=seq)


def _newest(most: int, *, person: int, conversation: int, before: int | None = None) -> QuerySet[Message]:
    rows = Message.objects.filter(conversation=conversation, conversation__members__person=person)
    if before is not None:
        rows = rows.filter(seq__lt=before)
    return rows.select_related(*BESIDE).order_by("-seq")[:most]


_read_newest = Ready(_newest)
_talk = Ready(lambda *, person, pk: Conversation.objects.for_member(Person(pk=person)).filter(pk=pk))


def talk_of(*, person: Person, conversation_id: int) -> Conversation | None:
    """Give a talk that this person takes part in."""
    return next(iter(_talk(person=person.pk, pk=conversation_id)), None)


def latest(*, person: Person, conversation_id: int, limit: int = 50, before: int | None = None) -> list[Message]:
    """Give the newest messages (before a place), oldest first, for a page."""
    place = {} if before is None else {"before": before}
    return beside(_read_newest(limit, person=person.pk, conversation=conversation_id, **place), person)[::-1]


def around(*, person: Person, conversation_id: int, seq: int, limit: int = 50) -> list[Message]:
    """Give the messages about a place, oldest first: half of them before it."""
    first = max(1, seq - limit // 2)
    return messages_after(person=person, conversation_id=conversation_id, seq=first - 1, limit=limit)


def words_at(*, person: Person, conversation_id: int, places: Iterable[int | None]) -> dict[int, str]:
    """Give place → words of some messages of a talk, for quotes; no query when there is none."""
    wanted = [place for place in places if place]
    if not wanted:
        return {}
    rows = Message.objects.filter(conversation_id=conversation_id, conversation__members__person=person)
    return dict(rows.filter(seq__in=wanted).values_list("seq", "body"))


def file_of(message: Message) -> File | None:
    """Give the file that was read, or stored, together with a message; asks no database."""
    found = message._state.fields_cache.get("file")
    return found if isinstance(found, File) else None


def file_frame(file: File, message: Message) -> dict[str, Any]:
    """Give what a client needs to show a file; the bytes are asked for at `url` by a member of the talk."""
    place = [message.conversation_id, message.seq]
    told: dict[str, Any] = {"kind": str(file.kind), "type": file.media_type, "size": file.size}
    if file.kind == File.Kind.PHOTO:
        small = {"url": reverse("talk_small", args=place), "width": file.small_width, "height": file.small_height}
        told |= {"width": file.width, "height": file.height, "small": small}
    elif file.kind == File.Kind.PDF:
        told["name"] = file.name
    else:
        told["seconds"] = file.seconds
    return {**told, "url": reverse("talk_file", args=place)}


def frame(message: Message) -> dict[str, Any]:
    """Give a message as the protocol carries it (docs/chat-protocol.md); the extra fields where there are any."""
    extra: dict[str, Any] = {}
    if message.reply_to is not None:
        extra["reply_to"] = message.reply_to
    if message.deleted_at is not None:
        extra["deleted"] = True
    if (file := file_of(message)) is not None:
        extra["file"] = file_frame(file, message)
    if message.note:
        extra["note"] = message.note
    if message.warnings:
        extra["warnings"] = list(message.warnings)
    return {
        "conversation": message.conversation_id,
        "seq": message.seq,
        "client_id": str(message.client_id),
        "sender": {"id": message.sender_id, "name": message.sender.first_name},
        "body": message.body,
        "at": message.at.isoformat(),
        **extra,
    }


@transaction.atomic
def mark_seen(*, person: Person, conversation_id: int, seq: int) -> int:
    """Move how far a person has seen; it only grows and never passes the newest message. Gives the new mark."""
    member = (
        Member.objects.select_related("conversation").filter(conversation_id=conversation_id, person=person).first()
    )
    if member is None:
        raise NoSuchTalk(_("There is no such talk."))
    mark = min(seq, member.conversation.last_seq)
    moved = Member.objects.filter(id=member.pk, seen_seq__lt=mark).update(seen_seq=mark, seen_at=timezone.now())
    if moved and not member.is_guardian:  # "seen" is said of those who talk
        shown_to = Member.objects.filter(~_hidden(person), conversation=conversation_id)
        people = list(shown_to.values_list("person_id", flat=True))
        ring(people=people, conversation_id=conversation_id, what="seen", person=person.pk, seq=mark)
    return max(mark, member.seen_seq)


def typing(*, person: Person, conversation_id: int) -> None:
    """Tell the others that someone is writing; nothing is stored."""
    members = dict(Member.objects.filter(conversation_id=conversation_id).values_list("person_id", "is_guardian"))
    if person.pk not in members:
        raise NoSuchTalk(_("There is no such talk."))
    others = [other for other in members if other != person.pk]
    is_of_two = sum(not is_guardian for is_guardian in members.values()) == 2
    if is_of_two and any(policies.is_blocked(person, Person(pk=other)) for other in others):
        return
    _send_bell(
        others, {"what": "typing", "conversation": conversation_id, "person": person.pk, "name": person.first_name}
    )


def state(*, person: Person) -> list[tuple[int, int, int, int, int]]:
    """Give (conversation, last seq, other person, how far they saw, how far their devices are) of all talks of a
    person, in one query; 0 for what is not shown."""
    rows = Member.objects.filter(conversation__members__person=person, is_guardian=False).exclude(person=person)
    told = rows.annotate(shown=_shown_seen(person), delivered=_DELIVERED)
    return list(told.values_list("conversation_id", "conversation__last_seq", "person_id", "shown", "delivered"))


def unread_of(person: OuterRef) -> Coalesce:
    """Give how many messages a person of an outer query has not seen, as part of that query."""
    behind = Sum(F("conversation__last_seq") - F("seen_seq"))
    rows = Member.objects.filter(person=person).order_by().values("person").annotate(behind=behind).values("behind")
    return Coalesce(Subquery(rows), 0)


def changes(*, people: Iterable[int], since: datetime) -> list[tuple[int, int, int, int, int, int]]:
    """Give (person, conversation, last seq, other person, how far they saw, how far their devices are) of the talks of
    these people in which a message was sent or seen since then, in one query however many they are."""
    rows = Member.objects.filter(conversation__members__person__in=list(people), is_guardian=False).exclude(
        person=F("conversation__members__person")
    )
    moved = rows.filter(Q(conversation__last_at__gte=since) | Q(seen_at__gte=since))
    told = moved.annotate(shown=_shown_seen(OuterRef("conversation__members__person")), delivered=_DELIVERED)
    return list(
        told.values_list(
            "conversation__members__person", "conversation_id", "conversation__last_seq", "person_id", "shown",
            "delivered",
        )
    )  # fmt: skip


def missed(*, person: Person, known: dict[int, int], limit: int = MOST_AT_ONCE) -> list[dict[str, Any]]:
    """Give frames of what came after `known` (conversation → seq) in talks of this person, in one query."""
    wanted = Q(pk__in=[])
    for conversation, seq in known.items():
        wanted |= Q(conversation=conversation, seq__gt=seq)
    rows = Message.objects.filter(wanted, conversation__members__person=person).select_related(*BESIDE)
    return [frame(message) for message in beside(rows.order_by("conversation_id", "seq")[:limit], person)]


def deletions(*, people: Iterable[int], since: datetime) -> list[tuple[int, int, int]]:
    """Give (person, conversation, seq) of what was deleted since then in talks of these people."""
    rows = Message.objects.filter(deleted_at__gte=since, conversation__members__person__in=list(people))
    return list(rows.values_list("conversation__members__person", "conversation_id", "seq"))


_behind = Ready(
    lambda *, person: (
        Member.objects.filter(person=person)
        .order_by()
        .values("person")
        .annotate(behind=Sum(F("conversation__last_seq") - F("seen_seq")))
        .values_list("behind", flat=True)
    )
)


def unread_count(*, person: Person) -> int:
    """Give how many messages of all talks this person has not seen."""
    unread: int = sum(_behind(person=person.pk))
    return max(0, unread)


def conversations(
    *, person: Person, limit: int = 50, after: tuple[datetime, int] | None = None, only: int | None = None
) -> list[TalkRow]:
    """Give a person's talks, the liveliest first, in three queries however many.

    `after`: (last_at, member_id) of the last row one has; `only`: just this conversation.
    """
    given: dict[str, Any] = {"person": person.pk}
    if after is not None:
        given |= {"at": after[0], "number": after[1]}
    if only is not None:
        given["only"] = only
    mine: list[Any] = _read_own_talks(limit, **given)
    talks = [member.conversation_id for member in mine]
    others: dict[int, list[Person]] = {}
    for member in _read_others(talks=talks, person=person.pk) if talks else ():
        others.setdefault(member.conversation_id, []).append(member.person)
    return [
        TalkRow(
            conversation=member.conversation,
            member_id=member.pk,
            others=others.get(member.conversation_id, []),
            last_body=member.last_body or "",
            last_is_mine=member.last_sender == person.pk,
            last_file=member.last_file or "",
            unread=max(0, member.conversation.last_seq - member.seen_seq),
        )
        for member in mine
    ]


def _own_talks(
    limit: int, *, person: int, at: datetime | None = None, number: int = 0, only: int | None = None
) -> QuerySet[Member]:
    """Give a person's places in talks with the last words of each, those after (`at`, `number`) in the list."""
    newest = Message.objects.filter(conversation=OuterRef("conversation_id"), seq=OuterRef("conversation__last_seq"))
    # A talk whose first words wait for a curator is there for their sender only.
    waits = Held.objects.filter(conversation=OuterRef("conversation_id"), sender=person)
    is_begun = ~Q(conversation__last_seq=0) | Q(conversation__is_group=True) | Exists(waits)
    places = Member.objects.filter(person=person).filter(is_begun)
    if only is not None:
        places = places.filter(conversation=only)
    if at is not None:
        earlier = Q(conversation__last_at__lt=at) | Q(id__lt=number)
        places = places.filter(Q(conversation__last_at__lte=at) & earlier)
    return (
        places.select_related("conversation")
        .annotate(
            last_body=Subquery(newest.values("body")[:1]),
            last_sender=Subquery(newest.values("sender_id")[:1]),
            last_file=Subquery(newest.values("file__kind")[:1]),
        )
        .order_by("-conversation__last_at", "-id")[:limit]
    )


def _others(*, talks: Sequence[int], person: int) -> QuerySet[Member]:
    rows = Member.objects.filter(conversation__in=talks, is_guardian=False).exclude(person=person)
    return rows.select_related("person", "person__district")


_read_own_talks, _read_others = Ready(_own_talks), Ready(_others)


def ring(*, people: Iterable[int], conversation_id: int, what: str, **hint: Any) -> None:
    """Ring the sockets of these people once the transaction is through."""
    targets = list(people)

    def after_commit() -> None:
        _send_bell(targets, {"what": what, "conversation": conversation_id, **hint})

    transaction.on_commit(after_commit, robust=True)


def _send_bell(people: Iterable[int], event: dict[str, Any]) -> None:
    try:
        doorbell.ring([doorbell.GROUP], {"type": "chat.rang", "people": list(people), **event})
    except Exception:
        log.warning("The doorbell is out of order; sockets will read the rows by themselves", exc_info=True)


def locked(conversation_id: int, person: Person) -> Conversation:
    """Give a talk of this person with its row locked. Refused: `NoSuchTalk`."""
    # PostgreSQL cannot lock a joined set with DISTINCT, so membership is asked first.
    if not Member.objects.filter(conversation_id=conversation_id, person=person).exists():
        raise NoSuchTalk(_("There is no such talk."))
    return Conversation.objects.select_for_update().get(id=conversation_id)
