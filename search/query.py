"""What is asked and what is answered: plain values that every engine understands."""

from dataclasses import dataclass, field
from datetime import datetime

PAGE = 20


@dataclass(frozen=True)
class Query:
    """One question over listings. Empty means "no limit"; `free_mask` asks for any overlap."""

    text: str = ""
    like: str = ""  # instead of `text`: a whole text, of which any words may meet (near duplicates)
    lang: str | None = None  # language of the reader, which orders nothing but helps to read the text
    kind: str = ""  # "offer" or "wish"
    concept: int | None = None  # this concept and everything below it
    district: int | None = None
    format: str = ""  # "place" or "online"; a listing that says "both" answers either
    speaks: str = ""  # language code the lesson can be held in
    free_mask: int = 0
    since: datetime | None = None
    hidden_owners: tuple[int, ...] = ()
    offset: int = 0
    limit: int = PAGE
    facets: bool = True


@dataclass(frozen=True)
class Hit:
    """One found listing. `score` orders within one answer only; `via` names the concept that led here, if any.

    `snippet`: the part of the text that was met, as (words, whether they were met), where the engine says so.
    """

    listing_id: int
    score: float
    via: int | None = None
    snippet: tuple[tuple[str, bool], ...] = ()


@dataclass(frozen=True)
class Found:
    """An engine's answer: ids only, to be read again through the permission door."""

    hits: tuple[Hit, ...] = ()
    total: int = 0
    facets: dict[str, dict[str, int]] = field(default_factory=dict)  # filter name → value → count
    corrected: str = ""  # the words actually searched, when spelling was helped
    is_basic: bool = False  # the usual engine could not answer


@dataclass(frozen=True)
class Document:
    """One listing as engines see it; `version` grows with every change."""

    listing_id: int
    version: int
    is_open: bool
    kind: str
    owner_id: int
    title: str
    body: str
    title_tokens: str
    body_tokens: str
    concept_tokens: str
    concepts: tuple[int, ...]  # direct ones
    reach: tuple[tuple[int, float], ...]  # each concept and ancestor with how much the listing is about it, 0–1
    names: dict[str, str]  # language → names of the concepts
    domain: str
    district_id: int | None
    format: str
    speaks: tuple[str, ...]
    free_mask: int
    published_at: datetime | None
