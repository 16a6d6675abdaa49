"""Words across the two languages: a dictionary learned from pairs of names, and the likeness of words that sound alike.

The dictionary is IBM model 1 (Brown, Della Pietra, Della Pietra, Mercer 1993, "The mathematics of statistical machine
translation", section 4.1) run in both directions over stems of paired names. It needs no other data than the pairs.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from exchange.lib import arabic

Array = np.ndarray[Any, Any]

ROUNDS = 8
LEAST = 0.05  # strength, the geometric mean of both directions, under which an entry is not kept
MOST_PER_WORD = 8
LONGEST_PAIR = 12  # stems of a name; longer names teach little and cost much
SHORTEST_SKELETON = 4

# Consonants that both scripts write, as classes: what a borrowed word keeps on its way (جغرافيا, geography).
_AR_SOUNDS = str.maketrans(
    {
        **dict.fromkeys("اويهعء", ""),
        **dict(zip("بتثجحخدذرزسشصضطظغفقكلمن", "btsjhkdzrzs2sdtzjfkklmn", strict=True)),
    }
)
_EN_DIGRAPHS = (
    ("sch", "s2"), ("tch", "t2"), ("ch", "k"), ("sh", "2"), ("ph", "f"), ("th", "s"), ("gh", "j"), ("kh", "k"),
    ("qu", "k"), ("ck", "k"), ("x", "ks"), ("ce", "s"), ("ci", "s"), ("cy", "s"), ("tion", "2n"),
)  # fmt: skip
_EN_SOUNDS = str.maketrans(
    {
        **dict.fromkeys("aeiouyhw'-", ""),
        **dict(zip("bcdfgjklmnpqrstvxz2", "bkdfjjklmnbkrstfzz2", strict=True)),
    }
)


@dataclass(frozen=True)
class Entry:
    """That an Arabic and an English stem translate each other; the probabilities are 0–1."""

    ar: str
    en: str
    ar_en: float  # of the English stem, given the Arabic one
    en_ar: float


def stems_of(text: str) -> tuple[str, ...]:
    """Give the stems of a name that teach: no particles, each once, in their order."""
    words = [word for word in arabic.words(text) if word not in arabic.PARTICLES]
    return tuple(dict.fromkeys(arabic.stems(word)[0] for word in words))


def learn(pairs: Iterable[tuple[str, str, float]], *, rounds: int = ROUNDS) -> list[Entry]:
    """Learn a dictionary from (Arabic name, English name, weight) triples, the likeliest entries of each word first.

    The same pairs in any order give the same entries. A few seconds for 100,000 pairs.
    """
    weights: dict[tuple[tuple[str, ...], tuple[str, ...]], float] = defaultdict(float)
    for ar, en, weight in pairs:
        mine, theirs = stems_of(ar), stems_of(en)
        if 0 < len(mine) <= LONGEST_PAIR and 0 < len(theirs) <= LONGEST_PAIR:
            weights[tuple(sorted(mine)), tuple(sorted(theirs))] += weight
    if not weights:
        return []
    ordered = sorted(weights)
    ar_words = sorted({stem for mine, _ in ordered for stem in mine})
    en_words = sorted({stem for _, theirs in ordered for stem in theirs})
    ar_ids = {stem: place for place, stem in enumerate(ar_words)}
    en_ids = {stem: place for place, stem in enumerate(en_words)}
    rows = [
        (place, ar_ids[one], en_ids[other])
        for place, (mine, theirs) in enumerate(ordered)
        for one in mine
        for other in theirs
    ]
    table = np.array(rows, dtype=np.int64)
    shares = np.array([weights[pair] for pair in ordered])[table[:, 0]]
    codes, inverse = np.unique(table[:, 1] * len(en_words) + table[:, 2], return_inverse=True)
    of_ar, of_en = codes // len(en_words), codes % len(en_words)
    forth = _align(table[:, 0], table[:, 2], shares, inverse, of_ar, len(ar_words), len(en_words), rounds)
    back = _align(table[:, 0], table[:, 1], shares, inverse, of_en, len(en_words), len(ar_words), rounds)
    kept = _worth_keeping(np.sqrt(forth * back), of_ar, of_en)
    return [
        Entry(ar_words[of_ar[place]], en_words[of_en[place]], float(forth[place]), float(back[place])) for place in kept
    ]


def _worth_keeping(strength: Array, of_ar: Array, of_en: Array) -> Array:
    """Give the cells that are strong enough, and among the strongest of both their words."""
    good = strength >= LEAST
    for owner in (of_ar, of_en):
        order = np.lexsort((-strength, owner))
        first = np.r_[True, owner[order][1:] != owner[order][:-1]]
        rank = np.arange(len(order)) - np.maximum.accumulate(np.where(first, np.arange(len(order)), 0))
        good[order[rank >= MOST_PER_WORD]] = False
    return np.flatnonzero(good)


def _align(
    pair: Array, target: Array, weight: Array, cell: Array, source_of_cell: Array,
    sources: int, targets: int, rounds: int,
) -> Array:  # fmt: skip
    """Give p(target word | source word) for each cell of co-occurring words, by expectation and maximisation."""
    probability = np.full(len(source_of_cell), 1.0)
    group = pair * targets + target
    _, group = np.unique(group, return_inverse=True)
    for _ in range(rounds):
        here = probability[cell]
        total = np.bincount(group, here)[group]
        counts = np.bincount(cell, weight * here / np.maximum(total, 1e-12), len(source_of_cell))
        per_source = np.bincount(source_of_cell, counts, sources)
        probability = counts / np.maximum(per_source[source_of_cell], 1e-12)
    return probability


class Lexicon:
    """A dictionary in memory, asked word by word; words it does not know are met by their sound."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._forth: dict[str, list[tuple[str, float]]] = defaultdict(list)
        for entry in entries:
            strength = (entry.ar_en * entry.en_ar) ** 0.5
            self._forth[entry.ar].append((entry.en, strength))
            self._forth[entry.en].append((entry.ar, strength))
        for word, found in self._forth.items():
            found.sort(key=lambda pair: (-pair[1], pair[0]))
            self._forth[word] = found[:MOST_PER_WORD]

    def __len__(self) -> int:
        return len(self._forth)

    def translations(self, stem: str) -> Sequence[tuple[str, float]]:
        """Give stems of the other language with their strength (0–1), best first; empty for unknown words."""
        return self._forth.get(stem, ())


def skeleton(word: str) -> str:
    """Give the consonants of a folded word as classes that both scripts share; doubled ones once.

    «جغرافيا» and "geography" both give "jjrf" without the doubling: "jrf". Short skeletons say nothing.
    """
    if arabic.is_arabic(word):
        out = word.replace("تش", "2").translate(_AR_SOUNDS)
    else:
        out = word
        for pattern, sound in _EN_DIGRAPHS:
            out = out.replace(pattern, sound)
        out = out.translate(_EN_SOUNDS)
    return "".join(char for place, char in enumerate(out) if place == 0 or char != out[place - 1])


def sound_keys(word: str) -> list[str]:
    """Give the keys under which words that sound alike meet: the skeleton, and it with one consonant left out."""
    bones = skeleton(word)
    if len(bones) < SHORTEST_SKELETON:
        return []
    if len(bones) == SHORTEST_SKELETON:
        return [bones]
    return [bones, *(bones[:place] + bones[place + 1 :] for place in range(len(bones)))]
