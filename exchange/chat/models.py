"""Conversations between people about a subject, and their messages in one order."""

import uuid
from collections.abc import Sequence

from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Person

TALLEST = 384  # pixels of a photo in the talk


class ConversationQuerySet(models.QuerySet["Conversation"]):
    """Which conversations."""

    def for_member(self, person: Person) -> "ConversationQuerySet":
        """Give those that this person takes part in: the only door to a talk on someone's behalf."""
        return self.filter(members__person=person)


class Conversation(models.Model):
    """A talk of some people under a subject line. `last_seq` is the number of its newest message."""

    subject = models.CharField(max_length=200, blank=True)
    subject_lang = models.CharField(max_length=2, blank=True)
    last_seq = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField(default=timezone.now)
    made_at = models.DateTimeField(default=timezone.now)
    met_at = models.DateTimeField(null=True, blank=True)  # when both sides had written: contact data shows from then on
    is_group = models.BooleanField(default=False, db_default=False)  # of a ring, a programme, a venue
    # Where on these pages stands what it is about: given by whoever opens it, because chat knows no listings.
    about_url = models.CharField(max_length=200, blank=True, default="", db_default="")
    stopped_at = models.DateTimeField(null=True, blank=True)  # by a severe report, until a curator decides

    objects = ConversationQuerySet.as_manager()

    def __str__(self) -> str:
        return self.subject

    def get_absolute_url(self) -> str:
        """Where the talk is held."""
        return reverse("talk", args=[self.pk])


class Member(models.Model):
    """One person's place in a conversation: how far they have seen."""

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="members", db_index=False)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="talks")
    seen_seq = models.PositiveIntegerField(default=0)  # only grows
    seen_at = models.DateTimeField(null=True)  # when it grew last
    received_seq = models.PositiveIntegerField(default=0, db_default=0)  # what a device of theirs said it has
    # Their first own message; empty while they have not answered; 0 in a group, whose members agreed before.
    first_seq = models.PositiveIntegerField(null=True)
    # Looks after a young member: sees and may write all, and never counts as one of those who talk.
    is_guardian = models.BooleanField(default=False, db_default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["conversation", "person"], name="one_place_per_member")]

    def __str__(self) -> str:
        return f"{self.person_id} in {self.conversation_id}"


class SeenChoice(models.Model):
    """That a person keeps to themselves what they have read. It is mutual: they do not see it of others either."""

    person = models.OneToOneField(Person, on_delete=models.CASCADE, primary_key=True, related_name="+")

    def __str__(self) -> str:
        return f"{self.person_id} reads unseen"


class Message(models.Model):
    """One message; its place in the talk is `seq`, taken under the conversation's row lock.

    `note` and `warnings` are said to one reader beside it (`exchange.chat.services.beside`); they are not stored.
    """

    note: str = ""
    warnings: Sequence[str] = ()

    # The unique constraints begin with these two: indexes of their own would only make each message dearer.
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="messages", db_index=False)
    seq = models.PositiveIntegerField()
    sender = models.ForeignKey(Person, models.PROTECT, related_name="messages", db_index=False)
    client_id = models.UUIDField(
        default=uuid.uuid4
    )  # chosen by the sender's device: the same one is never stored twice
    body = models.TextField(max_length=4000)
    reply_to = models.PositiveIntegerField(null=True)  # seq of the message that this one answers
    at = models.DateTimeField(default=timezone.now)
    deleted_at = models.DateTimeField(null=True)  # its words are gone for all; the place stays

    class Meta:
        indexes = [
            models.Index(
                fields=["deleted_at"], condition=models.Q(deleted_at__isnull=False), name="chat_message_deleted"
            )
        ]
        constraints = [
            models.UniqueConstraint(fields=["conversation", "seq"], name="one_message_per_place"),
            models.UniqueConstraint(fields=["sender", "client_id"], name="one_message_per_client_id"),
        ]

    def __str__(self) -> str:
        return f"{self.conversation_id}#{self.seq}"


class File(models.Model):
    """A photo, a PDF or a voice note that came with a message. The bytes lie in the private folder, under `path`."""

    class Kind(models.TextChoices):
        PHOTO = "photo", _("photo")
        PDF = "pdf", _("PDF")
        VOICE = "voice", _("voice note")

    message = models.OneToOneField(Message, on_delete=models.CASCADE, primary_key=True, related_name="file")
    kind = models.CharField(max_length=5, choices=Kind)
    media_type = models.CharField(max_length=20)
    path = models.CharField(max_length=80, unique=True)
    small_path = models.CharField(max_length=80, blank=True)  # of a photo: drawn in the talk
    name = models.CharField(max_length=100, blank=True)  # of a PDF, as its sender called it
    size = models.PositiveIntegerField()  # bytes kept
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    small_width = models.PositiveIntegerField(default=0)
    small_height = models.PositiveIntegerField(default=0)
    seconds = models.PositiveIntegerField(default=0)  # of a voice note
    digest = models.CharField(max_length=64)  # keyed, of what was sent: knows a retry again

    def __str__(self) -> str:
        return f"{self.kind} of {self.message_id}"

    @property
    def shown_size(self) -> tuple[int, int]:
        """Width and height in pixels as it stands in the talk, known before it is there, so that nothing jumps."""
        share = min(1.0, TALLEST / max(1, self.small_height))
        return round(self.small_width * share), round(self.small_height * share)


class Screening(models.Model):
    """What the local rules found in a message that was stored: rules and severities, never the words they hid."""

    message = models.OneToOneField(Message, on_delete=models.CASCADE, primary_key=True, related_name="screening")
    digest = models.CharField(max_length=64)  # keyed, of what was sent: knows a retry again without keeping its words
    findings = models.JSONField(default=list)  # [{"rule", "severity"}]

    def __str__(self) -> str:
        return f"{self.message_id}: {self.findings}"


class HeldQuerySet(models.QuerySet["Held"]):
    """Which held messages."""

    def waiting(self) -> "HeldQuerySet":
        """Give those no curator has decided about."""
        return self.filter(decided_at=None)


class Held(models.Model):
    """A message that waits for a curator and has no place in the order yet. Contact data is hidden in it too."""

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="held")
    sender = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    client_id = models.UUIDField()
    body = models.TextField(max_length=4000)
    digest = models.CharField(max_length=64)
    findings = models.JSONField(default=list)
    at = models.DateTimeField(default=timezone.now, db_index=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    message = models.OneToOneField(Message, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    objects = HeldQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sender", "client_id"], name="one_held_per_client_id")]

    def __str__(self) -> str:
        return f"{self.conversation_id} from {self.sender_id}"
