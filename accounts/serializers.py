"""People as the API shows and takes them."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import SPOKEN, Block, District, OtherTime, Person
from accounts.rules import CODES
from exchange.api.fields import LARGEST, Choice, Choices, Moment, Text, Whole
from exchange.lib.text import guess_lang

LANGUAGES = [("ar", "العربية"), ("en", "English")]


class DistrictOut(serializers.ModelSerializer[District]):
    """A part of the city, with its name in the reader's language."""

    name = serializers.SerializerMethodField()

    class Meta:
        model = District
        fields = ["id", "slug", "name", "ar", "en"]

    def get_name(self, district: District) -> str:
        return district.ar if self.context.get("language", "ar") == "ar" else district.en


class PersonOut(serializers.ModelSerializer[Person]):
    """A neighbour as everyone may know them: first name and district."""

    name = serializers.CharField(source="first_name")
    district = DistrictOut(allow_null=True)

    class Meta:
        model = Person
        fields = ["id", "name", "district"]


class NeighbourOut(PersonOut):
    """A neighbour's own page."""

    about = serializers.CharField(source="profile.about")
    about_lang = serializers.CharField(source="profile.about_lang")
    speaks = serializers.ListField(child=serializers.CharField(), source="profile.speaks")
    free = serializers.ListField(child=serializers.CharField(), source="profile.free_codes")

    class Meta(PersonOut.Meta):
        fields = [*PersonOut.Meta.fields, "about", "about_lang", "speaks", "free"]


class MeOut(serializers.ModelSerializer[Person]):
    """Oneself, whole."""

    district = DistrictOut(allow_null=True)
    about = serializers.CharField(source="profile.about")
    about_lang = serializers.CharField(source="profile.about_lang")
    speaks = serializers.ListField(child=serializers.CharField(), source="profile.speaks")
    free = serializers.ListField(child=serializers.CharField(), source="profile.free_codes")
    max_learners = serializers.IntegerField(source="profile.max_learners")
    paused_at = serializers.DateTimeField(source="profile.paused_at", allow_null=True)

    class Meta:
        model = Person
        fields = [
            "id", "email", "name", "language", "role", "district", "about", "about_lang", "speaks", "free",
            "max_learners", "paused_at",
        ]  # fmt: skip


@extend_schema_field({"type": "integer", "minimum": 1, "maximum": LARGEST})
class DistrictField(serializers.PrimaryKeyRelatedField[District]):
    """A district by its number."""

    default_error_messages = {
        "null": _("This is missing."),
        "does_not_exist": _("There is no such district."),
        "incorrect_type": _("This must be a whole number."),
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=District.objects.all(), **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("incorrect_type")
        if not 0 <= data <= LARGEST:
            self.fail("does_not_exist")
        return super().to_internal_value(data)  # type: ignore[arg-type]


class MeIn(serializers.Serializer[Any]):
    """What one may change of oneself; a field that is not sent stays as it is."""

    name = Text(max_length=60, required=False)
    district = DistrictField(required=False)
    language = Choice(choices=LANGUAGES, required=False)
    about = Text(max_length=1000, required=False, allow_blank=True)
    speaks = Choices(SPOKEN, required=False, min_length=1)
    max_learners = Whole(max_value=20, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Note the language of what one says about oneself."""
        if "about" in attrs:
            attrs["about_lang"] = guess_lang(attrs["about"]) if attrs["about"] else ""
        return attrs


class HoursIn(serializers.Serializer[Any]):
    """The parts of the week that are usually free."""

    free = Choices(CODES)


class HoursOut(serializers.Serializer[Any]):
    """The parts of the week that are usually free, such as "tue-evening"."""

    free = serializers.ListField(child=serializers.CharField(), source="free_codes")


class OtherTimeIn(serializers.Serializer[Any]):
    """An exception from one's week."""

    kind = Choice(choices=OtherTime.Kind.choices)
    starts_at = Moment()
    ends_at = Moment()


class OtherTimeOut(serializers.ModelSerializer[OtherTime]):
    """An exception from one's week: "away", or "free" besides the usual hours."""

    class Meta:
        model = OtherTime
        fields = ["id", "kind", "starts_at", "ends_at"]


class BlockOut(serializers.ModelSerializer[Block]):
    """Someone I keep away."""

    person = PersonOut(source="blocked")

    class Meta:
        model = Block
        fields = ["person", "at"]
