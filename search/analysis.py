"""How a typed question is read: words, their corrected spelling, and the concepts it means."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

from exchange.lib import arabic
from skills.services import concepts
from skills.services.concepts import ConceptHit

MOST_WORDS = 12
MOST_MEANT = 4
SHORTEST_FUZZY = 4
MOST_LIKENESS_WORDS = 40
SNIPPET_WORDS = 18
WORDS_BEFORE = 6
_WORD = rf"(?:[\w+#]|{arabic.MARKS_PATTERN})+"
_PIECES = re.compile(rf"{_WORD}|(?:(?!{_WORD}).)+", re.DOTALL)  # words and what stands between them


@dataclass(frozen=True)
class Reading:
    """A question as engines use it; `means` gives concept id → 0–1, `is_whole`: a concept's name is all of it."""

    words: tuple[str, ...]  # each typed word, folded
    groups: tuple[tuple[str, ...], ...]  # the same words as their alternative stems
    means: dict[int, float]
    is_whole: bool


def read(text: str, lang: str | None = None) -> Reading:
    """Read a question in either language; request words ("I want to learn …") do not count."""
    content = arabic.content_words(text) or arabic.words(text)
    by_stems = {arabic.stems(word): word for word in content[:MOST_WORDS]}
    hits = meant(text, lang) if content else ()
    means = {hit.concept_id: hit.score for hit in hits}
    is_whole = bool(hits) and hits[0].is_exact and len(hits) == 1
    return Reading(tuple(by_stems.values()), tuple(by_stems), means, is_whole)


def meant(text: str, lang: str | None = None) -> tuple[ConceptHit, ...]:
    """Give at most four concepts that a question surely means, best first; a question asked just now is remembered."""
    return _meant(concepts.tree().version, text, lang)


@lru_cache(maxsize=256)
def _meant(_version: int, text: str, lang: str | None) -> tuple[ConceptHit, ...]:
    return tuple(concepts.resolve_text(text, lang, limit=MOST_MEANT, sure=True))


def likeness_words(text: str) -> tuple[str, ...]:
    """Give the stems of a whole text that say what it is about, for finding texts like it."""
    stems = dict.fromkeys(arabic.stems(word)[0] for word in arabic.content_words(text))
    return tuple(list(stems)[:MOST_LIKENESS_WORDS])


def snippet(text: str, groups: Iterable[tuple[str, ...]]) -> tuple[tuple[str, bool], ...]:
    """Give the part of a text around the first met word, as (words, whether met); empty when none is met."""
    wanted = {stem for group in groups for stem in group}
    pieces = _PIECES.findall(text)
    met = [not wanted.isdisjoint(_stems(piece)) for piece in pieces]
    if not any(met):
        return ()
    first = met.index(True)
    start = max(0, first - WORDS_BEFORE * 2)
    end = start + SNIPPET_WORDS * 2
    out: list[tuple[str, bool]] = [("… ", False)] if start else []
    for piece, is_met in zip(pieces[start:end], met[start:end], strict=True):
        if out and out[-1][1] == is_met:
            out[-1] = (out[-1][0] + piece, is_met)
        else:
            out.append((piece, is_met))
    return (*out, (" …", False)) if end < len(pieces) else tuple(out)


@lru_cache(maxsize=20_000)
def _stems(piece: str) -> tuple[str, ...]:
    """Give the stems of one word as it is written; the words of a city's texts come again and again."""
    folded = arabic.fold(piece)
    return tuple(arabic.stems(folded)) if folded else ()


def corrected(word: str, vocabulary: Callable[[], Iterable[str]]) -> list[str]:
    """Give known words one slip away (two in long words); empty for short words, which are too easily mistaken."""
    if len(word) < SHORTEST_FUZZY:
        return []
    most = 1 if len(word) < 8 else 2
    near = process.extract(word, list(vocabulary()), scorer=OSA.distance, score_cutoff=most, limit=3)
    return [candidate for candidate, _distance, _index in near]
