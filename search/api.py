"""The one search, with everything the page shows of it."""

from dataclasses import replace

from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from exchange.api import paging
from exchange.api.schema import described, filters_of, page_of, paged, parameter
from exchange.api.views import ApiView
from search import services as search
from search.query import PAGE
from search.serializers import ResultsOut, SuggestionOut
from skills.api import filters_from, words_of
from skills.filters import ListingFilter
from skills.models import Listing

SEARCH = "search"
FARTHEST = 1000  # as on the page: whoever looks further wants another question


class Search(ApiView):
    """Finding offers and wishes."""

    scopes = {"GET": "read"}
    is_open = True

    @described(
        _("Find offers and wishes by words in either language"),
        gives=ResultsOut,
        query=[*filters_of(ListingFilter), *paged()],
        tag=SEARCH,
    )
    def get(self, request: Request) -> Response:
        filters = filters_from(request, Listing.objects.none())
        wanted = paging.asked(request, int, default=PAGE)
        offset = min(max(wanted.after[0], 0), FARTHEST) if wanted.after else 0
        query = search.query_of(filters, reader=request.user, lang=self.language())
        results = search.find(query=replace(query, offset=offset, limit=wanted.limit), person=request.user)
        end = offset + wanted.limit
        following = paging.write(end) if end < min(results.total, FARTHEST) else None
        return self.show(ResultsOut, results, next=following)


class Suggest(ApiView):
    """Completing a question."""

    scopes = {"GET": "read"}
    is_open = True

    @described(
        _("Complete a question while it is typed"),
        gives=page_of(SuggestionOut),
        query=[parameter("q", str, _("the first letters"))],
        tag=SEARCH,
    )
    def get(self, request: Request) -> Response:
        found = search.suggest(text=words_of(request)[:80], lang=self.language())
        return self.show_page(SuggestionOut, found, None)
