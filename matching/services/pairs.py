"""Finding and keeping matches: one person's at once when something changed, everybody's in shards by night.

What is kept is defined, not remembered: a pair stands exactly as long as it is among the best `KEPT` of its offer or
of its wish. A change of one person touches only pairs with that person and the lists they enter or leave, so the rows
after any number of changes are those of a full pass (tests/matching/test_fresh.py).
"""

import json
import secrets
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from django.db import connection, transaction
from django.db.models import Count, F, Min, Q
from django.utils import timezone

from accounts.models import Block
from exchange.outbox import services as outbox
from matching import batch, scoring
from matching.models import OPEN_SIDES, Dismissal, Match, State, Written
from matching.scoring import UNIT, Pair, Side, Weights
from matching.services import likeness, sides, standing, state
from matching.similarity import Sparse
from skills.models import Listing

KEPT = 15  # best pairs kept for each listing
SHARD = 400  # listings of one kind whose pairs are found together
WRITE = 500
TRIES = 3
WORN, MOST_CHANGED = 200, 500  # listings replaced in a pool, and people at once, from which reading anew is quicker

OFFER, WISH = Listing.Kind.OFFER.value, Listing.Kind.WISH.value
Key = tuple[int, int]  # offer, wish
Kept = dict[Key, Pair | None]  # one listing's best; None = as it stands already
Lists = dict[tuple[str, int], Kept]  # (kind, listing) → its best
Progress = Callable[[int], None]


@dataclass(frozen=True)
class Frame:
    """What all pairs of one computation are scored with."""

    now: State
    weigh: Weights
    sparse: Sparse

    @classmethod
    def of(cls, now: State) -> "Frame":
        """Give the present one."""
        return cls(now, state.weights(now), likeness.current(now))

    def arrays(self, found: Sequence[Side]) -> batch.Sides:
        """Give listings as arrays."""
        return batch.Sides(found, today=self.now.as_of, weigh=self.weigh)


@dataclass
class Apart:
    """Who must not be paired with whom: blocks both ways, and what the row's owner put aside."""

    blocked: dict[int, set[int]] = field(default_factory=dict)
    dismissed: set[tuple[int, int, int]] = field(default_factory=set)  # person, offer, wish

    @classmethod
    def of(cls, owners: Iterable[int]) -> "Apart":
        """Read it for some owners."""
        ids = set(owners)
        blocked: dict[int, set[int]] = defaultdict(set)
        for chunk in _chunks(sorted(ids)):
            rows = Block.objects.filter(Q(blocker__in=chunk) | Q(blocked__in=chunk))
            for one, other in rows.values_list("blocker_id", "blocked_id"):
                blocked[one].add(other)
                blocked[other].add(one)
        dismissed: set[tuple[int, int, int]] = set()
        for chunk in _chunks(sorted(ids)):
            rows_ = Dismissal.objects.filter(person__in=chunk).values_list("person_id", "offer_id", "wish_id")
            dismissed.update(rows_)
        return cls(blocked, dismissed)

    def keeps(self, row: Side, other: Side) -> bool:
        """Whether the pair may stand in the row's list."""
        offer, wish = (row, other) if row.is_offer else (other, row)
        return (
            row.owner_id != other.owner_id
            and other.owner_id not in self.blocked.get(row.owner_id, ())
            and (row.owner_id, offer.listing_id, wish.listing_id) not in self.dismissed
        )

    def spare(self, rows: Sequence[Side], columns: batch.Sides) -> batch.Longs:
        """Give how many columns may have to be struck out of each row's best."""
        put_aside: dict[int, int] = defaultdict(int)
        for person, _offer, _wish in self.dismissed:
            put_aside[person] += 1
        held = columns.of_owner
        counts = [
            sum(len(held.get(owner, ())) for owner in (row.owner_id, *self.blocked.get(row.owner_id, ())))
            + put_aside[row.owner_id]
            for row in rows
        ]
        return np.array(counts, dtype=np.int64)


@dataclass(frozen=True)
class Pool:
    """All open listings, read once for many searches; a value, so that a changed one leaves the old one as it is."""

    frame: Frame
    arrays: dict[str, batch.Sides]
    held: dict[str, dict[int, set[int]]]  # kind → owner → concepts
    holders: dict[str, dict[int, set[int]]]  # kind → concept → owners
    marks: dict[str, dict[int, int]] = field(default_factory=dict)  # kind → full list → units of its last pair

    @classmethod
    def of(cls, frame: Frame, *, with_marks: bool = False) -> "Pool":
        """Read it."""
        arrays = {kind: frame.arrays(sides.load_all(kind, words=True)) for kind in (OFFER, WISH)}
        held: dict[str, dict[int, set[int]]] = {OFFER: defaultdict(set), WISH: defaultdict(set)}
        holders: dict[str, dict[int, set[int]]] = {OFFER: defaultdict(set), WISH: defaultdict(set)}
        for kind, found in arrays.items():
            for side in found.sides:
                for concept, _sure in side.concepts:
                    held[kind][side.owner_id].add(concept)
                    holders[kind][concept].add(side.owner_id)
        marks = {kind: _marks(kind, arrays[kind].ids.tolist()) for kind in arrays} if with_marks else {}
        return cls(frame, arrays, held, holders, marks)

    def changed(self, people: Iterable[int]) -> "Pool":
        """Give it with what some people show read again."""
        owners = set(people)
        mine: list[int] = []
        for chunk in _chunks(sorted(owners)):
            mine.extend(Listing.objects.filter(owner__in=chunk).values_list("id", flat=True))
        fresh = sides.load(mine, words=True)
        arrays, held, holders = dict(self.arrays), dict(self.held), dict(self.holders)
        for kind in arrays:
            of_kind = [side for side in fresh if side.kind == kind]
            arrays[kind] = arrays[kind].changed(owners, of_kind)
            held[kind] = {owner: concepts for owner, concepts in held[kind].items() if owner not in owners}
            for side in of_kind:
                held[kind].setdefault(side.owner_id, set()).update(concept for concept, _sure in side.concepts)
            before = {concept for owner in owners for concept in self.held[kind].get(owner, ())}
            after = {concept for owner in owners for concept in held[kind].get(owner, ())}
            holders[kind] = dict(holders[kind])
            for concept in before | after:
                holders[kind][concept] = holders[kind].get(concept, set()) - owners
            for owner in owners:
                for concept in held[kind].get(owner, ()):
                    holders[kind][concept].add(owner)
        return Pool(self.frame, arrays, held, holders, self.marks)

    def remarked(self, listing_ids: Iterable[int]) -> "Pool":
        """Give it with the marks of some lists read again."""
        ids = sorted(set(listing_ids))
        marks = {}
        for kind, before in self.marks.items():
            marks[kind] = dict(before)
            for listing in ids:
                marks[kind].pop(listing, None)
            marks[kind].update(_marks(kind, ids))
        return replace(self, marks=marks)

    @property
    def is_worn(self) -> bool:
        """Whether so much was replaced that it is better read anew."""
        return any(len(found.gone) > WORN + len(found) // 4 for found in self.arrays.values())

    def rows(self, listing_ids: Iterable[int]) -> list[Side]:
        """Give some of them."""
        wanted = set(listing_ids)
        return [found.sides[place] for found in self.arrays.values() for place in found.places_of(wanted)]


class _Kept:
    """The pool that this process read last. What was written since is read in the log (`Written`), so that it is
    never older than the matches it is used for; whoever finds a gap there reads everything anew.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pool: Pool | None = None
        self._token = ""

    def current(self, now: State) -> Pool:
        """Give the pool as of a state."""
        frame = Frame.of(now)
        with self._lock:
            pool, token = self._pool, self._token
        since = min(pool.frame.now.rev, now.rev) if pool else now.rev
        log = list(Written.objects.filter(rev__gte=since, rev__lte=now.rev).order_by("rev"))
        fresh = _caught_up(pool, token, log, frame) if pool else None
        fresh = fresh or Pool.of(frame, with_marks=True)
        if log and log[-1].rev == now.rev:
            with self._lock:
                self._pool, self._token = fresh, log[-1].token
        return fresh

    def forget(self) -> None:
        """Read everything anew next time."""
        with self._lock:
            self._pool = None


def _caught_up(pool: Pool, token: str, log: Sequence[Written], frame: Frame) -> Pool | None:
    """Give the pool with all that the log tells, or nothing where it cannot be trusted to tell everything."""
    now, before = frame.now, pool.frame
    is_whole = 0 < len(log) == now.rev - before.now.rev + 1 and log[0].token == token
    is_same = (before.now.as_of, before.weigh) == (now.as_of, frame.weigh) and before.sparse is frame.sparse
    people = {person for entry in log[1:] for person in entry.people}
    if not is_whole or not is_same or pool.is_worn or len(people) > MOST_CHANGED:
        return None
    pool = replace(pool, frame=frame)
    if people:
        pool = pool.changed(people)
    lists = {listing for entry in log[1:] for listing in entry.lists}
    return pool.remarked(lists) if lists else pool


_kept = _Kept()


class Search:
    """The partners of some listings of one kind (the rows), found among those near them (the columns)."""

    def __init__(
        self, rows: Sequence[Side], frame: Frame, columns: batch.Sides | None = None, pool: Pool | None = None
    ) -> None:
        self.rows, self.frame = rows, frame
        self.kind = rows[0].kind
        self.other = WISH if self.kind == OFFER else OFFER
        self.apart = Apart.of(row.owner_id for row in rows)
        self.pool = pool
        self.given = pool.arrays[self.other] if pool else columns
        self.row_arrays = frame.arrays(rows)

    @cached_property
    def columns(self) -> batch.Sides:
        """Listings of the other kind that share a skill, or words where no skill is known, with any row."""
        if self.given is not None:
            return self.given
        wanted: set[int] = set()
        for concept in self.row_arrays.postings:
            wanted.add(concept)
            wanted.update(self.frame.sparse.of(concept))
        ids = sides.about(self.other, wanted)
        by_words = set(sides.nameless(self.other))
        words = {word for place in self.row_arrays.nameless for word in self.rows[place].words}
        by_words |= sides.worded(self.other, words)
        return self.frame.arrays([*sides.load(ids - by_words), *sides.load(by_words, words=True)])

    @cached_property
    def back(self) -> "Back":
        """What would flow back."""
        return Back.of(self)

    def best(self, keep: int | None = None) -> dict[int, list[Pair]]:
        """Give row's listing → its best pairs (`KEPT`, unless another number is asked for), best first."""
        keep = KEPT if keep is None else keep
        found: dict[int, list[Pair]] = {row.listing_id: [] for row in self.rows}
        for row, other, _units in self.ranked(keep):
            pairs = found[row.listing_id]
            if len(pairs) < keep and self.apart.keeps(row, other):
                pair = self.score(row, other)
                if pair is not None:
                    pairs.append(pair)
        for row, pair in self.worded():
            found[row.listing_id].append(pair)
        return {listing: sorted(pairs, key=lambda pair: pair.order)[:keep] for listing, pairs in found.items()}

    def ranked(self, keep: int) -> Iterator[tuple[Side, Side, int]]:
        """Give (row, column, units) by skill, best first in each row; those to be struck out are still among them."""
        spare = self.apart.spare(self.rows, self.columns)
        found = batch.best(
            self.row_arrays,
            self.columns,
            near=self.frame.sparse.of,
            keep=keep,
            spare=spare,
            swaps=self.back.swaps(),
        )
        kept = batch.ordered(found, self.row_arrays, self.columns, spare + keep)
        for place, column, units in zip(kept.rows.tolist(), kept.columns.tolist(), kept.units.tolist(), strict=True):
            yield self.rows[place], self.columns.sides[column], units

    def worded(self) -> Iterator[tuple[Side, Pair]]:
        """Give pairs by words, where no skill is known on one side."""
        for place, column in batch.by_words(self.row_arrays, self.columns):
            row, other = self.rows[place], self.columns.sides[column]
            pair = self.score(row, other) if self.apart.keeps(row, other) else None
            if pair is not None:
                yield row, pair

    def score(self, row: Side, other: Side) -> Pair | None:
        """Score one pair with everything that is known of the two."""
        offer, wish = (row, other) if row.is_offer else (other, row)
        return scoring.score(
            offer,
            wish,
            likeness=self.frame.sparse.between,
            today=self.frame.now.as_of,
            weigh=self.frame.weigh,
            two_way=self.back.between(row, other),
        )


@dataclass
class Back:
    """Which owners of columns want something that a row's owner gives, or the other way round."""

    frame: Frame
    row_kind: str
    owners: set[int]  # of the rows
    mine: dict[int, set[int]]  # row's owner → concepts of their listings of the columns' kind
    theirs: dict[int, set[int]]  # column's owner → concepts of their listings of the rows' kind

    @classmethod
    def of(cls, search: Search) -> "Back":
        """Read it for the rows of a search."""
        owners = {row.owner_id for row in search.rows}
        if search.pool:
            held = search.pool.held[search.other]
            mine = {owner: held[owner] for owner in owners if owner in held}
        else:
            mine = sides.held_by(owners, search.other)
        strong: set[int] = set()
        for concept in {concept for held_ in mine.values() for concept in held_}:
            strong.update(_strong(search.frame.sparse, concept))
        if not search.pool:
            return cls(search.frame, search.kind, owners, mine, sides.holders_of(strong, search.kind))
        theirs: dict[int, set[int]] = defaultdict(set)
        for concept in strong:
            for owner in search.pool.holders[search.kind].get(concept, ()):
                theirs[owner].add(concept)
        return cls(search.frame, search.kind, owners, mine, theirs)

    @cached_property
    def as_good(self) -> dict[int, set[int]]:
        """Concept of a row's owner → all concepts it is as good as, itself among them."""
        held = {concept for owner in self.owners for concept in self.mine.get(owner, ())}
        return {concept: _strong(self.frame.sparse, concept) for concept in held}

    @cached_property
    def gives(self) -> dict[int, set[int]]:
        """Row's owner → concepts they give, or as good as give."""
        mine = {owner: self.mine[owner] for owner in self.owners if owner in self.mine}
        return {owner: {near for own in held for near in self.as_good[own]} for owner, held in mine.items()}

    def swaps(self) -> batch.Swaps:
        """Give it by concept: what is given counts for everything it is as good as."""
        return batch.Swaps(self.gives, self.theirs)

    def between(self, row: Side, other: Side) -> tuple[int, int] | None:
        """Give (concept the wisher teaches, concept the mentor wishes) of the closest swap, or nothing."""
        best: tuple[float, int, int] | None = None
        wanted = self.theirs.get(other.owner_id)
        if not wanted or wanted.isdisjoint(self.gives.get(row.owner_id, ())):
            return None
        for own in self.mine.get(row.owner_id, ()):
            for their in wanted & self.as_good[own]:
                value = self.frame.sparse.between(own, their).value
                taught, wished = (own, their) if self.row_kind == WISH else (their, own)
                best = min(best or (0.0, 0, 0), (-value, taught, wished))
        return (best[1], best[2]) if best else None


def stay_ready() -> None:
    """Have the open listings at hand before somebody waits for them, and as fresh as the matches."""
    now = state.read()
    if Written.objects.filter(rev=now.rev).exists():  # what nothing was written with cannot be caught up with later
        _kept.current(now)


def refresh_people(*, person_ids: Iterable[int]) -> int:
    """Find anew all pairs of some people, after anything about them changed; idempotent. Gives how many stand."""
    people = sorted(set(person_ids))
    if not people:
        return 0
    _keep(lambda now: _changed(people, _kept.current(now)), people)
    mine = list(Listing.objects.filter(owner__in=people).values_list("id", flat=True))
    return sum(Match.objects.filter(Q(offer__in=chunk) | Q(wish__in=chunk)).count() for chunk in _chunks(mine))


def refresh_listing(*, listing_id: int) -> int:
    """Find the matches of one listing, and of all else its owner shows, anew. Gives how many stand for it."""
    owner = Listing.objects.filter(id=listing_id).values_list("owner_id", flat=True).first()
    if owner is None:
        return 0
    refresh_people(person_ids=[owner])
    return Match.objects.filter(Q(offer=listing_id) | Q(wish=listing_id)).count()


def refresh_lists(*, listing_ids: Iterable[int]) -> int:
    """Find the lists of some listings anew: a shard of the full pass. Gives how many pairs were found."""
    ids = sorted(set(listing_ids))
    written = 0

    def compute(now: State) -> Lists:
        nonlocal written
        pool = _kept.current(now)
        lists = _lists(ids, pool.frame, pool)
        written = sum(len(kept) for kept in lists.values())
        return lists

    _keep(compute)
    return written


def shards() -> Iterator[list[int]]:
    """Give the open listings in pieces of one kind, neighbours in the tree of concepts beside each other."""
    for kind in (WISH, OFFER):
        rows = sides.open_listings(kind).order_by("main_concept__domain", "main_concept_id", "id")
        piece: list[int] = []
        for listing_id in rows.values_list("id", flat=True).iterator():
            piece.append(listing_id)
            if len(piece) == SHARD:
                yield piece
                piece = []
        if piece:
            yield piece


def begin_pass() -> None:
    """Take today's date, count talks and fold in who teaches what together; then every list is due."""
    standing.recount()
    likeness.fold()
    with transaction.atomic():
        now = state.lock()
        now.as_of = timezone.localdate()
        now.rev += 1
        now.save(update_fields=["as_of", "rev"])
        Written.objects.filter(rev__lt=now.rev).delete()  # standings changed, so that every pool is read anew
        Match.objects.exclude(**OPEN_SIDES, offer__owner__profile__max_learners__gt=0).delete()


def rematch(*, progress: Progress | None = None) -> int:
    """Do the full pass here and now. Gives how many pairs stand."""
    begin_pass()
    pool: Pool | None = None
    for piece in shards():

        def compute(now: State, piece: Sequence[int] = piece) -> Lists:
            nonlocal pool
            if pool is None or pool.frame.now.rev != now.rev:
                pool = Pool.of(Frame.of(now))
            return _lists(piece, pool.frame, pool)

        _keep(compute)
        if pool:
            pool.frame.now.rev += 1  # this pass's own writing; anybody else's makes the pool be read again
        if progress:
            progress(len(piece))
    return Match.objects.count()


def rematch_by_queue() -> int:
    """Begin a full pass and leave its shards to all workers, as rows of the outbox. Gives how many shards."""
    begin_pass()
    return queue_lists(shards())


@transaction.atomic
def queue_lists(pieces: Iterable[Sequence[int]]) -> int:
    """Say of some listings that their lists are due."""
    count = 0
    for piece in pieces:
        outbox.emit("lists.due", "shard", listings=list(piece))
        count += 1
    return count


def follow_concepts() -> int:
    """Follow a change of concepts: likeness anew, and all lists of people whom it touches. Gives how many listings."""
    if likeness.merged():
        likeness.recount()
    changed = likeness.fold()
    into = likeness.merged()
    changed |= set(into) | set(into.values())
    owners: set[int] = set()
    for kind in (OFFER, WISH):
        owners.update(sides.holders_of(changed, kind))
    touched = sides.open_listings().filter(owner__in=owners) if len(owners) < sides.CHUNK else sides.open_listings()
    ids = list(touched.order_by("kind", "main_concept_id", "id").values_list("id", flat=True))
    queue_lists(ids[start : start + SHARD] for start in range(0, len(ids), SHARD))
    return len(ids)


def _changed(people: Sequence[int], pool: Pool) -> Lists:
    """Give the lists of these people's listings, and those of others that they enter or leave."""
    pool = pool.changed(people)
    mine = list(Listing.objects.filter(owner__in=people).values_list("id", flat=True))
    rows = pool.rows(mine)
    kinds = Listing.objects.filter(id__in=mine).values_list("kind", "id")
    lists: Lists = {(kind, listing): {} for kind, listing in kinds}
    put_aside = set(
        Dismissal.objects.filter(Q(offer__in=mine) | Q(wish__in=mine)).values_list("person_id", "offer_id", "wish_id")
    )
    new: dict[tuple[str, int], dict[Key, Pair]] = defaultdict(dict)  # others' listing → pairs with these people
    for kind in (OFFER, WISH):
        of_kind = [row for row in rows if row.kind == kind]
        if not of_kind:
            continue
        search = Search(of_kind, pool.frame, pool=pool)
        search.apart.dismissed.clear()  # what one side put aside may still stand in the other's list
        marks = pool.marks[search.other]
        own: dict[int, list[Pair]] = {row.listing_id: [] for row in of_kind}
        others: list[Pair] = []
        for row, other, units in search.ranked(max(KEPT, len(search.columns))):
            is_best = len(own[row.listing_id]) < KEPT and not _is_aside(row, other, row, put_aside)
            enters = units >= marks.get(other.listing_id, 0) and not _is_aside(row, other, other, put_aside)
            pair = search.score(row, other) if (is_best or enters) and search.apart.keeps(row, other) else None
            if pair is not None:
                own[row.listing_id].extend([pair] if is_best else [])
                others.extend([pair] if enters else [])
        for row, pair in search.worded():
            other = pair.wish if kind == OFFER else pair.offer
            own[row.listing_id].extend([] if _is_aside(row, other, row, put_aside) else [pair])
            others.extend([] if _is_aside(row, other, other, put_aside) else [pair])
        for listing, pairs in own.items():
            lists[kind, listing] = {_key(pair): pair for pair in sorted(pairs, key=lambda pair: pair.order)[:KEPT]}
        for pair in others:
            new[search.other, (pair.wish if kind == OFFER else pair.offer).listing_id][_key(pair)] = pair
    lists.update(_followed(set(mine), new, pool))
    return lists


def _marks(kind: str, listing_ids: Sequence[int]) -> dict[int, int]:
    """Give listing → units of the last pair of its list, for those whose list is full."""
    out: dict[int, int] = {}
    for chunk in _chunks(sorted(listing_ids)):
        rows = Match.objects.filter(**{f"{kind}__in": chunk, f"for_{kind}": True}).values(kind)
        full = rows.annotate(count=Count("id"), last=Min("score")).filter(count__gte=KEPT)
        out.update({listing: round(last * UNIT) for listing, last in full.values_list(kind, "last")})
    return out


def _is_aside(row: Side, other: Side, whose: Side, put_aside: set[tuple[int, int, int]]) -> bool:
    offer, wish = (row, other) if row.is_offer else (other, row)
    return (whose.owner_id, offer.listing_id, wish.listing_id) in put_aside


def _followed(mine: set[int], new: dict[tuple[str, int], dict[Key, Pair]], pool: Pool) -> Lists:
    """Give others' lists after these listings changed: joined where that is enough, found anew where one fell out."""
    standing_rows = _lists_beside(mine, new.keys())
    out: Lists = {}
    anew: set[int] = set()
    for beside in standing_rows.keys() | new.keys():
        _kind, listing = beside
        if listing in mine:
            continue
        kept = standing_rows.get(beside, {})
        fresh = new.get(beside, {})
        before = {key: units for key, units in kept.items() if key[0] in mine or key[1] in mine}
        if before and len(kept) >= KEPT:  # one of them may fall, and who comes next is not in the list
            anew.add(listing)
            continue
        others = {key: units for key, units in kept.items() if key not in before}
        ranked = sorted([
            *((scoring.order(units, *key), key) for key, units in others.items()),
            *((pair.order, key) for key, pair in fresh.items()),
        ])[:KEPT]  # fmt: skip
        joined: Kept = {key: fresh.get(key) for _order, key in ranked}
        if before or joined.keys() != kept.keys():
            out[beside] = joined
    out.update(_lists(anew, pool.frame, pool))
    return out


def _lists_beside(mine: set[int], reached: Iterable[tuple[str, int]]) -> dict[tuple[str, int], dict[Key, int]]:
    """Give the standing lists of others' listings that hold a pair with `mine`, or may come to hold one."""
    wanted: dict[str, set[int]] = {OFFER: set(), WISH: set()}
    for kind, listing in reached:
        wanted[kind].add(listing)
    for chunk in _chunks(sorted(mine)):
        wanted[WISH].update(Match.objects.filter(offer__in=chunk, for_wish=True).values_list("wish_id", flat=True))
        wanted[OFFER].update(Match.objects.filter(wish__in=chunk, for_offer=True).values_list("offer_id", flat=True))
    out: dict[tuple[str, int], dict[Key, int]] = defaultdict(dict)
    for kind, ids in wanted.items():
        for chunk in _chunks(sorted(ids - mine)):
            rows = Match.objects.filter(**{f"{kind}__in": chunk, f"for_{kind}": True})
            for offer, wish, score in rows.values_list("offer_id", "wish_id", "score").iterator():
                out[kind, offer if kind == OFFER else wish][offer, wish] = round(score * UNIT)
    return out


def _lists(listing_ids: Iterable[int], frame: Frame, pool: Pool | None = None) -> Lists:
    ids = sorted(set(listing_ids))
    if not ids:
        return {}
    out: Lists = {}
    for chunk in _chunks(ids):
        out.update({(kind, key): {} for key, kind in Listing.objects.filter(id__in=chunk).values_list("id", "kind")})
    rows = pool.rows(ids) if pool else sides.load(ids, words=True)
    for kind in (OFFER, WISH):
        of_kind = [row for row in rows if row.kind == kind]
        for start in range(0, len(of_kind), SHARD):
            for listing, pairs in Search(of_kind[start : start + SHARD], frame, pool=pool).best().items():
                out[kind, listing] = {_key(pair): pair for pair in pairs}
    return out


def _keep(compute: Callable[[State], Lists], people: Sequence[int] = ()) -> None:
    """Compute without holding anybody up, write under the lock; begin again when somebody wrote meanwhile.

    `people` are those of whom something changed: other processes' pools are told.
    """
    for attempt in range(1, TRIES + 1):
        before = state.read()
        lists = compute(before) if attempt < TRIES else None
        with transaction.atomic():
            now = state.lock()
            if lists is None:
                lists = compute(now)
            elif now.rev != before.rev or now.likeness_rev != before.likeness_rev:
                continue
            elif _is_gone(lists):
                _kept.forget()  # rows were deleted behind the back of the outbox
                continue
            _write(lists)
            State.objects.filter(id=now.pk).update(rev=F("rev") + 1)
            told = Written(
                rev=now.rev + 1, token=secrets.token_hex(8), people=list(people), lists=[key for _kind, key in lists]
            )
            Written.objects.bulk_create(
                [told], update_conflicts=True, unique_fields=["rev"], update_fields=["token", "people", "lists"]
            )
            return


def _is_gone(lists: Lists) -> bool:
    """Whether a listing of a pair is no longer there at all."""
    ids = sorted({listing for kept in lists.values() for key, pair in kept.items() if pair for listing in key})
    return sum(Listing.objects.filter(id__in=chunk).count() for chunk in _chunks(ids)) < len(ids)


def _write(lists: Lists) -> None:
    """Make the rows say what the lists say. Must run under the lock."""
    wanted: dict[Key, Pair] = {}
    for kept in lists.values():
        wanted.update({key: pair for key, pair in kept.items() if pair is not None})
    gone: list[int] = []
    changed: list[_Values] = []
    for row in _rows_of(lists.keys()):
        key = row.offer, row.wish
        pair = wanted.pop(key, None)
        flags = _flags(lists, key, row.for_offer, row.for_wish)
        numbers = (pair.score, pair.contributions, pair.facts) if pair else row[3:6]
        if not any(flags):
            gone.append(row.pk)
        elif numbers != row[3:6] or flags != (row.for_offer, row.for_wish):
            changed.append((*key, *numbers, *flags))
    for key, pair in sorted(wanted.items()):
        numbers = (pair.score, pair.contributions, pair.facts)
        changed.append((*key, *numbers, *_flags(lists, key, False, False)))
    for chunk in _chunks(gone):
        Match.objects.filter(id__in=chunk).delete()
    _put(changed)


_Values = tuple[int, int, float, dict[str, float], dict[str, Any], bool, bool]
_PUT = (
    "INSERT INTO matching_match (offer_id, wish_id, score, contributions, facts, for_offer, for_wish, found_at)"
    " VALUES {} ON CONFLICT (offer_id, wish_id) DO UPDATE SET score = excluded.score,"
    " contributions = excluded.contributions, facts = excluded.facts,"
    " for_offer = excluded.for_offer, for_wish = excluded.for_wish"
)
_ONE = "(%s, %s, %s, %s, %s, %s, %s, %s)"


def _put(rows: Sequence[_Values]) -> None:
    """Insert rows or change those that stand, in plain SQL: through models it is half the cost of a full pass."""
    found_at = connection.ops.adapt_datetimefield_value(timezone.now())
    with connection.cursor() as cursor:
        for start in range(0, len(rows), WRITE):
            piece = rows[start : start + WRITE]
            values: list[Any] = []
            for offer, wish, score, contributions, facts, for_offer, for_wish in piece:
                told = json.dumps(contributions), json.dumps(facts)
                values += (offer, wish, score, *told, for_offer, for_wish, found_at)
            cursor.execute(_PUT.format(", ".join([_ONE] * len(piece))), values)


class _Row(NamedTuple):
    """A match as it stands, read without the cost of a model."""

    pk: int
    offer: int
    wish: int
    score: float
    contributions: dict[str, float]
    facts: dict[str, Any]
    for_offer: bool
    for_wish: bool


_FIELDS = ("id", "offer_id", "wish_id", "score", "contributions", "facts", "for_offer", "for_wish")


def _rows_of(listings: Iterable[tuple[str, int]]) -> Iterable[_Row]:
    out: dict[int, _Row] = {}
    by_kind: dict[str, list[int]] = {OFFER: [], WISH: []}
    for kind, listing in listings:
        by_kind[kind].append(listing)
    for kind, ids in by_kind.items():
        for chunk in _chunks(sorted(ids)):
            for row in Match.objects.filter(**{f"{kind}__in": chunk}).values_list(*_FIELDS):
                out[row[0]] = _Row(*row)
    return out.values()


def _flags(lists: Lists, key: Key, for_offer: bool, for_wish: bool) -> tuple[bool, bool]:
    by_offer, by_wish = lists.get((OFFER, key[0])), lists.get((WISH, key[1]))
    return (
        for_offer if by_offer is None else key in by_offer,
        for_wish if by_wish is None else key in by_wish,
    )


def _key(pair: Pair) -> Key:
    return pair.offer.listing_id, pair.wish.listing_id


def _strong(sparse: Sparse, concept: int) -> set[int]:
    return {concept, *(other for other, like in sparse.of(concept).items() if like.value >= scoring.LEAST_BACK)}


def _chunks(values: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(values), sides.CHUNK):
        yield values[start : start + sides.CHUNK]
