"""Hours as the API shows them."""

from typing import Any

from rest_framework import serializers

from exchange.ledger.words import WHAT, Line


class BalanceOut(serializers.Serializer[Any]):
    """What a person has, in minutes; what is held for agreed lessons is not among it."""

    balance = serializers.IntegerField()
    held = serializers.IntegerField()
    floor = serializers.IntegerField()


class LineOut(serializers.Serializer[Line]):
    """One line of a person's account, in minutes. `other`: first name of whom it came from or went to."""

    number = serializers.IntegerField()
    at = serializers.DateTimeField()
    what = serializers.ChoiceField(choices=list(WHAT))
    words = serializers.CharField()
    minutes = serializers.IntegerField()
    balance = serializers.IntegerField()
    other = serializers.SerializerMethodField()
    title = serializers.CharField()
    url = serializers.CharField()
    note = serializers.CharField(source="note_words")
    subject = serializers.CharField()
    to_pot = serializers.IntegerField()

    def get_other(self, line: Line) -> str:
        return line.other.first_name if line.other else ""
