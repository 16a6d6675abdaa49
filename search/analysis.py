"""How a typed question is read: words, their corrected spelling, and the concepts it means."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from rapidfuzz import process
from rapidfuzz.distance import OSA

from exchange.lib import arabic
from skills.services import concepts

MOST_WORDS = 12
SHORTEST_FUZZY = 4


@dataclass(frozen=True)
class Reading:
    """A question as engines use it; `means` gives concept id → 0–1, `is_whole`: a concept's name is all of it."""

    groups: tuple[tuple[str, ...], ...]  # each typed word as its alternative stems
    means: dict[int, float]
    is_whole: bool


def read(text: str, lang: str | None = None) -> Reading:
    """Read a question in either language; request words ("I want to learn …") do not count."""
    content = arabic.content_words(text) or arabic.words(text)
    groups = tuple(dict.fromkeys(tuple(arabic.tokens(word).split()) for word in content[:MOST_WORDS]))
    hits = concepts.resolve_text(text, lang, limit=4, sure=True) if content else []
    means = {hit.concept_id: hit.score for hit in hits}
    is_whole = bool(hits) and hits[0].is_exact and len(hits) == 1
    return Reading(tuple(group for group in groups if group), means, is_whole)


def corrected(word: str, vocabulary: Callable[[], Iterable[str]]) -> list[str]:
    """Give known words one slip away (two in long words); empty for short words, which are too easily mistaken."""
    if len(word) < SHORTEST_FUZZY:
        return []
    most = 1 if len(word) < 8 else 2
    near = process.extract(word, list(vocabulary()), scorer=OSA.distance, score_cutoff=most, limit=3)
    return [candidate for candidate, _distance, _index in near]
