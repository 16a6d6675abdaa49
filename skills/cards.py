"""What a listing card says, in its order: what, title, who, when and how, why, one button."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.db.models import QuerySet, prefetch_related_objects
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts import districts
from accounts.models import Person
from accounts.rules import DAYS
from skills.filters import DAY_NAMES, PART_NAMES
from skills.models import Listing

DRAWINGS = {
    "crafts", "kitchen", "repair", "garden", "sport", "languages", "reading", "arts", "digital", "money", "work",
    "care", "school", "community",
}  # fmt: skip

FIELDS = (
    "kind", "title", "body", "lang", "format", "free_mask", "owner_id", "district_id", "main_concept_id",
    "owner__name", "owner__district_id", "main_concept__ar", "main_concept__en", "main_concept__domain",
)  # fmt: skip
WHOLE = {part: frozenset(f"{day}-{part}" for day in DAYS) for part, _name in PART_NAMES}
DAY_WORDS, PART_WORDS = dict(DAY_NAMES), dict(PART_NAMES)

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
    def marked(self) -> SafeString:
        """The snippet with what was met marked."""
        return mark_safe(  # noqa: S308 - every piece is escaped
            "".join(f"<mark>{escape(words)}</mark>" if is_met else escape(words) for words, is_met in self.snippet)
        )

    @property
    def reason(self) -> str:
        """The strongest reason."""
        return self.reasons[0] if self.reasons else ""


def rows(listings: QuerySet[Listing]) -> list[Listing]:
    """Read of listings what their cards show, and no more: one query, two where an author's words name no concept."""
    found = list(listings.select_related("owner", "main_concept").only(*FIELDS))
    known = districts.known()
    for row in found:
        row.district = known.get(row.district_id or 0)
        row.owner.district = known.get(row.owner.district_id or 0)
    prefetch_related_objects([row for row in found if row.main_concept_id is None], "tags")
    return found


def card_of(listing: Listing, *, reader: Any, language: str, reasons: Sequence[str] = (), **more: Any) -> Card:
    """Give one listing as a card for this reader; needs `with_card()` or `rows`."""
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
    chosen = set(codes)
    out = []
    for part, whole in WHOLE.items():
        if whole <= chosen:
            out.append(_("any %(part)s") % {"part": PART_WORDS[part]})
            chosen -= whole
    for code in codes:
        if code in chosen:
            day, part = code.split("-")
            out.append(_("%(day)s %(part)s") % {"day": DAY_WORDS[day], "part": PART_WORDS[part]})
    return out
