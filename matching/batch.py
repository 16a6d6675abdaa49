"""The best partners of many listings at once, in numpy: an inverted index by concept, widened by likeness.

Work goes concept by concept. All listings that wish a concept are rows, all that teach it or something like it are
columns; a block of rows × columns is scored by a handful of array operations and only what can still be among the
best leaves it. Cost follows the pairs that share a skill, never all pairs; memory is one block.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import numpy.typing as npt

from matching import scoring
from matching.scoring import Side, Weights
from matching.similarity import SAME, Likeness

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Postings = Mapping[int, tuple[Ints, Ints]]
BLOCK = 160_000  # cells of a block: it stays in the processor's cache
SAMPLE = 4  # the first quarter of the columns, the most promising ones, sets the mark for the others
NEVER = -1_000_000


@dataclass(frozen=True)
class Found:
    """Pairs that may be among the best of their row: positions of row and column, and the score in units."""

    rows: Longs
    columns: Longs
    units: Longs


class Sides:
    """Listings of one kind as arrays, in the order given."""

    def __init__(self, sides: Sequence[Side], *, today: date, weigh: Weights) -> None:
        self.sides = sides
        self.weigh = weigh
        self.ids: Longs = np.array([side.listing_id for side in sides], dtype=np.int64)
        self.owners: Longs = np.array([side.owner_id for side in sides], dtype=np.int64)
        self.masks = np.array([side.free_mask for side in sides], dtype=np.uint32)
        self.where, self.where_codes = _coded([scoring.where(side) for side in sides])
        self.tongues, self.tongue_codes = _coded([side.speaks for side in sides])
        brings = [sum(scoring.offer_units(side, today, weigh).values()) if side.is_offer else 0 for side in sides]
        self.brings: Ints = np.array(brings, dtype=np.int32)
        found: dict[int, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
        for place, side in enumerate(sides):
            for concept, strength in side.strengths:
                found[concept][0].append(place)
                found[concept][1].append(strength)
        self.postings: Postings = {
            concept: (np.array(places, dtype=np.int32), np.array(strengths, dtype=np.int32))
            for concept, (places, strengths) in found.items()
        }

    def __len__(self) -> int:
        return len(self.sides)

    @cached_property
    def of_owner(self) -> dict[int, list[int]]:
        """Owner → positions of their listings."""
        out: dict[int, list[int]] = defaultdict(list)
        for place, owner in enumerate(self.owners.tolist()):
            out[owner].append(place)
        return out

    @cached_property
    def by_word(self) -> dict[str, list[int]]:
        """Word of a title → positions."""
        out: dict[str, list[int]] = defaultdict(list)
        for place, side in enumerate(self.sides):
            for word in side.words:
                out[word].append(place)
        return out

    @cached_property
    def nameless(self) -> list[int]:
        """Positions of listings of which no concept is known."""
        return [place for place, side in enumerate(self.sides) if not side.concepts]


def best(
    rows: Sides,
    columns: Sides,
    *,
    near: Callable[[int], Mapping[int, Likeness]],
    keep: int,
    spare: Longs | None = None,
    back: Mapping[int, Longs] | None = None,
) -> Found:
    """Give for each row at least its `keep` best columns by skill (more where scores are equal), unsorted.

    `spare[r]` columns that the caller will strike out are found in addition. `back`: row's owner → positions of
    the columns whose owner wants something from that owner. A pair may come twice, by two concepts; its larger units
    are its score. Pairs with no known concept on one side are `by_words`.
    """
    if not len(rows) or not len(columns):
        return _joined([])
    work = _Work(rows, columns, keep, np.zeros(len(rows), np.int64) if spare is None else spare, back or {})
    for concept, (places, strengths) in rows.postings.items():
        reaches = {concept: SAME, **near(concept)}
        taught, value = _union(columns, {other: scoring.reach(like, rows.weigh) for other, like in reaches.items()})
        if len(taught):
            work.concept(places, strengths, taught, value)
    return _joined(work.found)


def by_words(rows: Sides, columns: Sides) -> list[tuple[int, int]]:
    """Give pairs (row, column) of which one side has no known concept and whose titles share enough words."""
    nameless = set(columns.nameless)
    out: list[tuple[int, int]] = []
    for row, side in enumerate(rows.sides):
        if side.concepts and not nameless:
            continue
        met = {place for word in side.words for place in columns.by_word.get(word, ())}
        if side.concepts:
            met &= nameless
        out.extend((row, place) for place in sorted(met) if scoring.shared_text(side.words, columns.sides[place].words))
    return out


class _Work:
    """One run of `best`: the tables that all blocks share, and the mark each row has reached."""

    def __init__(self, rows: Sides, columns: Sides, keep: int, spare: Longs, back: Mapping[int, Longs]) -> None:
        self.rows, self.columns, self.keep, self.spare, self.back = rows, columns, keep, spare, back
        weigh = rows.weigh
        self.free = np.array([scoring.free_units(shared, weigh) for shared in range(33)], dtype=np.int32)
        self.place = np.array(
            [[sum(scoring.place_units(one, other, weigh)) for other in columns.where] for one in rows.where],
            dtype=np.int32,
        )
        tongues = [[scoring.language_units(one, other, weigh) for other in columns.tongues] for one in rows.tongues]
        self.tongue = np.array([[NEVER if units is None else units for units in line] for line in tongues], np.int32)
        # Where and language of a column as one code, so that a cell needs one look-up for both.
        both = columns.where_codes.astype(np.int64) * len(columns.tongues) + columns.tongue_codes
        kinds, self.kind_codes = np.unique(both, return_inverse=True)
        self.kind_where, self.kind_tongue = kinds // len(columns.tongues), kinds % len(columns.tongues)
        moving = int(self.place.max(initial=0)) + weigh.of("language") + weigh.of("free_hours")
        self.moving = moving + (weigh.of("two_way") if back else 0)  # most that the changing part of a score can be
        self.mark: Ints = np.full(len(rows), 0, dtype=np.int32)
        self.flag = np.zeros(len(columns), dtype=np.int32)
        self.found: list[Found] = []

    def concept(self, places: Ints, strengths: Ints, taught: Ints, value: Ints) -> None:
        """Score all rows of one concept against all columns near it."""
        fixed = ((value * scoring.GRAIN + 128) >> 8) + self.columns.brings[taught]
        promising = np.argsort(-fixed, kind="stable")
        taught, value, fixed = taught[promising], value[promising], fixed[promising]
        size = max(1, BLOCK // len(taught))
        for start in range(0, len(places), size):
            self._block(places[start : start + size], strengths[start : start + size], taught, value, fixed)

    def _block(self, rows: Ints, strengths: Ints, taught: Ints, value: Ints, fixed: Ints) -> None:
        keep = self.keep + int(self.spare[rows].max())
        own = self.rows.brings[rows]
        head = max(keep, len(taught) // SAMPLE)
        units = self._units(rows, strengths, taught[:head], value[:head])
        mark = self.mark[rows]
        if len(taught) >= keep:
            reached = np.partition(units, head - keep, axis=1)[:, head - keep] if head > keep else units.min(axis=1)
            mark = np.maximum(mark, reached + own)
            self.mark[rows] = mark
        self._take(rows, taught[:head], units, mark - own, own)
        # `fixed` falls, so behind the first column that cannot reach any row's mark all others cannot either.
        most = int(np.searchsorted(-fixed, self.moving - int((mark - own).min()), side="right"))
        if most > head:
            rest = slice(head, most)
            self._take(rows, taught[rest], self._units(rows, strengths, taught[rest], value[rest]), mark - own, own)

    def _units(self, rows: Ints, strengths: Ints, taught: Ints, value: Ints) -> Ints:
        units = strengths[:, None] * value[None, :]
        units += 128
        units >>= 8
        units += self.columns.brings[taught][None, :]
        shared = np.bitwise_count(self.rows.masks[rows][:, None] & self.columns.masks[taught][None, :])
        units += self.free[shared]
        table = self.place[self.rows.where_codes[rows]][:, self.kind_where]
        table = table + self.tongue[self.rows.tongue_codes[rows]][:, self.kind_tongue]
        units += table.take(self.kind_codes[taught], axis=1)
        for line, owner in enumerate(self.rows.owners[rows].tolist() if self.back else ()):
            wanted = self.back.get(owner)
            if wanted is not None and len(wanted):
                self.flag[wanted] = self.rows.weigh.of("two_way")
                units[line] += self.flag[taught]
                self.flag[wanted] = 0
        return units

    def _take(self, rows: Ints, taught: Ints, units: Ints, mark: Ints, own: Ints) -> None:
        line, cell = np.nonzero(units >= np.maximum(mark, 1)[:, None])
        if len(line):
            self.found.append(
                Found(
                    rows[line].astype(np.int64),
                    taught[cell].astype(np.int64),
                    (units[line, cell] + own[line]).astype(np.int64),
                )
            )


def _union(columns: Sides, reaches: Mapping[int, int]) -> tuple[Ints, Ints]:
    """Give the columns about any of some concepts, each with its largest reach × strength."""
    parts = [(concept, units) for concept, units in reaches.items() if units and concept in columns.postings]
    if not parts:
        empty: Ints = np.zeros(0, dtype=np.int32)
        return empty, empty
    places = np.concatenate([columns.postings[concept][0] for concept, _units in parts])
    values = np.concatenate([columns.postings[concept][1] * np.int32(units) for concept, units in parts])
    if len(parts) == 1:
        return places, values
    by_place = np.lexsort((-values, places))
    places, values = places[by_place], values[by_place]
    first = np.concatenate(([True], places[1:] != places[:-1]))
    return places[first], values[first]


def ordered(found: Found, rows: Sides, columns: Sides) -> dict[int, list[tuple[int, int]]]:
    """Give row → [(column, units)], best first as `scoring.order` says, each column once."""
    if not len(found.rows):
        return {}
    mine, theirs = rows.ids[found.rows], columns.ids[found.columns]
    offers, wishes = (mine, theirs) if rows.sides[0].is_offer else (theirs, mine)
    by = np.lexsort((wishes, offers, _mixed(offers, wishes), -found.units, found.rows))
    out: dict[int, list[tuple[int, int]]] = defaultdict(list)
    seen: set[int] = set()
    last = -1
    for row, column, units in zip(
        found.rows[by].tolist(), found.columns[by].tolist(), found.units[by].tolist(), strict=True
    ):
        if row != last:
            seen, last = set(), row
        if column not in seen:
            seen.add(column)
            out[row].append((column, units))
    return out


def _mixed(offers: Longs, wishes: Longs) -> npt.NDArray[np.uint64]:
    """Do what `scoring.mixed` does."""
    low = np.uint64(0xFFFFFFFF)
    value = (offers.astype(np.uint64) * np.uint64(0x9E3779B1)) ^ (wishes.astype(np.uint64) * np.uint64(0x85EBCA77))
    value &= low
    mixed: npt.NDArray[np.uint64] = ((value ^ (value >> np.uint64(15))) * np.uint64(0x2C1B3C6D)) & low
    return mixed


def _coded(values: Sequence[object]) -> tuple[list, Ints]:  # type: ignore[type-arg]
    known: dict[object, int] = {}
    codes = [known.setdefault(value, len(known)) for value in values]
    return list(known), np.array(codes, dtype=np.int32)


def _joined(parts: Sequence[Found]) -> Found:
    if not parts:
        empty: Longs = np.zeros(0, dtype=np.int64)
        return Found(empty, empty, empty)
    return Found(
        np.concatenate([part.rows for part in parts]),
        np.concatenate([part.columns for part in parts]),
        np.concatenate([part.units for part in parts]),
    )
