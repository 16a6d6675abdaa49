"""Whether everybody is served: how often the offers of a group are suggested, how many wishes of it find somebody.

Groups are what people said of themselves; they are only counted here and never scored by. A group of fewer than five
people is not told, and where that would leave one group to be worked out from the sum, the next smallest is not
told either.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from django.db.models import F, Window
from django.db.models.functions import RowNumber

from accounts.models import Person
from matching.models import OPEN_SIDES, Match
from matching.services import sides
from skills.models import Listing

LEAST_PEOPLE = 5
TOP = 10  # what a page shows
GROUPS = {"language": "language", "district": "district__slug", "age_band": "profile__age_band"}


def report() -> dict[str, Any]:
    """Give for each group people, offers, wishes, `exposure` and `matched`.

    `exposure`: the group's share of all places among wishes' first ten, divided by its share of all offers; 1 = even.
    `matched`: share of the group's wishes that have a suggestion.
    """
    offers: Counter[int] = Counter(
        sides.open_listings(Listing.Kind.OFFER).values_list("owner_id", flat=True).iterator()
    )
    wishes: Counter[int] = Counter(sides.open_listings(Listing.Kind.WISH).values_list("owner_id", flat=True).iterator())
    ranked = Match.objects.filter(**OPEN_SIDES, for_wish=True).annotate(
        rank=Window(RowNumber(), partition_by=F("wish"), order_by=[F("score").desc(), F("id").asc()])
    )
    shown: Counter[int] = Counter()
    served: dict[int, set[int]] = defaultdict(set)
    rows = ranked.filter(rank__lte=TOP).values_list("offer__owner_id", "wish_id", "wish__owner_id")
    for mentor, wish, learner in rows.iterator():
        shown[mentor] += 1
        served[learner].add(wish)
    counts: Mapping[str, Counter[int]] = {
        "offers": offers,
        "wishes": wishes,
        "shown": shown,
        "served": Counter({person: len(found) for person, found in served.items()}),
    }
    return {
        "people": len(offers.keys() | wishes.keys()),
        "offers": offers.total(),
        "wishes": wishes.total(),
        **{name: _grouped(field, counts) for name, field in GROUPS.items()},
    }


def _grouped(field: str, counts: Mapping[str, Counter[int]]) -> dict[str, Any]:
    people = counts["offers"].keys() | counts["wishes"].keys()
    size: Counter[str] = Counter()
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    for person, group in Person.objects.values_list("id", field).iterator():
        if person not in people:
            continue
        name = group or "not said"
        size[name] += 1
        for what, counted in counts.items():
            sums[name][what] += counted[person]
    told = told_groups(size)
    offered, shown = counts["offers"].total(), counts["shown"].total()
    return {
        name: {
            "people": size[name],
            "offers": sums[name]["offers"],
            "wishes": sums[name]["wishes"],
            "exposure": _ratio(sums[name]["shown"] * offered, sums[name]["offers"] * shown),
            "matched": _ratio(sums[name]["served"], sums[name]["wishes"]),
        }
        if name in told
        else None
        for name in sorted(size)
    }


def told_groups(size: Mapping[str, int]) -> set[str]:
    """Give the groups large enough to be told without telling a smaller one by subtraction."""
    by_size = sorted(size, key=lambda name: (size[name], name))
    told = [name for name in by_size if size[name] >= LEAST_PEOPLE]
    hidden = [name for name in by_size if size[name] < LEAST_PEOPLE]
    if hidden and sum(size[name] for name in hidden) < LEAST_PEOPLE:
        told = told[1:]
    return set(told)


def _ratio(part: int, whole: int) -> float | None:
    return round(part / whole, 3) if whole else None
