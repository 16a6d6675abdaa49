"""The score of a pair: hard limits first, then a sum of named contributions. Values in, values out."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from matching.similarity import Likeness

# What each fact can add at most; together 1. The skill weighs most: without it there is no match at all.
WEIGHTS = {
    "same_skill": 0.40,
    "related_skill": 0.30,
    "text": 0.10,
    "two_way": 0.14,
    "free_hours": 0.12,
    "place": 0.10,
    "language": 0.04,
    "format": 0.04,
    "freshness": 0.03,
    "room": 0.03,
}
LEAST_LIKENESS = 0.5  # concepts less alike than this are no reason to meet
LEAST_TEXT = 0.34  # share of the shorter title's words, when no concept is known
FULL_OVERLAP = 3  # parts of the week in common that count as "plenty"
NEAR = 25.0  # distance on the city's map (0–141) that still counts as near
FRESH_DAYS = 60


@dataclass(frozen=True)
class Side:
    """One listing with what matters of its owner. `concepts` are (id, sureness 0–1), the main one first."""

    listing_id: int
    owner_id: int
    kind: str
    title: str = ""
    concepts: tuple[tuple[int, float], ...] = ()
    words: frozenset[str] = frozenset()
    district: int | None = None
    position: tuple[float, float] | None = None
    format: str = "place"
    speaks: frozenset[str] = frozenset()
    free_mask: int = 0
    answered_at: datetime | None = None  # last sign that it is still true
    room: float = 1.0  # share of the teacher's places that are free, 0–1
    is_open: bool = True


@dataclass(frozen=True)
class Pair:
    """A scored pair. `contributions` sum to `score` exactly; `facts` are what the sentences name."""

    offer: Side
    wish: Side
    score: float
    contributions: dict[str, float] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)


def score(
    offer: Side,
    wish: Side,
    *,
    likeness: Callable[[int, int], Likeness],
    now: datetime,
    two_way: tuple[int, int] | None = None,
) -> Pair | None:
    """Score a pair, or give None where a hard limit stands or nothing of the skill is shared.

    `two_way` is (concept the wisher teaches, concept the mentor wishes), when they are alike. Blocks are the
    caller's: they depend on rows. Every contribution is rounded to 4 places, so that the sum can be checked.
    """
    if offer.owner_id == wish.owner_id or not offer.is_open or not wish.is_open or offer.room <= 0:
        return None
    shared_languages = offer.speaks & wish.speaks
    if offer.speaks and wish.speaks and not shared_languages:
        return None
    gives: dict[str, float] = {}
    facts: dict[str, Any] = {}
    _skill(offer, wish, likeness, gives, facts)
    if not gives:
        return None
    if two_way is not None:
        gives["two_way"] = 1.0
        facts["two_way"] = list(two_way)
    overlap = offer.free_mask & wish.free_mask
    if overlap:
        gives["free_hours"] = min(1.0, overlap.bit_count() / FULL_OVERLAP)
        facts["free"] = overlap
    _place(offer, wish, gives, facts)
    if shared_languages:
        gives["language"] = 1.0
        facts["languages"] = sorted(shared_languages)
    if offer.answered_at is not None:
        age = max(0.0, (now - offer.answered_at).total_seconds() / 86_400)
        gives["freshness"] = max(0.0, 1.0 - age / FRESH_DAYS)
        facts["days"] = int(age)
    gives["room"] = offer.room
    contributions = {name: round(WEIGHTS[name] * share, 4) for name, share in gives.items() if share > 0}
    contributions = {name: value for name, value in contributions.items() if value}
    return Pair(offer, wish, round(sum(contributions.values()), 4), contributions, facts)


def _skill(
    offer: Side, wish: Side, likeness: Callable[[int, int], Likeness], gives: dict[str, float], facts: dict[str, Any]
) -> None:
    best: tuple[float, Likeness, int, int] | None = None
    for place, (wished, sure) in enumerate(wish.concepts):
        for there, (taught, sure_there) in enumerate(offer.concepts):
            like = likeness(taught, wished)
            value = like.value * sure * sure_there / (1 + 0.15 * (place + there))
            if like.value >= LEAST_LIKENESS and (best is None or value > best[0]):
                best = (value, like, taught, wished)
    if best is not None:
        value, like, taught, wished = best
        name = "same_skill" if like.road == "same" else "related_skill"
        gives[name] = value
        facts.update(taught=taught, wished=wished, road=like.road, likeness=round(like.value, 3))
    shared = offer.words & wish.words
    smaller = min(len(offer.words), len(wish.words))
    share = len(shared) / smaller if smaller else 0.0
    if shared and (best is not None or (share >= LEAST_TEXT and len(shared) >= 2)):
        gives["text"] = share
        facts["words"] = sorted(shared)[:3]


def _place(offer: Side, wish: Side, gives: dict[str, float], facts: dict[str, Any]) -> None:
    online = {"online", "both"}
    in_person = {"place", "both"}
    if offer.format in online and wish.format in online:
        facts["online"] = True
        gives["format"] = 1.0
    if offer.format in in_person and wish.format in in_person:
        gives["format"] = 1.0
        if offer.district is not None and offer.district == wish.district:
            gives["place"] = 1.0
            facts["district"] = offer.district
        elif offer.position and wish.position:
            away = ((offer.position[0] - wish.position[0]) ** 2 + (offer.position[1] - wish.position[1]) ** 2) ** 0.5
            if away <= NEAR:
                gives["place"] = 0.6 * (1 - away / NEAR) + 0.2
                facts["near"] = offer.district
