"""The desk as the API shows and takes it."""

from typing import Any

from rest_framework import serializers

from accounts.serializers import PersonOut
from exchange.api.fields import Choice, Text
from exchange.moderation.models import Decision
from exchange.moderation.rules import REASONS
from skills.serializers import DraftOut, ListingOut


class WaitingOut(DraftOut):
    """A text that waits; `text` is its number at the desk."""

    text = serializers.IntegerField(source="pk")
    author = PersonOut(source="listing.owner")

    class Meta(DraftOut.Meta):
        fields = ["text", *DraftOut.Meta.fields, "author", "skipped_until"]


class WordsOut(serializers.Serializer[Any]):
    """A run of words: kept ("same"), taken out ("del") or put in ("ins")."""

    kind = serializers.CharField()
    text = serializers.CharField()


class ItemOut(serializers.Serializer[Any]):
    """One text with everything needed to decide."""

    text = WaitingOut(source="revision")
    changes = serializers.DictField(child=WordsOut(many=True), help_text="field → what changed; empty when new")
    duplicates = ListingOut(many=True, help_text="public ones that say almost the same")


class ReasonOut(serializers.Serializer[Any]):
    """A reason a text may be returned for, as its author reads it."""

    code = serializers.CharField()
    ar = serializers.CharField()
    en = serializers.CharField()


class ReturnIn(serializers.Serializer[Any]):
    """Why a text is returned."""

    reason = Choice(choices=list(REASONS))
    note = Text(max_length=500, required=False, allow_blank=True)


class DecisionOut(serializers.ModelSerializer[Decision]):
    """A decision; `text` is the number of what was decided."""

    text = serializers.IntegerField(source="revision_id")

    class Meta:
        model = Decision
        fields = ["id", "text", "verdict", "reason", "note", "at", "undone_at"]
