"""Rings of limited length and chains from givers, listed whole."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matching.rings.graph import Graph, Ints, spread

Columns = NDArray[np.int32]

CHUNK = 1_000_000  # half-paths held at once
MOST_CHUNKS = 150
DEEP = 8  # half-paths beyond two edges multiply: this many chunks of them at most


class TooMany(Exception):
    """More cycles than asked for."""


def everything(graph: Graph, longest: int, limit: int, usable: NDArray[np.bool_], steps: float = math.inf) -> Columns:
    """List every cycle of 2…`longest` usable edges, as rows of edge numbers padded with `graph.edges`.

    Each cycle is the join of a half-path forwards and one backwards from its lowest-ranked person, so the work is the
    number of half-paths plus the number of cycles. Raises `TooMany` as soon as more than `limit` are to be expected, or
    more than `steps` were taken from person to person.
    """
    number = np.append(np.flatnonzero(usable), graph.edges).astype(np.int32)
    return np.asarray(number[_everything(graph.only(usable), longest, limit, steps)], np.int32)


def _everything(graph: Graph, longest: int, limit: int, steps: float) -> Columns:
    degree = np.bincount(graph.teacher, minlength=graph.size) + np.bincount(graph.learner, minlength=graph.size)
    rank = np.empty(graph.size, np.int64)
    rank[np.argsort(degree, kind="stable")] = np.arange(graph.size)
    found: list[Columns] = []
    count = 0
    chunks = _chunks(graph, longest)
    if len(chunks) > MOST_CHUNKS:
        raise TooMany
    for done, roots in enumerate(chunks):
        if count > limit or (done >= 4 and count * len(chunks) > 1.5 * limit * done):
            raise TooMany
        halves = {True: _half_paths(graph, roots, (longest + 1) // 2, rank, steps, forward=True)}
        steps -= sum(len(level.root) for level in halves[True])
        halves[False] = _half_paths(graph, roots, longest // 2, rank, steps, forward=False)
        steps -= sum(len(level.root) for level in halves[False])
        for length in range(2, longest + 1):
            there, home = halves[True][(length + 1) // 2], halves[False][length // 2]
            rows = _joined(graph, there, home, limit - count)
            count += len(rows)
            if len(rows):
                padded = np.full((len(rows), longest), graph.edges, np.int32)
                padded[:, :length] = rows
                found.append(padded)
    return np.concatenate(found) if found else np.empty((0, longest), np.int32)


@dataclass(frozen=True)
class _Paths:
    root: Ints
    end: Ints
    edges: Columns  # paths × edges, in the order of walking


def _chunks(graph: Graph, longest: int) -> list[Ints]:
    """Cut the roots so that the half-paths of each piece fit in memory."""
    starts, _ = graph.back
    out, into = np.diff(graph.out), np.diff(starts)
    work = np.bincount(graph.teacher, weights=out[graph.learner], minlength=graph.size)
    work += np.bincount(graph.learner, weights=into[graph.teacher], minlength=graph.size)
    if longest > 4:
        work = np.bincount(graph.teacher, weights=work[graph.learner], minlength=graph.size) + work
    piece = (np.cumsum(work) // CHUNK).astype(np.int64)
    return np.split(np.arange(graph.size), np.flatnonzero(np.diff(piece)) + 1)


def _half_paths(graph: Graph, roots: Ints, depth: int, rank: Ints, steps: float, *, forward: bool) -> list[_Paths]:
    """Walk from the roots to people of higher rank: the paths of 0, 1, … `depth` edges."""
    starts, order = (graph.out, None) if forward else graph.back
    level = _Paths(roots, roots, np.empty((len(roots), 0), np.int32))
    levels = [level]
    for _ in range(depth):
        coming = int(np.diff(starts)[level.end].sum())
        if len(level.root) > DEEP * CHUNK or coming > steps:
            raise TooMany
        steps -= coming
        rows, position = spread(starts, level.end)
        edge = position if order is None else order[position]
        end = graph.learner[edge] if forward else graph.teacher[edge]
        kept = rank[end] > rank[level.root[rows]]
        rows, edge, end = rows[kept], edge[kept], end[kept]
        past = level.edges[rows]
        for column in range(past.shape[1]):
            seen = graph.learner[past[:, column]] if forward else graph.teacher[past[:, column]]
            fresh = seen != end
            if not fresh.all():
                rows, edge, end, past = rows[fresh], edge[fresh], end[fresh], past[fresh]
        step = edge.astype(np.int32)[:, None]
        edges = np.concatenate([past, step] if forward else [step, past], axis=1)
        level = _Paths(level.root[rows], end, edges)
        levels.append(level)
    return levels


def _joined(graph: Graph, there: _Paths, home: _Paths, limit: int) -> Columns:
    """Close half-paths into cycles: those with the same root and end, and no person in common between."""
    keys, mine = home.root * graph.size + home.end, there.root * graph.size + there.end
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    first, last = np.searchsorted(keys, mine), np.searchsorted(keys, mine, side="right")
    counts = last - first
    if counts.sum() > 3 * limit:
        raise TooMany
    rows = np.repeat(np.arange(len(mine)), counts)
    partner = order[np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(first, counts)]
    ahead, behind = there.edges[rows], home.edges[partner]
    kept = np.ones(len(rows), bool)
    for one in range(ahead.shape[1] - 1):
        for other in range(behind.shape[1] - 1):
            kept &= graph.learner[ahead[:, one]] != graph.learner[behind[:, other]]
    if kept.sum() > limit:
        raise TooMany
    return np.concatenate([ahead[kept], behind[kept]], axis=1)


def chains(graph: Graph, longest: int, limit: int) -> Columns:
    """List every chain of 1…`longest` edges that starts with a giver, padded with `graph.edges`. Raises `TooMany`."""
    givers = np.flatnonzero(graph.is_giver)
    level, end = np.empty((len(givers), 0), np.int32), givers
    found: list[Columns] = []
    count = 0
    for length in range(1, longest + 1):
        if np.diff(graph.out)[end].sum() > 3 * limit:
            raise TooMany
        rows, edge = spread(graph.out, end)
        past, end = level[rows], graph.learner[edge]
        fresh = np.ones(len(edge), bool)
        for column in range(past.shape[1]):
            fresh &= graph.learner[past[:, column]] != end
        level, end = np.column_stack([past, edge.astype(np.int32)])[fresh], end[fresh]
        count += len(level)
        if count > limit:
            raise TooMany
        padded = np.full((len(level), longest), graph.edges, np.int32)
        padded[:, :length] = level
        found.append(padded)
    return np.concatenate(found) if found else np.empty((0, longest), np.int32)


def strongest(graph: Graph, few: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Mark the `few` heaviest edges out of and into each person, equal ones by lot."""
    lot = rng.random(graph.edges)
    kept = np.zeros(graph.edges, bool)
    for side in (graph.teacher, graph.learner):
        order = np.lexsort((lot, -graph.weight, side))
        place = np.arange(graph.edges) - np.searchsorted(side[order], side[order])
        kept[order[place < few]] = True
    return kept
