"""The acts of matching. What pages, the API and commands need is here; the rest by the full path of its module."""

from matching.services.pairs import refresh_listing, refresh_people, rematch
from matching.services.reading import (
    Catalogue,
    MatchView,
    dismiss,
    keys_of,
    matches_for,
    names_for,
    owner_of,
    pairs_for,
    reasons_between,
    suggestions_for,
    told_in_both,
    views_of,
)
from matching.services.sides import side_of, words_of

__all__ = [
    "Catalogue",
    "MatchView",
    "dismiss",
    "keys_of",
    "matches_for",
    "names_for",
    "owner_of",
    "pairs_for",
    "reasons_between",
    "refresh_listing",
    "refresh_people",
    "rematch",
    "side_of",
    "suggestions_for",
    "told_in_both",
    "views_of",
    "words_of",
]
