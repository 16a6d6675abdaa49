"""Finding and keeping matches: candidates by concept likeness and words, scored, the best ones kept as rows."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from accounts.models import Block, District, Person
from exchange.lessons.models import Lesson
from exchange.lib import arabic
from matching import explain, scoring
from matching.models import Dismissal, Match
from matching.similarity import Likeness, Similarity, co_occurrence, information
from search.backends import backend
from search.query import Query
from skills.models import Listing, Tag
from skills.services import concepts

KEPT = 20  # matches kept for each listing
MOST_CANDIDATES = 300
TOGETHER_SECONDS = 600  # how old the knowledge of who teaches what together may be
TALK_DAYS = 30

_lock = threading.Lock()
_similarity: tuple[int, float, Similarity] | None = None


@dataclass(frozen=True)
class MatchView:
    """A match as a reader sees it: the other side, and at most three sentences why."""

    match_id: int | None
    listing: Listing  # the other side
    own: Listing
    score: float
    contributions: dict[str, float]
    reasons: list[str]
    hint: str = ""

    @property
    def offer_id(self) -> int:
        """Number of the offer of the pair."""
        return self.listing.pk if self.listing.is_offer else self.own.pk

    @property
    def wish_id(self) -> int:
        """Number of the wish of the pair."""
        return self.own.pk if self.listing.is_offer else self.listing.pk


def similarity() -> Similarity:
    """Give likeness between concepts, for the present tree and what people have lately listed together."""
    global _similarity
    known = concepts.tree()
    now = time.monotonic()
    with _lock:
        if _similarity is None or _similarity[0] != known.version or now - _similarity[1] > TOGETHER_SECONDS:
            counts = {concept: len(known.descendants(concept)) - 1 for concept in known.names}
            pairs = Tag.objects.filter(listing__state=Listing.State.PUBLISHED, concept__isnull=False)
            together = co_occurrence(pairs.values_list("listing__owner_id", "concept_id").iterator())
            found = Similarity(information(counts), known.ancestors, known.related, together)
            _similarity = (known.version, now, found)
        return _similarity[2]


def refresh_listing(*, listing_id: int) -> int:
    """Find the matches of one listing anew and keep the best; idempotent. Gives how many are kept."""
    listing = _with_facts(Listing.objects.filter(id=listing_id)).first()
    if listing is None:
        return 0
    is_open = listing.is_published and listing.owner.is_active and not listing.owner.profile.is_paused
    pairs = pairs_for(side_of(listing, rooms(listing.owner_id)), limit=KEPT) if is_open else []
    return _keep(listing, pairs)


def pairs_for(side: scoring.Side, *, limit: int = 10, hidden_owners: Iterable[int] = ()) -> list[scoring.Pair]:
    """Score the candidates for one side, best first. Reads only."""
    candidates = _candidates(side)
    if not candidates:
        return []
    rows = list(_with_facts(Listing.objects.open_for(None).filter(id__in=candidates)))
    hidden = set(hidden_owners) | _kept_apart(side.owner_id)
    room = rooms(*{row.owner_id for row in rows})
    likeness = similarity().between
    cache: dict[tuple[int, int], Likeness] = {}

    def remembered(one: int, other: int) -> Likeness:
        if (one, other) not in cache:
            cache[one, other] = likeness(one, other)
        return cache[one, other]

    two_way = _two_way(side, rows, remembered)
    now = timezone.now()
    pairs = []
    for row in rows:
        if row.owner_id in hidden:
            continue
        other = side_of(row, room)
        offer, wish = (side, other) if side.kind == Listing.Kind.OFFER else (other, side)
        pair = scoring.score(offer, wish, likeness=remembered, now=now, two_way=two_way.get(row.owner_id))
        if pair is not None:
            pairs.append(pair)
    pairs.sort(key=lambda pair: (-pair.score, -pair.offer.room, pair.offer.listing_id, pair.wish.listing_id))
    return pairs[:limit]


def matches_for(*, listing: Listing, person: Person, language: str, limit: int = 10) -> list[MatchView]:
    """Give the kept matches of a person's own listing that they may see, best first."""
    side = "wish" if listing.kind == Listing.Kind.WISH else "offer"
    rows = Match.objects.for_owner(person).filter(**{f"{side}_id": listing.pk}).order_by("-score", "id")[:limit]
    return _views(list(rows), person, language)


def suggestions_for(*, person: Person, language: str, limit: int = 6) -> list[MatchView]:
    """Give the best matches over all listings of a person, each other listing once."""
    rows: Any = Match.objects.for_owner(person).annotate(offer_owner=F("offer__owner_id")).order_by("-score", "id")
    best: dict[int, Match] = {}
    for row in rows[: limit * 4]:  # only those that are shown are put into words
        best.setdefault(row.wish_id if row.offer_owner == person.pk else row.offer_id, row)
    return _views(list(best.values())[:limit], person, language)


def reasons_between(*, person: Person, listing_ids: Sequence[int], language: str) -> dict[int, list[str]]:
    """Give, for each listing that matches one of this person's, why they see it."""
    rows = (
        Match.objects.for_owner(person)
        .filter(Q(offer_id__in=listing_ids) | Q(wish_id__in=listing_ids))
        .order_by("score")
    )
    return {view.listing.pk: view.reasons for view in _views(list(rows), person, language)}


def views_of(*, matches: Sequence[Match], person: Person, language: str) -> list[MatchView]:
    """Give matches that `Match.objects.for_owner(person)` let through as their reader sees them, in the same order."""
    return _views(list(matches), person, language)


@transaction.atomic
def dismiss(*, person: Person, offer_id: int, wish_id: int) -> None:
    """Remember "not for me": the pair is not shown to this person again, however often it is found."""
    match = Match.objects.filter(offer_id=offer_id, wish_id=wish_id).first()
    is_theirs = Listing.objects.filter(id__in=[offer_id, wish_id], owner=person).exists()
    if match is None or not is_theirs:
        return
    Dismissal.objects.get_or_create(person=person, offer_id=offer_id, wish_id=wish_id, defaults={"match": match})


def told(pair: scoring.Pair, *, reader: str, language: str) -> list[str]:
    """Give the reasons of a pair in one language, for commands."""
    return explain.reasons(
        pair.contributions, pair.facts, reader=reader, language=language, names=names_for([pair.facts], language)
    )


def side_of(listing: Listing, room: dict[int, float]) -> scoring.Side:
    """Give a listing as scoring sees it; needs owner, profile, district and tags at hand."""
    profile = listing.owner.profile
    district = listing.district or listing.owner.district
    tags = sorted((tag for tag in listing.tags.all() if tag.concept_id), key=lambda tag: (tag.place, tag.pk))
    return scoring.Side(
        listing_id=listing.pk,
        owner_id=listing.owner_id,
        kind=listing.kind,
        title=listing.title,
        concepts=tuple((tag.concept_id, tag.score) for tag in tags if tag.concept_id is not None),
        words=words_of(listing.title),
        district=district.pk if district else None,
        position=(district.x, district.y) if district else None,
        format=listing.format,
        speaks=frozenset(listing.speaks),
        free_mask=listing.free_mask or profile.free_mask,
        answered_at=listing.confirmed_at or listing.published_at,
        room=room.get(listing.owner_id, 1.0) if listing.is_offer else 1.0,
        is_open=listing.is_published and not profile.is_paused,
    )


def words_of(text: str) -> frozenset[str]:
    """Give the stems of a title that say what it is about."""
    return frozenset(arabic.stems(word)[0] for word in arabic.content_words(text))


def rooms(*owner_ids: int) -> dict[int, float]:
    """Give for each mentor the share of places still free, 0–1: learners they talk with now against what they said.

    A learner counts once both have written within thirty days. A mentor who takes nobody has 0 and is not suggested;
    one who is busy keeps a tenth, until booked lessons say exactly who is full.
    """
    since = timezone.now() - timedelta(days=TALK_DAYS)
    lessons = Lesson.objects.filter(
        teacher__in=owner_ids, conversation__last_at__gte=since, conversation__last_seq__gte=2
    )
    busy: dict[int, set[int]] = defaultdict(set)
    for teacher, learner in lessons.values_list("teacher_id", "learner_id"):
        busy[teacher].add(learner)
    most = dict(Person.objects.filter(id__in=owner_ids).values_list("id", "profile__max_learners"))
    return {
        owner: max(0.1, 1 - len(busy.get(owner, ())) / (places or 1)) if places else 0.0
        for owner, places in most.items()
    }


def names_for(
    facts: Iterable[dict[str, object]], language: str, districts: Iterable[District] | None = None
) -> explain.Names:
    """Give the concept and district names that the sentences for these facts use; `districts` saves a query."""
    known = concepts.tree()
    ids: set[int] = set()
    for each in facts:
        two_way = each.get("two_way")
        mentioned = [each.get("taught"), each.get("wished"), *(two_way if isinstance(two_way, list) else ())]
        ids.update(concept for concept in mentioned if isinstance(concept, int))
    names = {concept: known.hit(concept).name(language) for concept in ids if concept in known.names}
    rows = District.objects.all() if districts is None else districts
    return explain.Names(names, {row.pk: row.ar if language == "ar" else row.en for row in rows})


def _with_facts(rows: QuerySet[Listing]) -> QuerySet[Listing]:
    return rows.select_related("owner", "owner__profile", "owner__district", "district").prefetch_related("tags")


def _kept_apart(person_id: int) -> set[int]:
    rows = Block.objects.filter(Q(blocker=person_id) | Q(blocked=person_id)).values_list("blocker_id", "blocked_id")
    return {person for pair in rows for person in pair} - {person_id}


def _candidates(side: scoring.Side) -> list[int]:
    """Give ids of listings of the other kind that might fit: of like concepts first, then of like words."""
    other = Listing.Kind.WISH if side.kind == Listing.Kind.OFFER else Listing.Kind.OFFER
    near = _near_concepts([concept for concept, _sure in side.concepts])
    rows = Tag.objects.filter(concept__in=near, listing__kind=other, listing__state=Listing.State.PUBLISHED)
    found: dict[int, float] = {}
    for listing, concept in rows.exclude(listing__owner=side.owner_id).values_list("listing_id", "concept_id"):
        found[listing] = max(found.get(listing, 0.0), near[concept])
    ordered = sorted(found, key=lambda listing: (-found[listing], -listing))[:MOST_CANDIDATES]
    hits = backend().find(Query(text=side.title, kind=other, limit=40, facets=False)).hits if side.title else ()
    return list(dict.fromkeys([*ordered, *(hit.listing_id for hit in hits)]))


def _near_concepts(starts: Sequence[int]) -> dict[int, float]:
    """Give the concepts worth comparing with, each with its likeness to the nearest start."""
    known, measure = concepts.tree(), similarity()
    near: dict[int, float] = {}
    for start in starts:
        around = {start, *known.related.get(start, ()), *known.descendants(start)}
        for above, distance in known.ancestors(start).items():
            if distance <= 2:
                around.update({above, *known.narrower.get(above, ())})
        around.update(other for pair in measure.together if start in pair for other in pair)
        for concept in around:
            value = measure.between(start, concept).value
            if value >= scoring.LEAST_LIKENESS and value > near.get(concept, 0.0):
                near[concept] = value
    return near


def _two_way(
    side: scoring.Side, rows: Iterable[Listing], likeness: Callable[[int, int], Likeness]
) -> dict[int, tuple[int, int]]:
    """Give for each other owner what would flow back: (concept taught, concept wished), when they are alike."""
    back_mine = Listing.Kind.WISH if side.kind == Listing.Kind.OFFER else Listing.Kind.OFFER
    owners = {row.owner_id for row in rows}
    tags = Tag.objects.filter(listing__state=Listing.State.PUBLISHED, concept__isnull=False)
    mine = list(tags.filter(listing__owner=side.owner_id, listing__kind=back_mine).values_list("concept_id", flat=True))
    if not mine:
        return {}
    theirs = tags.filter(listing__owner__in=owners, listing__kind=side.kind).values_list(
        "listing__owner_id", "concept_id"
    )
    out: dict[int, tuple[int, int]] = {}
    for owner, concept in theirs:
        for own in mine:
            taught, wished = (own, concept) if back_mine == Listing.Kind.OFFER else (concept, own)
            if concept is not None and own is not None and likeness(own, concept).value >= 0.8:
                out.setdefault(owner, (taught, wished))
    return out


@transaction.atomic
def _keep(listing: Listing, pairs: list[scoring.Pair]) -> int:
    side = "offer" if listing.is_offer else "wish"
    wanted = {(pair.offer.listing_id, pair.wish.listing_id): pair for pair in pairs}
    # Locks and rows in one order: two refreshes that meet in a pair wait for each other instead of dying.
    for match in Match.objects.select_for_update().filter(**{f"{side}_id": listing.pk}).order_by("id"):
        pair = wanted.pop((match.offer_id, match.wish_id), None)
        if pair is None:
            match.delete()
        elif (match.score, match.contributions, match.facts) != (pair.score, pair.contributions, pair.facts):
            match.score, match.contributions, match.facts = pair.score, pair.contributions, pair.facts
            match.save(update_fields=["score", "contributions", "facts"])
    Match.objects.bulk_create(
        [
            Match(offer_id=offer, wish_id=wish, score=pair.score, contributions=pair.contributions, facts=pair.facts)
            for (offer, wish), pair in sorted(wanted.items(), key=lambda item: item[0])
        ],
        ignore_conflicts=True,
    )
    return len(pairs)


def _views(matches: list[Match], person: Person, language: str) -> list[MatchView]:
    ids = {listing for match in matches for listing in (match.offer_id, match.wish_id)}
    rows = Listing.objects.filter(id__in=ids).with_card().in_bulk()
    districts = {place for row in rows.values() for place in (row.district, row.owner.district) if place}
    names = names_for([match.facts for match in matches], language, districts)
    views = []
    for match in matches:
        offer, wish = rows[match.offer_id], rows[match.wish_id]
        is_learner = wish.owner_id == person.pk
        own, other = (wish, offer) if is_learner else (offer, wish)
        views.append(
            MatchView(
                match_id=match.pk,
                listing=other,
                own=own,
                score=match.score,
                contributions=match.contributions,
                reasons=explain.reasons(
                    match.contributions,
                    match.facts,
                    reader="learner" if is_learner else "teacher",
                    language=language,
                    names=names,
                ),
                hint=explain.hint(match.contributions, language=language),
            )
        )
    return views


def keys_of(listing_ids: Sequence[int]) -> dict[int, str]:
    """Give the import key of each listing, or its number where it has none."""
    rows = Listing.objects.filter(id__in=listing_ids).values_list("id", "key")
    return {listing_id: key or str(listing_id) for listing_id, key in rows}


def owner_of(name: str) -> int:
    """Give the id of the person a file names as owner, 0 when nobody here has that address."""
    found = Person.objects.filter(email__iexact=name).values_list("id", flat=True).first()
    return found or 0
