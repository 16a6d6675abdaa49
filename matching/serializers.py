"""Matches as the API shows them: the other side, and why."""

from typing import Any

from rest_framework import serializers

from exchange.api.fields import Whole
from skills.serializers import ListingOut

LARGEST_NUMBER = 2**53 - 1


class MatchOut(serializers.Serializer[Any]):
    """A proposed pair: the other side's listing, one's own, and at most three sentences why."""

    offer = serializers.IntegerField(source="offer_id")
    wish = serializers.IntegerField(source="wish_id")
    listing = ListingOut(help_text="the other side")
    reasons = serializers.ListField(child=serializers.CharField())
    hint = serializers.CharField(help_text="what would help, may be empty")
    score = serializers.FloatField(help_text="orders one list only; the sum of the contributions")
    contributions = serializers.DictField(child=serializers.FloatField())


class PairIn(serializers.Serializer[Any]):
    """The two listings of a match."""

    offer = Whole(max_value=LARGEST_NUMBER)
    wish = Whole(max_value=LARGEST_NUMBER)
