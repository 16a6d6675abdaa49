"""What listings can be filtered by: one FilterSet for pages and API, which also reads as a search query."""

import copy
from collections.abc import Iterator
from datetime import timedelta
from functools import cache, cached_property
from typing import Any

import django_filters
from django import forms
from django.db.models import F, Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import districts
from accounts.models import District
from accounts.rules import ALL_WEEK, CODES, DAYS, PARTS, mask
from exchange.lib.text import clean
from skills.models import Concept, Content, Listing
from skills.services import concepts

LONGEST_QUESTION = 200
NEW_DAYS = 7

KINDS = [(Listing.Kind.OFFER, _("I can learn it")), (Listing.Kind.WISH, _("Someone wishes it"))]
FORMATS = [(Content.Format.PLACE, _("in person")), (Content.Format.ONLINE, _("online"))]
SPEAKS = [("ar", _("in Arabic")), ("en", _("in English"))]
DAY_NAMES = [
    ("sun", _("Sunday")),
    ("mon", _("Monday")),
    ("tue", _("Tuesday")),
    ("wed", _("Wednesday")),
    ("thu", _("Thursday")),
    ("fri", _("Friday")),
    ("sat", _("Saturday")),
]
PART_NAMES = [("morning", _("morning")), ("afternoon", _("afternoon")), ("evening", _("evening"))]


class QuestionField(forms.CharField):
    """The search box: cleaned of what cannot be seen, cut rather than refused when far too long."""

    def to_python(self, value: Any) -> str:
        return clean(super().to_python(value) or "")[:LONGEST_QUESTION]


class QuestionFilter(django_filters.CharFilter):
    """Carries the words to the search engine; the database alone does not read them."""

    field_class = QuestionField

    def filter(self, qs: QuerySet[Listing], value: str) -> QuerySet[Listing]:
        return qs


class DistrictIterator(django_filters.fields.ModelChoiceIterator):
    """Gives the choices from memory."""

    def __iter__(self) -> Iterator[tuple[Any, str]]:
        if self.field.empty_label is not None:
            yield "", self.field.empty_label
        for district in districts.known().values():
            yield district.pk, str(district)


class DistrictField(django_filters.fields.ModelChoiceField):
    """A district, without asking the database for what is remembered."""

    iterator = DistrictIterator

    def to_python(self, value: Any) -> District | None:
        if value in self.empty_values:
            return None
        found = districts.known().get(int(value)) if str(value).isascii() and str(value).isdigit() else None
        if found is None:
            raise forms.ValidationError(self.error_messages["invalid_choice"], "invalid_choice", {"value": value})
        return found


class DistrictFilter(django_filters.ModelChoiceFilter):
    """Keeps listings of a district."""

    field_class = DistrictField


class ConceptField(django_filters.fields.ModelChoiceField):
    """A skill, looked up among the concepts in memory."""

    def to_python(self, value: Any) -> Concept | None:
        if value in self.empty_values:
            return None
        key = int(value) if str(value).isascii() and str(value).isdigit() else 0
        names = concepts.tree().names.get(key)
        if names is None:
            raise forms.ValidationError(self.error_messages["invalid_choice"], "invalid_choice", {"value": value})
        uri, ar, en = names
        return Concept(id=key, uri=uri, ar=ar, en=en)


class ConceptFilter(django_filters.ModelChoiceFilter):
    """Keeps listings of a skill."""

    field_class = ConceptField


class SharedFields(dict[str, forms.Field]):
    """Fields that all forms of a class use without copying them: they keep nothing of one request."""

    def __deepcopy__(self, _memo: Any) -> "SharedFields":
        return SharedFields(self)


class QuickFilterSet(django_filters.FilterSet):
    """A FilterSet that makes its form's class once for a process, and copies its filters only to filter rows."""

    def __init__(
        self, data: Any = None, queryset: Any = None, *, request: Any = None, prefix: str | None = None
    ) -> None:
        self.is_bound = data is not None
        self.data = data or QueryDict()
        self.queryset = queryset
        self.request = request
        self.form_prefix = prefix

    @cached_property
    def filters(self) -> dict[str, django_filters.Filter]:
        """The filters, each knowing this set."""
        copied: dict[str, django_filters.Filter] = copy.deepcopy(self.base_filters)
        for each in copied.values():
            each.model, each.parent = self.queryset.model, self
        return copied

    @classmethod
    @cache
    def get_form_class(cls) -> type[forms.Form]:
        """Give the class of the form that reads the choices."""
        made: type[forms.Form] = type(f"{cls.__name__}Form", (cls._meta.form,), {})
        made.base_fields = SharedFields({name: each.field for name, each in cls.base_filters.items()})
        return made


class ListingFilter(QuickFilterSet):
    """Kind, concept and below it, district, place or online, language, day and part of day, new this week."""

    q = QuestionFilter(label=_("What would you like to learn?"))
    kind = django_filters.ChoiceFilter(choices=KINDS, label=_("What"), empty_label=_("everything"))
    concept = ConceptFilter(queryset=Concept.objects.live(), method="below", label=_("Skill"), widget=forms.HiddenInput)
    district = DistrictFilter(
        queryset=District.objects.order_by("id"), label=_("District"), empty_label=_("the whole city")
    )
    format = django_filters.ChoiceFilter(choices=FORMATS, method="held", label=_("How"), empty_label=_("either way"))
    speaks = django_filters.ChoiceFilter(
        choices=SPEAKS, method="spoken", label=_("Language"), empty_label=_("any language")
    )
    day = django_filters.MultipleChoiceFilter(
        choices=DAY_NAMES, method="ignored", label=_("Day"), widget=forms.CheckboxSelectMultiple
    )
    part = django_filters.MultipleChoiceFilter(
        choices=PART_NAMES, method="ignored", label=_("Time of day"), widget=forms.CheckboxSelectMultiple
    )
    new = django_filters.BooleanFilter(method="recent", label=_("New this week"), widget=forms.CheckboxInput)

    class Meta:
        model = Listing
        fields = ["kind", "district"]

    def below(self, rows: QuerySet[Listing], _name: str, value: Concept) -> QuerySet[Listing]:
        """Keep listings about a concept or anything narrower."""
        return rows.filter(tags__concept__above__ancestor=value).distinct()

    def held(self, rows: QuerySet[Listing], _name: str, value: str) -> QuerySet[Listing]:
        """Keep listings that can be held so; "both" answers either."""
        return rows.filter(format__in=[value, Content.Format.BOTH])

    def spoken(self, rows: QuerySet[Listing], _name: str, value: str) -> QuerySet[Listing]:
        """Keep listings held in a language."""
        return rows.alias(spoken=Cast("speaks", TextField())).filter(spoken__contains=f'"{value}"')

    def ignored(self, rows: QuerySet[Listing], _name: str, _value: list[str]) -> QuerySet[Listing]:
        """Day and part are read together, in `filter_queryset`."""
        return rows

    def recent(self, rows: QuerySet[Listing], _name: str, value: bool) -> QuerySet[Listing]:
        """Keep listings published in the last seven days."""
        return rows.filter(published_at__gte=timezone.now() - timedelta(days=NEW_DAYS)) if value else rows

    def filter_queryset(self, queryset: QuerySet[Listing]) -> QuerySet[Listing]:
        """Filter plainly in the database: the oracle that engines are tested against."""
        rows: QuerySet[Listing] = super().filter_queryset(queryset)
        bits = self.free_mask
        if not bits:
            return rows
        own = Q(free_mask__gt=0)
        rows = rows.alias(own=F("free_mask").bitand(bits), theirs=F("owner__profile__free_mask").bitand(bits))
        kept: QuerySet[Listing] = rows.filter((own & Q(own__gt=0)) | (Q(free_mask=0) & Q(theirs__gt=0)))
        return kept

    @property
    def free_mask(self) -> int:
        """The parts of the week that chosen days and times of day have in common; 0 when none was chosen."""
        chosen = self.form.cleaned_data if self.form.is_valid() else {}
        days, parts = chosen.get("day") or [], chosen.get("part") or []
        if not days and not parts:
            return 0
        wanted = [f"{day}-{part}" for day in (days or DAYS) for part in (parts or PARTS)]
        return mask(code for code in CODES if code in wanted) & ALL_WEEK
