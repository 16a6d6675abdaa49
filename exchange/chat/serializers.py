"""Talks and messages as the API shows and takes them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.serializers import PersonOut
from exchange.api.fields import Text, Uuid, Whole
from exchange.chat import services as chat
from exchange.chat.models import File, Message
from exchange.chat.services import LONGEST

LARGEST_SEQ = 2**31 - 1


class TalkOut(serializers.Serializer[Any]):
    """A talk in the list: with whom, about what, what was said last, how much is unread."""

    id = serializers.IntegerField(source="conversation.pk")
    subject = serializers.CharField(source="conversation.subject")
    subject_lang = serializers.CharField(source="conversation.subject_lang")
    is_group = serializers.BooleanField(source="conversation.is_group")
    about_url = serializers.CharField(source="conversation.about_url", help_text="what it is about, on the pages")
    others = PersonOut(many=True)
    last_seq = serializers.IntegerField(source="conversation.last_seq")
    last_at = serializers.DateTimeField(source="conversation.last_at")
    last_body = serializers.CharField()
    last_is_mine = serializers.BooleanField()
    unread = serializers.IntegerField()


class SenderOut(serializers.Serializer[Any]):
    """Who wrote."""

    id = serializers.IntegerField()
    name = serializers.CharField(source="first_name")


class SmallOut(serializers.Serializer[Any]):
    """A photo as it stands in the talk."""

    url = serializers.CharField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()


class FileOut(serializers.Serializer[Any]):
    """A photo, a PDF or a voice note; `url` gives it to a member who is signed in on the pages."""

    kind = serializers.ChoiceField(File.Kind.choices)
    type = serializers.CharField()
    size = serializers.IntegerField(help_text="bytes")
    url = serializers.CharField()
    width = serializers.IntegerField(required=False, help_text="of a photo")
    height = serializers.IntegerField(required=False, help_text="of a photo")
    small = SmallOut(required=False)
    name = serializers.CharField(required=False, help_text="of a PDF")
    seconds = serializers.IntegerField(required=False, help_text="of a voice note")


class MessageOut(serializers.ModelSerializer[Message]):
    """A message and its place in the talk."""

    conversation = serializers.IntegerField(source="conversation_id")
    sender = SenderOut()
    reply_to = serializers.IntegerField(allow_null=True, help_text="seq of the message that this one answers")
    deleted = serializers.SerializerMethodField()
    note = serializers.CharField(help_text="why something in it is hidden; often empty")
    file = serializers.SerializerMethodField()
    warnings = serializers.ListField(child=serializers.CharField(), help_text="why to be careful; often empty")

    class Meta:
        model = Message
        fields = [
            "conversation", "seq", "client_id", "sender", "body", "at", "reply_to", "deleted", "file", "note",
            "warnings",
        ]  # fmt: skip

    def get_deleted(self, message: Message) -> bool:
        """Whether the words were taken away for all."""
        return message.deleted_at is not None

    @extend_schema_field(FileOut(allow_null=True))
    def get_file(self, message: Message) -> dict[str, Any] | None:
        """What came with it, as in the frames of the socket."""
        file = chat.file_of(message)
        return None if file is None else chat.file_frame(file, message)


class MessagesOut(serializers.Serializer[Any]):
    """Messages after a place, in order, and how far each of the others has seen."""

    messages = MessageOut(many=True)
    seen = serializers.DictField(
        child=serializers.IntegerField(), help_text="person → seq, of those who show it to somebody who shows it too"
    )
    delivered = serializers.DictField(child=serializers.IntegerField(), help_text="person → seq their devices have")


class FoundAgainOut(serializers.Serializer[Any]):
    """Messages in which all words were found."""

    messages = MessageOut(many=True)


class MessageIn(serializers.Serializer[Any]):
    """A message. The same client_id is never stored twice: send it again until there is an answer."""

    client_id = Uuid()
    body = Text(max_length=LONGEST)
    reply_to = Whole(max_value=LARGEST_SEQ, required=False, allow_null=True)


class SeenIn(serializers.Serializer[Any]):
    """How far I have seen."""

    seq = Whole(max_value=LARGEST_SEQ)


class SeenOut(serializers.Serializer[Any]):
    """How far I have seen now; it only grows and never passes the newest message."""

    conversation = serializers.IntegerField()
    seq = serializers.IntegerField()
