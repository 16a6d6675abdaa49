"""How like two concepts are: from their places in the tree, from links, and from who teaches what together."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from math import log

RELATED = 0.7
TREE_SHARE = 0.85  # two concepts under one roof are never as like as the same concept
TOGETHER_SHARE = 0.6
LEAST_TOGETHER = 3  # people who must share a pair before it says anything


@dataclass(frozen=True)
class Likeness:
    """How like two concepts are, 0–1, and by which road: same, tree, related or together."""

    value: float
    road: str


@dataclass(frozen=True)
class Similarity:
    """Likeness between concepts of one version of the tree.

    `content[c]` is the intrinsic information content of Seco, Veale & Hayes (ECAI 2004):
    1 − log(narrower(c) + 1) / log(N). Two concepts are as like as Lin (ICML 1998) says:
    2·IC(closest common ancestor) / (IC(a) + IC(b)).
    """

    content: Mapping[int, float]
    ancestors: Callable[[int], Mapping[int, int]]
    related: Mapping[int, Iterable[int]]
    together: Mapping[tuple[int, int], float] = field(default_factory=dict)

    def between(self, one: int, other: int) -> Likeness:
        """Give the strongest of the roads between two concepts."""
        if one == other:
            return Likeness(1.0, "same")
        best = Likeness(TREE_SHARE * self._lin(one, other), "tree")
        if other in self.related.get(one, ()) and best.value < RELATED:
            best = Likeness(RELATED, "related")
        beside = TOGETHER_SHARE * self.together.get((min(one, other), max(one, other)), 0.0)
        return Likeness(beside, "together") if beside > best.value else best

    def _lin(self, one: int, other: int) -> float:
        above, theirs = self.ancestors(one), self.ancestors(other)
        shared = max((self.content.get(concept, 0.0) for concept in above.keys() & theirs.keys()), default=0.0)
        both = self.content.get(one, 0.0) + self.content.get(other, 0.0)
        return 2 * shared / both if both else 0.0


def information(narrower_counts: Mapping[int, int]) -> dict[int, float]:
    """Give each concept's intrinsic information content, 0 for the root of everything to 1 for a leaf."""
    whole = log(max(len(narrower_counts), 2))
    return {concept: max(0.0, 1.0 - log(count + 1) / whole) for concept, count in narrower_counts.items()}


def co_occurrence(pairs: Iterable[tuple[int, int]]) -> dict[tuple[int, int], float]:
    """Give normalised pointwise mutual information (Bouma 2009), 0–1, of concepts held by the same people.

    `pairs` are (person, concept). Only pairs shared by at least three people count; negative ones are left out.
    """
    held: dict[int, set[int]] = defaultdict(set)
    for person, concept in pairs:
        held[person].add(concept)
    people = len(held)
    single = Counter(concept for concepts in held.values() for concept in concepts)
    both = Counter(pair for concepts in held.values() for pair in combinations(sorted(concepts), 2))
    out = {}
    for (one, other), count in both.items():
        if count < LEAST_TOGETHER or count == people:
            continue
        share = count / people
        value = log(share / (single[one] / people * single[other] / people)) / -log(share)
        if value > 0:
            out[one, other] = min(1.0, value)
    return out
