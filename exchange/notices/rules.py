"""The kinds of notices, and whether they are mailed unless a person says otherwise. Values in, values out."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Kind:
    """One kind of notice. `is_mailed`: by mail too, until its receiver stops that."""

    is_mailed: bool


KINDS = {
    "met": Kind(is_mailed=True),  # something new meets a search one keeps
    "wish_claimed": Kind(is_mailed=False),  # a neighbour took one's wish and is about to write
    "wish_climbed": Kind(is_mailed=True),  # more is done for a wish that waits
    "wish_given": Kind(is_mailed=True),  # a curator is to look after a wish
    "ring_proposed": Kind(is_mailed=True),
    "ring_stands": Kind(is_mailed=True),
    "still_true": Kind(is_mailed=True),  # a listing asks whether it is still true
    "ring_broken": Kind(is_mailed=False),
    "guardian": Kind(is_mailed=True),  # a guardian agreed, declined or ended it
    "report": Kind(is_mailed=True),  # what came of a report one made
}
ALWAYS = frozenset({"guardian", "report"})  # answers to what one asked oneself: mailed to those who rest, too
MOST_TRIES = 6
CLAIM_MINUTES = 5  # a worker that died in the middle gives its notice free after this


def next_try(tries: int, *, now: datetime) -> datetime | None:
    """When a mail that failed `tries` times is tried again: after 1, 2, 4 … minutes; None: it is given up."""
    return None if tries >= MOST_TRIES else now + timedelta(minutes=2 ** (tries - 1))
