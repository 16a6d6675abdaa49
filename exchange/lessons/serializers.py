"""The first words between two people, as the API takes them."""

from typing import Any

from rest_framework import serializers

from exchange.api.fields import Text, Uuid


class HelloIn(serializers.Serializer[Any]):
    """The first words about a listing; a second hello finds the first one's talk."""

    body = Text(max_length=1000)
    client_id = Uuid(required=False)


class LessonOut(serializers.Serializer[Any]):
    """What two people have between them about a listing, and the talk it is agreed in."""

    id = serializers.IntegerField()
    state = serializers.CharField()
    teacher = serializers.IntegerField(source="teacher_id")
    learner = serializers.IntegerField(source="learner_id")
    listing = serializers.IntegerField(source="listing_id", allow_null=True)
    conversation = serializers.IntegerField(source="conversation_id")
