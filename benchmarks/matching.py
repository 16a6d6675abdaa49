"""Matching at the size of a city: speed, growth, memory and quality, each beside a reference in the same run.

    python benchmarks/matching.py core        in memory: against all pairs and against sparse_dot_topn
    python benchmarks/matching.py city        in a database: full pass, memory, one changed listing
    python benchmarks/matching.py languages   pairs across languages against pairs of one language
    python benchmarks/matching.py faithful    whether reasons are true: sums, and what happens without the top reason

Each prints one JSON object. `city`, `languages` and `faithful` use a database of their own: a temporary SQLite file,
or the one that DATABASE_URL names, which must be empty. Needs the development packages (scipy, sparse_dot_topn).
"""

import argparse
import json
import math
import os
import random
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from matching import batch, scoring
from matching.scoring import Side
from matching.similarity import Similarity, Sparse, information

TODAY = date(2026, 3, 1)
WEIGH = scoring.weights()
KEPT = 15
GROUPS, GROUP = 100, 20  # concepts: 100 groups of 20
DISTRICTS = 24


class Town:
    """A seeded town: concepts as often as Zipf says (exponent 1), two offers and two wishes a person."""

    def __init__(self, size: int, seed: int = 7) -> None:
        self.rng = random.Random(seed)
        self.leaves = list(range(GROUPS + 1, GROUPS + 1 + GROUPS * GROUP))
        self.rng.shuffle(self.leaves)
        self.chances = [1 / (place + 1) for place in range(len(self.leaves))]
        self.places = [(self.rng.uniform(0, 100), self.rng.uniform(0, 100)) for _ in range(DISTRICTS)]
        self.offers = [self.side("offer", key + 1, size) for key in range(size)]
        self.wishes = [self.side("wish", size + key + 1, size) for key in range(size)]

    def side(self, kind: str, key: int, size: int) -> Side:
        """Make one listing."""
        rng = self.rng
        count = rng.choice([1, 1, 2, 3])
        named = dict.fromkeys(rng.choices(self.leaves, self.chances, k=count))
        district = rng.randrange(DISTRICTS)
        return Side(
            listing_id=key,
            owner_id=rng.randrange(size // 2) + 1,
            kind=kind,
            concepts=tuple((concept, rng.choice([1.0, 1.0, 0.9, 0.8])) for concept in named),
            district=district + 1,
            position=self.places[district],
            format=rng.choice(["place", "place", "both", "online"]),
            speaks=rng.choice([frozenset({"ar"}), frozenset({"ar"}), frozenset({"en"}), frozenset({"ar", "en"})]),
            free_mask=sum(1 << place for place in rng.sample(range(21), rng.randrange(1, 6))),
            answered_on=TODAY - timedelta(days=rng.randrange(60)),
            room=rng.choice([1.0, 1.0, 0.5]),
        )


def likeness(seed: int = 7) -> Sparse:
    """Give the likeness of the town's concepts: siblings, and a related one each."""
    rng = random.Random(seed)
    group_of = {GROUPS + 1 + place: place // GROUP + 1 for place in range(GROUPS * GROUP)}
    below: dict[int, list[int]] = {0: [0]}
    for leaf, group in group_of.items():
        below[leaf] = [leaf]
        below.setdefault(group, [group]).append(leaf)
        below[0].append(leaf)
    below[0].extend(range(1, GROUPS + 1))
    related: dict[int, list[int]] = {leaf: [] for leaf in group_of}
    for leaf in group_of:
        other = rng.choice(list(group_of))
        if other != leaf:
            related[leaf].append(other)
            related[other].append(leaf)
    above = {leaf: {leaf: 0, group: 1, 0: 2} for leaf, group in group_of.items()}
    measure = Similarity(
        information({concept: len(members) - 1 for concept, members in below.items()}),
        lambda concept: above.get(concept, {concept: 0, 0: 1}),
        related,
    )
    return measure.sparse(below)


def swaps(town: Town, kind: str, near: Sparse) -> batch.Swaps:
    """Give what could flow back to owners of the rows, which are of this kind."""
    held: dict[str, dict[int, set[int]]] = {"offer": {}, "wish": {}}
    for side in (*town.offers, *town.wishes):
        held[side.kind].setdefault(side.owner_id, set()).update(concept for concept, _sure in side.concepts)
    gives = held["wish" if kind == "offer" else "offer"]
    return batch.Swaps(
        {owner: {other for concept in own for other in strong(near, concept)} for owner, own in gives.items()},
        held[kind],
    )


def strong(near: Sparse, concept: int) -> set[int]:
    """Give concepts so alike that a swap counts."""
    return {concept, *(other for other, like in near.of(concept).items() if like.value >= scoring.LEAST_BACK)}


def one_way(rows: batch.Sides, columns: batch.Sides, near: Sparse, back: batch.Swaps) -> batch.Found:
    """Find every row's best."""
    import numpy as np

    spare = np.array([len(columns.of_owner.get(side.owner_id, ())) for side in rows.sides], dtype=np.int64)
    found = batch.best(rows, columns, near=near.of, keep=KEPT, spare=spare, swaps=back)
    return batch.ordered(found, rows, columns, spare + KEPT)


def reference(rows: batch.Sides, columns: batch.Sides, near: Sparse) -> Callable[[], Any]:
    """Give the same matrix product by sparse_dot_topn: rows widened by likeness × columns, one thread."""
    import numpy as np
    from scipy.sparse import csr_matrix
    from sparse_dot_topn import sp_matmul_topn

    def matrix(entries: Iterator[tuple[int, int, float]], height: int) -> csr_matrix:
        line, cell, value = zip(*entries, strict=True)
        width = GROUPS + 1 + GROUPS * GROUP
        return csr_matrix((np.array(value, np.float32), (line, cell)), shape=(height, width), dtype=np.float32)

    def widened() -> Iterator[tuple[int, int, float]]:
        for place, side in enumerate(rows.sides):
            values: dict[int, float] = {}
            for concept, strength in side.strengths:
                for other, like in {
                    concept: 1.0,
                    **{key: like.value for key, like in near.of(concept).items()},
                }.items():
                    values[other] = max(values.get(other, 0.0), like * strength)
            yield from ((place, concept, value) for concept, value in values.items())

    left = matrix(widened(), len(rows))
    plain = (
        (place, concept, float(strength))
        for place, side in enumerate(columns.sides)
        for concept, strength in side.strengths
    )
    right = matrix(plain, len(columns)).T.tocsr()
    return lambda: sp_matmul_topn(left, right, top_n=KEPT, n_threads=1)


def cpu(work: Callable[[], Any]) -> float:
    """Give the processor seconds of a piece of work."""
    started = time.process_time()
    work()
    return time.process_time() - started


def core(sizes: Sequence[int], blocks: int) -> dict[str, Any]:
    """Measure the search itself, both directions, with every filter of the product."""
    near = likeness()
    out: dict[str, Any] = {"sizes": {}}
    times = []
    for size in sizes:
        town = Town(size)
        arrays = {side[0].kind: batch.Sides(side, today=TODAY, weigh=WEIGH) for side in (town.offers, town.wishes)}
        offers, wishes = arrays["offer"], arrays["wish"]
        backs = {kind: swaps(town, kind, near) for kind in ("wish", "offer")}
        ours = lambda: (one_way(wishes, offers, near, backs["wish"]), one_way(offers, wishes, near, backs["offer"]))  # noqa: B023
        theirs = [reference(wishes, offers, near), reference(offers, wishes, near)]
        both = lambda: [run() for run in theirs]  # noqa: B023
        ratios, own = [], []
        for block in range(blocks):
            order = (ours, both) if block % 2 else (both, ours)
            spent = {work: cpu(work) for work in order}
            ratios.append(spent[ours] / spent[both])
            own.append(spent[ours])
        times.append(statistics.median(own))
        out["sizes"][size] = {
            "cpu_seconds": round(times[-1], 3),
            "to_sparse_dot_topn": round(statistics.median(ratios), 2),
            "to_sparse_dot_topn_range": [round(min(ratios), 2), round(max(ratios), 2)],
        }
        if size == 20_000 or size == sizes[-1] < 20_000:
            out.update(against_all_pairs(town, offers, wishes, near, backs["wish"], times[-1]))
    out["slope"] = round(math.log(times[-1] / times[0]) / math.log(sizes[-1] / sizes[0]), 3) if len(sizes) > 1 else None
    out["peak_mb"] = peak_mb()
    return out


def against_all_pairs(
    town: Town,
    offers: batch.Sides,
    wishes: batch.Sides,
    near: Sparse,
    back: batch.Swaps,
    spent: float,
    sample: int = 40,
) -> dict[str, Any]:
    """Score a sample of wishes against all offers, one by one as the explanation does, and compare the first ten."""
    found = one_way(wishes, offers, near, back)
    lists: dict[int, list[int]] = {}
    for row, column in zip(found.rows.tolist(), found.columns.tolist(), strict=True):
        lists.setdefault(row, []).append(column)
    by_owner: dict[tuple[str, int], set[int]] = {}
    for side in (*town.offers, *town.wishes):
        by_owner.setdefault((side.kind, side.owner_id), set()).update(concept for concept, _sure in side.concepts)
    rows = random.Random(1).sample(range(len(wishes)), sample)
    met = wanted = equal = 0
    seconds = 0.0
    for row in rows:
        wish = wishes.sides[row]
        taught = {key for own in by_owner.get(("offer", wish.owner_id), ()) for key in strong(near, own)}
        started = time.process_time()
        every = []
        for column, offer in enumerate(offers.sides):
            swap = (1, 1) if taught & by_owner.get(("wish", offer.owner_id), set()) else None
            pair = scoring.score(offer, wish, likeness=near.between, today=TODAY, weigh=WEIGH, two_way=swap)
            if pair is not None:
                every.append((pair.order, column))
        seconds += time.process_time() - started
        best = [column for _order, column in sorted(every)[:10]]
        ours = [column for column in lists.get(row, []) if offers.sides[column].owner_id != wish.owner_id][:10]
        met += len(set(best) & set(ours))
        wanted += len(best)
        equal += best == ours
    all_pairs = seconds / sample * len(wishes)
    return {
        "recall_at_10": round(met / wanted, 4),
        "same_ten_in_order": f"{equal}/{sample}",
        "all_pairs_cpu_seconds": round(all_pairs),
        "faster_than_all_pairs": round(2 * all_pairs / spent),  # both directions were searched
    }


def in_database() -> None:
    """Set up Django on a database of this run: the one that DATABASE_URL names, or a temporary file."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "exchange.settings")
    if not os.environ.get("DATABASE_URL"):
        os.environ["RUKN_VAR"] = tempfile.mkdtemp(prefix="rukn-benchmark-")
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from skills.models import Listing

    if Listing.objects.exists():
        sys.exit("the database is not empty")


def plant(town: Town) -> None:
    """Write the town in bulk: concepts with their links, people, listings, tags."""
    from django.db import transaction
    from django.utils import timezone

    from accounts.models import District, Person, Profile
    from matching.services import likeness as kept
    from skills.models import Concept, Link, Listing, Tag
    from skills.services import concepts

    names = [f"bench:{number}" for number in range(GROUPS + 1 + GROUPS * GROUP)]
    made = Concept.objects.bulk_create([Concept(uri=name, en=name) for name in names], batch_size=500)
    ids = [concept.pk for concept in made]
    links = [Link(concept_id=ids[group], other_id=ids[0], kind="broader") for group in range(1, GROUPS + 1)]
    links += [
        Link(concept_id=ids[GROUPS + 1 + place], other_id=ids[place // GROUP + 1], kind="broader")
        for place in range(GROUPS * GROUP)
    ]
    Link.objects.bulk_create(links, batch_size=500)
    with transaction.atomic():
        concepts.refresh_tree()
    districts = District.objects.bulk_create(
        [
            District(slug=f"d{place}", ar=f"d{place}", en=f"d{place}", x=x, y=y)
            for place, (x, y) in enumerate(town.places)
        ]
    )
    owners = sorted({side.owner_id for side in (*town.offers, *town.wishes)})
    people = Person.objects.bulk_create(
        [Person(email=f"p{owner}@example.org", name=f"p{owner}", welcomed_at=timezone.now()) for owner in owners],
        batch_size=500,
    )
    person = {owner: row.pk for owner, row in zip(owners, people, strict=True)}
    Profile.objects.bulk_create([Profile(person_id=key) for key in person.values()], batch_size=500)
    for sides in (town.offers, town.wishes):
        for start in range(0, len(sides), 1_000):
            part = sides[start : start + 1_000]
            rows = Listing.objects.bulk_create([_row(side, person, districts, ids) for side in part], batch_size=500)
            Tag.objects.bulk_create(
                [
                    Tag(listing=row, text=f"t{concept}", lang="en", concept_id=ids[concept], score=sure, place=place)
                    for row, side in zip(rows, part, strict=True)
                    for place, (concept, sure) in enumerate(side.concepts)
                ],
                batch_size=500,
            )
    kept.recount()


def _row(side: Side, person: dict[int, int], districts: Sequence[Any], ids: Sequence[int]) -> Any:
    from django.utils import timezone

    from skills.models import Listing

    at = timezone.now() - timedelta(days=(TODAY - (side.answered_on or TODAY)).days)
    return Listing(
        kind=side.kind,
        owner_id=person[side.owner_id],
        state="published",
        title=f"{side.kind} {side.listing_id}",
        lang="en",
        format=side.format,
        speaks=sorted(side.speaks),
        free_mask=side.free_mask,
        district=districts[(side.district or 1) - 1],
        main_concept_id=ids[side.concepts[0][0]],
        published_at=at,
        confirmed_at=at,
    )


def city(size: int) -> dict[str, Any]:
    """Measure the whole way through the database: full pass, memory, one changed listing."""
    in_database()
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from matching.models import Match
    from matching.services import pairs
    from skills.models import Listing

    town = Town(size)
    plant(town)
    del town
    planted = peak_mb()
    started, spent = time.monotonic(), time.process_time()
    matches = pairs.rematch()
    out: dict[str, Any] = {
        "database": connection.vendor,
        "offers": size,
        "wishes": size,
        "matches": matches,
        "full_pass_seconds": round(time.monotonic() - started, 1),
        "full_pass_cpu_seconds": round(time.process_time() - spent, 1),
        "peak_mb": peak_mb(),
        "peak_mb_before_the_pass": planted,
    }
    per_pair = cost_of_a_pair()
    out["faster_than_all_pairs"] = round(per_pair * size * size / out["full_pass_cpu_seconds"])
    before = set(Match.objects.values_list("offer_id", "wish_id", "score", "for_offer", "for_wish").iterator())
    one: list[float] = []
    statements: list[int] = []
    rng = random.Random(5)
    for listing_id in rng.sample(list(Listing.objects.values_list("id", flat=True)), 20):
        for state in ("paused", "published"):  # taken away, and there again
            Listing.objects.filter(id=listing_id).update(state=state)
            with CaptureQueriesContext(connection) as queries:
                started = time.monotonic()
                pairs.refresh_listing(listing_id=listing_id)
                one.append(time.monotonic() - started)
            statements.append(len(queries))
    after = set(Match.objects.values_list("offer_id", "wish_id", "score", "for_offer", "for_wish").iterator())
    out["one_change_seconds"] = {"median": round(statistics.median(one), 3), "most": round(max(one), 3)}
    out["one_change_statements"] = {"median": statistics.median(statements), "most": max(statements)}
    out["same_rows_after_40_changes"] = before == after
    return out


def cost_of_a_pair() -> float:
    """Give the processor seconds that scoring one pair takes, over a mixed sample."""
    near, town = likeness(), Town(2_000)
    started = time.process_time()
    for offer in town.offers[:400]:
        for wish in town.wishes[:400]:
            scoring.score(offer, wish, likeness=near.between, today=TODAY, weigh=WEIGH)
    return (time.process_time() - started) / 160_000


def faithful(pairs: int = 1_000, size: int = 2_000) -> dict[str, Any]:
    """Take the fact behind the strongest reason away from sampled pairs and look at their place in the wish's list."""
    near, town = likeness(), Town(size)
    offers, wishes = (batch.Sides(found, today=TODAY, weigh=WEIGH) for found in (town.offers, town.wishes))
    found = one_way(wishes, offers, near, batch.Swaps({}, {}))
    rng = random.Random(3)
    sums = scores = ranks = 0
    reasons: dict[str, int] = {}
    for at in rng.sample(range(len(found.rows)), pairs):
        wish, offer = wishes.sides[int(found.rows[at])], offers.sides[int(found.columns[at])]
        pair = scored(offer, wish, near)
        if pair is None:
            continue
        top = next(iter(pair.contributions))
        reasons[top] = reasons.get(top, 0) + 1
        sums += sum(round(value * scoring.UNIT) for value in pair.contributions.values()) == round(
            pair.score * scoring.UNIT
        )
        bare = scored(*without(top, offer, wish), near)
        scores += bare is None or bare.units < pair.units
        others = [one for one in (scored(other, wish, near) for other in town.offers if other is not offer) if one]
        place = sum(other.order < pair.order for other in others)
        ranks += bare is None or sum(other.order < bare.order for other in others) > place
    return {
        "pairs": pairs,
        "sums_exact": sums,
        "score_falls": scores,
        "rank_falls_or_pair_goes": ranks,
        "top_reasons": reasons,
    }


def scored(offer: Side, wish: Side, near: Sparse) -> scoring.Pair | None:
    """Score a pair."""
    return scoring.score(offer, wish, likeness=near.between, today=TODAY, weigh=WEIGH)


def without(reason: str, offer: Side, wish: Side) -> tuple[Side, Side]:
    """Give the pair without the fact that a reason names."""
    if reason in scoring.SKILL:
        return replace(offer, concepts=(), words=frozenset()), wish
    return {
        "free_hours": (replace(offer, free_mask=0), wish),
        "place": (replace(offer, district=None, position=None), wish),
        "language": (replace(offer, speaks=frozenset()), wish),
        "freshness": (replace(offer, answered_on=None), wish),
        "format": (replace(offer, format="online" if wish.format == "place" else "place"), wish),
        "answers": (replace(offer, answers=0.0), wish),
        "room": (replace(offer, room=0.0), wish),
    }[reason]


def languages(concepts_wanted: int = 300) -> dict[str, Any]:
    """Write the same skills as offers and wishes in either language, as free text, and compare the four crossings."""
    in_database()
    from matching.services import likeness as kept
    from matching.services import sides
    from skills.services import concepts, imports, listings

    concepts.ensure_shipped()
    known = concepts.tree()
    near = kept.current()
    leaves = [key for key, (_uri, ar, en) in known.names.items() if ar and en and not known.narrower.get(key)]
    chosen = random.Random(2).sample(leaves, min(concepts_wanted, len(leaves)))
    shape = {
        ("offer", "ar"): "أعلّم {}",
        ("offer", "en"): "I teach {}",
        ("wish", "ar"): "أريد أن أتعلّم {}",
        ("wish", "en"): "I would like to learn {}",
    }

    def written(kind: str, lang: str, place: int, concept: int) -> Side:
        title = shape[kind, lang].format(known.names[concept][1 if lang == "ar" else 2])
        tags = listings.mapped_tags(imports.tags_of_text(title, title, lang))
        named = tuple((known.ids[tag["uri"]], float(tag["score"])) for tag in tags if tag["uri"])
        key = place * 2 + (kind == "wish") + 1
        return Side(key, key, kind, title=title, concepts=named, words=sides.words_of(title))

    out: dict[str, float] = {}
    for wished in ("ar", "en"):
        wishes = [written("wish", wished, place, concept) for place, concept in enumerate(chosen)]
        for taught in ("ar", "en"):
            offers = [written("offer", taught, place, concept) for place, concept in enumerate(chosen)]
            gains = []
            for place, wish in enumerate(wishes):
                pairs = [pair for pair in (scored(offer, wish, near) for offer in offers) if pair]
                ranked = [pair.offer.listing_id for pair in sorted(pairs, key=lambda pair: pair.order)][:10]
                wanted = offers[place].listing_id
                gains.append(1 / math.log2(ranked.index(wanted) + 2) if wanted in ranked else 0.0)
            out[f"{wished} wish, {taught} offer"] = round(sum(gains) / len(gains), 4)
    same = (out["ar wish, ar offer"] + out["en wish, en offer"]) / 2
    across = (out["ar wish, en offer"] + out["en wish, ar offer"]) / 2
    return {
        "concepts": len(chosen),
        "ndcg_at_10": out,
        "same": round(same, 4),
        "across": round(across, 4),
        "difference": round(same - across, 4),
    }


def peak_mb() -> int:
    """Give the most memory this process held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main() -> None:
    """Read which measure is wanted and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["core", "city", "languages", "faithful"])
    parser.add_argument("--sizes", type=int, nargs="+", default=[5_000, 10_000, 20_000, 40_000])
    parser.add_argument("--blocks", type=int, default=5)
    options = parser.parse_args()
    if options.what == "core":
        told = core(options.sizes, options.blocks)
    elif options.what == "city":
        told = city(options.sizes[0] if len(options.sizes) == 1 else 20_000)
    elif options.what == "languages":
        told = languages()
    else:
        told = faithful()
    print(json.dumps({"measure": options.what, **told}, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
