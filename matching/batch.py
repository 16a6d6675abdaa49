"""The best partners of many listings at once, in numpy: an inverted index by concept, widened by likeness.

Work goes concept by concept. All listings that wish a concept are rows, all that teach it or something like it are
columns; a block of rows × columns is scored by a handful of array operations and only what can still be among the
best leaves it. Cost follows the pairs that share a skill, never all pairs; memory is one block.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from copy import copy
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import chain, pairwise

import numpy as np
import numpy.typing as npt

from matching import scoring
from matching.rings.graph import spread
from matching.scoring import Side, Weights
from matching.similarity import SAME, Likeness

Ints = npt.NDArray[np.int32]
Units = npt.NDArray[np.int16]  # of blocks: half the memory of int32 is half the time
Longs = npt.NDArray[np.int64]
Postings = Mapping[int, tuple[Ints, Ints]]
BLOCK = 160_000  # cells of a block: it stays in the processor's cache
FEW = 24  # rows of a concept for which it is not worth asking how many ways of being sure of it there are
NEVER = -20_000  # with all that can be added still less than nothing, and no less than Units can hold
LARGEST = (1 << 20) - 1  # more than any reach × strength
UNITS = (1 << 14) - 1  # more than any score
BITS = 64  # the most wanted concepts, told by one bit each
MOST_ROWS, MOST_COLUMNS = 1 << 18, 1 << 20


@dataclass(frozen=True)
class Found:
    """Pairs that may be among the best of their row: positions of row and column, and the score in units."""

    rows: Ints
    columns: Ints
    units: Ints


@dataclass(frozen=True)
class Swaps:
    """What could flow back, by owner: concepts a row's owner gives (or as good as gives), a column's owner wants."""

    gives: Mapping[int, Set[int]]
    wants: Mapping[int, Set[int]]


class Sides:
    """Listings of one kind as arrays, in the order given."""

    def __init__(self, sides: Sequence[Side], *, today: date, weigh: Weights) -> None:
        self.sides = sides
        self.today, self.weigh = today, weigh
        self.gone: frozenset[int] = frozenset()  # positions that count no longer
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
            if place not in self.gone:
                out[owner].append(place)
        return out

    @cached_property
    def kinds(self) -> tuple[Longs, Longs]:
        """Where and language of a listing as one code: the codes there are, and which one each listing has."""
        codes = self.where_codes.astype(np.int64) * len(self.tongues) + self.tongue_codes
        found: tuple[Longs, Longs] = np.unique(codes, return_inverse=True)
        return found

    def changed(self, owners: Set[int], fresh: Sequence[Side]) -> "Sides":
        """Give the same with all listings of some owners replaced by these; this one stays as it is."""
        out = copy(self)
        for name in ("by_word", "nameless", "kinds"):
            out.__dict__.pop(name, None)
        new = Sides(fresh, today=self.today, weigh=self.weigh)
        start = len(self.sides)
        gone = [place for owner in owners for place in self.of_owner.get(owner, ())]
        out.gone = self.gone.union(gone)
        out.sides = [*self.sides, *fresh]
        out.of_owner = {owner: places for owner, places in self.of_owner.items() if owner not in owners}
        out.of_owner.update((owner, [start + at for at in places]) for owner, places in new.of_owner.items())
        for name in ("ids", "owners", "masks", "brings"):
            setattr(out, name, np.concatenate((getattr(self, name), getattr(new, name))))
        out.where, out.where_codes = _joined_codes(self.where, self.where_codes, new.where, new.where_codes)
        out.tongues, out.tongue_codes = _joined_codes(self.tongues, self.tongue_codes, new.tongues, new.tongue_codes)
        postings = dict(self.postings)
        for concept in {concept for place in gone for concept, _sure in self.sides[place].concepts}:
            places, strengths = postings[concept]
            stay = ~np.isin(places, gone)
            postings[concept] = (places[stay], strengths[stay])
        for concept, (places, strengths) in new.postings.items():
            before = postings.get(concept, (_NO_PLACES, _NO_PLACES))
            moved = (places + start).astype(np.int32)
            postings[concept] = (np.concatenate((before[0], moved)), np.concatenate((before[1], strengths)))
        out.postings = {concept: held for concept, held in postings.items() if len(held[0])}
        return out

    def places_of(self, listing_ids: Set[int]) -> list[int]:
        """Give the positions of some listings, those that are here."""
        at = np.flatnonzero(np.isin(self.ids, np.array(sorted(listing_ids), dtype=np.int64))).tolist()
        return [place for place in at if place not in self.gone]

    @cached_property
    def by_word(self) -> dict[str, list[int]]:
        """Word of a title → positions."""
        out: dict[str, list[int]] = defaultdict(list)
        for place, side in enumerate(self.sides):
            if place not in self.gone:
                for word in side.words:
                    out[word].append(place)
        return out

    @cached_property
    def nameless(self) -> list[int]:
        """Positions of listings of which no concept is known."""
        return [place for place, side in enumerate(self.sides) if not side.concepts and place not in self.gone]


def best(
    rows: Sides,
    columns: Sides,
    *,
    near: Callable[[int], Mapping[int, Likeness]],
    keep: int,
    spare: Longs | None = None,
    swaps: Swaps | None = None,
) -> Found:
    """Give for each row at least its `keep` best columns by skill (more where scores are equal), unsorted.

    `spare[r]` columns that the caller will strike out are found in addition. A pair may come twice, by two concepts;
    its larger units are its score. Pairs with no known concept on one side are `by_words`.
    """
    if not len(rows) or not len(columns):
        return _joined([])
    spare = np.zeros(len(rows), np.int64) if spare is None else spare
    work = _Work(rows, columns, keep, spare, swaps or Swaps({}, {}))
    around = _nearby(list(rows.postings), columns, near, rows.weigh)
    for (places, strengths), (taught, value, fixed) in zip(rows.postings.values(), around, strict=True):
        if len(taught):
            work.concept(places, strengths, taught, value, fixed)
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

    def __init__(self, rows: Sides, columns: Sides, keep: int, spare: Longs, swaps: Swaps) -> None:
        self.rows, self.columns, self.keep, self.spare = rows, columns, keep, spare
        weigh = rows.weigh
        self.free: Units = np.array([scoring.free_units(shared, weigh) for shared in range(33)], dtype=np.int16)
        place = [[sum(scoring.place_units(one, other, weigh)) for other in columns.where] for one in rows.where]
        tongues = [[scoring.language_units(one, other, weigh) for other in columns.tongues] for one in rows.tongues]
        tongue = [[NEVER if units is None else units for units in line] for line in tongues]
        # Where and language of a listing as one code, so that a cell needs one look-up for both.
        (mine, self.row_kinds), (theirs, self.column_kinds) = rows.kinds, columns.kinds
        by_place = np.array(place, np.int32)[mine // len(rows.tongues)][:, theirs // len(columns.tongues)]
        by_tongue = np.array(tongue, np.int32)[mine % len(rows.tongues)][:, theirs % len(columns.tongues)]
        self.kinds: Units = (by_place + by_tongue).astype(np.int16)
        self.two_way = weigh.of("two_way")
        self.back = _Back(rows, columns, swaps)
        moving = int(by_place.max(initial=0)) + weigh.of("language") + weigh.of("free_hours")
        self.moving = moving + (
            0 if self.back.is_idle else self.two_way
        )  # most that the changing part of a score can be
        self.mark: Ints = np.zeros(len(rows), dtype=np.int32)
        self.slot: Ints = np.full(len(columns), -1, dtype=np.int32)  # column → its place among those of this concept
        self.found: list[Found] = []

    def concept(self, places: Ints, strengths: Ints, taught: Ints, value: Ints, fixed: Ints) -> None:
        """Score all rows of one concept against all columns near it."""
        masks, bits = self.columns.masks[taught], self.back.column_bits[taught]
        kinds, mine = self.column_kinds[taught], self.row_kinds[places]
        if len(places) > len(self.kinds):
            by_kind = self.kinds.take(kinds, axis=1)
        else:
            by_kind, mine = self.kinds.take(mine, axis=0).take(kinds, axis=1), np.arange(len(places))
        levels, level = (strengths, np.arange(len(strengths))) if len(strengths) < FEW else _coded_ints(strengths)
        skill = (levels[:, None] * value[None, :] + 128) >> 8
        skill += self.columns.brings[taught]
        near = _Near(taught, skill.astype(np.int16), fixed, masks, by_kind, mine, bits)
        self.slot[taught] = np.arange(len(taught), dtype=np.int32)
        size = max(1, BLOCK // len(taught))
        for start in range(0, len(places), size):
            self._block(places, level, near, slice(start, start + size))
        self.slot[taught] = -1

    def _block(self, places: Ints, level: Longs, near: "_Near", part: slice) -> None:
        rows = places[part]
        keep = self.keep + int(self.spare[rows].max())
        own = self.rows.brings[rows]
        mark = self.mark[rows]
        # `fixed` falls, so behind the first column that cannot reach any row's mark all others cannot either.
        least = max(int((mark - own).min()), 1)
        most = int(np.searchsorted(-near.fixed, self.moving - least, side="right"))
        units = self._units(rows, level[part], near.kind[part], near, most)
        if most >= keep:
            # numpy chooses among 32-bit numbers three times as fast as among 16-bit ones.
            reached = np.partition(units.astype(np.int32), most - keep, axis=1)[:, most - keep]
            mark = np.maximum(mark, reached + own)
            self.mark[rows] = mark
        self._take(rows, near.taught, units, np.maximum(mark - own, 1), own)

    def _units(self, rows: Ints, level: Longs, kind: Longs, near: "_Near", most: int) -> Units:
        """Score rows against the `most` first columns; of each pair all but what the row brings."""
        part = slice(0, most)
        units: Units = near.skill[:, part].take(level, axis=0)
        units += self.free.take(np.bitwise_count(self.rows.masks[rows][:, None] & near.masks[None, part]))
        units += near.by_kind[:, part].take(kind, axis=0)
        if not self.back.is_idle:
            is_swap = (self.back.row_bits[rows][:, None] & near.bits[None, part]) != 0
            line, cell = self.back.cells(rows, self.slot)
            if len(line):
                inside = cell < most
                is_swap[line[inside], cell[inside]] = True
            units += np.multiply(is_swap, self.two_way, dtype=np.int16)
        return units

    def _take(self, rows: Ints, taught: Ints, units: Units, mark: Ints, own: Ints) -> None:
        good = np.flatnonzero(units >= mark.astype(np.int16)[:, None])
        if len(good):
            line, cell = np.divmod(good, units.shape[1])
            self.found.append(Found(rows[line], taught[cell], units.ravel()[good] + own[line]))


@dataclass(frozen=True)
class _Near:
    """Columns near one concept, the most promising first."""

    taught: Ints
    skill: Units  # by how sure the row is of the concept, and column: the skill's part, and what the column brings
    fixed: Ints  # most they can be without what changes from row to row
    masks: npt.NDArray[np.uint32]
    by_kind: Units  # by where and language of the row, and column: what both add
    kind: Longs  # which of them each row of the concept has
    bits: npt.NDArray[np.uint64]


class _Back:
    """Which cells are swaps: the row's owner gives something that the column's owner wants.

    The 64 most wanted concepts are bits, one operation for a whole block; the others are held by few, so that the
    columns concerned are listed by row's owner.
    """

    def __init__(self, rows: Sides, columns: Sides, swaps: Swaps) -> None:
        owners, self.owner = np.unique(rows.owners, return_inverse=True)
        wanting, whose = np.unique(columns.owners, return_inverse=True)
        standing = np.ones(len(columns), dtype=bool)
        standing[list(columns.gone)] = False
        by_owner = np.flatnonzero(standing)[np.argsort(whose[standing], kind="stable")]
        listings = np.bincount(whose[standing], minlength=len(wanting))
        wants_by, wanted = _flat(swaps.wants, wanting)
        gives_by, given = _flat(swaps.gives, owners)
        concepts, wanted = np.unique(wanted, return_inverse=True)
        common = np.argsort(-np.bincount(wanted, listings[wants_by], len(concepts)), kind="stable")[:BITS]
        bit = np.zeros(len(concepts) + 1, dtype=np.uint64)  # the last one stands for what nobody wants
        bit[common] = np.uint64(1) << np.arange(len(common), dtype=np.uint64)
        known = np.searchsorted(concepts, given)
        known[(known == len(concepts)) | (np.append(concepts, -1)[known] != given)] = len(concepts)
        self.row_bits = _together(gives_by, bit[known], len(owners))[self.owner]
        self.column_bits = _together(wants_by, bit[wanted], len(wanting))[whose]
        rare = bit[wanted] == 0
        want, holder = spread(_starts(listings), wants_by[rare])
        rarely_wanted = wanted[rare][want]
        holders = by_owner[holder[np.argsort(rarely_wanted, kind="stable")]]
        sizes = np.bincount(rarely_wanted, minlength=len(concepts) + 1)
        rarely = (bit[known] == 0) & (sizes[known] > 0)
        give, at = spread(_starts(sizes), known[rarely])
        self.columns: Longs = holders[at]
        self.lengths: Longs = np.bincount(gives_by[rarely][give], minlength=len(owners))
        self.ends: Longs = np.cumsum(self.lengths)
        self.is_idle = not self.row_bits.any() and not len(self.columns)

    def cells(self, rows: Ints, slot: Ints) -> tuple[Longs, Longs]:
        """Give the cells (line, place) of a block by the listed columns; `slot` says where one stands, −1 = nowhere."""
        if not len(self.columns):
            return _NOTHING, _NOTHING
        owner = self.owner[rows]
        lengths = self.lengths[owner]
        ends = np.cumsum(lengths)
        line = np.repeat(np.arange(len(rows)), lengths)
        at = np.arange(int(ends[-1])) + np.repeat(self.ends[owner] - ends, lengths)
        cell = slot[self.columns[at]].astype(np.int64)
        inside = cell >= 0
        return line[inside], cell[inside]


def _flat(held: Mapping[int, Set[int]], owners: Longs) -> tuple[Longs, Longs]:
    """Give what these owners hold as pairs, in the order of owners: place of the owner, concept."""
    sets = [held.get(owner, ()) for owner in owners.tolist()]
    lengths = np.array([len(each) for each in sets], dtype=np.int64)
    return np.repeat(np.arange(len(sets)), lengths), np.fromiter(chain.from_iterable(sets), np.int64, lengths.sum())


def _together(places: Longs, bits: npt.NDArray[np.uint64], size: int) -> npt.NDArray[np.uint64]:
    """Give the bits of each place in one; places ascend."""
    out = np.zeros(size, dtype=np.uint64)
    if len(places):
        starts = np.flatnonzero(np.concatenate(([True], places[1:] != places[:-1])))
        out[places[starts]] = np.bitwise_or.reduceat(bits, starts)
    return out


def _starts(sizes: Longs) -> Longs:
    """Give where groups of these sizes begin that lie one after another, and where the last one ends."""
    return np.concatenate(([0], np.cumsum(sizes)))


_NOTHING: Longs = np.zeros(0, dtype=np.int64)
_NO_PLACES: Ints = np.zeros(0, dtype=np.int32)


def _nearby(
    concepts: Sequence[int], columns: Sides, near: Callable[[int], Mapping[int, Likeness]], weigh: Weights
) -> Iterator[tuple[Ints, Ints, Ints]]:
    """Give for each concept the columns about it or anything like it, the most promising first: (column, value, fixed).

    `value` is the largest reach × strength; `fixed` the most a pair can have without what changes from row to row.
    All concepts are widened together: one sort instead of thousands.
    """
    known = {concept: place for place, concept in enumerate(columns.postings)}
    reaches: dict[Likeness, int] = {}
    steps: list[tuple[int, int, int]] = []  # number of the concept, of a posting near it, reach
    for number, concept in enumerate(concepts):
        for other, like in ((concept, SAME), *near(concept).items()):
            if like not in reaches:
                reaches[like] = scoring.reach(like, weigh)
            if other in known and reaches[like]:
                steps.append((number, known[other], reaches[like]))
    numbers, posting, reach = np.array(steps, dtype=np.int64).reshape(-1, 3).T
    nothing = _NOTHING.astype(np.int32)
    sizes = np.array([len(places) for places, _strengths in columns.postings.values()], dtype=np.int64)
    places = np.concatenate([places for places, _strengths in columns.postings.values()] or [nothing])
    strengths = np.concatenate([strengths for _places, strengths in columns.postings.values()] or [nothing])
    line, at = spread(_starts(sizes), posting)
    values = strengths[at] * reach[line]
    packed = np.sort((numbers[line] << 40) | (places[at].astype(np.int64) << 20) | (LARGEST - values))
    if len(packed):
        packed = packed[np.concatenate(([True], packed[1:] >> 20 != packed[:-1] >> 20))]
    group, taught = packed >> 40, (packed >> 20 & LARGEST).astype(np.int32)
    value = (LARGEST - (packed & LARGEST)).astype(np.int32)
    fixed = ((value * scoring.GRAIN + 128) >> 8) + columns.brings[taught]
    by = np.argsort((group << 14) | (UNITS - fixed))
    taught, value, fixed = taught[by], value[by], fixed[by]
    bounds = np.searchsorted(group, np.arange(len(concepts) + 1)).tolist()
    for start, end in pairwise(bounds):
        yield taught[start:end], value[start:end], fixed[start:end]


def ordered(found: Found, rows: Sides, columns: Sides, keep: Longs) -> Found:
    """Give pairs row by row, best first as `scoring.order` says, each column once, `keep[r]` at most of a row.

    Row, score and mixed number are packed into one 64-bit key, which holds 262,144 rows and 1,048,576 columns; for one
    row the mixed number is different for every column.
    """
    if not len(found.rows):
        return found
    if len(rows) > MOST_ROWS or len(columns) > MOST_COLUMNS:
        raise ValueError(f"more than {MOST_ROWS} rows or {MOST_COLUMNS} columns at once")
    packed = (found.rows.astype(np.int64) << 34) | (found.columns.astype(np.int64) << 14) | (UNITS - found.units)
    packed.sort()
    packed = packed[np.concatenate(([True], packed[1:] >> 14 != packed[:-1] >> 14))]  # each pair with its larger units
    row, column = (packed >> 34).astype(np.int32), (packed >> 14 & LARGEST).astype(np.int32)
    units = (UNITS - (packed & UNITS)).astype(np.int32)
    mine, theirs = rows.ids[row], columns.ids[column]
    offers, wishes = (mine, theirs) if rows.sides[0].is_offer else (theirs, mine)
    low = (row.astype(np.uint64) << np.uint64(46)) | ((UNITS - units).astype(np.uint64) << np.uint64(32))
    by = np.argsort(low | _mixed(offers, wishes))
    row, column, units = row[by], column[by], units[by]
    starts = np.flatnonzero(np.concatenate(([True], row[1:] != row[:-1])))
    rank = np.arange(len(row)) - np.repeat(starts, np.diff(np.concatenate((starts, [len(row)]))))
    kept = rank < keep[row]
    return Found(row[kept], column[kept], units[kept])


def _mixed(offers: Longs, wishes: Longs) -> npt.NDArray[np.uint64]:
    """Do what `scoring.mixed` does."""
    low = np.uint64(0xFFFFFFFF)
    value = (offers.astype(np.uint64) * np.uint64(0x9E3779B1)) ^ (wishes.astype(np.uint64) * np.uint64(0x85EBCA77))
    value &= low
    mixed: npt.NDArray[np.uint64] = ((value ^ (value >> np.uint64(15))) * np.uint64(0x2C1B3C6D)) & low
    return mixed


def _coded_ints(values: Ints) -> tuple[Ints, Longs]:
    """Give what values there are, and which of them each is."""
    found: tuple[Ints, Longs] = np.unique(values, return_inverse=True)
    return found


def _coded(values: Sequence[object]) -> tuple[list, Ints]:  # type: ignore[type-arg]
    known: dict[object, int] = {}
    codes = [known.setdefault(value, len(known)) for value in values]
    return list(known), np.array(codes, dtype=np.int32)


def _joined_codes(known: list, codes: Ints, others: list, their_codes: Ints) -> tuple[list, Ints]:  # type: ignore[type-arg]
    """Give both lists of values as one, each value once, and the codes that say which one each listing has."""
    numbers = {value: place for place, value in enumerate(known)}
    moved = np.array([numbers.setdefault(value, len(numbers)) for value in others], dtype=np.int32)
    joined: Ints = np.concatenate((codes, moved[their_codes])) if len(others) else codes
    return list(numbers), joined


def _joined(parts: Sequence[Found]) -> Found:
    if not parts:
        empty: Ints = np.zeros(0, dtype=np.int32)
        return Found(empty, empty, empty)
    return Found(
        np.concatenate([part.rows for part in parts]),
        np.concatenate([part.columns for part in parts]),
        np.concatenate([part.units for part in parts]),
    )
