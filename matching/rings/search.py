"""Plans without proof: a greedy that serves first whom few can serve, then exact search in neighbourhoods."""

import math

import numpy as np
from numpy.typing import NDArray

from matching.rings import master
from matching.rings.budget import Budget
from matching.rings.graph import Floats, Ints
from matching.rings.pool import Pool

FIRST_SIZE = 12.0
RINGS = (6, 600)  # the smallest and the largest neighbourhood, in rings taken apart
HARD = (0.1, 0.6, 0.025)  # work of a neighbourhood: at least, at most, and as a share of all; beyond it shrinks
EASY = 0.4  # of that: below it grows
NODES = 20
COLUMNS = 8000
DEAR = 0.15  # of the value of a lesson: columns that the prices say lose more are not looked at


class Plan:
    """Columns chosen from a pool, with what they block, kept up to date as columns come and go."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.starts, self.columns = pool.by_row
        self.room = np.append(pool.limit, 1)  # the padding row is never full
        self.blocked = np.zeros(pool.size, np.int16)  # full rows of each column
        self.is_in = np.zeros(pool.size, bool)
        self.holders: dict[int, list[int]] = {}
        full = np.flatnonzero(self.room[:-1] < 1)
        self._mark(full, 1)

    def add(self, column: int) -> None:
        """Take a column in."""
        rows = self._rows(column)
        self.room[rows] -= 1
        self.is_in[column] = True
        for row in rows.tolist():
            self.holders.setdefault(row, []).append(column)
        self._mark(rows[self.room[rows] == 0], 1)

    def remove(self, column: int) -> None:
        """Take a column out."""
        rows = self._rows(column)
        self._mark(rows[self.room[rows] == 0], -1)
        self.room[rows] += 1
        self.is_in[column] = False
        for row in rows.tolist():
            self.holders[row].remove(column)

    def free(self) -> Ints:
        """Columns that could come in as things are."""
        return np.flatnonzero((self.blocked == 0) & ~self.is_in).astype(np.int64)

    def chosen(self) -> Ints:
        """Columns of the plan."""
        return np.flatnonzero(self.is_in)

    @property
    def value(self) -> float:
        """What the plan is worth."""
        return float(self.pool.value[self.is_in].sum())

    def _rows(self, column: int) -> Ints:
        rows = self.pool.rows[column]
        return np.asarray(rows[rows < self.pool.height], np.int64)

    def _mark(self, rows: Ints, change: int) -> None:
        for row in rows.tolist():  # a column has each row once, so plain indexing counts right
            self.blocked[self.columns[self.starts[row] : self.starts[row + 1]]] += change


def greedy(pool: Pool, prices: Floats, rng: np.random.Generator, *, thrift: float) -> Ints:
    """Choose columns for the row with the fewest left first (Karp & Sipser's rule), the best for its price.

    `thrift` weighs the scarcity of the rows used against the value: positive spares those who have few other ways,
    negative uses them up while it can.
    """
    starts, columns = pool.by_row
    height = pool.height
    left = np.append(np.diff(starts), 0).astype(np.int64)
    room = np.append(pool.limit, 1)
    alive: NDArray[np.bool_] = np.asarray((room[pool.rows] > 0).all(1), np.bool_)
    dead = np.flatnonzero(~alive)
    left -= np.bincount(pool.rows[dead].ravel(), minlength=height + 1)
    noise = rng.random(height)
    key = np.where(left[:height] > 0, left[:height] + 0.9 * noise, np.inf)
    worth = pool.reduced(prices)
    scale = float(np.abs(pool.value).mean()) or 1.0
    flavour = rng.random(pool.size) * 0.02 * scale
    chosen: list[int] = []
    while True:
        row = int(np.argmin(key))
        if key[row] == np.inf:
            return np.sort(np.asarray(chosen, np.int64))
        mine = columns[starts[row] : starts[row + 1]]
        mine = mine[alive[mine]]
        rows = pool.rows[mine]
        scarce = (np.where(rows < height, 1.0 / np.maximum(left[rows], 1), 0.0)).sum(1)
        mean = np.where(rows < height, left[rows], 0).sum(1) / max(float(left[row]), 1.0)
        score = worth[mine] + flavour[mine] + scale * (thrift * scarce if thrift > 0 else 0.02 * thrift * mean)
        best = int(mine[np.argmax(score)])
        chosen.append(best)
        gone = [np.asarray([best])]
        alive[best] = False
        for each in pool.rows[best].tolist():
            if each == height:
                continue
            room[each] -= 1
            if room[each] == 0:
                touched = columns[starts[each] : starts[each + 1]]
                touched = touched[alive[touched]]
                alive[touched] = False
                gone.append(touched)
        for part in gone:
            cells = pool.rows[part].ravel()
            if len(cells) > height // 4:
                loss = np.bincount(cells, minlength=height + 1)[:height]
                left[:height] -= loss
                key -= loss
                key[left[:height] <= 0] = np.inf
            else:
                np.subtract.at(left, cells, 1)
                cells = cells[cells < height]
                np.subtract.at(key, cells, 1)
                key[cells[left[cells] <= 0]] = np.inf


def better(
    pool: Pool,
    start: Ints,
    budget: Budget,
    rng: np.random.Generator,
    *,
    share: float,
    patience: float,
    bound: float,
    surplus: Floats | None = None,
    keep_weight: bool = False,
) -> Ints:
    """Take some rings apart, solve exactly what their people and the unserved can do instead, and again.

    Sideways moves are taken, so the search drifts over plateaus. It rests when the bound is met, or after `patience`
    (a share of the work) without betterment. `surplus` are the columns' reduced values, where prices are known. With
    `keep_weight` the weight of the plan never falls while its value rises.
    """
    plan = Plan(pool)
    for column in start.tolist():
        plan.add(column)
    kept, kept_value, size, since = start, plan.value, FIRST_SIZE, budget.spent
    dear = None if surplus is None else surplus <= -DEAR * float((pool.value / np.maximum(pool.length, 1)).mean())
    enough = bound - 1e-9 * (1 + abs(bound)) if math.isfinite(bound) else math.inf
    while len(start) and kept_value < enough and not budget.is_over(share):
        if budget.spent - since > patience * budget.work:
            break
        apart = _around(plan, rng, int(size))
        size *= _solved_again(plan, apart, budget, rng, dear, keep_weight=keep_weight)
        size = min(max(size, RINGS[0]), RINGS[1])
        value = plan.value
        if value > kept_value + 1e-9:
            kept, kept_value, since = plan.chosen(), value, budget.spent
    return kept


def _solved_again(
    plan: Plan,
    apart: Ints,
    budget: Budget,
    rng: np.random.Generator,
    dear: NDArray[np.bool_] | None,
    *,
    keep_weight: bool,
) -> float:
    """Put the best in place of some rings; say by how much the next neighbourhood may be larger."""
    pool, before = plan.pool, budget.spent
    for column in apart.tolist():
        plan.remove(column)
    options = plan.free()
    if dear is not None:
        options = np.union1d(options[~dear[options]], apart)
    is_too_wide = len(options) > COLUMNS
    if is_too_wide:
        options = np.union1d(rng.choice(options, COLUMNS, replace=False), apart)
    at_least = float(pool.weight[apart].sum()) if keep_weight else None
    found, _, proven = master.best(pool, options, budget, nodes=NODES, start=apart, at_least=at_least)
    # What the clock cut off would differ from run to run, so it is dropped.
    if found is None or budget.left <= 0 or float(pool.value[found].sum()) < float(pool.value[apart].sum()) - 1e-9:
        found = apart
    for column in found.tolist():
        plan.add(column)
    budget.spend(6e-5 * len(apart) + 2e-9 * pool.size)
    effort = budget.spent - before
    least, most, share = HARD
    hard = min(max(share * budget.work, least), most)
    if is_too_wide or not proven or effort > hard:
        return 0.85
    return 1.1 if effort < EASY * hard else 1.0


def _around(plan: Plan, rng: np.random.Generator, size: int) -> Ints:
    """Rings to take apart: a wave from someone unserved through the rings they could join."""
    pool = plan.pool
    degree = np.diff(plan.starts)
    size = min(size, int(plan.is_in.sum()))
    waiting = np.flatnonzero((plan.room[:-1] > 0) & (degree > 0))
    apart: dict[int, None] = {}
    seen: set[int] = set()
    queue: list[int] = []
    tries = 0
    while len(apart) < size and tries < 20 * size + 100:
        tries += 1
        if not queue:
            pick = waiting if len(waiting) and rng.random() < 0.8 else np.flatnonzero(degree > 0)
            queue.append(int(pick[rng.integers(len(pick))]))
        row = queue.pop(0)
        if row in seen:
            continue
        seen.add(row)
        mine = plan.columns[plan.starts[row] : plan.starts[row + 1]]
        for column in mine[rng.integers(0, len(mine), 4)].tolist():
            for each in pool.rows[column].tolist():
                if each < pool.height and plan.room[each] == 0 and plan.holders.get(each):
                    holders = plan.holders[each]
                    holder = holders[int(rng.integers(len(holders)))]
                    if holder not in apart:
                        apart[holder] = None
                        queue.extend(row for row in pool.rows[holder].tolist() if row < pool.height)
    return np.asarray(list(apart), np.int64)
