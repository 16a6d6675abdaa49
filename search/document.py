"""The one builder of documents: always from the row as it is now, never from an event."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from django.db.models import QuerySet

from search.query import Document
from skills.models import Listing, Tag
from skills.services import concepts

FADE_PER_STEP = 0.6  # a listing about something narrower than asked counts less with each step down
FADE_PER_PLACE = 0.2  # and so does each further skill that its author names
CHUNK = 500


class _Row(NamedTuple):
    """What a document needs of a listing and its owner: plain values, a tenth of the cost of four model instances."""

    id: int
    search_rev: int
    state: str
    kind: str
    owner_id: int
    title: str
    body: str
    title_tokens: str
    body_tokens: str
    concept_tokens: str
    district_id: int | None
    format: str
    speaks: list[str]
    free_mask: int
    published_at: datetime | None
    owner__is_active: bool
    owner__profile__paused_at: datetime | None
    owner__profile__free_mask: int
    main_concept__domain: str | None


@dataclass(frozen=True)
class _About:
    """What a listing's skills mean: concepts, how much of each ancestor, and their names."""

    concepts: tuple[int, ...]
    reach: tuple[tuple[int, float], ...]
    names: dict[str, str]


def read(ids: Iterable[int] | None = None, *, after: int = 0) -> Iterator[tuple[Document, ...]]:
    """Give listings as engines see them, in the order of ids, by chunks of two queries each.

    `ids`: only these (in one chunk); `after`: only those with a higher id. Rows are read when a chunk is asked for.
    """
    rows = Listing.objects.order_by("id")
    if ids is not None:
        if documents := _documents(rows.filter(id__in=list(ids))):
            yield documents
        return
    while documents := _documents(rows.filter(id__gt=after)[:CHUNK]):
        yield documents
        after = documents[-1].listing_id


def one(listing_id: int) -> Document:
    """Give one listing as engines see it."""
    ((document,),) = read([listing_id])
    return document


def _documents(listings: QuerySet[Listing]) -> tuple[Document, ...]:
    # The listing before its skills: a document may hold newer skills than its version says, never older ones.
    rows = [_Row(*values) for values in listings.values_list(*_Row._fields)]
    tags: dict[int, list[tuple[int, int]]] = defaultdict(list)
    held = Tag.objects.filter(listing_id__in=[row.id for row in rows], concept__isnull=False).order_by("id")
    for listing_id, concept, place in held.values_list("listing_id", "concept_id", "place"):
        tags[listing_id].append((concept, place))
    version = concepts.tree().version
    return tuple(_build(row, _about(version, tuple(tags[row.id]))) for row in rows)


def _build(row: _Row, about: _About) -> Document:
    return Document(
        listing_id=row.id,
        version=row.search_rev,
        is_open=row.state == Listing.State.PUBLISHED and row.owner__is_active and row.owner__profile__paused_at is None,
        kind=row.kind,
        owner_id=row.owner_id,
        title=row.title,
        body=row.body,
        title_tokens=row.title_tokens,
        body_tokens=row.body_tokens,
        concept_tokens=row.concept_tokens,
        concepts=about.concepts,
        reach=about.reach,
        names=about.names,
        domain=row.main_concept__domain or "",
        district_id=row.district_id,
        format=row.format,
        speaks=tuple(row.speaks),
        free_mask=row.free_mask or row.owner__profile__free_mask,
        published_at=row.published_at,
    )


@lru_cache(maxsize=4096)
def _about(version: int, tags: tuple[tuple[int, int], ...]) -> _About:
    """Say what skills mean; `version` of the concepts keeps what was remembered true."""
    known = concepts.tree()
    tags = tuple((concept, place) for concept, place in tags if concept in known.names)
    direct = tuple(sorted({concept for concept, _place in tags}))
    reach: dict[int, float] = {}
    for concept, place in tags:
        for ancestor, distance in known.ancestors(concept).items():
            reach[ancestor] = max(reach.get(ancestor, 0.0), weight(distance, place))
    return _About(
        direct,
        tuple(sorted(reach.items())),
        {lang: " · ".join(known.names[concept][place] for concept in direct) for lang, place in PLACES.items()},
    )


PLACES = {"ar": 1, "en": 2}  # of the names in the tree


def weight(distance: int, place: int) -> float:
    """How much a listing is about a concept that stands `distance` steps above its `place`-th skill, 0–1."""
    return (FADE_PER_STEP / distance if distance else 1.0) / (1 + FADE_PER_PLACE * place)
