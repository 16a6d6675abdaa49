"""Rings of any length: an assignment problem, exact at once; and the bound it gives to plans of short rings.

Everyone teaches as often as they learn. Write a person with capacity c as c teachers and c learners who may be left to
themselves at weight 0: a plan of rings is then a perfect matching of teachers with learners (Abraham, Blum & Sandholm,
EC 2007, section 3), solved by the sparse shortest augmenting paths of Jonker & Volgenant (SciPy's).
"""

from itertools import pairwise

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from matching.rings.graph import Graph, Ints, build, spread

LARGEST = 6_000_000  # edges between copies of people


class TooLarge(Exception):
    """Capacities multiply the edges beyond memory."""


def best(graph: Graph) -> Ints:
    """Give the edges of a heaviest plan of rings of any length (an edge occurs twice if capacities alone allow it).

    Raises `TooLarge`.
    """
    often = uses(graph)
    out = np.bincount(graph.teacher, often, graph.size).astype(np.int64)
    into = np.bincount(graph.learner, often, graph.size).astype(np.int64)
    copies = np.minimum(graph.capacity, np.minimum(out, into))
    first = np.concatenate([[0], np.cumsum(copies)])
    size = int(first[-1])
    if not size:
        return np.empty(0, np.int64)
    pairs = copies[graph.teacher] * copies[graph.learner]
    selves = copies**2
    if pairs.sum() + selves.sum() > LARGEST:
        raise TooLarge
    edge, teacher, learner = _copied(np.arange(graph.edges), graph.teacher, graph.learner, copies, first)
    _, self_teacher, self_learner = _copied(
        np.arange(graph.size), np.arange(graph.size), np.arange(graph.size), copies, first
    )
    top = float(graph.weight.max(initial=0.0))
    cost = np.concatenate([top - graph.weight[edge], np.full(len(self_teacher), top)]) + max(top, 1.0)
    matrix = csr_matrix(
        (cost, (np.concatenate([teacher, self_teacher]), np.concatenate([learner, self_learner]))), (size, size)
    )
    rows, columns = min_weight_full_bipartite_matching(matrix)
    person = np.repeat(np.arange(graph.size), copies)
    a, b = person[rows], person[columns]
    used = np.sort((a * graph.size + b)[a != b])
    keys = graph.teacher * graph.size + graph.learner
    return np.searchsorted(keys, used)


def uses(graph: Graph) -> Ints:
    """Give how often each edge may be used: once, but as often as its giver gives where it closes a chain."""
    closes = graph.is_giver[graph.learner]
    return np.where(closes, np.minimum(graph.capacity[graph.teacher], graph.capacity[graph.learner]), 1)


def _copied(number: Ints, teacher: Ints, learner: Ints, copies: Ints, first: Ints) -> tuple[Ints, Ints, Ints]:
    count = copies[teacher] * copies[learner]
    starts = np.concatenate([[0], np.cumsum(count)])
    rows, position = spread(starts, np.arange(len(number)))
    place = position - starts[rows]
    width = np.maximum(copies[learner[rows]], 1)
    return number[rows], first[teacher[rows]] + place // width, first[learner[rows]] + place % width


def bound(graph: Graph) -> float:
    """Give a bound for rings of any length: the assignment's optimum, or what everyone's heaviest edges allow."""
    try:
        return float(graph.weight[best(graph)].sum())
    except TooLarge:
        return loose_bound(graph)


def loose_bound(graph: Graph) -> float:
    """Bound any plan by the heaviest edges into each person and out of each, as many as their capacity."""
    totals = []
    for side in (graph.learner, graph.teacher):
        order = np.lexsort((-graph.weight, side))
        place = np.arange(len(order)) - np.searchsorted(side[order], side[order])
        kept = order[place < graph.capacity[side[order]]]
        totals.append(float(graph.weight[kept].sum()))
    return min(totals)


def rings_of(graph: Graph, used: Ints) -> list[list[int]]:
    """Cut edges, as many into each person as out, into rings that meet no person twice."""
    after: dict[int, list[int]] = {}
    for edge in used.tolist()[::-1]:
        after.setdefault(int(graph.teacher[edge]), []).append(int(graph.learner[edge]))
    rings = []
    for start in sorted(after):
        while after[start]:
            path, place = [start], {start: 0}
            while path:
                person = path[-1]
                if not after[person]:
                    break
                step = after[person].pop()
                if step in place:
                    cut = place[step]
                    rings.append(path[cut:])
                    for each in path[cut + 1 :]:
                        del place[each]
                    del path[cut + 1 :]
                else:
                    place[step] = len(path)
                    path.append(step)
    return rings


def with_closing(graph: Graph) -> Graph:
    """Let chains of any length close as rings: an edge of weight 0 from every learner back to every giver."""
    givers = np.flatnonzero(graph.is_giver)
    if not len(givers):
        return graph
    ends = np.flatnonzero(np.bincount(graph.learner, minlength=graph.size) > 0)
    return build(
        graph.size,
        np.concatenate([graph.teacher, np.tile(ends, len(givers))]),
        np.concatenate([graph.learner, np.repeat(givers, len(ends))]),
        np.concatenate([graph.weight, np.zeros(len(ends) * len(givers))]),
        graph.capacity,
        givers.tolist(),
    )


def cut(graph: Graph, used: Ints) -> tuple[list[tuple[int, ...]], list[tuple[int, ...]]]:
    """Give the rings, and the chains of those that pass a giver; what weighs nothing as a whole is left out."""
    rings: list[tuple[int, ...]] = []
    chains: list[tuple[int, ...]] = []
    keys = graph.teacher * graph.size + graph.learner
    for walk in rings_of(graph, used):
        turn = walk.index(min(walk))
        starts = [place for place, person in enumerate(walk) if graph.is_giver[person]]
        pieces = [walk[turn:] + walk[:turn]]
        if starts:
            around = walk[starts[0] :] + walk[: starts[0]]
            marks = [place for place, person in enumerate(around) if graph.is_giver[person]] + [len(around)]
            pieces = [around[start:end] for start, end in pairwise(marks)]
        for piece in pieces:
            steps = [*piece[1:], piece[0]] if not starts else piece[1:]
            wanted = np.asarray(piece[: len(steps)], np.int64) * graph.size + np.asarray(steps, np.int64)
            if graph.weight[np.searchsorted(keys, wanted)].sum() > 0:
                (chains if starts else rings).append(tuple(piece))
    return sorted(rings), sorted(chains)
