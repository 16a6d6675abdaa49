"""Which concepts are alike now: counts of who holds what together, kept as listings change, and neighbourhoods."""

import threading
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from django.db import transaction
from django.db.models import Q

from matching.models import Held, Neighbourhood, State, Together
from matching.services import state
from matching.similarity import Likeness, Similarity, Sparse, co_occurrence, count_together, information
from skills.models import Concept, Listing, Tag
from skills.services import concepts

BATCH = 500

_lock = threading.Lock()
_cached: tuple[tuple[int, int], Sparse] | None = None
_alone: tuple[int, Similarity] | None = None  # of one version of the tree
_merged: tuple[int, dict[int, int]] | None = None  # of one version of the tree

Counts = Counter[tuple[int, int]]


def current(as_of: State | None = None) -> Sparse:
    """Give the likeness that matching uses now: the stored neighbourhoods, or ones made for a tree that is newer."""
    global _cached
    known, now = concepts.tree(), as_of or state.read()
    key = (known.version, now.likeness_rev)
    with _lock:
        if _cached is None or _cached[0] != key:
            is_stored = now.likeness_rev > 0 and now.concepts_version == known.version
            _cached = (key, _stored() if is_stored else _made())
        return _cached[1]


def merged() -> dict[int, int]:
    """Give each concept that was merged with the one it became."""
    global _merged
    version = concepts.tree().version
    if _merged is None or _merged[0] != version:
        _merged = (version, _read_merged())
    return _merged[1]


def _read_merged() -> dict[int, int]:
    into = dict(Concept.objects.exclude(merged_into=None).values_list("id", "merged_into_id"))
    out: dict[int, int] = {}
    for concept, target in into.items():
        seen = {concept}
        while target in into and target not in seen:
            seen.add(target)
            target = into[target]
        if target is not None:
            out[concept] = target
    return out


@transaction.atomic
def count_people(person_ids: Iterable[int]) -> None:
    """Bring the counts in step with what some people's public listings name now; idempotent."""
    people = sorted(set(person_ids))
    state.lock()
    changes: Counts = Counter()
    gone: list[int] = []
    new: list[Held] = []
    now = _holding(Q(listing__owner__in=people))
    before: dict[int, dict[int, int]] = defaultdict(dict)
    for row, person, concept in Held.objects.filter(person__in=people).values_list("id", "person_id", "concept_id"):
        before[person][concept] = row
    for person in people:
        old, fresh = before[person].keys(), now.get(person, set())
        if old == fresh:
            continue
        changes.update(count_together({person: fresh}))
        changes.subtract(count_together({person: old}))
        gone.extend(before[person][concept] for concept in old - fresh)
        new.extend(Held(person_id=person, concept_id=concept) for concept in sorted(fresh - old))
    Held.objects.filter(id__in=gone).delete()
    Held.objects.bulk_create(new, batch_size=BATCH)
    _add(Counter({pair: change for pair, change in changes.items() if change}))


@transaction.atomic
def recount() -> None:
    """Count everybody anew; the same as `count_people` of all, and what it is tested against."""
    state.lock()
    now = _holding(Q())
    Held.objects.all().delete()
    Held.objects.bulk_create(
        (Held(person_id=person, concept_id=concept) for person in sorted(now) for concept in sorted(now[person])),
        batch_size=BATCH,
    )
    Together.objects.all().delete()
    counts = count_together(now)
    Together.objects.bulk_create(
        (Together(one_id=one, other_id=other, people=count) for (one, other), count in sorted(counts.items())),
        batch_size=BATCH,
    )


@transaction.atomic
def fold() -> set[int]:
    """Make the neighbourhoods of the present tree and counts the ones that count. Gives the concepts that changed."""
    now = state.lock()
    version = concepts.version()
    fresh = {concept: _as_rows(near) for concept, near in _made().near.items()}
    before = dict(Neighbourhood.objects.values_list("concept_id", "near"))
    changed = {concept for concept in before.keys() | fresh.keys() if before.get(concept) != fresh.get(concept)}
    if changed:
        gone = sorted(before.keys() - fresh.keys())
        for start in range(0, len(gone), BATCH):
            Neighbourhood.objects.filter(concept__in=gone[start : start + BATCH]).delete()
        rows = [Neighbourhood(concept_id=concept, near=fresh[concept]) for concept in sorted(changed & fresh.keys())]
        Neighbourhood.objects.bulk_create(
            rows, batch_size=BATCH, update_conflicts=True, unique_fields=["concept"], update_fields=["near"]
        )
    if changed or not now.likeness_rev or now.concepts_version != version:
        now.likeness_rev += 1
        now.concepts_version = version
        now.save(update_fields=["likeness_rev", "concepts_version"])
    return changed


def of_the_tree() -> Similarity:
    """Give the likeness of any two concepts by the present tree alone, without what neighbours hold together."""
    global _alone
    known = concepts.tree()
    if _alone is None or _alone[0] != known.version:
        counts = {concept: len(known.descendants(concept)) - 1 for concept in known.names}
        _alone = (known.version, Similarity(information(counts), known.ancestors, known.related))
    return _alone[1]


def measure(*, with_counts: bool = True) -> Similarity:
    """Give the likeness of any two concepts of the present tree."""
    alone = of_the_tree()
    together: dict[tuple[int, int], float] = {}
    if with_counts:
        kept = {(one, other): count for one, other, count in _counted()}
        together = co_occurrence(kept, Held.objects.values("person").distinct().count())
    return replace(alone, together=together)


def _counted() -> Iterator[tuple[int, int, int]]:
    return Together.objects.values_list("one_id", "other_id", "people").iterator()


def _made() -> Sparse:
    known = concepts.tree()
    return measure().sparse({concept: known.descendants(concept) for concept in known.names})


def _stored() -> Sparse:
    rows = Neighbourhood.objects.values_list("concept_id", "near").iterator()
    return Sparse({concept: {other: Likeness(value, road) for other, value, road in near} for concept, near in rows})


def _as_rows(near: Mapping[int, Likeness]) -> list[list[int | float | str]]:
    return [[other, like.value, like.road] for other, like in sorted(near.items())]


def _holding(which: Q) -> dict[int, set[int]]:
    """Give person → concepts that their public listings name."""
    into = merged()
    held: dict[int, set[int]] = defaultdict(set)
    tags = Tag.objects.filter(which, listing__state=Listing.State.PUBLISHED, concept__isnull=False)
    for person, concept in tags.values_list("listing__owner_id", "concept_id").iterator():
        if concept is not None:
            held[person].add(into.get(concept, concept))
    return held


def _add(changes: Counts) -> None:
    ones = {one for one, _other in changes}
    rows = {
        (one, other): people
        for one, other, people in Together.objects.filter(one__in=ones).values_list("one_id", "other_id", "people")
    }
    sums = {pair: rows.get(pair, 0) + change for pair, change in sorted(changes.items())}
    Together.objects.bulk_create(
        [Together(one_id=one, other_id=other, people=count) for (one, other), count in sums.items() if count > 0],
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["one", "other"],
        update_fields=["people"],
    )
    for one, other in (pair for pair, count in sums.items() if count <= 0):
        Together.objects.filter(one=one, other=other).delete()
