"""The one builder of documents: always from the row as it is now, never from an event."""

from collections.abc import Iterable

from django.db.models import QuerySet

from search.query import Document
from skills.models import Listing
from skills.services import concepts

FADE_PER_STEP = 0.6  # a listing about something narrower than asked counts less with each step down
FADE_PER_PLACE = 0.2  # and so does each further skill that its author names


def rows(ids: Iterable[int] | None = None) -> QuerySet[Listing]:
    """Give listings with all that `build` reads, in three queries however many."""
    found = Listing.objects.all() if ids is None else Listing.objects.filter(id__in=list(ids))
    return found.select_related("owner", "owner__profile", "main_concept").prefetch_related("tags")


def build(listing: Listing) -> Document:
    """Give a listing as engines see it; needs `rows()`."""
    known = concepts.tree()
    tags = [tag for tag in listing.tags.all() if tag.concept_id in known.names]
    profile = listing.owner.profile
    direct = tuple(sorted({tag.concept_id for tag in tags if tag.concept_id}))
    reach: dict[int, float] = {}
    for tag in tags:
        for ancestor, distance in known.ancestors(tag.concept_id or 0).items():
            reach[ancestor] = max(reach.get(ancestor, 0.0), weight(distance, tag.place))
    return Document(
        listing_id=listing.pk,
        version=listing.search_rev,
        is_open=listing.is_published and listing.owner.is_active and not profile.is_paused,
        kind=listing.kind,
        owner_id=listing.owner_id,
        title=listing.title,
        body=listing.body,
        title_tokens=listing.title_tokens,
        body_tokens=listing.body_tokens,
        concept_tokens=listing.concept_tokens,
        concepts=direct,
        reach=tuple(sorted(reach.items())),
        names={lang: " · ".join(known.names[concept][place] for concept in direct) for lang, place in PLACES.items()},
        domain=listing.main_concept.domain if listing.main_concept else "",
        district_id=listing.district_id,
        format=listing.format,
        speaks=tuple(listing.speaks),
        free_mask=listing.free_mask or profile.free_mask,
        published_at=listing.published_at,
    )


PLACES = {"ar": 1, "en": 2}  # of the names in the tree


def weight(distance: int, place: int) -> float:
    """How much a listing is about a concept that stands `distance` steps above its `place`-th skill, 0–1."""
    return (FADE_PER_STEP / distance if distance else 1.0) / (1 + FADE_PER_PLACE * place)
