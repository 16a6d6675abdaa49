"""Who learns with whom when mentors take several: the exact best total, then as many people placed as it allows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FINEST = 6  # decimals of weights up to which the order "total, then people" is exact


@dataclass(frozen=True)
class Assignment:
    """`mentor[learner]` is the mentor's number, −1 for those who wait; `total` is the sum of the weights chosen."""

    mentor: "NDArray[np.int64]"
    total: float

    @property
    def placed(self) -> int:
        """How many learners have a mentor."""
        return int((self.mentor >= 0).sum())


def assign(
    learner: "Sequence[int] | NDArray[np.int64]",
    mentor: "Sequence[int] | NDArray[np.int64]",
    weight: "Sequence[float] | NDArray[np.float64]",
    capacity: "Sequence[int] | NDArray[np.int64]",
    learners: int,
    first: Literal["total", "people"] = "total",
) -> Assignment:
    """Choose among candidates (learner, mentor, weight ≥ 0) with at most `capacity[m]` learners at mentor m.

    With `first="total"` no assignment weighs more, and of those that weigh the same none places more people: nobody
    waits who could be placed without lowering the total or unplacing another. With "people" the most people possible
    are placed, and of those assignments none weighs more. Deterministic. Raises ValueError for weights below 0 or not
    finite and for numbers out of range. Sparse shortest augmenting paths (Jonker & Volgenant, Computing 38, 1987),
    SciPy's.
    """
    import numpy as np
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    from matching.rings.graph import spread

    who, whom = np.asarray(learner, np.int64), np.asarray(mentor, np.int64)
    weights, room = np.asarray(weight, np.float64), np.asarray(capacity, np.int64)
    if len(weights) and (not np.isfinite(weights).all() or weights.min() < 0):
        raise ValueError("weights must be finite and not below 0")
    if len(who) and (min(who.min(), whom.min()) < 0 or who.max() >= learners or whom.max() >= len(room)):
        raise ValueError("a candidate names a learner or mentor who is not there")
    order = np.lexsort((-weights, whom, who))
    who, whom, weights = who[order], whom[order], weights[order]
    is_first = np.ones(len(who), bool)
    is_first[1:] = (who[1:] != who[:-1]) | (whom[1:] != whom[:-1])
    who, whom, weights = who[is_first], whom[is_first], weights[is_first]
    places = np.minimum(np.maximum(room, 0), np.bincount(whom, minlength=len(room)))
    starts = np.concatenate([[0], np.cumsum(places)])
    rows, seat = spread(starts, whom)
    gain = _ranked(weights, learners, first)
    top = float(gain.max(initial=0.0))
    # One chair of their own for everybody, worth nothing, makes "waits" a choice; costs are kept above 0.
    own = int(starts[-1]) + np.arange(learners)
    cost = np.concatenate([top - gain[rows], np.full(learners, top)]) + 1.0
    matrix = csr_matrix(
        (cost, (np.concatenate([who[rows], np.arange(learners)]), np.concatenate([seat, own]))),
        (learners, int(starts[-1]) + learners),
    )
    chosen = np.full(learners, -1, np.int64)
    if learners:
        row, column = min_weight_full_bipartite_matching(matrix)
        is_placed = column < starts[-1]
        chosen[row[is_placed]] = np.searchsorted(starts, column[is_placed], side="right") - 1
    is_chosen = chosen[who] == whom if len(who) else np.zeros(0, bool)
    return Assignment(chosen, float(weights[is_chosen].sum()))


def _ranked(weights: "NDArray[np.float64]", learners: int, first: str) -> "NDArray[np.float64]":
    """Write both aims into one whole number for each candidate, so that the second never outweighs the first."""
    import numpy as np

    top = float(weights.max(initial=0.0)) or 1.0
    for decimals in range(FINEST + 1):
        scaled = weights * 10**decimals
        if np.abs(scaled - np.rint(scaled)).max(initial=0.0) < 1e-6:
            break
    else:
        scaled = weights / top * 10**9 / max(learners, 1) * 100
    whole = np.rint(scaled)
    if first == "people":
        return np.asarray(whole + (whole.max(initial=0.0) * learners + 1))
    return np.asarray(whole * (learners + 1) + 1)
