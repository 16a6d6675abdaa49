"""The wider circle of a wish that waits: what is near to it, whatever the district, and how near in one sentence."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from django.db.models import Case, F, FloatField, OuterRef, Q, QuerySet, Subquery, Value, When

from accounts.models import Person
from exchange.lessons.models import Lesson
from matching import explain, ladder
from matching.models import Claim, Match
from matching.services import likeness
from matching.similarity import Likeness
from skills import cards
from skills.models import Listing, Tag
from skills.services import concepts

MOST = 6
OF_A_SKILL = 2  # so that a circle is seen and not one thing six times
RUNGS = [rung.name for rung in ladder.LADDER if rung.name != ladder.SUGGESTED]
# Skills that the author named or a curator gave; what was only read out of the text must be nearly certain.
MEANT = ~Q(by=Tag.By.TEXT) | Q(score__gte=0.8)

Start = tuple[Likeness, int]  # how near, and to which concept of the other side


@dataclass(frozen=True)
class Near:
    """A listing of the wider circle, and what makes it near."""

    row: cards.Row
    concept_id: int
    start_id: int
    likeness: Likeness


def offers_for(*, wish: Listing, person: Person, limit: int = MOST) -> list[Near]:
    """Give offers of skills near to a wish that are not matched with it, the nearest first, then those of its district.

    Empty below the rung of the wider circle.
    """
    wished = Tag.objects.filter(MEANT, listing=wish, listing__climb__ended_at=None, listing__climb__rung__in=RUNGS)
    near = _near_to(_concepts_of(wished))
    if not near:
        return []
    matched = Match.objects.filter(wish=wish).values("offer")
    rows = Listing.objects.open_for(person).filter(kind=Listing.Kind.OFFER).exclude(owner=person)
    rows = rows.exclude(id__in=matched).annotate(away=Case(When(district=wish.district_id or 0, then=0), default=1))
    return _found(rows, near, ("away", "-published_at", "-id"), limit)


def wishes_for(*, person: Person, now: datetime, limit: int = MOST) -> list[Near]:
    """Give wishes that wait and are near to what this mentor teaches, the nearest first, then the longest waiting."""
    offers = Listing.objects.published().filter(owner=person, kind=Listing.Kind.OFFER)
    near = _near_to(_concepts_of(Tag.objects.filter(MEANT, listing__in=offers)))
    if not near:
        return []
    taken = Claim.objects.filter(ended_at=None, until__gt=now).exclude(mentor=person).values("wish")
    spoken = Lesson.objects.filter(teacher=person).exclude(listing=None).values("listing")
    rows = Listing.objects.open_for(person).filter(
        kind=Listing.Kind.WISH, climb__ended_at=None, climb__rung__in=RUNGS
    )  # fmt: skip
    rows = rows.exclude(owner=person).exclude(id__in=taken).exclude(id__in=spoken)
    return _found(rows.exclude(matches_as_wish__offer__owner=person), near, ("climb__since", "id"), limit)


def sentences(found: list[Near], *, is_learner: bool, language: str) -> dict[int, list[str]]:
    """Say of each listing how it is near, by its number."""
    known = concepts.tree()
    said = {}
    for each in found:
        one, other = (known.hit(concept).name(language) for concept in (each.concept_id, each.start_id))
        field = _common(each.concept_id, each.start_id)
        said[each.row.pk] = [
            explain.nearness(
                theirs=one,
                own=other,
                field=known.hit(field).name(language) if field else "",
                likeness=each.likeness,
                is_learner=is_learner,
                language=language,
            )
        ]
    return said


def _concepts_of(tags: QuerySet[Tag]) -> set[int]:
    return {number for number in tags.values_list("concept_id", flat=True) if number is not None}


def _near_to(starts: set[int]) -> dict[int, Start]:
    """Give the concepts beside, below and just above these, each with the nearest of them; these themselves are not."""
    known, tree = concepts.tree(), likeness.of_the_tree()
    found: dict[int, Start] = {}
    for start in sorted(starts & known.names.keys()):
        for other in set(known.near(start)) - starts:
            like = tree.between(start, other)
            if like.value > 0 and (other not in found or like.value > found[other][0].value):
                found[other] = like, start
    return found


def _found(rows: QuerySet[Listing], near: Mapping[int, Start], order: tuple[str, ...], limit: int) -> list[Near]:
    degrees = [When(concept=concept, then=Value(like.value)) for concept, (like, _start) in near.items()]
    tags = Tag.objects.filter(MEANT, listing=OuterRef("pk"), concept__in=near)
    best = tags.annotate(degree=Case(*degrees, default=Value(0.0), output_field=FloatField())).order_by("-degree", "id")
    rows = rows.annotate(degree=Subquery(best.values("degree")[:1]), by=Subquery(best.values("concept")[:1]))
    sorted_rows = rows.exclude(degree=None).order_by(F("degree").desc(), *order)
    chosen: dict[int, int] = {}
    of_skill: Counter[int] = Counter()
    for number, concept in cast("Iterable[tuple[int, int]]", sorted_rows.values_list("id", "by")[: limit * 10]):
        if len(chosen) < limit and of_skill[concept] < OF_A_SKILL:
            chosen[number] = concept
            of_skill[concept] += 1
    shown = cards.rows_of(list(chosen))
    return [
        Near(row=shown[number], concept_id=concept, start_id=near[concept][1], likeness=near[concept][0])
        for number, concept in chosen.items()
        if number in shown
    ]


def _common(one: int, other: int) -> int | None:
    """Give the closest concept that both belong to, if it is neither of them."""
    known = concepts.tree()
    above, theirs = known.ancestors(one), known.ancestors(other)
    shared = sorted((above[each] + theirs[each], each) for each in above.keys() & theirs.keys())
    return shared[0][1] if shared and shared[0][1] not in (one, other) else None
