"""The integer programme over a pool of rings, and its linear relaxation, by HiGHS. Only this module imports it.

The cycle formulation: one variable for each ring or chain, one row for each person (Abraham, Blum & Sandholm, "Clearing
algorithms for barter exchange markets", EC 2007). Its relaxation is the tightest known of those without cuts
(Dickerson, Manlove, Plaut, Sandholm & Trimble, EC 2016). Columns enter when the prices of their people make them worth
while.
"""

import ctypes
import os
from dataclasses import dataclass

import highspy
import numpy as np

from matching.rings import circulation
from matching.rings.budget import Budget
from matching.rings.graph import Floats, Graph, Ints
from matching.rings.pool import Pool


def _new() -> highspy.Highs:
    return highspy.Highs()  # type: ignore[no-untyped-call]


def _greeted() -> None:
    """Make the first solver with standard output closed: it greets there whatever its options say."""
    libc = ctypes.CDLL(None)
    libc.fflush(None)
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        _new()
        libc.fflush(None)
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


_greeted()

TOLERANCE = 1e-6
FIRST_PER_ROW = 6
MORE_PER_ROW = 3
SMALL = 200  # columns below which a programme is over before anybody could ask to stop
PIVOT = 4e-7  # work of a pivot for each row, measured


@dataclass(frozen=True)
class Prices:
    """Prices of rows (`height` + 1, the last 0), the bound they prove, and the relaxed plan."""

    rows: Floats
    bound: float
    columns: Ints
    share: Floats


def _programme(pool: Pool, which: Ints, *, whole: bool) -> highspy.HighsLp:
    programme = highspy.HighsLp()
    rows = pool.rows[which]
    length = pool.length[which]
    programme.num_col_, programme.num_row_ = len(which), pool.height
    programme.sense_ = highspy.ObjSense.kMaximize
    programme.col_cost_ = pool.value[which]
    programme.col_lower_ = np.zeros(len(which))
    programme.col_upper_ = np.ones(len(which))
    programme.row_lower_ = np.full(pool.height, -np.inf)
    programme.row_upper_ = pool.limit.astype(np.float64)
    programme.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    programme.a_matrix_.start_ = np.concatenate([[0], np.cumsum(length)]).astype(np.int32)
    programme.a_matrix_.index_ = rows[rows < pool.height].astype(np.int32)
    programme.a_matrix_.value_ = np.ones(int(length.sum()))
    if whole:
        programme.integrality_ = [highspy.HighsVarType.kInteger] * len(which)
    return programme


def _solver(budget: Budget, seconds: float) -> highspy.Highs:
    solver = _new()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("time_limit", max(0.01, seconds))
    solver.setOptionValue("random_seed", 0)
    return solver


def best(
    pool: Pool,
    which: Ints,
    budget: Budget,
    *,
    nodes: int,
    start: Ints | None = None,
    at_least: float | None = None,
) -> tuple[Ints | None, float, bool]:
    """Choose the best packing among some columns, `start` being one of them.

    Returns (the columns, or None if none was found; a bound for these columns alone; whether it is proven best).
    With `at_least` the packing must weigh that much in `pool.weight`, whatever its value.
    """
    small = pool.part(which)
    solver = _solver(budget, budget.left)
    solver.setOptionValue("mip_rel_gap", 0.0)
    solver.setOptionValue("mip_abs_gap", 1e-7)
    solver.setOptionValue("mip_max_nodes", nodes)
    programme = _programme(small, np.arange(small.size), whole=True)
    solver.passModel(programme)
    if at_least is not None:
        every = np.arange(small.size, dtype=np.int32)
        solver.addRow(at_least - 1e-7, highspy.kHighsInf, small.size, every, small.weight)
    if start is not None:
        guess = np.isin(which, start).astype(np.float64)
        solver.setSolution(small.size, np.arange(small.size, dtype=np.int32), guess)
    if small.size > SMALL:
        _listen(solver, budget)
    solver.run()
    info = solver.getInfo()
    pivots = max(info.simplex_iteration_count, 0)
    budget.spend(0.0012 + 8e-6 * small.size + PIVOT * pivots * small.height + 1e-3 * max(info.mip_node_count, 0))
    status = solver.getModelStatus()
    proven = status == highspy.HighsModelStatus.kOptimal
    found = np.asarray(solver.getSolution().col_value)
    if len(found) != small.size or info.primal_solution_status != 2:
        return None, np.inf, False
    return which[found > 0.5], float(info.mip_dual_bound), proven


def _listen(solver: highspy.Highs, budget: Budget) -> None:
    """Let the solver be stopped from outside while it works."""

    def ask(event: highspy.HighsCallbackEvent) -> None:
        if budget.left <= 0 or budget.should_stop():
            event.interrupt()

    solver.cbMipInterrupt += ask
    solver.cbIpmInterrupt += ask
    solver.cbSimplexInterrupt += ask


def relax(pool: Pool, budget: Budget, start: Ints, *, share: float) -> Prices | None:
    """Solve the relaxation by column generation from the pool, the restricted programme by an interior-point method.

    Prices from the middle of the optimal face settle sooner than those of a corner (Gondzio, González-Brevis & Munari,
    EJOR 2013). At any round prices p prove: the value of a plan ≤ Σ limit·p + Σ over rows of limit × the best reduced
    value of a column led by that row, because a plan has at most limit columns led by a row.
    """
    chosen = np.zeros(pool.size, bool)
    chosen[start] = True
    chosen[_few_per_row(pool, pool.value / pool.length, np.arange(pool.size), FIRST_PER_ROW)] = True
    kept: Prices | None = None
    while not budget.is_over(share):
        which = np.flatnonzero(chosen)
        solver = _solver(budget, budget.left)
        solver.setOptionValue("solver", "ipx")
        solver.setOptionValue("run_crossover", "off")
        solver.passModel(_programme(pool, which, whole=False))
        _listen(solver, budget)
        solver.run()
        turns = max(solver.getInfo().ipm_iteration_count, 1)
        budget.spend(turns * (2e-6 * len(which) + 2e-9 * float(pool.height) ** 2) + 5e-8 * pool.size)
        solution = solver.getSolution()
        if len(solution.row_dual) != pool.height or solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return kept
        prices = np.append(np.maximum(np.asarray(solution.row_dual), 0.0), 0.0)
        surplus = pool.reduced(prices)
        bound = proven(pool, prices, surplus)
        if kept is None or bound < kept.bound:
            kept = Prices(prices, bound, which, np.asarray(solution.col_value))
        open_ = np.flatnonzero((surplus > TOLERANCE * (1 + pool.value)) & ~chosen)
        if not len(open_):
            return Prices(kept.rows, kept.bound, which, np.asarray(solution.col_value))
        chosen[_few_per_row(pool, surplus, open_, MORE_PER_ROW)] = True
    return kept


def proven(pool: Pool, prices: Floats, surplus: Floats) -> float:
    """Give the bound that any prices ≥ 0 prove (see `relax`)."""
    best_led = np.zeros(pool.height)
    np.maximum.at(best_led, pool.rows[:, 0], np.maximum(surplus, 0.0))
    return float((pool.limit * (prices[:-1] + best_led)).sum())


def _few_per_row(pool: Pool, worth: Floats, among: Ints, per_row: int) -> Ints:
    """The most worthy columns, such that each is among the first few of at least one of its rows."""
    order = among[np.argsort(-worth[among], kind="stable")]
    kept = np.zeros(len(order), bool)
    for column in range(pool.rows.shape[1]):
        rows = pool.rows[order, column]
        by_row = np.argsort(rows, kind="stable")
        sorted_rows = rows[by_row]
        place = np.arange(len(rows)) - np.searchsorted(sorted_rows, sorted_rows)
        kept[by_row[(place < per_row) & (sorted_rows < pool.height)]] = True
    return order[kept]


def circulate(graph: Graph, budget: Budget) -> Ints | None:
    """Give the edges of a heaviest plan of rings of any length, as a circulation (a network, so whole numbers).

    Each edge is there as often as it is used. Slower than the assignment of `circulation`, but it can hold people to
    using an edge no oftener than they may. None if time ran out.
    """
    count = graph.edges
    programme = highspy.HighsLp()
    programme.num_col_, programme.num_row_ = count, 2 * graph.size
    programme.sense_ = highspy.ObjSense.kMaximize
    programme.col_cost_ = graph.weight
    programme.col_lower_, programme.col_upper_ = np.zeros(count), circulation.uses(graph).astype(np.float64)
    programme.row_lower_ = np.concatenate([np.zeros(graph.size), np.full(graph.size, -np.inf)])
    programme.row_upper_ = np.concatenate([np.zeros(graph.size), graph.capacity.astype(np.float64)])
    programme.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    programme.a_matrix_.start_ = np.arange(0, 3 * count + 1, 3).astype(np.int32)
    rows = np.column_stack([graph.teacher, graph.learner, graph.size + graph.teacher])
    programme.a_matrix_.index_ = rows.ravel().astype(np.int32)
    programme.a_matrix_.value_ = np.tile([1.0, -1.0, 1.0], count)
    solver = _solver(budget, budget.left)
    solver.setOptionValue("solver", "simplex")
    solver.passModel(programme)
    _listen(solver, budget)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    times = np.rint(np.asarray(solver.getSolution().col_value)).astype(np.int64)
    return np.repeat(np.arange(count), times)
