"""The score of a pair: hard limits first, then a sum of named contributions. Values in, values out.

Everything is counted in whole ten-thousandths, so that a sum is exact and the same in Python, in numpy and on paper.
The score is the chance, 0–1, that a hello between the two gets a good answer (docs/matching.md).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from math import sqrt
from typing import Any

from matching.similarity import LEAST, Likeness

UNIT = 10_000
GRAIN = 16  # how finely it is known that a listing is about a concept

# What each fact adds at most; one of the first three and all the others make 1. Priors: `fit_matching` may know better.
PRIOR: Mapping[str, float] = {
    "same_skill": 0.40,
    "related_skill": 0.30,
    "text": 0.30,
    "two_way": 0.14,
    "free_hours": 0.12,
    "place": 0.10,
    "answers": 0.08,
    "room": 0.05,
    "language": 0.04,
    "format": 0.04,
    "freshness": 0.03,
}
SKILL = ("same_skill", "related_skill", "text")
LEAST_TEXT = 0.34  # share of the shorter title's words, where no concept is known
LEAST_BACK = 0.8  # likeness from which what flows back is the very thing that was wished
FULL_OVERLAP = 3  # parts of the week in common that count as "plenty"
NEAR = 25.0  # distance on the city's map (0–141) that still counts as near
FRESH_DAYS = 60
FRESH_STEP = 7  # freshness falls by weeks, so that a night changes few rows
PLACE_FALL = 0.15  # how much less each further concept of a listing counts
EASY_ANSWERS = 2  # imagined good answers, so that a new mentor is believed


@dataclass(frozen=True)
class Weights:
    """What each fact adds at most, in ten-thousandths."""

    units: Mapping[str, int]
    version: int = 0

    def of(self, name: str, share: float = 1.0) -> int:
        """Give a contribution in ten-thousandths for a share 0–1."""
        return round(self.units[name] * share)


def weights(values: Mapping[str, float] = PRIOR, version: int = 0) -> Weights:
    """Give weights from numbers 0–1; names that are missing keep their prior."""
    return Weights({name: round(values.get(name, prior) * UNIT) for name, prior in PRIOR.items()}, version)


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
    answered_on: date | None = None  # last sign that it is still true
    room: float = 1.0  # share of the teacher's places that are free, 0–1
    answers: float = 1.0  # share of late hellos that the teacher answered, 0–1
    is_open: bool = True

    @property
    def is_offer(self) -> bool:
        """Whether something is taught here."""
        return self.kind == "offer"

    @cached_property
    def strengths(self) -> tuple[tuple[int, int], ...]:
        """Give each concept with how much the listing is about it, in sixteenths."""
        return tuple(
            (concept, max(1, round(GRAIN * sure / (1 + PLACE_FALL * place))))
            for place, (concept, sure) in enumerate(self.concepts)
        )


@dataclass(frozen=True)
class Pair:
    """A scored pair. `contributions` sum to `score` exactly; `facts` are what the sentences name."""

    offer: Side
    wish: Side
    units: int
    parts: Mapping[str, int]
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def score(self) -> float:
        """The score, 0–1, with four decimals."""
        return self.units / UNIT

    @property
    def contributions(self) -> dict[str, float]:
        """Name → number with four decimals: the skill, without which there is no pair, then the largest first."""
        ranked = sorted(self.parts.items(), key=lambda item: (item[0] not in SKILL, -item[1], item[0]))
        return {name: units / UNIT for name, units in ranked}

    @property
    def order(self) -> tuple[int, int, int, int]:
        """Sort key, best first."""
        return order(self.units, self.offer.listing_id, self.wish.listing_id)


def order(units: int, offer_id: int, wish_id: int) -> tuple[int, int, int, int]:
    """Give the sort key of a pair, best first; equal scores fall by a mix of both numbers.

    So among equals every wish meets other mentors first, and nobody is met more for having come early.
    """
    return (-units, mixed(offer_id, wish_id), offer_id, wish_id)


def mixed(offer_id: int, wish_id: int) -> int:
    """Mix two numbers into 32 bits (multiplicative hashing, Knuth, TAOCP 6.4)."""
    low = 0xFFFFFFFF
    value = ((offer_id * 0x9E3779B1) ^ (wish_id * 0x85EBCA77)) & low
    return ((value ^ (value >> 15)) * 0x2C1B3C6D) & low


Between = Callable[[int, int], Likeness]


def score(
    offer: Side,
    wish: Side,
    *,
    likeness: Between,
    today: date,
    weigh: Weights,
    two_way: tuple[int, int] | None = None,
) -> Pair | None:
    """Score a pair, or give None where a hard limit stands or nothing of the skill is shared.

    `two_way` is (concept the wisher teaches, concept the mentor wishes), when they are alike. Blocks are the
    caller's: they depend on rows.
    """
    if offer.owner_id == wish.owner_id or not offer.is_open or not wish.is_open or offer.room <= 0:
        return None
    tongue = language_units(offer.speaks, wish.speaks, weigh)
    if tongue is None:
        return None
    parts: dict[str, int] = {}
    facts: dict[str, Any] = {}
    if offer.concepts and wish.concepts:
        _skill(offer, wish, likeness, weigh, parts, facts)
    else:
        _text(offer, wish, weigh, parts, facts)
    if not any(parts.values()):
        return None
    if two_way is not None:
        parts["two_way"] = weigh.of("two_way")
        facts["two_way"] = list(two_way)
    overlap = offer.free_mask & wish.free_mask
    if overlap:
        parts["free_hours"] = free_units(overlap.bit_count(), weigh)
        facts["free"] = overlap
    _meeting(offer, wish, weigh, parts, facts)
    if tongue:
        parts["language"] = tongue
        facts["languages"] = sorted(offer.speaks & wish.speaks)
    parts.update(offer_units(offer, today, weigh))
    if offer.answered_on is not None:
        facts["answered"] = offer.answered_on.isoformat()
    parts = {name: units for name, units in parts.items() if units > 0}
    return Pair(offer, wish, sum(parts.values()), parts, facts)


def skill_name(like: Likeness) -> str:
    """Name of the contribution that a likeness makes."""
    return "same_skill" if like.road == "same" else "related_skill"


def skill_units(reach: int, strength: int, other: int) -> int:
    """Give a skill's contribution: `reach` (weight × likeness) by both strengths in sixteenths, rounded half up."""
    return (reach * strength * other + 128) >> 8


def reach(like: Likeness, weigh: Weights) -> int:
    """Give what a likeness adds when both listings are wholly about it; 0 when it is no reason to meet."""
    return weigh.of(skill_name(like), like.value) if like.value >= LEAST else 0


def free_units(shared: int, weigh: Weights) -> int:
    """Give what so many shared parts of the week add."""
    return weigh.of("free_hours", min(1.0, shared / FULL_OVERLAP))


Where = tuple[str, int | None, tuple[float, float] | None]


def where(side: Side) -> Where:
    """Give how and where a side can meet: format, district, its place on the map."""
    return (side.format, side.district, side.position)


def place_units(one: Where, other: Where, weigh: Weights) -> tuple[int, int]:
    """Give what the way of meeting and the distance add."""
    online = "place" not in (one[0], other[0])
    in_person = "online" not in (one[0], other[0])
    share = 0.0
    if in_person and one[1] is not None and one[1] == other[1]:
        share = 1.0
    elif in_person and one[2] and other[2]:
        away = sqrt((one[2][0] - other[2][0]) ** 2 + (one[2][1] - other[2][1]) ** 2)
        share = 0.6 * (1 - away / NEAR) + 0.2 if away <= NEAR else 0.0
    return (weigh.of("format") if online or in_person else 0, weigh.of("place", share))


def language_units(one: frozenset[str], other: frozenset[str], weigh: Weights) -> int | None:
    """Give what a common language adds; None where both say theirs and none is common."""
    if one & other:
        return weigh.of("language")
    return None if one and other else 0


def offer_units(offer: Side, today: date, weigh: Weights) -> dict[str, int]:
    """Give what an offer brings to every wish: free places, answers lately, freshness."""
    fresh = 0.0
    if offer.answered_on is not None:
        weeks = max(0, (today - offer.answered_on).days) // FRESH_STEP
        fresh = max(0.0, 1.0 - weeks * FRESH_STEP / FRESH_DAYS)
    return {
        "freshness": weigh.of("freshness", fresh),
        "room": weigh.of("room", offer.room),
        "answers": weigh.of("answers", offer.answers),
    }


def shared_text(one: frozenset[str], other: frozenset[str]) -> float:
    """Give the share of the shorter title's words that both titles have; 0 where one word in many is shared."""
    shared, smaller = len(one & other), min(len(one), len(other))
    share = shared / smaller if smaller else 0.0
    return share if share >= LEAST_TEXT and (shared >= 2 or share == 1.0) else 0.0


def _skill(
    offer: Side, wish: Side, likeness: Between, weigh: Weights, parts: dict[str, int], facts: dict[str, Any]
) -> None:
    best: tuple[int, float, int, int] | None = None
    for wished, strength in wish.strengths:
        for taught, other in offer.strengths:
            like = likeness(taught, wished)
            units = skill_units(reach(like, weigh), strength, other)
            if units and (best is None or (units, like.value, -taught, -wished) > best):
                best = (units, like.value, -taught, -wished)
    if best is None:
        return
    taught, wished = -best[2], -best[3]
    like = likeness(taught, wished)
    parts[skill_name(like)] = best[0]
    facts.update(taught=taught, wished=wished, road=like.road, likeness=like.value)


def _meeting(offer: Side, wish: Side, weigh: Weights, parts: dict[str, int], facts: dict[str, Any]) -> None:
    parts["format"], parts["place"] = place_units(where(offer), where(wish), weigh)
    if "place" not in (offer.format, wish.format):
        facts["online"] = True
    if parts["place"]:
        facts["district" if offer.district == wish.district else "near"] = offer.district


def _text(offer: Side, wish: Side, weigh: Weights, parts: dict[str, int], facts: dict[str, Any]) -> None:
    share = shared_text(offer.words, wish.words)
    if share:
        parts["text"] = weigh.of("text", share)
        facts["words"] = sorted(offer.words & wish.words)[:3]
