"""What one change of one's own side would do for a pair, found by scoring the pair again. Values in, values out."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from accounts.rules import CODES
from matching import scoring
from matching.scoring import Between, Side, Weights


@dataclass(frozen=True)
class Change:
    """One change: hours, say_hours, online, in_person, language or confirm; `gain` is what it adds, in units.

    `makes_possible`: before it the two could not have met at all, for want of a time or a way.
    """

    kind: str
    gain: int = 0
    makes_possible: bool = False
    bit: int = 0  # the part of the week, as a mask
    language: str = ""


def best_change(
    own: Side,
    other: Side,
    *,
    likeness: Between,
    today: date,
    weigh: Weights,
    two_way: tuple[int, int] | None = None,
) -> Change | None:
    """Give the change that helps most: one that makes the pair possible, else the largest gain; None if none helps."""

    def units(side: Side) -> int:
        offer, wish = (side, other) if side.is_offer else (other, side)
        pair = scoring.score(offer, wish, likeness=likeness, today=today, weigh=weigh, two_way=two_way)
        return pair.units if pair else 0

    before = units(own)
    tried = [replace(change, gain=units(side) - before) for change, side in _changes(own, other, today)]
    helping = [change for change in tried if change.gain > 0]
    # Where two things stand in the way, one change alone makes nothing possible.
    is_alone = sum(change.makes_possible for change in {each.kind: each for each in helping}.values()) == 1
    helping = [replace(change, makes_possible=change.makes_possible and is_alone) for change in helping]
    return max(helping, key=lambda change: (change.makes_possible, change.gain), default=None)


def _changes(own: Side, other: Side, today: date) -> Iterator[tuple[Change, Side]]:
    missing = other.free_mask & ~own.free_mask
    if missing:
        bit = _easiest(missing)
        kind = "hours" if own.free_mask else "say_hours"
        never = kind == "hours" and not own.free_mask & other.free_mask
        yield Change(kind, makes_possible=never, bit=bit), replace(own, free_mask=own.free_mask | bit)
    apart = {own.format, other.format} == {"place", "online"}
    if own.format == "place" and other.format != "place":
        yield Change("online", makes_possible=apart), replace(own, format="both")
    if own.format == "online" and other.format != "online":
        yield Change("in_person", makes_possible=apart), replace(own, format="both")
    if not own.speaks and other.speaks:
        spoken = sorted(other.speaks)[0]
        yield Change("language", language=spoken), replace(own, speaks=frozenset([spoken]))
    if own.is_offer:
        yield Change("confirm"), replace(own, answered_on=today)


def _easiest(mask: int) -> int:
    """Give one part of the week of a mask: an evening where there is one."""
    bits = [1 << place for place in range(len(CODES)) if mask >> place & 1]
    return next((bit for bit in bits if CODES[bit.bit_length() - 1].endswith("evening")), bits[0])
