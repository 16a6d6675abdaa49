"""The one builder of documents: always from the row as it is now, never from an event."""

from search.query import Document
from skills.models import Listing
from skills.services import concepts


def build(listing: Listing) -> Document:
    """Give a listing as engines see it. Its tags and owner's profile should be prefetched for many."""
    known = concepts.tree()
    direct = tuple(sorted({tag.concept_id for tag in listing.tags.all() if tag.concept_id}))
    above = sorted({ancestor for concept in direct for ancestor in known.ancestors(concept)})
    profile = listing.owner.profile
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
        concepts_above=tuple(above),
        district_id=listing.district_id,
        format=listing.format,
        speaks=tuple(listing.speaks),
        free_mask=listing.free_mask or profile.free_mask,
        published_at=listing.published_at,
    )
