"""Who fits, and why; "not for me"."""

from typing import cast

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Person
from exchange.api import paging
from exchange.api.schema import described, page_of, paged
from exchange.api.views import ApiView
from matching import services as matching
from matching.models import Match
from matching.serializers import MatchOut, PairIn
from skills.models import Listing

MATCHES = "matches"
ORDER = ("-score", "id")


class Matches(ApiView):
    """Matches of all one's own listings."""

    scopes = {"GET": "read"}

    @described(_("Who fits my listings and why, best first"), gives=page_of(MatchOut), query=paged(), tag=MATCHES)
    def get(self, request: Request) -> Response:
        person = cast(Person, request.user)
        rows = Match.objects.for_owner(person)
        found, after = paging.page(rows, paging.asked(request, float, int), *ORDER)
        views = matching.views_of(matches=found, person=person, language=self.language(), with_hints=True)
        return self.show_page(MatchOut, views, after)


class ListingMatches(ApiView):
    """Matches of one of one's own listings."""

    scopes = {"GET": "read", "POST": "write"}

    @described(_("Who fits one of my listings and why"), gives=page_of(MatchOut), query=paged(), tag=MATCHES)
    def get(self, request: Request, pk: int) -> Response:
        person, listing = cast(Person, request.user), _own(request, pk)
        rows = Match.objects.for_owner(person).filter(**{f"{listing.kind}_id": pk})
        found, after = paging.page(rows, paging.asked(request, float, int), *ORDER)
        views = matching.views_of(matches=found, person=person, language=self.language(), with_hints=True)
        return self.show_page(MatchOut, views, after)

    @described(_("Look again at once for who fits"), status=204, tag=MATCHES)
    def post(self, request: Request, pk: int) -> Response:
        matching.refresh_listing(listing_id=_own(request, pk).pk)
        return Response(status=204)


class Dismiss(ApiView):
    """Not for me."""

    scopes = {"POST": "write"}

    @described(_("Not for me: this pair is not shown to me again"), takes=PairIn, status=204, tag=MATCHES)
    def post(self, request: Request) -> Response:
        pair = self.read(PairIn)
        person = cast(Person, request.user)
        get_object_or_404(Match.objects.of_owner(person), offer_id=pair["offer"], wish_id=pair["wish"])
        matching.dismiss(person=person, offer_id=pair["offer"], wish_id=pair["wish"])
        return Response(status=204)


def _own(request: Request, pk: int) -> Listing:
    return get_object_or_404(Listing, pk=pk, owner=cast(Person, request.user))
