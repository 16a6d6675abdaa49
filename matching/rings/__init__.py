"""Rings and chains of lessons: who teaches whom so that most wishes come true, and how much more any plan could do.

A ring (a, b, c) means: a teaches b, b teaches c, c teaches a. A chain (g, a, b) starts with the gift of g, who asks for
nothing: g teaches a, a teaches b.

Plain values in, plain values out; `docs/rings.md` explains the method. The solvers are imported at the first search.
"""

import math
import time
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from matching.rings.budget import Budget
    from matching.rings.graph import Graph

HABIT = 0.8  # chance of acceptance by which rings of equal weight are told apart
LONGEST_CHAIN = 3
DEFAULT_LENGTH = 4
DEFAULT_SECONDS = 30.0

Person = Hashable


@dataclass(frozen=True)
class Rules:
    """What a plan must keep to.

    `max_length`: people in a ring, None = any number. `max_chain`: lessons in a chain. `seconds`: how long to search.
    `acceptance`: chance 0–1 that a person accepts; given, plans are chosen by what is then to be expected.
    """

    max_length: int | None = DEFAULT_LENGTH
    max_chain: int = LONGEST_CHAIN
    seconds: float = DEFAULT_SECONDS
    seed: int = 0
    acceptance: float | None = None


@dataclass(frozen=True, eq=False)
class Round:
    """People and who could teach whom. Weights are ≥ 0 and finite; capacity is 1 where it is not said.

    `edges` are (teacher, learner, weight). Of several between the same two the heaviest counts, loops are left out.
    Raises KeyError for an edge to somebody who is not among the people.
    """

    people: Sequence[Person]
    edges: Iterable[tuple[Person, Person, float]]
    capacity: Mapping[Person, int] | None = None
    givers: Sequence[Person] = ()
    rules: Rules = Rules()

    @cached_property
    def place(self) -> dict[Person, int]:
        """The number of each person."""
        return {person: number for number, person in enumerate(self.people)}

    @cached_property
    def graph(self) -> "Graph":
        """The same as arrays."""
        from matching.rings.graph import build

        rows = list(self.edges)
        said = self.capacity or {}
        return build(
            len(self.people),
            [self.place[teacher] for teacher, _, _ in rows],
            [self.place[learner] for _, learner, _ in rows],
            [weight for _, _, weight in rows],
            [said.get(person, 1) for person in self.people],
            [self.place[person] for person in self.givers],
        )


@dataclass(frozen=True)
class Plan:
    """Rings and chains, what they weigh, and a bound which no plan under the same rules exceeds.

    `ended` says why the search stopped: "proven" best, "work" done, or "time" was up (or somebody stopped it). Only
    where a busy machine reached the wall may a second run differ: a "proven" plan then by another as good.
    `expected` is the weight after declines, where asked for.
    """

    rings: tuple[tuple[Person, ...], ...] = ()
    chains: tuple[tuple[Person, ...], ...] = ()
    weight: float = 0.0
    bound: float = 0.0
    ended: str = "proven"
    expected: float | None = None

    @property
    def gap(self) -> float:
        """The share of the bound that may be missing, 0–1."""
        return (self.bound - self.weight) / self.bound if self.bound > self.weight else 0.0

    @property
    def people(self) -> set[Person]:
        """Everyone who stands in a ring or a chain."""
        return {person for each in (*self.rings, *self.chains) for person in each}


def find(round_: Round, should_stop: Callable[[], bool] = lambda: False) -> Plan:
    """Find the heaviest plan; `should_stop` is asked often, and once it says yes the best plan so far is given.

    Rings of any length are chosen by weight alone, and chains beside them may have any length too.
    """
    found = find_numbers(round_.graph, round_.rules, should_stop)
    names = list(round_.people)
    return replace(
        found,
        rings=tuple(tuple(names[cast("int", person)] for person in ring) for ring in found.rings),
        chains=tuple(tuple(names[cast("int", person)] for person in chain) for chain in found.chains),
    )


def find_numbers(
    graph: "Graph", rules: Rules, should_stop: Callable[[], bool] = lambda: False, *, started: float | None = None
) -> Plan:
    """Do as `find` does on a graph of numbers; the time counts from `started` (`time.monotonic()`), else from now."""
    from matching.rings.budget import Budget

    if not graph.edges:
        return Plan()
    budget = Budget(rules.seconds, should_stop, time.monotonic() if started is None else started)
    if rules.max_length is None:
        return _of_any_length(graph, budget)
    return _limited(graph, rules.max_length, rules, budget)


def replan(
    round_: Round,
    plan: Plan,
    declined: Iterable[Person] = (),
    refused: Iterable[tuple[Person, Person]] = (),
) -> Plan:
    """Mend a plan: rings without the people who declined and the lessons (teacher, learner) refused stay as they are.

    What the others and everyone not yet served can still do is searched anew, within the same rules. The bound is that
    of the kept rings together with the rest.
    """
    out, no = set(declined), set(refused)

    def stands(walk: tuple[Person, ...], *, closed: bool) -> bool:
        return not out & set(walk) and not no & set(lessons(walk, closed=closed))

    rings = tuple(ring for ring in plan.rings if stands(ring, closed=True))
    chains = tuple(chain for chain in plan.chains if stands(chain, closed=False))
    weights = {(teacher, learner): weight for teacher, learner, weight in _triples(round_)}
    said = round_.capacity or {}
    room = {person: 0 if person in out else said.get(person, 1) for person in round_.people}
    kept_weight = [value for ring in rings for value in _take(ring, room, weights, closed=True)]
    kept_weight += [value for chain in chains for value in _take(chain, room, weights, closed=False)]
    edges = [
        (teacher, learner, weight)
        for (teacher, learner), weight in weights.items()
        if room[teacher] > 0 and room[learner] > 0 and (teacher, learner) not in no
    ]
    givers = [person for person in round_.givers if room[person] > 0]
    rest = find(Round(round_.people, edges, room, givers, round_.rules))
    kept = math.fsum(kept_weight)
    return replace(
        rest, rings=rings + rest.rings, chains=chains + rest.chains, weight=kept + rest.weight, bound=kept + rest.bound,
        expected=None,
    )  # fmt: skip


def lessons(walk: Sequence[Person], *, closed: bool) -> list[tuple[Person, Person]]:
    """List the lessons (teacher, learner) of a ring (closed) or a chain."""
    pairs = list(pairwise(walk))
    return [*pairs, (walk[-1], walk[0])] if closed else pairs


def _take(
    walk: Sequence[Person], room: dict[Person, int], weights: dict[tuple[Person, Person], float], *, closed: bool
) -> list[float]:
    for person in walk:
        room[person] -= 1
    return [weights.pop(pair) for pair in lessons(walk, closed=closed)]


def _triples(round_: Round) -> Iterable[tuple[Person, Person, float]]:
    graph = round_.graph
    for teacher, learner, weight in zip(graph.teacher, graph.learner, graph.weight, strict=True):
        yield round_.people[teacher], round_.people[learner], float(weight)


def _of_any_length(graph: "Graph", budget: "Budget") -> Plan:
    import numpy as np

    from matching.rings import circulation

    closed = circulation.with_closing(graph)
    try:
        used = circulation.best(closed)
        times = np.bincount(used, minlength=closed.edges)
        is_once = bool((times <= circulation.uses(closed)).all())
    except circulation.TooLarge:
        is_once = False
    if not is_once:
        from matching.rings import master

        once = master.circulate(closed, budget)
        if once is None:
            return Plan(bound=circulation.loose_bound(closed), ended="time")
        used = once
    rings, chains = circulation.cut(closed, used)
    weight = _sum(graph, rings, chains)
    return Plan(tuple(rings), tuple(chains), weight, weight, "proven")


def _limited(graph: "Graph", longest: int, rules: Rules, budget: "Budget") -> Plan:
    import numpy as np

    from matching.rings import circulation, mending, packing

    chance = rules.acceptance
    found = packing.pack(
        graph,
        min(longest, graph.size),
        budget,
        seed=rules.seed,
        longest_chain=rules.max_chain if graph.is_giver.any() else 0,
        valued=None if chance is None else lambda inner, columns: mending.expected(inner, columns, chance),
        mending=lambda inner, columns: mending.expected(inner, columns, HABIT),
    )
    rings, chains = [], []
    for walk in found.walks:
        start = int(graph.teacher[walk[0]])
        if graph.is_giver[start]:
            chains.append((start, *(int(graph.learner[edge]) for edge in walk)))
        else:
            people = [int(graph.teacher[edge]) for edge in walk]
            turn = people.index(min(people))
            rings.append((*people[turn:], *people[:turn]))
    weight = _sum(graph, rings, chains)
    if chance is None:
        bound, expected = max(found.bound, weight), None
    else:
        bound = max(circulation.bound(graph), weight) if not chains else max(circulation.loose_bound(graph), weight)
        width = max((len(walk) for walk in found.walks), default=1)
        padded = np.full((len(found.walks), width), graph.edges, np.int32)
        for row, walk in zip(padded, found.walks, strict=True):
            row[: len(walk)] = walk
        expected = float(mending.expected(graph, padded, chance).sum())
    is_best = bound - weight <= 1e-9 * max(1.0, bound)
    ended = "proven" if is_best else "time" if found.was_cut else "work"
    return Plan(tuple(sorted(rings)), tuple(sorted(chains)), weight, weight if is_best else bound, ended, expected)


def _sum(graph: "Graph", rings: Sequence[tuple[int, ...]], chains: Sequence[tuple[int, ...]]) -> float:
    import numpy as np

    pairs = [pair for ring in rings for pair in lessons(ring, closed=True)]
    pairs += [pair for chain in chains for pair in lessons(chain, closed=False)]
    if not pairs:
        return 0.0
    wanted = np.asarray(pairs, np.int64)
    keys = graph.teacher * graph.size + graph.learner
    return math.fsum(graph.weight[np.searchsorted(keys, wanted[:, 0] * graph.size + wanted[:, 1])].tolist())
