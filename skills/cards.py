"""What a listing card says, in its order: what, title, who, when and how, why, one button."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from django.db.models import Case, OuterRef, QuerySet, Subquery, When
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts import districts
from accounts.models import Person, first_name_of
from accounts.rules import DAYS, codes
from exchange.ready import Ready
from skills.filters import DAY_NAMES, PART_NAMES
from skills.models import Listing, Tag

DRAWINGS = {
    "crafts", "kitchen", "repair", "garden", "sport", "languages", "reading", "arts", "digital", "money", "work",
    "care", "school", "community",
}  # fmt: skip
WHOLE = {part: frozenset(f"{day}-{part}" for day in DAYS) for part, _name in PART_NAMES}
DAY_WORDS, PART_WORDS = dict(DAY_NAMES), dict(PART_NAMES)

Snippet = tuple[tuple[str, bool], ...]  # (words, whether they were met)


class Row(NamedTuple):
    """What a card shows of a listing, as plain values, and the text from which a snippet may be cut."""

    body: str
    pk: int
    kind: str
    title: str
    lang: str
    format: str
    free_mask: int
    owner_id: int
    owner_name: str
    district_id: int | None
    owner_district_id: int | None
    concept_ar: str | None
    concept_en: str | None
    domain: str | None
    word: str | None  # the author's first, where it names no concept

    @property
    def is_offer(self) -> bool:
        """Whether something is taught here, rather than wished."""
        return self.kind == Listing.Kind.OFFER


COLUMNS = (
    "body", "pk", "kind", "title", "lang", "format", "free_mask", "owner_id", "owner__name", "district_id",
    "owner__district_id", "main_concept__ar", "main_concept__en", "main_concept__domain",
)  # fmt: skip


@dataclass(frozen=True)
class Card:
    """One card, ready for `components/card.html`; what it shows is only put into words when it is drawn."""

    row: Row
    language: str
    is_own: bool = False
    reasons: tuple[str, ...] = ()
    snippet: Snippet = ()  # the part of the text that a search met
    hint: str = ""  # stands below the card, with "not for me"
    offer_id: int | None = None
    wish_id: int | None = None

    @property
    def shown(self) -> tuple[object, ...]:
        """Everything that the drawn card depends on."""
        return self.language, self.is_own, self.reasons, self.snippet, self.row[1:]

    @property
    def url(self) -> str:
        """Where the listing is read."""
        return address("listing", self.row.pk)

    @property
    def kind(self) -> str:
        """Offer or wish."""
        return self.row.kind

    @property
    def title(self) -> str:
        """The author's title."""
        return self.row.title

    @property
    def lang(self) -> str:
        """Language of the author's text."""
        return self.row.lang

    @property
    def concept(self) -> str:
        """The skill in the reader's language, else the author's word for it."""
        ar, en = self.row.concept_ar or "", self.row.concept_en or ""
        return ((ar or en) if self.language == "ar" else (en or ar)) or self.row.word or ""

    @property
    def owner_name(self) -> str:
        """The owner's first name."""
        return first_name_of(self.row.owner_name)

    @property
    def owner_initial(self) -> str:
        """Its first letter."""
        return self.owner_name[:1]

    @property
    def district(self) -> str:
        """Where it is held, else where the owner lives."""
        known = districts.known()
        found = known.get(self.row.district_id or self.row.owner_district_id or 0)
        return (found.ar if self.language == "ar" else found.en) if found else ""

    @property
    def how(self) -> str:
        """Where one meets for it: in person, online, either."""
        return _how(self.row.format, get_language())

    @property
    def owner_url(self) -> str:
        """Where more is read of the owner."""
        return address("person", self.row.owner_id)

    @property
    def chips(self) -> list[str]:
        """How and when, in a few short words."""
        return [self.how, *when_words(codes(self.row.free_mask))[:2]]

    @property
    def drawing(self) -> str:
        """The picture of its subject."""
        return self.row.domain if self.row.domain in DRAWINGS else "community"

    @property
    def action_url(self) -> str:
        """Where the one button leads."""
        return self.url if self.is_own else address("hello", self.row.pk)

    @property
    def action_label(self) -> str:
        """What the one button says."""
        return _("Look at it") if self.is_own else (_("Say hello") if self.row.is_offer else _("I can help"))

    @property
    def marked(self) -> SafeString:
        """The snippet with what was met marked."""
        return mark_safe(  # noqa: S308 - every piece is escaped
            "".join(f"<mark>{escape(words)}</mark>" if is_met else escape(words) for words, is_met in self.snippet)
        )


def columns(listings: QuerySet[Listing]) -> QuerySet[Listing, Any]:
    """Narrow a query set to what cards show, in the order of `Row`."""
    word = Tag.objects.filter(listing=OuterRef("pk")).order_by("id").values("text")[:1]
    return listings.values_list(*COLUMNS, Case(When(main_concept=None, then=Subquery(word))))


def rows(listings: QuerySet[Listing]) -> list[Row]:
    """Read of listings what their cards show, and no more, in one query."""
    return [Row(*values) for values in columns(listings)]


def _open(reader: int | None) -> Any:
    return Listing.objects.open_for(None if reader is None else Person(pk=reader))


def _newest(most: int, *, reader: int | None = None, district: int | None = None, but: Sequence[int] = ()) -> Any:
    rows = _open(reader).filter(kind=Listing.Kind.OFFER)
    if reader is not None:
        rows = rows.exclude(owner=reader)
    if district is not None:
        rows = rows.filter(district=district)
    return columns(rows.exclude(id__in=but).order_by("-published_at", "-id")[:most])


_of_ids = Ready(lambda *, ids: columns(Listing.objects.filter(id__in=ids)))
_open_ids = Ready(lambda *, ids, reader=None: columns(_open(reader).filter(id__in=ids)))
_of_owner = Ready(
    lambda most, *, owner, but, reader=None: columns(
        _open(reader).filter(owner=owner).exclude(id=but).order_by("-published_at", "-id")[:most]
    )
)
_newest_offers = Ready(_newest)


def _reader(reader: Any) -> dict[str, int]:
    return {"reader": reader.pk} if isinstance(reader, Person) else {}


def open_rows(ids: Sequence[int], *, reader: Any) -> dict[int, Row]:
    """Read again, through the permission door, what may be shown of these listings now."""
    known = _reader(reader)
    return {row.pk: row for row in map(Row._make, _open_ids(ids=ids, **known))} if ids else {}


def more_of(*, owner: int, but: int, most: int, reader: Any) -> list[Row]:
    """Read the newest open listings of an owner, without one."""
    return list(map(Row._make, _of_owner(most, owner=owner, but=but, **_reader(reader))))


def newest_offers(*, reader: Any, most: int) -> list[Row]:
    """Read the newest open offers of others, those of the reader's district first."""
    known = _reader(reader)
    found: list[Row] = []
    if known and reader.district_id:
        found = list(map(Row._make, _newest_offers(most, district=reader.district_id, **known)))
    if len(found) < most:
        found += map(Row._make, _newest_offers(most - len(found), but=[row.pk for row in found], **known))
    return found


def rows_of(ids: Sequence[int]) -> dict[int, Row]:
    """Read listings that were let through already."""
    return {row.pk: row for row in map(Row._make, _of_ids(ids=ids))} if ids else {}


def row_of(listing: Listing) -> Row:
    """Give of a listing read whole what its card shows; needs `with_card()`."""
    owner, concept = listing.owner, listing.main_concept
    words = () if concept else sorted(listing.tags.all(), key=lambda tag: tag.pk)
    about = (concept.ar, concept.en, concept.domain) if concept else (None, None, None)
    return _row(listing, owner.name, owner.district_id, *about, words[0].text if words else None)


def row_beside(listing: Any, first_word: str | None) -> Row:
    """Give of a listing from `reading.one_visible`, and its author's first word, what its card shows."""
    word = first_word if listing.main_concept_id is None else None
    about = listing.concept_ar, listing.concept_en, listing.domain
    return _row(listing, listing.owner_name, listing.owner_district_id, *about, word)


def _row(listing: Listing, *beside: Any) -> Row:
    owner_name, owner_district, *about = beside
    return Row(
        listing.body,
        listing.pk,
        listing.kind,
        listing.title,
        listing.lang,
        listing.format,
        listing.free_mask,
        listing.owner_id,
        owner_name,
        listing.district_id,
        owner_district,
        *about,
    )


def card_of(
    listing: Row | Listing,
    *,
    reader: Any,
    language: str,
    reasons: Sequence[str] = (),
    snippet: Snippet = (),
    **more: Any,
) -> Card:
    """Give one listing as a card for this reader."""
    row = listing if isinstance(listing, Row) else row_of(listing)
    is_own = isinstance(reader, Person) and reader.pk == row.owner_id
    return Card(row, language, is_own, tuple(reasons), snippet, **more)


@lru_cache(maxsize=10_000)
def address(name: str, pk: int) -> str:
    """Give the address of one row; asked for many times a page."""
    return reverse(name, args=[pk])


def cards_for(
    listings: Iterable[Row | Listing],
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


@lru_cache(maxsize=64)
def _how(held: str, _language: str | None) -> str:
    return str(Listing.Format(held).label)


def when_words(codes: Sequence[str]) -> list[str]:
    """Give weekly parts as short words, whole days and daily parts joined: "Tuesday evening", "any evening"."""
    return list(_when(tuple(codes), get_language())) if codes else []


@lru_cache(maxsize=4096)
def _when(codes: tuple[str, ...], _language: str | None) -> list[str]:
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
