"""Concepts and districts for administrators."""

from django.contrib import admin

from accounts.models import District, Person
from skills.models import Concept, Label, Listing


class LabelInline(admin.TabularInline):  # type: ignore[type-arg]
    """Names beside their concept."""

    model = Label
    extra = 0


@admin.register(Concept)
class ConceptAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Find a concept and see its names."""

    list_display = ("uri", "ar", "en", "domain", "source")
    search_fields = ("uri", "ar", "en")
    list_filter = ("domain", "source")
    inlines = (LabelInline,)


admin.site.register(District)
admin.site.register(Person)
admin.site.register(Listing)
