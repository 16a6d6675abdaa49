"""The graph of who could teach whom as arrays, and the part of it on which rings can lie at all."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Graph:
    """People 0…`size`−1 and edges `teacher[e]` → `learner[e]` of `weight[e]` ≥ 0, each once, sorted by their ends.

    `capacity[v]` is the number of rings a person may stand in; each edge is used once at most. Givers (`is_giver`)
    start chains and have no incoming edge.
    """

    size: int
    teacher: Ints
    learner: Ints
    weight: Floats
    capacity: Ints
    is_giver: NDArray[np.bool_] = field(repr=False)

    @property
    def edges(self) -> int:
        """How many edges there are."""
        return len(self.teacher)

    @cached_property
    def out(self) -> Ints:
        """Where each person's outgoing edges start in the edge arrays (`size` + 1 numbers)."""
        return np.searchsorted(self.teacher, np.arange(self.size + 1)).astype(np.int64)

    @cached_property
    def back(self) -> tuple[Ints, Ints]:
        """Incoming edges: where each person's start, and the edge numbers sorted by learner."""
        order = np.argsort(self.learner, kind="stable")
        return np.searchsorted(self.learner[order], np.arange(self.size + 1)).astype(np.int64), order

    @cached_property
    def shared(self) -> NDArray[np.bool_]:
        """Edges that capacities alone would let two rings use."""
        return (self.capacity[self.teacher] > 1) & (self.capacity[self.learner] > 1)

    def only(self, kept: NDArray[np.bool_]) -> "Graph":
        """Give the graph with the kept edges alone, over the same people."""
        return Graph(self.size, self.teacher[kept], self.learner[kept], self.weight[kept], self.capacity, self.is_giver)


def build(
    size: int,
    teacher: Sequence[int] | Ints,
    learner: Sequence[int] | Ints,
    weight: Sequence[float] | Floats,
    capacity: Sequence[int] | Ints | None = None,
    givers: Sequence[int] = (),
) -> Graph:
    """Sort the edges; of several between the same two people the heaviest counts, loops are left out."""
    tails, heads = np.asarray(teacher, np.int64), np.asarray(learner, np.int64)
    weights = np.asarray(weight, np.float64)
    order = np.lexsort((-weights, heads, tails))
    tails, heads, weights = tails[order], heads[order], weights[order]
    is_first = np.ones(len(tails), bool)
    is_first[1:] = (tails[1:] != tails[:-1]) | (heads[1:] != heads[:-1])
    kept = is_first & (tails != heads)
    is_giver = np.zeros(size, bool)
    is_giver[list(givers)] = True
    limits = np.ones(size, np.int64) if capacity is None else np.asarray(capacity, np.int64)
    return Graph(size, tails[kept], heads[kept], weights[kept], limits, is_giver)


def components(graph: Graph) -> Ints:
    """Number the strongly connected components: a ring never leaves its own."""
    from scipy.sparse import csr_matrix  # SciPy is loaded by whoever looks for rings, not by every process
    from scipy.sparse.csgraph import connected_components

    matrix = csr_matrix((np.ones(graph.edges, np.int8), (graph.teacher, graph.learner)), (graph.size, graph.size))
    return np.asarray(connected_components(matrix, connection="strong")[1], np.int64)


def on_rings(graph: Graph) -> NDArray[np.bool_]:
    """Say of each edge whether a ring of any length can use it."""
    label = components(graph)
    return np.asarray(label[graph.teacher] == label[graph.learner])


def spread(starts: Ints, which: Ints) -> tuple[Ints, Ints]:
    """Unfold groups: for each of `which` all positions of its group.

    Returns (row in `which`, position), both as long as the groups together.
    """
    counts = starts[which + 1] - starts[which]
    rows = np.repeat(np.arange(len(which)), counts)
    first = np.repeat(starts[which] - (np.cumsum(counts) - counts), counts)
    return rows, np.arange(len(rows)) + first
