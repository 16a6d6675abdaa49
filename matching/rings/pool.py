"""The pool: the rings and chains a plan may be made of, as columns over the limits they use up."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from matching.rings.graph import Floats, Graph, Ints

Columns = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Pool:
    """`edges` and `rows` are columns × width, padded; row r may be used `limit[r]` times.

    The first rows are the people, those behind them the edges which two rings could use at once.
    `value` is what the plan is chosen by, `weight` what it is told by. `is_whole` says that nothing was left out.
    """

    edges: Columns
    rows: Columns
    weight: Floats
    value: Floats
    limit: Ints
    is_whole: bool

    @property
    def size(self) -> int:
        """How many columns there are."""
        return len(self.weight)

    @property
    def height(self) -> int:
        """How many rows there are; this number also pads `rows`."""
        return len(self.limit)

    @cached_property
    def by_row(self) -> tuple[Ints, Columns]:
        """Where each row's columns start, and the columns."""
        flat = self.rows.ravel()
        order = np.argsort(flat, kind="stable")
        starts = np.searchsorted(flat[order], np.arange(self.height + 1)).astype(np.int64)
        return starts, (order[: starts[-1]] // self.rows.shape[1]).astype(np.int32)

    @cached_property
    def length(self) -> Ints:
        """How many rows each column uses."""
        return np.asarray((self.rows < self.height).sum(1), np.int64)

    def reduced(self, prices: Floats) -> Floats:
        """What each column is worth beyond the prices of its rows (`height` + 1 numbers, the last 0)."""
        total = prices[self.rows[:, 0]].copy()
        for column in range(1, self.rows.shape[1]):
            total += prices[self.rows[:, column]]
        return np.asarray(self.value - total, np.float64)

    def part(self, which: Ints) -> "Pool":
        """Give the pool with these columns alone and only the rows they use."""
        rows = self.rows[which]
        used = np.flatnonzero(np.bincount(rows.ravel(), minlength=self.height + 1)[: self.height])
        number = np.full(self.height + 1, len(used), np.int32)
        number[used] = np.arange(len(used))
        return Pool(
            self.edges[which],
            number[rows],
            self.weight[which],
            self.value[which],
            self.limit[used],
            self.is_whole,
        )


def fill(graph: Graph, edges: Columns, value: Floats | None, *, is_whole: bool) -> Pool:
    """Make columns of rings and chains given by their edges (padded with `graph.edges`)."""
    pad_edge, count = graph.edges, int(graph.shared.sum())
    height = graph.size + count
    learners = np.append(graph.learner, height)
    rows = learners[edges]
    if graph.is_giver.any():
        first = graph.teacher[edges[:, 0]]
        rows = np.column_stack([rows, np.where(graph.is_giver[first], first, height)])
    limit = graph.capacity
    if count:
        number = np.full(pad_edge + 1, height)
        number[:-1][graph.shared] = graph.size + np.arange(count)
        rows = np.column_stack([rows, number[edges]])
        limit = np.concatenate([limit, np.ones(count, np.int64)])
    weight = np.append(graph.weight, 0.0)[edges].sum(1)
    return Pool(edges, rows.astype(np.int32), weight, weight if value is None else value, limit, is_whole)


def pieces(pool: Pool) -> list[Ints]:
    """Split the columns into groups that share no row, the largest first."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    if not pool.size:
        return []
    width = pool.rows.shape[1]
    first = np.repeat(pool.rows[:, 0], width - 1)
    rest = pool.rows[:, 1:].ravel()
    kept = rest < pool.height
    joined = csr_matrix((np.ones(kept.sum(), np.int8), (first[kept], rest[kept])), (pool.height, pool.height))
    label = connected_components(joined, directed=False)[1][pool.rows[:, 0]]
    order = np.argsort(label, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(label[order])) + 1)
    return sorted(groups, key=lambda group: (-len(group), group[0]))
