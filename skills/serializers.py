"""Concepts and listings as the API shows and takes them. A person's text stays as written, with its language."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import SPOKEN
from accounts.rules import CODES, mask
from accounts.serializers import LANGUAGES, DistrictField, DistrictOut, PersonOut
from exchange.api.fields import Choice, Choices, Text
from exchange.lib.text import guess_lang
from skills.models import Concept, Content, Label, Listing, Revision, Tag
from skills.services import concepts
from skills.services.listings import MOST_TAGS


class ConceptOut(serializers.Serializer[Any]):
    """A skill with its name in both languages; `name` is the reader's."""

    id = serializers.IntegerField(source="concept_id")
    uri = serializers.CharField()
    name = serializers.SerializerMethodField()
    ar = serializers.CharField()
    en = serializers.CharField()

    def get_name(self, hit: concepts.ConceptHit) -> str:
        return hit.name(self.context.get("language", "ar"))


class ConceptHitOut(ConceptOut):
    """A skill that a text seems to mean."""

    score = serializers.FloatField(help_text="0–1, how sure")
    is_exact = serializers.BooleanField(help_text="a whole name of it stands in the text")


class LabelOut(serializers.ModelSerializer[Label]):
    """One name of a skill."""

    class Meta:
        model = Label
        fields = ["lang", "text", "is_preferred"]


class ConceptWholeOut(ConceptOut):
    """A skill with all its names and what is above, below and beside it."""

    names = LabelOut(many=True)
    broader = ConceptOut(many=True)
    narrower = ConceptOut(many=True)
    related = ConceptOut(many=True)


class SkillOut(serializers.Serializer[Any]):
    """A skill of a listing: the author's words and the concept they were understood as."""

    text = serializers.CharField()
    lang = serializers.CharField()
    by = serializers.ChoiceField(choices=Tag.By.choices)
    concept = serializers.SerializerMethodField()

    @extend_schema_field(ConceptOut(allow_null=True))
    def get_concept(self, tag: Tag) -> dict[str, Any] | None:
        return concept_of(tag.concept_id, self.context)


class ListingOut(serializers.ModelSerializer[Listing]):
    """An offer or a wish as neighbours read it."""

    owner = PersonOut()
    district = serializers.SerializerMethodField()
    free = serializers.ListField(child=serializers.CharField(), source="free_codes")
    speaks = serializers.ListField(child=serializers.CharField())
    skills = SkillOut(many=True, source="tags")
    url = serializers.CharField(source="get_absolute_url", help_text="the page of it")

    class Meta:
        model = Listing
        fields = [
            "id", "kind", "state", "title", "body", "lang", "skills", "format", "place", "district", "free", "speaks",
            "in_return", "in_return_note", "owner", "published_at", "confirmed_at", "url",
        ]  # fmt: skip

    @extend_schema_field(DistrictOut(allow_null=True))
    def get_district(self, listing: Listing) -> dict[str, Any] | None:
        district = listing.district or listing.owner.district
        return dict(DistrictOut(district, context=self.context).data) if district else None


class DraftSkillOut(serializers.Serializer[Any]):
    """A skill of a text that is being written."""

    text = serializers.CharField()
    lang = serializers.CharField()
    concept = serializers.SerializerMethodField()

    @extend_schema_field(ConceptOut(allow_null=True))
    def get_concept(self, tag: dict[str, Any]) -> dict[str, Any] | None:
        return concept_of(concepts.tree().ids.get(tag.get("uri") or ""), self.context)


class DraftOut(serializers.ModelSerializer[Revision]):
    """A text that is being written, waits for a curator, or was decided."""

    id = serializers.IntegerField(source="listing_id", help_text="the number of its listing")
    kind = serializers.ChoiceField(choices=Listing.Kind.choices, source="listing.kind")
    district = DistrictOut(allow_null=True)
    free = serializers.ListField(child=serializers.CharField(), source="free_codes")
    speaks = serializers.ListField(child=serializers.CharField())
    skills = DraftSkillOut(many=True, source="tags")

    class Meta:
        model = Revision
        fields = [
            "id", "kind", "state", "title", "body", "lang", "skills", "format", "place", "district", "free", "speaks",
            "in_return", "in_return_note", "saved_at", "sent_at",
        ]  # fmt: skip


class OwnListingOut(ListingOut):
    """One's own listing, with the text that is being written or waits, if there is one."""

    draft = serializers.SerializerMethodField()

    class Meta(ListingOut.Meta):
        fields = [*ListingOut.Meta.fields, "changed_at", "asked_at", "draft"]

    @extend_schema_field(DraftOut(allow_null=True))
    def get_draft(self, listing: Listing) -> dict[str, Any] | None:
        revision = self.context["drafts"].get(listing.pk)
        return dict(DraftOut(revision, context=self.context).data) if revision else None


class SkillIn(serializers.Serializer[Any]):
    """A skill in the author's words, or a concept by its URI, or both."""

    text = Text(max_length=120, required=False, allow_blank=True)
    uri = Text(max_length=200, required=False, allow_blank=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Ask for one of the two, and for a concept that there is."""
        text, uri = attrs.get("text", ""), attrs.get("uri", "")
        if not text and not uri:
            raise serializers.ValidationError({"text": [_("Name at least one skill.")]})
        if uri and uri not in concepts.tree().ids:
            raise serializers.ValidationError({"uri": [_("There is no such skill.")]})
        return {"text": text, "uri": uri or None, **({"lang": guess_lang(text)} if text else {})}


class DraftIn(serializers.Serializer[Any]):
    """The five answers; what is not sent stays as it is."""

    title = Text(max_length=90, required=False, allow_blank=True)
    body = Text(max_length=3000, required=False, allow_blank=True)
    lang = Choice(choices=LANGUAGES, required=False)
    skills = SkillIn(many=True, required=False, max_length=MOST_TAGS)  # type: ignore[call-arg]
    format = Choice(choices=Content.Format.choices, required=False)
    place = Text(max_length=120, required=False, allow_blank=True)
    district = DistrictField(required=False, allow_null=True)
    free = Choices(CODES, required=False)
    speaks = Choices(SPOKEN, required=False, min_length=1)
    in_return = Choice(choices=Content.Return.choices, required=False)
    in_return_note = Text(max_length=160, required=False, allow_blank=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Give what the service keeps; the language is read from the title where it is not said."""
        if "free" in attrs:
            attrs["free_mask"] = mask(attrs.pop("free"))
        if "skills" in attrs:
            attrs["tags"] = attrs.pop("skills")
        if attrs.get("title") and "lang" not in attrs:
            attrs["lang"] = guess_lang(attrs["title"])
        return attrs


class NewListingIn(DraftIn):
    """A new offer or wish; the answers may follow later."""

    kind = Choice(choices=Listing.Kind.choices)


def concept_of(concept_id: int | None, context: Any) -> dict[str, Any] | None:
    """Give a concept as the API shows it, from memory; nothing for one that is not there (any more)."""
    known = concepts.tree()
    if concept_id is None or concept_id not in known.names:
        return None
    return dict(ConceptOut(known.hit(concept_id), context=context).data)


def hits_of(rows: list[Concept]) -> list[concepts.ConceptHit]:
    """Give concepts as hits."""
    return [concepts.ConceptHit(row.pk, row.uri, row.ar, row.en, 1.0) for row in rows]
