"""How well likeness tells concepts that belong together from random pairs: AUC, as JSON.

    python benchmarks/likeness.py [FILE.jsonl …]     shipped concepts, or files that `import_concepts` reads

`siblings`: pairs under one parent. `related_hidden`: pairs that a related link joins, that link taken away first, so
that only the tree can tell. `together_only`: siblings told from what simulated people hold, without tree and links.
"""

import json
import random
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from matching.similarity import Similarity, co_occurrence, count_together, information
from skills import rules

PAIRS = 5_000
PEOPLE = 4_000
Pair = tuple[int, int]


def read(paths: Sequence[Path]) -> list[rules.ConceptRow]:
    """Read concept files."""
    rows = []
    for path in paths:
        with path.open("rb") as lines:
            for _line, value in rules.json_lines(path.name, lines):
                if isinstance(value, rules.BadRow):
                    raise value
                rows.append(rules.concept_row(value))
    return rows


def auc(measure: Callable[[int, int], float], good: Sequence[Pair], other: Sequence[Pair]) -> float:
    """Give the chance that a pair that belongs together is told more alike than a random one; ties count half."""
    values = sorted([(measure(*pair), 1) for pair in good] + [(measure(*pair), 0) for pair in other])
    ranks, place = 0.0, 0
    while place < len(values):
        end = place
        while end < len(values) and values[end][0] == values[place][0]:
            end += 1
        ranks += sum(mark for _value, mark in values[place:end]) * (place + end + 1) / 2
        place = end
    return round((ranks - len(good) * (len(good) + 1) / 2) / (len(good) * len(other)), 4)


def main() -> None:
    """Measure and print."""
    paths = [Path(name) for name in sys.argv[1:]] or sorted((ROOT / "skills/data/concepts").glob("*.jsonl"))
    rows = read(paths)
    ids = {row.uri: place for place, row in enumerate(rows)}
    above = {ids[row.uri]: [ids[uri] for uri in row.broader if uri in ids] for row in rows}
    related: dict[int, set[int]] = defaultdict(set)
    for row in rows:
        for uri in row.related:
            if uri in ids:
                related[ids[row.uri]].add(ids[uri])
                related[ids[uri]].add(ids[row.uri])
    ancestors = {concept: reach(concept, above) for concept in above}
    counts = dict.fromkeys(above, 0)
    for concept, found in ancestors.items():
        for other in found:
            counts[other] += other != concept
    below: dict[int, list[int]] = defaultdict(list)
    for concept, parents in above.items():
        for parent in parents:
            below[parent].append(concept)
    rng = random.Random(11)
    whole = Similarity(information(counts), lambda concept: ancestors[concept], related)
    siblings = sample(
        rng,
        [
            (one, other)
            for group in below.values()
            if 1 < len(group) <= 60
            for one in group
            for other in group
            if one < other
        ],
    )
    linked = sample(rng, [(one, other) for one, others in related.items() for other in others if one < other])
    everything = list(above)
    stranger = [
        (one, other)
        for one, other in (rng.sample(everything, 2) for _ in range(PAIRS))
        if (min(one, other), max(one, other)) not in set(siblings)
    ]
    told: dict[str, Any] = {
        "concepts": len(rows),
        "siblings_or_related": auc(lambda one, other: whole.between(one, other).value, siblings + linked, stranger),
        "siblings": auc(lambda one, other: whole.between(one, other).value, siblings, stranger),
    }
    if linked:
        bare = replace(whole, related={})
        told["related_hidden"] = auc(lambda one, other: bare.between(one, other).value, linked, stranger)
    held = {person: holding(rng, below) for person in range(PEOPLE)}
    together = co_occurrence(count_together(held), len(held))
    alone = Similarity({}, lambda concept: {concept: 0}, {}, together)
    told["together_only"] = auc(lambda one, other: alone.between(one, other).value, siblings, stranger)
    sys.stdout.write(json.dumps(told) + "\n")


def holding(rng: random.Random, below: dict[int, list[int]]) -> list[int]:
    """Give what a simulated person lists: two skills of one corner of the tree, and one from anywhere."""
    groups = [group for group in below.values() if len(group) > 1]
    return [*rng.sample(rng.choice(groups), 2), rng.choice(rng.choice(groups))]


def sample(rng: random.Random, pairs: list[Pair]) -> list[Pair]:
    """Give at most so many pairs."""
    return rng.sample(pairs, PAIRS) if len(pairs) > PAIRS else pairs


def reach(start: int, steps: dict[int, list[int]]) -> dict[int, int]:
    """Give each ancestor with its distance."""
    reached, queue = {start: 0}, [start]
    for here in queue:
        for there in steps.get(here, ()):
            if there not in reached:
                reached[there] = reached[here] + 1
                queue.append(there)
    return reached


if __name__ == "__main__":
    main()
