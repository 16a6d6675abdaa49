"""Matches as people see them: their own, with reasons and one hint; "not for me"; and the best offers for a file."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts import districts as known_districts
from accounts.models import District, Person
from exchange.outbox import services as outbox
from exchange.ready import Ready
from matching import explain, hints, scoring
from matching.models import Dismissal, Match
from matching.services import pairs, sides, state
from skills import cards
from skills.models import Listing
from skills.services import concepts


@dataclass(frozen=True)
class MatchView:
    """A match as a reader sees it: the other side, and at most three sentences why."""

    match_id: int | None
    listing: "Listing | cards.Row"  # the other side
    own: "Listing | cards.Row"
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


def pairs_for(side: scoring.Side, *, limit: int = 10) -> list[scoring.Pair]:
    """Give the best pairs of one listing, best first, whether it is stored or not. Reads only."""
    return pairs.Search([side], pairs.Frame.of(state.read())).best(keep=limit)[side.listing_id]


class Catalogue:
    """All open offers, read once, for many wishes that are not stored."""

    def __init__(self) -> None:
        self.frame = pairs.Frame.of(state.read())
        self.offers = self.frame.arrays(sides.load_all(Listing.Kind.OFFER, words=True))

    def best(self, wish: scoring.Side, *, limit: int = 10) -> list[scoring.Pair]:
        """Give the best offers for a wish, best first."""
        search = pairs.Search([wish], self.frame, self.offers)
        return search.best(keep=limit)[wish.listing_id]


def matches_for(
    *, listing: Listing, person: Person, language: str, limit: int = 10, for_cards: bool = False
) -> list[MatchView]:
    """Give the kept matches of a person's own listing that they may see, best first.

    `for_cards`: read of their listings only what cards show.
    """
    side = "wish" if listing.kind == Listing.Kind.WISH else "offer"
    rows = Match.objects.for_owner(person).filter(**{f"{side}_id": listing.pk}).order_by("-score", "id")[:limit]
    return views_of(matches=list(rows), person=person, language=language, with_hints=True, for_cards=for_cards)


_best_of = Ready(
    lambda most, *, person: (
        Match.objects.for_owner(Person(pk=person))
        .annotate(offer_owner=F("offer__owner_id"))
        .order_by("-score", "id")[:most]
    )
)
_between = Ready(
    lambda *, ids, person: (
        Match.objects.for_owner(Person(pk=person)).filter(Q(offer_id__in=ids) | Q(wish_id__in=ids)).order_by("score")
    )
)


def suggestions_for(
    *, person: Person, language: str, limit: int = 6, most_of_one_skill: int | None = None
) -> list[MatchView]:
    """Give the best matches over all listings of a person, each other listing once, for cards.

    `most_of_one_skill`: how many of one taught skill, so that a first page shows what there is, and not one thing six
    times.
    """
    best: dict[int, Match] = {}
    of_skill: Counter[object] = Counter()
    for row in _best_of(limit * 4, person=person.pk):  # only those that are shown are put into words
        other, skill = row.wish_id if row.offer_owner == person.pk else row.offer_id, row.facts.get("taught")
        if other in best or (most_of_one_skill is not None and of_skill[skill] >= most_of_one_skill):
            continue
        of_skill[skill] += 1
        best[other] = row
    return views_of(matches=list(best.values())[:limit], person=person, language=language, for_cards=True)


def reasons_between(*, person: Person, listing_ids: Sequence[int], language: str) -> dict[int, list[str]]:
    """Give, for each listing that matches one of this person's, why they see it."""
    rows = _between(ids=listing_ids, person=person.pk)
    views = views_of(matches=rows, person=person, language=language, for_cards=True)
    return {view.listing.pk: view.reasons for view in views}


@transaction.atomic
def dismiss(*, person: Person, offer_id: int, wish_id: int) -> None:
    """Remember "not for me": the pair is not shown to this person again, however often it is found."""
    match = Match.objects.filter(offer_id=offer_id, wish_id=wish_id).first()
    is_theirs = Listing.objects.filter(id__in=[offer_id, wish_id], owner=person).exists()
    if match is None or not is_theirs:
        return
    kept, is_new = Dismissal.objects.get_or_create(
        person=person, offer_id=offer_id, wish_id=wish_id, defaults={"match": match}
    )
    if is_new:
        outbox.emit("match.dismissed", kept)


def told_in_both(found: Sequence[scoring.Pair], *, reader: str) -> list[dict[str, list[str]]]:
    """Give for each pair its reasons in both languages, for commands; `reader` is "learner" or "teacher"."""
    out: list[dict[str, list[str]]] = [{} for _pair in found]
    districts = list(known_districts.known().values())
    for language in ("ar", "en"):
        names = names_for([pair.facts for pair in found], language, districts)
        for pair, told in zip(found, out, strict=True):
            told[language] = explain.reasons(
                pair.contributions,
                pair.facts,
                reader=reader,
                language=language,
                names=names,
                today=timezone.localdate(),
            )
    return out


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
    rows = known_districts.known().values() if districts is None else districts
    return explain.Names(names, {row.pk: row.ar if language == "ar" else row.en for row in rows})


def views_of(
    *, matches: Sequence[Match], person: Person, language: str, with_hints: bool = False, for_cards: bool = False
) -> list[MatchView]:
    """Give matches that `Match.objects.for_owner(person)` let through as their reader sees them, in the same order.

    `for_cards`: read of their listings only what cards show.
    """
    ids = sorted({listing for match in matches for listing in (match.offer_id, match.wish_id)})
    rows: dict[int, Any] = cards.rows_of(ids) if for_cards else Listing.objects.with_card().in_bulk(ids)
    names = names_for([match.facts for match in matches], language)
    changes = _changes(matches, person) if with_hints and matches else {}
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
                    today=timezone.localdate(),
                ),
                hint=explain.hint(changes.get(match.pk), language=language),
            )
        )
    return views


def _changes(matches: Sequence[Match], person: Person) -> dict[int, hints.Change]:
    """Give for each match the one change of this person's side that would help it most, found by scoring it again."""
    frame = pairs.Frame.of(state.read())
    known = {
        side.listing_id: side for side in sides.load({key for match in matches for key in _ids(match)}, words=True)
    }
    out: dict[int, hints.Change] = {}
    for match in matches:
        offer, wish = known.get(match.offer_id), known.get(match.wish_id)
        if offer is None or wish is None:
            continue
        back = match.facts.get("two_way")
        own, other = (wish, offer) if wish.owner_id == person.pk else (offer, wish)
        change = hints.best_change(
            own,
            other,
            likeness=frame.sparse.between,
            today=frame.now.as_of,
            weigh=frame.weigh,
            two_way=tuple(back) if back else None,
        )
        if change is not None:
            out[match.pk] = change
    return out


def _ids(match: Match) -> tuple[int, int]:
    return match.offer_id, match.wish_id


def keys_of(listing_ids: Sequence[int]) -> dict[int, str]:
    """Give the import key of each listing, or its number where it has none."""
    rows = Listing.objects.filter(id__in=listing_ids).values_list("id", "key")
    return {listing_id: key or str(listing_id) for listing_id, key in rows}


def owner_of(name: str) -> int:
    """Give the id of the person a file names as owner, 0 when nobody here has that address."""
    found = Person.objects.filter(email__iexact=name).values_list("id", flat=True).first()
    return found or 0
