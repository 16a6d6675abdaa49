"""A passport as the API shows it to its own person."""

from typing import Any

from rest_framework import serializers

from accounts.serializers import PersonOut
from exchange.passport.models import Thanks


class ThanksOut(serializers.ModelSerializer[Thanks]):
    """What one of the two wrote of a lesson."""

    class Meta:
        model = Thanks
        fields = ["id", "learned", "thanks", "shown"]


class WrittenOut(serializers.ModelSerializer[Thanks]):
    """What one wrote oneself."""

    class Meta:
        model = Thanks
        fields = ["id", "learned", "thanks"]


class StoryOut(serializers.Serializer[Any]):
    """A confirmed lesson, looked back on. `theirs` is null while sealed, written or not."""

    lesson = serializers.IntegerField(source="lesson.pk")
    skill = serializers.CharField()
    taught = serializers.BooleanField(source="i_taught")
    month = serializers.SerializerMethodField()
    other = PersonOut()
    is_open = serializers.BooleanField()
    mine = WrittenOut(allow_null=True)
    theirs = ThanksOut(allow_null=True)

    def get_month(self, told: Any) -> str:
        return f"{told.at:%Y-%m}"
