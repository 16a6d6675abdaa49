"""How fast common times are found: pairs of neighbours, twelve weeks each, in one process, as JSON.

    python benchmarks/slots.py [PAIRS]     1,000 when not said

Each of a pair has some five free parts a week, two days away, one time "also free" and six lessons taken.
`goal_seconds` is CPU time for all pairs; `ratio` is goal by measured (1 or more: met). `oracle_ratio`
compares with reading the same twelve weeks off the wall clock minute by minute, on a few pairs.
"""

import json
import random
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from accounts.rules import CODES, mask
from exchange.lessons.rules import Span
from exchange.lessons.slots import WEEKS, Clock, Times, propose

GOAL_SECONDS = 1.0
SINCE = datetime(2026, 9, 14, 8, 0, tzinfo=UTC)  # clocks change within the twelve weeks
CLOCK = Clock("Africa/Cairo")


def person(draw: random.Random) -> Times:
    """Give somebody's times."""

    def span(longest_hours: int) -> Span:
        start = SINCE + timedelta(minutes=15 * draw.randrange(WEEKS * 7 * 24 * 4))
        return Span(start, start + timedelta(hours=draw.randint(1, longest_hours)))

    return Times(
        mask=mask(draw.sample(CODES, 5)),
        also=(span(4),),
        away=(span(72), span(72)),
        taken=tuple(span(2) for _ in range(6)),
    )


def read_the_wall(pair: list[Times]) -> int:
    """Count the common minutes one by one, as the slow oracle of the tests does."""
    zone, count = ZoneInfo(CLOCK.zone), 0
    for minute in range(WEEKS * 7 * 24 * 60):
        moment = SINCE + timedelta(minutes=minute)
        local = moment.astimezone(zone)
        part = next((at for at, (begin, end) in enumerate(CLOCK.hours) if begin <= local.hour < end), None)
        bit = None if part is None else 3 * ((local.weekday() + 1) % 7) + part
        count += all(
            ((bit is not None and each.mask >> bit & 1) or any(s.starts_at <= moment < s.ends_at for s in each.also))
            and not any(s.starts_at <= moment < s.ends_at for s in (*each.away, *each.taken))
            for each in pair
        )
    return count


def main() -> None:
    """Measure and print."""
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    draw = random.Random(7)
    people = [[person(draw), person(draw)] for _ in range(pairs)]
    begun, lasted = time.process_time(), time.perf_counter()
    found = [propose(pair, minutes=60, clock=CLOCK, since=SINCE) for pair in people]
    seconds, lasted = time.process_time() - begun, time.perf_counter() - lasted
    few = people[:3]
    begun = time.process_time()
    for pair in few:
        read_the_wall(pair)
    slow = (time.process_time() - begun) / len(few)
    print(
        json.dumps(
            {
                "pairs": pairs,
                "weeks": WEEKS,
                "seconds": round(seconds, 3),
                "wall_seconds": round(lasted, 3),
                "goal_seconds": GOAL_SECONDS * pairs / 1_000,
                "ratio": round(GOAL_SECONDS * pairs / 1_000 / seconds, 2),
                "oracle_ratio": round(slow / (seconds / pairs), 1),
                "pairs_with_a_time": sum(bool(each) for each in found),
                "pairs_with_three": sum(len(each) == 3 for each in found),
            }
        )
    )
    sys.exit(0 if seconds <= GOAL_SECONDS * pairs / 1_000 else 1)


if __name__ == "__main__":
    main()
