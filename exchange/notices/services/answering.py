"""Answers by mail: a mail to a signed address becomes a message of its person, by the very service pages use."""

import email
import email.policy
import hashlib
import uuid
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import parseaddr

from django.db import transaction
from django.utils import timezone, translation

from accounts.models import Person
from exchange.chat import services as chat
from exchange.chat.models import Conversation
from exchange.lib.errors import Refused
from exchange.lib.logs import tell as note
from exchange.notices import reply_address
from exchange.notices.answer_text import Answer, answer_of
from exchange.notices.services import telling

IDS = uuid.UUID("2f0d2c52-6f2f-5f0e-9b1f-6d8a1c6b5a11")  # the space in which a mail's id is a client id


@dataclass(frozen=True)
class Taken:
    """What the mail server is told: `code` of SMTP with its enhanced status, and words for the bounce."""

    code: str
    text: str

    def __str__(self) -> str:
        return f"{self.code} {self.text}"


OK = Taken("250 2.0.0", "Taken")
UNKNOWN = Taken("550 5.1.1", "There is no such address here")
STALE = Taken("550 5.7.1", "This mail is too old to be answered. Please answer on the page of the talk")
STRANGER = Taken("550 5.7.1", "Please answer from the e-mail address that you come in with")
UNREADABLE = Taken("550 5.6.0", "This mail could not be read. Please answer on the page of the talk")


def address(recipient: str) -> Taken:
    """Say whether an address of a mail is one of ours and still good; before the mail itself is sent."""
    found = reply_address.read(recipient, now=timezone.now())
    if found is None:
        note("mail_refused", why="forged")
        return UNKNOWN
    if not found[2]:
        note("mail_refused", why="stale", person=found[0])
        return STALE
    return OK


def take(*, recipient: str, content: bytes, is_bounce: bool = False) -> Taken:
    """Put the words of a mail into the talk its address names; the same mail again is the same message.

    Refused: forged and stale addresses, another sender than the address's person, words the talk refuses. What an
    automaton sent (a vacation notice, a bounce) is taken and forgotten, so that two of them never answer each other.
    """
    known = address(recipient)
    if known is not OK:
        return known
    person_id, conversation_id, _good = reply_address.read(recipient, now=timezone.now()) or (0, 0, False)
    person = Person.objects.filter(id=person_id, is_active=True).first()
    if person is None:
        note("mail_refused", why="gone", person=person_id)
        return UNKNOWN
    try:
        message = email.message_from_bytes(content, policy=email.policy.default)
        sender = parseaddr(str(message.get("From", "")))[1]
        is_automatic = is_bounce or _is_automatic(message)
        answer = answer_of(message)
    except Exception as error:  # whatever a mail of a stranger does to the parser, it is no fault of ours
        note("mail_refused", why="unreadable", person=person_id, kind=type(error).__name__)
        return UNREADABLE
    if is_automatic:
        note("mail_dropped", person=person_id)
        return OK
    if sender.lower() != person.email.lower():
        note("mail_refused", why="stranger", person=person_id)
        return STRANGER
    return _say(person, conversation_id, answer, _client_id(message, content, person_id, conversation_id))


def _say(person: Person, conversation_id: int, answer: Answer, client_id: uuid.UUID) -> Taken:
    try:
        with translation.override("en"):  # mail servers speak ASCII
            chat.send(conversation_id=conversation_id, sender=person, client_id=client_id, body=answer.words)
    except chat.HeldForCurator:
        note("mail_taken", person=person.pk, conversation=conversation_id, held=True)
        return OK
    except Refused as refusal:
        note("mail_refused", why=refusal.code, person=person.pk, conversation=conversation_id)
        return Taken("550 5.7.1", str(refusal).encode("ascii", "replace").decode())
    note("mail_taken", person=person.pk, conversation=conversation_id)
    if answer.has_attachments:
        _tell_left_out(person, conversation_id, client_id)
    return OK


@transaction.atomic
def _tell_left_out(person: Person, conversation_id: int, client_id: uuid.UUID) -> None:
    talk = Conversation.objects.get(id=conversation_id)
    telling.tell(
        people=[person.pk],
        kind="left_out",
        key=str(client_id),
        url=talk.get_absolute_url(),
        talk_id=talk.pk,
        sender=person.pk,
    )


def _client_id(message: EmailMessage, content: bytes, person_id: int, conversation_id: int) -> uuid.UUID:
    """The same mail gives the same id, so that a mail server may try again, and a replay adds nothing."""
    name = " ".join(str(message.get("Message-ID", "")).split()) or hashlib.sha256(content).hexdigest()
    return uuid.uuid5(IDS, f"{person_id} {conversation_id} {name}")


def _is_automatic(message: EmailMessage) -> bool:
    """Whether no person wrote this (RFC 3834, and what came before it)."""
    automatic = str(message.get("Auto-Submitted", "no")).split(";")[0].strip().lower()
    precedence = str(message.get("Precedence", "")).strip().lower()
    is_report = message.get_content_type() == "multipart/report"
    is_marked = any(name in message for name in ("X-Autoreply", "X-Autorespond", "List-Id"))
    return automatic != "no" or precedence in ("bulk", "junk", "list", "auto_reply") or is_report or is_marked
