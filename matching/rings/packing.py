"""A plan of rings of limited length and of chains, with a bound it can be trusted by."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from matching.rings import circulation, cycles, master, search
from matching.rings.budget import Budget
from matching.rings.graph import Floats, Graph, Ints, on_rings
from matching.rings.pool import Columns, Pool, fill, pieces

COLUMNS = (50_000, 60_000, 2_000_000)  # rings held in memory at once: at least, for each second, at most
DIRECT = 600  # columns of a piece that the integer programme gets as it is
TALL = 3_500  # rows up to which the relaxation is worth its time
WIDE = 4_000  # columns the integer programme gets when it shall prove
STARTS = 9
THRIFT = (1.0, -1.0, 0.0)
FEW = (96, 48, 24, 12, 6, 3)  # edges kept at each person when there are too many rings to list
SHORT = 4  # people in a ring that is always listed first; longer ones are listed as far as that goes
LONG_FEW, STEPS = (0, 12, 6, 3), 400_000  # edges kept for those; steps from person to person a second in each try
MENDED = 100_000  # columns looked at for that, by lot
LISTING = 3e-6  # work for each edge before the first plan: rings are listed and a ceiling is found
MENDING = 0.1  # share of the work spent on rings that can be mended
PATIENCE = 0.5  # share of the work without betterment after which a search rests

Valued = Callable[[Graph, Columns], Floats]


@dataclass(frozen=True)
class Packing:
    """Walks of edges chosen; `bound` holds for every plan under the same rules, for the value they are chosen by."""

    walks: tuple[tuple[int, ...], ...]
    bound: float
    was_cut: bool


def pack(
    graph: Graph,
    longest: int,
    budget: Budget,
    *,
    seed: int,
    longest_chain: int = 0,
    valued: Valued | None = None,
    mending: Valued | None = None,
) -> Packing:
    """Choose rings of 2…`longest` people and chains of up to `longest_chain` lessons: the heaviest plan found.

    `valued` values rings otherwise than by weight; among plans of the same weight and value those are preferred
    whose `mending` adds up to more.
    """
    usable = on_rings(graph)
    budget.spend(LISTING * graph.edges)
    pool = _collect(graph, longest, longest_chain, usable, np.random.default_rng((seed, 0)), valued, budget.seconds)
    whole = bool((pool.value == np.floor(pool.value)).all())

    @cache
    def ceiling() -> float:  # takes seconds on a million edges, and is not asked for where every piece is proven
        return math.inf if valued is not None else _floored(_ceiling(graph, usable, longest_chain), whole)

    chosen, proven = _pieces(pool, budget, seed, ceiling, whole)
    value = float(pool.value[chosen].sum())
    if mending is not None and len(chosen):
        chosen = _mended(graph, pool, chosen, budget, seed, mending)
    bound = _floored(proven, whole) if pool.is_whole else ceiling()
    if value < bound - 1e-9:
        bound = min(bound, ceiling())
    if bound == math.inf:
        bound = _by_rows(pool) if pool.is_whole else float(graph.weight.sum())
    walks = tuple(tuple(edge for edge in row if edge < graph.edges) for row in pool.edges[chosen].tolist())
    return Packing(walks, max(bound, value), budget.was_cut)


def _collect(
    graph: Graph,
    longest: int,
    longest_chain: int,
    usable: NDArray[np.bool_],
    rng: np.random.Generator,
    valued: Valued | None,
    seconds: float,
) -> Pool:
    """List all rings and chains; where they are too many, those on the heaviest edges of each person."""
    least, rate, most = COLUMNS
    limit = int(min(max(least, rate * seconds), most))
    found, is_whole = _rings(graph, min(longest, SHORT), limit, usable, rng, (0, *FEW))
    if longest > SHORT:
        longer, is_whole = _rings(graph, longest, limit, usable, rng, LONG_FEW, steps=STEPS * seconds)
        # Where not all of the longer ones fit, the short ones stay beside them: a looser rule is no reason for less.
        found = longer if is_whole else np.concatenate([_widened(found, longest, graph.edges), longer])
    if longest_chain and graph.is_giver.any():
        found, all_chains = _with_chains(graph, found, longest_chain, limit)
        is_whole = is_whole and all_chains
    return fill(graph, found, valued(graph, found) if valued else None, is_whole=is_whole)


def _rings(
    graph: Graph,
    longest: int,
    limit: int,
    usable: NDArray[np.bool_],
    rng: np.random.Generator,
    tries: Sequence[int],
    steps: float = math.inf,
) -> tuple[Columns, bool]:
    """List rings on all usable edges (0) or on so many heaviest of each person, as many as fit; and whether all are."""
    for few in tries:
        kept = usable if not few else usable & cycles.strongest(graph, few, rng)
        try:
            return cycles.everything(graph, longest, limit, kept, steps), not few
        except cycles.TooMany:
            continue
    return np.empty((0, longest), np.int32), False


def _widened(columns: Columns, width: int, padding: int) -> Columns:
    out = np.full((len(columns), width), padding, np.int32)
    out[:, : columns.shape[1]] = columns
    return out


def _with_chains(graph: Graph, rings: Columns, longest: int, limit: int) -> tuple[Columns, bool]:
    is_whole = True
    for length in range(longest, 0, -1):
        try:
            chains = cycles.chains(graph, length, limit)
            break
        except cycles.TooMany:
            is_whole = False
    else:
        return rings, False
    width = max(rings.shape[1], chains.shape[1])
    return np.concatenate([_widened(each, width, graph.edges) for each in (rings, chains)]), is_whole


def _ceiling(graph: Graph, usable: NDArray[np.bool_], longest_chain: int) -> float:
    """Bound every plan by letting rings be of any length; with chains, by letting people learn without teaching."""
    if longest_chain and graph.is_giver.any():
        return circulation.loose_bound(graph)
    return circulation.bound(graph.only(usable))


def _pieces(pool: Pool, budget: Budget, seed: int, ceiling: Callable[[], float], whole: bool) -> tuple[Ints, float]:
    """Solve groups of rings that share nobody one by one, each with its share of the work."""
    groups = pieces(pool)
    chosen: list[Ints] = []
    proven, waiting = 0.0, sum(len(group) for group in groups)
    end = 1.0 - MENDING
    small_first = sorted(range(len(groups)), key=lambda number: len(groups[number]))
    for number in small_first:
        group = groups[number]
        part = pool.part(group)
        spent = budget.spent / budget.work
        share = spent + max(0.0, end - spent) * len(group) / waiting
        waiting -= len(group)
        rng = np.random.default_rng((seed, 1, number))
        found, bound = _piece(part, budget, share, rng, ceiling if len(groups) == 1 else lambda: math.inf, whole)
        chosen.append(group[found])
        proven += bound
    return (np.sort(np.concatenate(chosen)) if chosen else np.empty(0, np.int64)), proven


def _piece(
    pool: Pool, budget: Budget, share: float, rng: np.random.Generator, ceiling: Callable[[], float], whole: bool
) -> tuple[Ints, float]:
    """Give a good choice of columns and a bound for this pool."""
    every = np.arange(pool.size)
    first = budget.spent / budget.work
    room = share - first
    if pool.size <= DIRECT or pool.size <= min(3 * WIDE, 2 * pool.height):
        found, _, proven = master.best(pool, every, budget, nodes=2000)
        if found is not None and proven:
            return found, float(pool.value[found].sum())
    prices = np.append(np.full(pool.height, float((pool.value / pool.length).mean())), 0.0)
    kept = _greedy(pool, prices, rng, budget, STARTS, first + 0.2 * room)
    bound = min(ceiling(), _by_rows(pool))
    relaxed = None
    if pool.height <= TALL and float(pool.value[kept].sum()) < bound - 1e-9 and not budget.is_over(share):
        relaxed = master.relax(pool, budget, kept, share=first + 0.6 * room)
        if relaxed is not None:
            bound = min(bound, _floored(relaxed.bound, whole))
            kept = _larger(pool, kept, _greedy(pool, relaxed.rows, rng, budget, 3, first + 0.65 * room))
    if relaxed is not None and float(pool.value[kept].sum()) < bound - 1e-9:
        kept, bound = _proved(pool, kept, relaxed, bound, budget, whole)
    if budget.is_over(share):
        return kept, bound
    surplus = None if relaxed is None else pool.reduced(relaxed.rows)
    now = budget.spent / budget.work
    patience = PATIENCE * (share - now)
    kept = search.better(pool, kept, budget, rng, share=share, patience=patience, bound=bound, surplus=surplus)
    if relaxed is not None and float(pool.value[kept].sum()) < bound - 1e-9:
        kept, bound = _proved(pool, kept, relaxed, bound, budget, whole)
    return kept, bound


def _greedy(pool: Pool, prices: Floats, rng: np.random.Generator, budget: Budget, starts: int, share: float) -> Ints:
    best = search.greedy(pool, prices, rng, thrift=THRIFT[0])
    for number in range(1, starts):
        budget.spend(1.5e-7 * pool.size * pool.rows.shape[1] + 5e-5 * pool.height)
        if budget.is_over(share):
            break
        best = _larger(pool, best, search.greedy(pool, prices, rng, thrift=THRIFT[number % len(THRIFT)]))
    return best


def _larger(pool: Pool, one: Ints, other: Ints) -> Ints:
    return other if pool.value[other].sum() > pool.value[one].sum() + 1e-9 else one


def _proved(
    pool: Pool, kept: Ints, relaxed: master.Prices, bound: float, budget: Budget, whole: bool
) -> tuple[Ints, float]:
    """Let the integer programme finish, where the columns that could still improve the plan are few enough.

    A column whose reduced value is below −(bound − value of the plan) is in no better plan (Baldacci, Christofides &
    Mingozzi, Mathematical Programming 115, 2008), so what is best among the others is best of all.
    """
    value = float(pool.value[kept].sum())
    slack = relaxed.bound - value - (1.0 - 1e-6 if whole else 0.0)
    useful = np.flatnonzero(pool.reduced(relaxed.rows) >= -slack - 1e-6)
    if len(useful) > WIDE:
        return kept, bound
    found, reached, proven = master.best(pool, np.union1d(useful, kept), budget, nodes=2000, start=kept)
    if found is not None:
        kept = _larger(pool, kept, found)
    value = float(pool.value[kept].sum())
    return kept, value if proven else max(value, min(bound, _floored(reached, whole)))


def _mended(graph: Graph, pool: Pool, chosen: Ints, budget: Budget, seed: int, mending: Valued) -> Ints:
    """Drift to a plan of the same value whose rings can be mended better."""
    if budget.is_over():
        return chosen
    rng = np.random.default_rng((seed, 2))
    some = np.arange(pool.size)
    if pool.size > MENDED:
        some = np.union1d(chosen, rng.choice(pool.size, MENDED, replace=False))
    part = pool.part(some)
    part = replace(part, value=mending(graph, part.edges), weight=part.value)
    start = np.searchsorted(some, chosen)
    if part.size <= DIRECT:
        total = float(part.weight[start].sum())
        found, _, _ = master.best(part, np.arange(part.size), budget, nodes=500, start=start, at_least=total)
        return chosen if found is None else some[found]
    share = min(1.0, budget.spent / budget.work + MENDING)
    found = search.better(part, start, budget, rng, share=share, patience=MENDING / 3, bound=math.inf, keep_weight=True)
    return some[found]


def _by_rows(pool: Pool) -> float:
    dearest = np.zeros(pool.height + 1)
    each = pool.value / np.maximum(pool.length, 1)
    for column in range(pool.rows.shape[1]):
        np.maximum.at(dearest, pool.rows[:, column], each)
    return float((dearest[:-1] * pool.limit).sum())


def _floored(bound: float, whole: bool) -> float:
    """Round a bound down to what whole weights can reach."""
    return float(math.floor(bound + 1e-6)) if whole and math.isfinite(bound) else bound
