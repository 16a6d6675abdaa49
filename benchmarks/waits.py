"""How honest the said waits are: the share of answered waits that fell into the range said when the wish was listed.

    python benchmarks/waits.py

Eight made-up cities: waits are log-normal with a median that differs by subject and drifts over a year, a third of the
wishes is taken back or still waits when asked (censored), and each day's range is said from what was known on that day
only.
Reference in the same run: the range of answered waits alone, which forgets those who still wait.
"""

import json
import random
import sys
from math import exp
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from matching import waits

YEAR, A_DAY, SEEDS = 365, 6, range(1, 9)


def town(rng: random.Random) -> list[tuple[float, float, float]]:
    """Give (day listed, days until answered, days until taken back) of each wish."""
    rows = []
    for day in range(YEAR):
        for _ in range(A_DAY):
            median = rng.choice((2.0, 4.0, 9.0)) * (1 + day / YEAR)
            answered = median * exp(rng.gauss(0, 0.8))
            taken_back = rng.expovariate(1 / 30)
            rows.append((day + rng.random(), answered, taken_back))
    return rows


def said(rows: list[tuple[float, float, float]], now: float, *, forgets: bool) -> waits.Range | None:
    """Give the range said on a day, from the half year before it."""
    known = []
    for listed, answered, taken_back in rows:
        if not now - 180 <= listed < now:
            continue
        end = min(answered, taken_back, now - listed)
        is_answered = end == answered
        if is_answered or not forgets:
            known.append(waits.Wait(end, is_answered, age=now - listed))
    return waits.range_of(known)


def coverage(rows: list[tuple[float, float, float]], *, forgets: bool) -> dict[str, float]:
    """Give how often the truth (what the wait would have been) fell into, below and above the said range."""
    inside = below = above = 0
    for listed, answered, _ in rows[A_DAY * 60 :: 5]:
        found = said(rows, listed, forgets=forgets)
        if found is None:
            continue
        if answered < found.low:
            below += 1
        elif found.high is not None and answered > found.high:
            above += 1
        else:
            inside += 1
    total = inside + below + above
    shares = {"inside": inside, "below": below, "above": above}
    return {name: round(count / total, 3) for name, count in shares.items()} | {"wishes": total}


def mean(found: list[dict[str, float]]) -> dict[str, float]:
    """Give the mean of each share over the cities, and the least and most that fell inside."""
    inside = sorted(each["inside"] for each in found)
    shares = {name: round(sum(each[name] for each in found) / len(found), 3) for name in found[0]}
    return shares | {"inside_least": inside[0], "inside_most": inside[-1]}


def main() -> None:
    """Print the coverage of both as JSON; 0.80 is what is said."""
    towns = [town(random.Random(seed)) for seed in SEEDS]
    found = {
        "said": 0.8,
        "cities": len(towns),
        "ours": mean([coverage(rows, forgets=False) for rows in towns]),
        "forgets_the_waiting": mean([coverage(rows, forgets=True) for rows in towns]),
    }
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
