"""Rings, measured: `python benchmarks/rings.py [--markets FILE.jsonl.xz] [NAME…]` prints one JSON object.

Every plan comes from `manage.py find_rings` as JSON and is checked by code of this file alone: each edge, person and
length, the weight, and a bound of its own (HiGHS on the whole cycle formulation where it fits, SciPy's assignment).
Ratios are against a greedy plan, the best plan of pairs and those bounds, in the same run.
"""

import argparse
import json
import lzma
import math
import os
import random
import resource
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
MARKETS = ROOT / "tests" / "data" / "barter_markets.jsonl.xz"
SKILLS = 2_000
Edge = tuple[int, int, float]


def town(people: int, kept: int | None, seed: int) -> list[Edge]:
    """Everybody offers and wishes three of 2,000 skills, drawn by Zipf's law; `kept` teachers a wisher, by lot.

    Wishes crowd more than offers do (exponents 1 and 0.65): a thousand people give about 53,000 edges.
    """
    dice = random.Random(seed)
    offered, wished = ([1 / rank**exponent for rank in range(1, SKILLS + 1)] for exponent in (0.65, 1.0))
    offers = [set(dice.choices(range(SKILLS), offered, k=3)) for _ in range(people)]
    wishes = [set(dice.choices(range(SKILLS), wished, k=3)) - offers[person] for person in range(people)]
    teachers = defaultdict(list)
    for person, skills in enumerate(offers):
        for skill in skills:
            teachers[skill].append(person)
    edges = []
    for person, skills in enumerate(wishes):
        found = sorted({teacher for skill in skills for teacher in teachers[skill]} - {person})
        if kept and len(found) > kept:
            found = dice.sample(found, kept)
        edges += [(teacher, person, 1) for teacher in found]
    return edges


def ask(said: dict[str, Any]) -> tuple[dict[str, Any], dict[str, float]]:
    """Run the command; give its answer, and its CPU seconds and peak memory."""
    raw = json.dumps(said).encode()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    code = (
        "import resource, sys; sys.argv = ['manage.py', 'find_rings', '-']; import manage; manage.main();"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], input=raw, capture_output=True, cwd=ROOT)
    wall = time.monotonic() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(done.stderr.decode())
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    memory = int(done.stderr.split()[-1]) / 1024
    return json.loads(done.stdout), {"wall": round(wall, 2), "cpu": round(cpu, 2), "mib": round(memory)}


def checked(edges: list[Edge], longest: int | None, answer: dict[str, Any]) -> float:
    """Recompute a plan's weight; ends the run where the plan breaks a rule."""
    weight = {(teacher, learner): value for teacher, learner, value in edges}
    seen: set[Any] = set()
    total = []
    for ring in answer["rings"]:
        if len(ring) < 2 or (longest and len(ring) > longest) or seen & set(ring) or len(set(ring)) < len(ring):
            sys.exit(f"not a ring under these rules: {ring}")
        seen |= set(ring)
        total += [weight[pair] for pair in zip(ring, [*ring[1:], ring[0]], strict=True)]
    if not math.isclose(math.fsum(total), answer["weight"], abs_tol=1e-6) or answer["bound"] < answer["weight"] - 1e-6:
        sys.exit("the weight or the bound is not true")
    return math.fsum(total)


def any_length(people: int, edges: list[Edge]) -> float:
    """Bound by rings of any length, a matching of teachers with learners (SciPy)."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    heads = np.array([[teacher, learner] for teacher, learner, _ in edges] + [[each, each] for each in range(people)])
    top = max(value for _, _, value in edges) + 1
    cost = np.array([top - value for _, _, value in edges] + [top] * people)
    matrix = csr_matrix((cost, (heads[:, 0], heads[:, 1])), (people, people))
    rows, columns = min_weight_full_bipartite_matching(matrix)
    return float((top - matrix[rows, columns]).sum())


def cycles(edges: list[Edge], longest: int, most: int) -> list[tuple[int, ...]] | None:
    """List all rings by plain search, or None beyond `most`."""
    after = defaultdict(list)
    for teacher, learner, _ in edges:
        after[teacher].append(learner)
    near = {teacher: set(found) for teacher, found in after.items()}
    found: list[tuple[int, ...]] = []

    def walk(path: list[int]) -> bool:
        for person in after.get(path[-1], ()):
            if person <= path[0] or person in path:
                continue
            if path[0] in near.get(person, ()):
                found.append((*path, person))
                if len(found) > most:
                    return False
            if len(path) + 1 < longest and not walk([*path, person]):
                return False
        return True

    for start in sorted(after):
        if not walk([start]):
            return None
    return found


def relaxed(people: int, edges: list[Edge], longest: int, seconds: float, most: int = 60_000) -> float | None:
    """Bound by the relaxation over all rings (HiGHS), or None where there are too many or time runs out."""
    import highspy

    rings = cycles(edges, longest, most)
    if not rings:
        return None if rings is None else 0.0
    weight = {(teacher, learner): value for teacher, learner, value in edges}
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("solver", "ipm")
    solver.setOptionValue("time_limit", seconds)
    programme = highspy.HighsLp()
    programme.num_col_, programme.num_row_ = len(rings), people
    programme.sense_ = highspy.ObjSense.kMaximize
    programme.col_cost_ = np.array([
        sum(weight[pair] for pair in zip(ring, (*ring[1:], ring[0]), strict=True)) for ring in rings
    ])  # fmt: skip
    programme.col_lower_, programme.col_upper_ = np.zeros(len(rings)), np.ones(len(rings))
    programme.row_lower_, programme.row_upper_ = np.full(people, -np.inf), np.ones(people)
    programme.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    programme.a_matrix_.start_ = np.cumsum([0, *map(len, rings)]).astype(np.int32)
    programme.a_matrix_.index_ = np.array([person for ring in rings for person in ring], np.int32)
    programme.a_matrix_.value_ = np.ones(sum(map(len, rings)))
    solver.passModel(programme)
    solver.run()
    return solver.getObjectiveValue() if solver.getModelStatus() == highspy.HighsModelStatus.kOptimal else None


def greedy(edges: list[Edge], longest: int, most: int = 3_000_000) -> float | None:
    """Take the longest ring first, as they come."""
    rings = cycles(edges, longest, most)
    if rings is None:
        return None
    weight = {(teacher, learner): value for teacher, learner, value in edges}
    taken: set[int] = set()
    total = 0.0
    for ring in sorted(rings, key=len, reverse=True):
        if not taken & set(ring):
            taken |= set(ring)
            total += sum(weight[pair] for pair in zip(ring, (*ring[1:], ring[0]), strict=True))
    return total


def measure_markets(path: Path) -> list[dict[str, Any]]:
    """Unlimited rings on the real lists: exactly the optimum."""
    lines = []
    with lzma.open(path, "rt", encoding="utf-8") as stream:
        for line in stream:
            said = json.loads(line)
            answer, cost = ask(said)
            weight = checked([tuple(edge) for edge in said["edges"]], None, answer)
            lines.append({
                "market": said["name"], "optimum": said["optimum"], "weight": weight,
                "exact": weight == said["optimum"] == answer["bound"], "solver_seconds": answer["seconds"], **cost,
            })  # fmt: skip
    return lines


def measure_town(
    people: int,
    kept: int | None,
    longest: int,
    seconds: float,
    *,
    seed: int = 1,
    twice: bool = False,
    tenth: bool = False,
    bound_seconds: float = 60,
) -> dict[str, Any]:
    """One town: share of the best bound known, against pairs and greedy, again, and stopped early."""
    edges = town(people, kept, seed)
    said = {"people": list(range(people)), "edges": edges, "max_length": longest, "seconds": seconds, "seed": 1}
    answer, cost = ask(said)
    weight = checked(edges, longest, answer)
    circulation = any_length(people, edges)
    lp = relaxed(people, edges, longest, bound_seconds)
    bound = min(circulation, lp if lp is not None else math.inf)
    pairs, _ = ask({**said, "max_length": 2})
    line = {
        "people": people, "kept": kept, "edges": len(edges), "max_length": longest, "seconds": seconds,
        "weight": weight, "own_bound": answer["bound"], "lp_bound": lp, "any_length_bound": circulation,
        "share_of_bound": round(weight / bound, 4), "ended": answer["ended"],
        "bound_is_true": answer["bound"] >= weight - 1e-6,
        "times_pairs": round(weight / checked(edges, 2, pairs), 3), "greedy": greedy(edges, longest), **cost,
    }  # fmt: skip
    if twice:
        line["same_again"] = ask(said)[0]["rings"] == answer["rings"]
    if tenth:
        early, _ = ask({**said, "seconds": seconds / 10})
        line["share_at_a_tenth"] = round(checked(edges, longest, early) / weight, 4)
    return line


def measure_growth() -> dict[str, Any]:
    """CPU of a round for 1,000, 4,000 and 16,000 people with the same time allowed to each person."""
    sizes, lines = (1_000, 4_000, 16_000), []
    for people in sizes:
        edges = town(people, 20, 1)
        said = {"people": list(range(people)), "edges": edges, "max_length": 3, "seconds": people / 200}
        answer, cost = ask(said)
        lines.append({"people": people, "edges": len(edges), "weight": checked(edges, 3, answer), **cost})
    cpu = [math.log(line["cpu"]) for line in lines]
    slope = float(np.polyfit([math.log(size) for size in sizes], cpu, 1)[0])
    return {"rounds": lines, "slope": round(slope, 3), "peak_mib": max(line["mib"] for line in lines)}


def measure_million() -> dict[str, Any]:
    """A million edges among 10,000 people."""
    dice = random.Random(3)
    pairs = {(dice.randrange(10_000), dice.randrange(10_000)) for _ in range(1_020_000)}
    edges = [(a, b, dice.randrange(1, 100)) for a, b in sorted(pairs) if a != b][:1_000_000]
    out = {}
    for longest in (None, 3, 4):
        said = {"people": list(range(10_000)), "edges": edges, "max_length": longest, "seconds": 60}
        answer, cost = ask(said)
        checked(edges, longest, answer)
        out[str(longest)] = {"gap": answer["gap"], **cost}
    return out


def measure_assignment() -> dict[str, Any]:
    """20,000 learners, 20,000 mentors for one to three, 400,000 candidates; beside a greedy."""
    sys.path.insert(0, str(ROOT))
    from matching.assignment import assign

    dice, size = np.random.default_rng(1), 20_000
    learner, mentor = np.repeat(np.arange(size), 20), dice.integers(0, size, 20 * size)
    weight, room = np.round(dice.random(20 * size), 3), dice.integers(1, 4, size)
    assign([0], [0], [1], [1], 1)  # the import is not the measure
    started = time.monotonic()
    found = assign(learner, mentor, weight, room, size)
    wall = time.monotonic() - started
    left, taken, greedy_total = room.copy(), np.zeros(size, bool), 0.0
    for candidate in np.argsort(-weight, kind="stable").tolist():
        who, whom = learner[candidate], mentor[candidate]
        if not taken[who] and left[whom]:
            taken[who], greedy_total = True, greedy_total + weight[candidate]
            left[whom] -= 1
    waiting = np.flatnonzero(found.mentor < 0)
    used = np.bincount(found.mentor[found.mentor >= 0], minlength=size)
    beside = [who for who in waiting.tolist() if (used[mentor[learner == who]] < room[mentor[learner == who]]).any()]
    return {
        "total": found.total, "placed": found.placed, "seconds": round(wall, 2),
        "waiting_beside_a_free_seat": len(beside),
        "greedy_share": round(greedy_total / found.total, 5), "capacity_kept": bool((used <= room).all()),
    }  # fmt: skip


def measure_drop_outs(weeks: int = 52, people: int = 300, chance: float = 0.85) -> dict[str, Any]:
    """A year with 15 % drop-outs: lessons held by plans that reckon with them, and by plans that do not."""
    sys.path.insert(0, str(ROOT))
    from matching.rings import Round, Rules, find, lessons, replan

    def year(acceptance: float | None, mend: bool) -> int:
        held = 0
        for week in range(weeks):
            edges = town(people, 8, 1_000 + week)
            round_ = Round(range(people), edges, rules=Rules(max_length=4, seconds=2, acceptance=acceptance))
            plan = find(round_)
            dice = random.Random(week)
            out = {person for person in range(people) if dice.random() > chance} & plan.people
            if mend:
                plan = replan(round_, plan, declined=out)
            held += sum(len(lessons(ring, closed=True)) for ring in plan.rings if not out & set(ring))
        return held

    plain, careful, mended = year(None, False), year(chance, False), year(chance, True)
    return {
        "weeks": weeks, "people": people, "held_without_care": plain, "careful": round(careful / plain, 3),
        "careful_and_mended": round(mended / plain, 3),
    }  # fmt: skip


def main() -> None:
    """Run what is asked for and print it."""
    measures = {
        "town_1000_3": lambda _: measure_town(1_000, None, 3, 30, twice=True, tenth=True),
        "town_1000_4": lambda _: measure_town(1_000, None, 4, 30, twice=True, tenth=True),
        "town_10000_3": lambda _: measure_town(10_000, 20, 3, 60, twice=True, tenth=True),
        "town_10000_4": lambda _: measure_town(10_000, 20, 4, 60, tenth=True),
        "growth": lambda _: measure_growth(),
        "million": lambda _: measure_million(),
        "assignment": lambda _: measure_assignment(),
        "drop_outs": lambda _: measure_drop_outs(),
        "markets": lambda said: measure_markets(said.markets),
    }
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(measures)}; all without")
    parser.add_argument("--markets", type=Path, default=MARKETS, help="more real lists in the same form")
    said = parser.parse_args()
    if unknown := set(said.names) - set(measures):
        parser.error(f"not a measure: {', '.join(sorted(unknown))}")
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # HiGHS greets on standard output, where only the JSON belongs
    result = {name: measures[name](said) for name in said.names or measures}
    with answer:
        json.dump(result, answer, indent=1)
        answer.write("\n")


if __name__ == "__main__":
    main()
