"""Reading one listing whole."""

from typing import Any

from django.db.models import F

from accounts.models import Person
from exchange.ready import Ready
from skills.models import Listing, Tag

# What the listing's card shows of other rows, read as plain values: four models for it would cost more than the page.
BESIDE = {
    "owner_name": F("owner__name"),
    "owner_district_id": F("owner__district_id"),
    "concept_ar": F("main_concept__ar"),
    "concept_en": F("main_concept__en"),
    "domain": F("main_concept__domain"),
}


def _visible(role: str, *, pk: int, reader: int = 0) -> Any:
    rows = Listing.objects.visible_to(Person(pk=reader, role=role) if role else None).filter(pk=pk)
    return rows.defer("title_tokens", "body_tokens", "concept_tokens").annotate(**BESIDE)


_one_visible = Ready(_visible)
_tags = Ready(lambda *, listing: Tag.objects.filter(listing=listing).order_by("id"))


def one_visible(pk: int, *, reader: Any) -> Listing | None:
    """Give a listing, if this reader may read it, with what its card shows (`cards.row_beside`)."""
    if isinstance(reader, Person):
        found = _one_visible(str(reader.role), pk=pk, reader=reader.pk)
    else:
        found = _one_visible("", pk=pk)
    return found[0] if found else None


def tags_of(pk: int) -> list[Tag]:
    """Give the skills of a listing in the order in which they were named."""
    return _tags(listing=pk)
