"""Words that stand for each other: learned from the names that one concept has, in one language, without other data.

"Sell a house" and "market a house" are names of one thing, so "market" may stand for "sell"; the more concepts say so,
and the fewer use "market" otherwise, the stronger. A question worded as no name is then met by the names it means
(Berger and Lafferty 1999, "Information retrieval as statistical translation", with the names as the parallel text).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations

LONGEST = 7  # stems of a name that teaches
MOST_OF_ONE = 12  # words in one place of a concept's names; more are a list and no synonyms
LEAST, MOST_PER_WORD = 0.06, 8
DOUBT = 1.5  # concepts that must say so before it is believed by half
LEAST_FRAME, LEAST_FRAMED = 2, 3  # words of a frame, concepts that must have it
HALF = 0.5  # how much it tells that two words stand for one


@dataclass(frozen=True)
class Learned:
    """What the names say of words: `instead` gives for a stem those that may stand for it with their strength (0–1),
    best first; `dropped` for a stem the share of concepts (0–1) where a name that has it means the same without it;
    `frames` the same share for words that only together say nothing ("ability to comprehend spoken and written …").
    """

    instead: dict[str, list[tuple[str, float]]]
    dropped: dict[str, float]
    frames: dict[frozenset[str], float]


def learn(names: Iterable[tuple[int, str, Sequence[str]]]) -> Learned:
    """Learn from (concept, language, stems), the names of one concept beside each other.

    The strength of a stand-in is the share of the concepts with a stem that have a name with the other one in its
    place, doubted where few say so.
    """
    told: dict[tuple[str, str], float] = defaultdict(float)
    holders: dict[str, int] = defaultdict(int)
    dropped: dict[str, int] = defaultdict(int)
    framed: dict[frozenset[str], int] = defaultdict(int)
    here: list[tuple[str, ...]] = []
    before: tuple[int, str] | None = None
    for concept, lang, stems in names:
        if (concept, lang) != before:
            _tell(here, told, holders, dropped, framed)
            here, before = [], (concept, lang)
        here.append(tuple(stems))
    _tell(here, told, holders, dropped, framed)
    out: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for (one, other), count in told.items():
        strength = count / (holders[one] + DOUBT)
        if strength >= LEAST:
            out[one].append((other, strength))
    return Learned(
        {stem: sorted(found, key=lambda pair: (-pair[1], pair[0]))[:MOST_PER_WORD] for stem, found in out.items()},
        {stem: count / (holders[stem] + 2 * DOUBT) for stem, count in dropped.items()},
        {
            frame: count / (min(holders[stem] for stem in frame) + DOUBT)
            for frame, count in framed.items()
            if count >= LEAST_FRAMED
        },
    )


def _tell(
    names: list[tuple[str, ...]],
    told: dict[tuple[str, str], float],
    holders: dict[str, int],
    dropped: dict[str, int],
    framed: dict[frozenset[str], int],
) -> None:
    """Count what the names of one concept say."""
    distinct = {frozenset(name) for name in names}
    for stem in {stem for name in distinct for stem in name}:
        holders[stem] += 1
    if len(distinct) < 2:
        return
    more = {longer - shorter for longer in distinct for shorter in distinct if shorter < longer}
    for stem in {stem for words in more for stem in words}:
        dropped[stem] += 1
    for words in more:
        if len(words) >= LEAST_FRAME:
            framed[words] += 1
    for pair, weight in _instead({name for name in distinct if len(name) <= LONGEST}).items():
        told[pair] += weight


def _instead(names: set[frozenset[str]]) -> dict[tuple[str, str], float]:
    """Give pairs of stems that change places in names of one concept: one for one, or one for two, which says less."""
    by_rest: dict[frozenset[str], set[str]] = defaultdict(set)
    for name in names:
        for stem in name:
            by_rest[name - {stem}].add(stem)
    said: dict[tuple[str, str], float] = {}
    for words in by_rest.values():
        if 1 < len(words) <= MOST_OF_ONE:
            said.update(dict.fromkeys(permutations(words, 2), 1.0))
    for name in names:
        for both in combinations(sorted(name), 2):
            for word in by_rest.get(name.difference(both), set()).difference(both):
                for part in both:
                    said.setdefault((part, word), HALF)
                    said.setdefault((word, part), HALF)
    return said
