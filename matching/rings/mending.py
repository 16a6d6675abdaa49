"""What is left of a ring when one of its people declines: the value of its embedded alternatives.

Failure-aware exchange: a ring is worth what happens, not what is planned (Dickerson, Procaccia & Sandholm, EC 2013);
recourse inside the ring after one declines as in Klimentova, Pedroso & Viana, Computers & OR 73 (2016).
"""

import numpy as np

from matching.rings.graph import Floats, Graph, Ints
from matching.rings.pool import Columns


def expected(graph: Graph, columns: Columns, chance: float) -> Floats:
    """Give the weight to be expected when each person accepts with `chance`, independently.

    Counted: that all accept, and that exactly one declines and the others close the ring over the gap, or two
    neighbours help each other; a chain keeps the lessons before the one who declines. Two or more declining count 0.
    """
    length = (columns < graph.edges).sum(1)
    value = np.zeros(len(columns))
    is_chain = graph.is_giver[graph.teacher[columns[:, 0]]] if len(columns) else np.zeros(0, bool)
    keys = graph.teacher * graph.size + graph.learner
    for edges in np.unique(length).tolist():
        for chains in (False, True):
            which = np.flatnonzero((length == edges) & (is_chain == chains))
            if len(which):
                part = columns[which, :edges]
                value[which] = (_chains if chains else _rings)(graph, keys, part, chance)
    return value


def _chains(graph: Graph, _keys: Ints, columns: Columns, chance: float) -> Floats:
    weight = graph.weight[columns]
    length = columns.shape[1]
    before = np.cumsum(weight, axis=1)
    kept = before[:, : length - 1].sum(1) if length > 1 else np.zeros(len(columns))
    return np.asarray(chance ** (length + 1) * before[:, -1] + chance**length * (1 - chance) * kept)


def _rings(graph: Graph, keys: Ints, columns: Columns, chance: float) -> Floats:
    weight = graph.weight[columns]
    people = graph.teacher[columns]
    length = columns.shape[1]
    whole = weight.sum(1)
    left = np.zeros(len(columns))
    for gone in range(length if length > 2 else 0):
        before, after = (gone - 1) % length, (gone + 1) % length
        over = _weight(graph, keys, people[:, before], people[:, after])
        best = np.where(over >= 0, whole - weight[:, before] - weight[:, gone] + over, 0.0)
        for edge in range(length):
            if edge not in (before, gone):
                home = _weight(graph, keys, people[:, (edge + 1) % length], people[:, edge])
                best = np.maximum(best, np.where(home >= 0, weight[:, edge] + home, 0.0))
        left += best
    return np.asarray(chance**length * whole + chance ** (length - 1) * (1 - chance) * left)


def _weight(graph: Graph, keys: Ints, teacher: Ints, learner: Ints) -> Floats:
    """Weights of edges, −1 where there is none."""
    wanted = teacher * graph.size + learner
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, graph.weight[place], -1.0)
