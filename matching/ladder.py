"""No wish left alone: the rungs a wish climbs while nobody has answered it, and when. Values in, values out."""

from dataclasses import dataclass
from datetime import datetime, timedelta

SUGGESTED, WIDER, RING, STEWARD = "suggested", "wider", "ring", "steward"


@dataclass(frozen=True)
class Rung:
    """One step: its name, and how many days after publication it is taken while the wish has no answer."""

    name: str
    after_days: int


LADDER = (Rung(SUGGESTED, 0), Rung(WIDER, 3), Rung(RING, 7), Rung(STEWARD, 14))
CLAIM_MINUTES = 30  # how long a mentor who takes a wish has it to themselves (as Exercism's mentors do)
MOST_CLAIMS = 3  # wishes one mentor may hold at once


def next_rung(name: str) -> Rung | None:
    """Give the rung above, None on the highest."""
    names = [rung.name for rung in LADDER]
    place = names.index(name) + 1
    return LADDER[place] if place < len(LADDER) else None


def due_at(rung: Rung, *, since: datetime) -> datetime:
    """When a rung is taken by a wish that has waited since then."""
    return since + timedelta(days=rung.after_days)
