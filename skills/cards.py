"""What a listing card says, in its order: what, title, who, when and how, why, one button."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.rules import DAYS
from skills.filters import DAY_NAMES, PART_NAMES
from skills.models import Listing

DRAWINGS = {
    "crafts", "kitchen", "repair", "garden", "sport", "languages", "reading", "arts", "digital", "money", "work",
    "care", "school", "community",
}  # fmt: skip


Snippet = tuple[tuple[str, bool], ...]  # (words, whether they were met)


@dataclass(frozen=True)
class Card:
    """One card, ready for `components/card.html`."""

    url: str
    kind: str
    concept: str
    title: str
    lang: str
    owner_name: str
    owner_initial: str
    district: str
    chips: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    hint: str = ""
    snippet: Snippet = ()  # the part of the text that a search met
    action_url: str = ""
    action_label: str = ""
    drawing: str = "community"
    offer_id: int | None = None  # for "not for me"
    wish_id: int | None = None

    @property
    def reason(self) -> str:
        """The strongest reason."""
        return self.reasons[0] if self.reasons else ""


def card_of(listing: Listing, *, reader: Any, language: str, reasons: Sequence[str] = (), **more: Any) -> Card:
    """Give one listing as a card for this reader; needs `with_card()`."""
    concept = listing.main_concept
    is_own = isinstance(reader, Person) and reader.pk == listing.owner_id
    district = listing.district or listing.owner.district
    return Card(
        url=address("listing", listing.pk),
        kind=listing.kind,
        concept=concept.name(language) if concept else next((tag.text for tag in listing.tags.all()), ""),
        title=listing.title,
        lang=listing.lang,
        owner_name=listing.owner.first_name,
        owner_initial=listing.owner.first_name[:1],
        district=(district.ar if language == "ar" else district.en) if district else "",
        chips=chips_of(listing),
        reasons=list(reasons),
        action_url=address("listing", listing.pk) if is_own else address("hello", listing.pk),
        action_label=_("Look at it") if is_own else (_("Say hello") if listing.is_offer else _("I can help")),
        drawing=concept.domain if concept and concept.domain in DRAWINGS else "community",
        **more,
    )


@lru_cache(maxsize=10_000)
def address(name: str, pk: int) -> str:
    """Give the address of one row; asked for many times a page."""
    return reverse(name, args=[pk])


def cards_for(
    listings: Iterable[Listing],
    *,
    reader: Any,
    language: str,
    reasons: Mapping[int, Sequence[str]] | None = None,
    snippets: Mapping[int, Snippet] | None = None,
) -> list[Card]:
    """Give listings as cards, each with why this reader sees it and what a search met, where something says so."""
    why, met = reasons or {}, snippets or {}
    return [
        card_of(row, reader=reader, language=language, reasons=why.get(row.pk, ()), snippet=met.get(row.pk, ()))
        for row in listings
    ]


def chips_of(listing: Listing) -> list[str]:
    """Give how and when in a few short words."""
    return list(_chips(listing.format, tuple(listing.free_codes), get_language() or "ar"))


@lru_cache(maxsize=4096)
def _chips(held: str, codes: tuple[str, ...], _language: str) -> tuple[str, ...]:
    return str(Listing.Format(held).label), *when_words(codes)[:2]


def when_words(codes: Sequence[str]) -> list[str]:
    """Give weekly parts as short words, whole days and daily parts joined: "Tuesday evening", "any evening"."""
    if not codes:
        return []
    days, parts = dict(DAY_NAMES), dict(PART_NAMES)
    chosen = set(codes)
    out = []
    for part, name in PART_NAMES:
        whole = {f"{day}-{part}" for day in DAYS}
        if whole <= chosen:
            out.append(_("any %(part)s") % {"part": name})
            chosen -= whole
    for code in codes:
        if code in chosen:
            day, part = code.split("-")
            out.append(_("%(day)s %(part)s") % {"day": days[day], "part": parts[part]})
    return out
