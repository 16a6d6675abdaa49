"""How like two concepts are: from their places in the tree, from links, and from who teaches what together."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from math import log
from typing import NamedTuple

RELATED = 0.7
TREE_SHARE = 0.85  # two concepts under one roof are never as like as the same concept
TOGETHER_SHARE = 0.7
LEAST = 0.5  # concepts less alike than this are no reason to meet
LEAST_TOGETHER = 3  # people who must share a pair before it says anything
MOST_NEAR = 40  # neighbours kept for each concept


class Likeness(NamedTuple):
    """How like two concepts are, 0–1, and by which road: same, tree, related or together."""

    value: float
    road: str


SAME = Likeness(1.0, "same")
STRANGERS = Likeness(0.0, "tree")
Near = Mapping[int, Mapping[int, Likeness]]


@dataclass(frozen=True)
class Sparse:
    """The likeness that counts: for each concept its nearest ones, both ways; whatever is not here is 0."""

    near: Near

    def of(self, concept: int) -> Mapping[int, Likeness]:
        """Give the concepts like this one, itself left out."""
        return self.near.get(concept, {})

    def between(self, one: int, other: int) -> Likeness:
        """Give the likeness of two concepts."""
        return SAME if one == other else self.of(one).get(other, STRANGERS)


@dataclass(frozen=True)
class Similarity:
    """Likeness between any two concepts of one version of the tree.

    `content[c]` is the intrinsic information content of Seco, Veale & Hayes (ECAI 2004):
    1 − log(narrower(c) + 1) / log(N). Two concepts are as like as Lin (ICML 1998) says:
    2·IC(closest common ancestor) / (IC(a) + IC(b)). `together` is `positive_pmi` of a pair, 0–1.
    """

    content: Mapping[int, float]
    ancestors: Callable[[int], Mapping[int, int]]
    related: Mapping[int, Iterable[int]]
    together: Mapping[tuple[int, int], float] = field(default_factory=dict)

    def between(self, one: int, other: int) -> Likeness:
        """Give the strongest of the roads between two concepts."""
        if one == other:
            return SAME
        best = Likeness(round(TREE_SHARE * self._lin(one, other), 3), "tree")
        if other in self.related.get(one, ()) and best.value < RELATED:
            best = Likeness(RELATED, "related")
        beside = round(TOGETHER_SHARE * self.together.get((min(one, other), max(one, other)), 0.0), 3)
        return Likeness(beside, "together") if beside > best.value else best

    def _lin(self, one: int, other: int) -> float:
        above, theirs = self.ancestors(one), self.ancestors(other)
        shared = max((self.content.get(concept, 0.0) for concept in above.keys() & theirs.keys()), default=0.0)
        both = self.content.get(one, 0.0) + self.content.get(other, 0.0)
        return 2 * shared / both if both else 0.0

    def sparse(self, below: Mapping[int, Iterable[int]], *, most: int = MOST_NEAR) -> Sparse:
        """Give every pair at least half alike, each concept with its `most` nearest (a pair stays if either keeps it).

        `below[c]` are the narrower concepts of c, itself included. No pair outside a common ancestor with enough
        information is ever looked at: under an ancestor a, 2·IC(a) / (IC(b) + IC(c)) must reach LEAST / TREE_SHARE.
        """
        pairs: set[tuple[int, int]] = {pair for pair, value in self.together.items() if value * TOGETHER_SHARE >= LEAST}
        for one, others in self.related.items():
            pairs.update((min(one, other), max(one, other)) for other in others if other != one)
        for above, members in below.items():
            most_both = 2 * self.content.get(above, 0.0) * TREE_SHARE / LEAST + 1e-9
            ordered = sorted((self.content.get(member, 0.0), member) for member in members)
            for place, (content, one) in enumerate(ordered):
                for theirs, other in ordered[place + 1 :]:
                    if content + theirs > most_both:
                        break
                    pairs.add((min(one, other), max(one, other)))
        found: dict[int, dict[int, Likeness]] = defaultdict(dict)
        for one, other in pairs:
            like = self.between(one, other)
            if like.value >= LEAST:
                found[one][other] = found[other][one] = like
        return Sparse(_nearest(found, most))


def _nearest(found: Near, most: int) -> dict[int, dict[int, Likeness]]:
    kept: dict[int, dict[int, Likeness]] = defaultdict(dict)
    for one, others in found.items():
        best = sorted(others.items(), key=lambda item: (-item[1].value, item[0]))[:most]
        for other, like in best:
            kept[one][other] = kept[other][one] = like
    return dict(kept)


def information(narrower_counts: Mapping[int, int]) -> dict[int, float]:
    """Give each concept's intrinsic information content, 0 for the root of everything to 1 for a leaf."""
    whole = log(max(len(narrower_counts), 2))
    return {concept: max(0.0, 1.0 - log(count + 1) / whole) for concept, count in narrower_counts.items()}


def positive_pmi(*, both: int, one: int, other: int, people: int) -> float:
    """Give how much more often two concepts are held by the same person than chance would have it, 0–1.

    Pointwise mutual information (Church & Hanks 1990), positive only (Bullinaria & Levy 2007), shrunk for small counts
    by n/(n+1) · m/(m+1), m the rarer concept's count (Pantel & Lin 2002), divided by −log p(both) so that two
    concepts never seen apart reach 1 (Bouma 2009).
    """
    if both < LEAST_TOGETHER or both >= people:
        return 0.0
    rarer = min(one, other)
    shrunk = both / (both + 1) * rarer / (rarer + 1)
    return max(0.0, min(1.0, shrunk * log(both * people / (one * other)) / -log(both / people)))


def count_together(held: Mapping[int, Iterable[int]]) -> Counter[tuple[int, int]]:
    """Count, over people with their concepts, who holds each concept (c, c) and each pair (a, b), a < b."""
    counts: Counter[tuple[int, int]] = Counter()
    for concepts in held.values():
        ordered = sorted(set(concepts))
        counts.update((concept, concept) for concept in ordered)
        counts.update(combinations(ordered, 2))
    return counts


def co_occurrence(counts: Mapping[tuple[int, int], int], people: int) -> dict[tuple[int, int], float]:
    """Give `positive_pmi` of each pair that has any, from `count_together` over so many people."""
    out = {}
    for (one, other), both in counts.items():
        if one != other and both >= LEAST_TOGETHER:
            value = positive_pmi(both=both, one=counts[one, one], other=counts[other, other], people=people)
            if value > 0:
                out[one, other] = value
    return out
