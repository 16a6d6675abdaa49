"""Talks and messages as the API shows and takes them."""

from typing import Any

from rest_framework import serializers

from accounts.serializers import PersonOut
from exchange.api.fields import Text, Uuid, Whole
from exchange.chat.models import Message
from exchange.chat.services import LONGEST

LARGEST_SEQ = 2**31 - 1


class TalkOut(serializers.Serializer[Any]):
    """A talk in the list: with whom, about what, what was said last, how much is unread."""

    id = serializers.IntegerField(source="conversation.pk")
    subject = serializers.CharField(source="conversation.subject")
    subject_lang = serializers.CharField(source="conversation.subject_lang")
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


class MessageOut(serializers.ModelSerializer[Message]):
    """A message and its place in the talk."""

    conversation = serializers.IntegerField(source="conversation_id")
    sender = SenderOut()
    reply_to = serializers.IntegerField(allow_null=True, help_text="seq of the message that this one answers")
    deleted = serializers.SerializerMethodField()
    note = serializers.CharField(help_text="why something in it is hidden; often empty")
    warnings = serializers.ListField(child=serializers.CharField(), help_text="why to be careful; often empty")

    class Meta:
        model = Message
        fields = [
            "conversation", "seq", "client_id", "sender", "body", "at", "reply_to", "deleted", "note", "warnings",
        ]  # fmt: skip

    def get_deleted(self, message: Message) -> bool:
        """Whether the words were taken away for all."""
        return message.deleted_at is not None


class MessagesOut(serializers.Serializer[Any]):
    """Messages after a place, in order, and how far each of the others has seen."""

    messages = MessageOut(many=True)
    seen = serializers.DictField(child=serializers.IntegerField(), help_text="person → seq")


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
