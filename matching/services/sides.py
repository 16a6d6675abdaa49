"""Listings as scoring sees them, read in a few statements however many there are."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts import districts
from exchange.lib import arabic
from matching.models import Standing
from matching.scoring import EASY_ANSWERS, Side
from matching.services import likeness
from skills.models import Listing, Tag

CHUNK = 2_000  # numbers named in one statement
LEAST_ROOM = 0.1
MOST_WORDS = 12

FIELDS = (
    "id", "owner_id", "kind", "title", "district_id", "owner__district_id", "format", "speaks", "free_mask",
    "owner__profile__free_mask", "confirmed_at", "published_at", "owner__profile__max_learners",
    "owner__standing__busy", "owner__standing__asked", "owner__standing__answered",
)  # fmt: skip


def open_listings(kind: str | None = None) -> QuerySet[Listing]:
    """Give what may be paired: public, owner there and not resting, and for an offer, taking learners at all."""
    rows = Listing.objects.open_for(None).exclude(kind=Listing.Kind.OFFER, owner__profile__max_learners=0)
    return rows if kind is None else rows.filter(kind=kind)


def load(ids: Iterable[int], *, words: bool = False) -> list[Side]:
    """Give those of some listings that may be paired, by number. `words` reads titles too, where it matters little."""
    out: list[Side] = []
    for chunk in _chunks(sorted(set(ids))):
        out.extend(_sides(open_listings().filter(id__in=chunk), Q(listing__in=chunk), words))
    return out


def load_all(kind: str, *, words: bool = False) -> list[Side]:
    """Give all listings of a kind that may be paired."""
    return list(_sides(open_listings(kind), Q(listing__kind=kind, listing__state=Listing.State.PUBLISHED), words))


def side_of(listing: Listing) -> Side:
    """Give one listing, open or not; needs owner, profile, district and tags at hand."""
    profile = listing.owner.profile
    district = listing.district or listing.owner.district
    tags = sorted((tag for tag in listing.tags.all() if tag.concept_id), key=lambda tag: (tag.place, tag.pk))
    standing = Standing.objects.filter(person=listing.owner_id).first() or Standing()
    return Side(
        listing_id=listing.pk,
        owner_id=listing.owner_id,
        kind=listing.kind,
        title=listing.title,
        concepts=_distinct(((tag.concept_id or 0, tag.score) for tag in tags), likeness.merged()),
        words=words_of(listing.title),
        district=district.pk if district else None,
        position=district.position if district else None,
        format=listing.format,
        speaks=frozenset(listing.speaks),
        free_mask=listing.free_mask or profile.free_mask,
        answered_on=_day(listing.confirmed_at or listing.published_at),
        room=_room(standing.busy, profile.max_learners) if listing.is_offer else 1.0,
        answers=_answers(standing.asked, standing.answered) if listing.is_offer else 1.0,
        is_open=listing.is_published and listing.owner.is_active and not profile.is_paused,
    )


def about(kind: str, concept_ids: Iterable[int]) -> set[int]:
    """Give numbers of open listings of a kind that name any of some concepts."""
    found: set[int] = set()
    into = likeness.merged()
    wanted = set(concept_ids)
    wanted |= {old for old, new in into.items() if new in wanted}
    for chunk in _chunks(sorted(wanted)):
        rows = open_listings(kind).filter(tags__concept__in=chunk)
        found.update(rows.values_list("id", flat=True))
    return found


def worded(kind: str, words: Iterable[str]) -> set[int]:
    """Give numbers of open listings of a kind with any of these stems in the title."""
    stems = sorted(set(words), key=lambda word: (-len(word), word))[:MOST_WORDS]
    if not stems:
        return set()
    clauses = reduce(or_, (Q(title_tokens__contains=stem) for stem in stems))
    return set(open_listings(kind).filter(clauses).values_list("id", flat=True))


def nameless(kind: str) -> set[int]:
    """Give numbers of open listings of a kind of which no concept is known."""
    named = Tag.objects.filter(concept__isnull=False).values("listing_id")
    return set(open_listings(kind).exclude(id__in=named).values_list("id", flat=True))


def held_by(owner_ids: Iterable[int], kind: str) -> dict[int, set[int]]:
    """Give for each owner the concepts of their open listings of a kind."""
    return _held(kind, "owner__in", sorted(set(owner_ids)))


def holders_of(concept_ids: Iterable[int], kind: str) -> dict[int, set[int]]:
    """Give owner → those of some concepts that their open listings of a kind name."""
    into = likeness.merged()
    wanted = set(concept_ids)
    asked = wanted | {old for old, new in into.items() if new in wanted}
    return _held(kind, "tags__concept__in", sorted(asked))


def words_of(text: str) -> frozenset[str]:
    """Give the stems of a title that say what it is about."""
    return frozenset(arabic.stems(word)[0] for word in arabic.content_words(text))


def _held(kind: str, clause: str, values: Sequence[int]) -> dict[int, set[int]]:
    into = likeness.merged()
    out: dict[int, set[int]] = defaultdict(set)
    for chunk in _chunks(values):
        rows = open_listings(kind).filter(**{clause: chunk}, tags__concept__isnull=False)
        for owner, concept in rows.values_list("owner_id", "tags__concept_id").distinct():
            out[owner].add(into.get(concept, concept))
    return out


def _sides(rows: QuerySet[Listing], tags: Q, words: bool) -> Iterator[Side]:
    into = likeness.merged()
    places = {row.pk: row.position for row in districts.known().values()}
    named: dict[int, list[tuple[int, float]]] = defaultdict(list)
    found = Tag.objects.filter(tags, concept__isnull=False).order_by("listing_id", "place", "id")
    for listing, concept, sure in found.values_list("listing_id", "concept_id", "score").iterator(chunk_size=CHUNK):
        named[listing].append((concept or 0, sure))
    for row in rows.order_by("id").values_list(*FIELDS).iterator(chunk_size=CHUNK):
        yield _side(row, _distinct(named.get(row[0], ()), into), places, words)


def _side(row: Sequence[Any], named: tuple[tuple[int, float], ...], places: dict[int, Any], words: bool) -> Side:
    key, owner, kind, title, district, home, form, speaks, mask, free, confirmed, published, most, *standing = row
    busy, asked, answered = (number or 0 for number in standing)
    district = district or home
    is_offer = kind == Listing.Kind.OFFER
    return Side(
        listing_id=key,
        owner_id=owner,
        kind=kind,
        title=title,
        concepts=named,
        words=words_of(title) if words or not named else frozenset(),
        district=district,
        position=places.get(district),
        format=form,
        speaks=frozenset(speaks),
        free_mask=mask or free or 0,
        answered_on=_day(confirmed or published),
        room=_room(busy, most) if is_offer else 1.0,
        answers=_answers(asked, answered) if is_offer else 1.0,
    )


def _distinct(named: Iterable[tuple[int, float]], into: dict[int, int]) -> tuple[tuple[int, float], ...]:
    """Give concepts as they are after mergers, each once with its best sureness, in the author's order."""
    out: dict[int, float] = {}
    for concept, sure in named:
        now = into.get(concept, concept)
        out[now] = max(out.get(now, 0.0), sure)
    return tuple(out.items())


def _room(busy: int, most: int) -> float:
    """Give the share of places still free; who is busy keeps a tenth, until booked lessons say who is full."""
    return max(LEAST_ROOM, 1 - busy / most) if most else 0.0


def _answers(asked: int, answered: int) -> float:
    return (answered + EASY_ANSWERS) / (asked + EASY_ANSWERS)


def _day(at: datetime | None) -> date | None:
    return timezone.localtime(at).date() if at else None


def _chunks(values: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]
