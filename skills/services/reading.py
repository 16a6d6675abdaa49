"""Reading one listing whole."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import F, QuerySet
from django.utils import timezone

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


Beside = Callable[[QuerySet[Listing], datetime], QuerySet[Listing]]


def _visible(role: str, beside: Beside | None, *, pk: int, reader: int = 0, now: datetime | None = None) -> Any:
    rows = Listing.objects.visible_to(Person(pk=reader, role=role) if role else None).filter(pk=pk)
    rows = rows.defer("title_tokens", "body_tokens", "concept_tokens").annotate(**BESIDE)
    return rows if beside is None or now is None else beside(rows, now)


class Named(NamedTuple):
    """A skill of a listing: the author's words, and the concept they were mapped to, if any."""

    text: str
    concept_id: int | None
    by: str

    @property
    def is_read(self) -> bool:
        """Whether it was read from the title rather than named."""
        return self.by == Tag.By.TEXT


_one_visible = Ready(_visible)
_named = Ready(lambda *, listing: Tag.objects.filter(listing=listing).order_by("id").values_list(*Named._fields))


def one_visible(pk: int, *, reader: Any, beside: Beside | None = None) -> Listing | None:
    """Give a listing, if this reader may read it, with what its card shows (`cards.row_beside`).

    `beside` puts what rooms above know of it beside the row, given the query set and the present moment.
    """
    values: dict[str, Any] = {"pk": pk}
    if isinstance(reader, Person):
        values["reader"] = reader.pk
    if beside is not None:
        values["now"] = timezone.now()
    found = _one_visible(str(reader.role) if isinstance(reader, Person) else "", beside, **values)
    return found[0] if found else None


def skills_of(pk: int) -> list[Named]:
    """Give the skills of a listing in the order in which they were named."""
    return list(map(Named._make, _named(listing=pk)))
