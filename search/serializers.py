"""Answers of the search as the API gives them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from search.services import Results
from skills.models import Listing
from skills.serializers import ConceptOut, ListingOut


class PieceOut(serializers.Serializer[Any]):
    """A run of words of a text, and whether the search met them."""

    text = serializers.CharField()
    met = serializers.BooleanField()


class FoundOut(ListingOut):
    """A found listing with the part of its text that was met."""

    snippet = serializers.SerializerMethodField()

    class Meta(ListingOut.Meta):
        fields = [*ListingOut.Meta.fields, "snippet"]

    @extend_schema_field(PieceOut(many=True))
    def get_snippet(self, listing: Listing) -> list[dict[str, Any]]:
        return [{"text": words, "met": met} for words, met in self.context["snippets"].get(listing.pk, ())]


class ResultsOut(serializers.Serializer[Any]):
    """One page of an answer."""

    results = serializers.SerializerMethodField()
    next = serializers.SerializerMethodField(help_text="cursor of the next page, null on the last")
    total = serializers.IntegerField()
    facets = serializers.DictField(
        child=serializers.DictField(child=serializers.IntegerField()), help_text="filter → value → how many"
    )
    corrected = serializers.CharField(help_text="the words searched instead, where spelling was helped")
    is_basic = serializers.BooleanField(help_text="the search engine did not answer, the database did")
    meant = ConceptOut(many=True, help_text="skills that the words were understood as")
    near = ConceptOut(many=True, help_text="offered when nothing was found")

    @extend_schema_field(FoundOut(many=True))
    def get_results(self, results: Results) -> Any:
        return FoundOut(results.listings, many=True, context={**self.context, "snippets": results.snippets}).data

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_next(self, _results: Results) -> str | None:
        following: str | None = self.context["next"]
        return following


class SuggestionOut(serializers.Serializer[Any]):
    """A way to go on with what is being typed."""

    text = serializers.CharField()
    concept = serializers.IntegerField(allow_null=True, help_text="number of the skill, where it is one")
