"""Me, my free hours and pause, neighbours, whom I keep away."""

from typing import Any, cast

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import policies
from accounts import services as accounts
from accounts.models import Block, District, OtherTime, Person
from accounts.serializers import (
    BlockOut,
    DistrictOut,
    HoursIn,
    HoursOut,
    MeIn,
    MeOut,
    NeighbourOut,
    OtherTimeIn,
    OtherTimeOut,
)
from accounts.services import other_times
from exchange.api import paging
from exchange.api.schema import described, page_of, paged
from exchange.api.views import ApiView

ME, PEOPLE = "me", "people"


class Me(ApiView):
    """Oneself."""

    scopes = {"GET": "read", "PATCH": "write"}

    @described(_("Who I am and what neighbours may know"), gives=MeOut, tag=ME)
    def get(self, request: Request) -> Response:
        return self.show(MeOut, _whole(request))

    @described(_("Change what neighbours may know"), takes=MeIn, gives=MeOut, tag=ME)
    def patch(self, request: Request) -> Response:
        fields = self.read(MeIn, partial=True)
        if fields:
            accounts.change_profile(person=_person(request), **fields)
        return self.show(MeOut, _whole(request))


class Hours(ApiView):
    """My free hours."""

    scopes = {"GET": "read", "PUT": "write"}

    @described(_("When I am usually free"), gives=HoursOut, tag=ME)
    def get(self, request: Request) -> Response:
        return self.show(HoursOut, _person(request).profile)

    @described(_("Say when I am usually free"), takes=HoursIn, gives=HoursOut, tag=ME)
    def put(self, request: Request) -> Response:
        accounts.set_free_hours(person=_person(request), codes=self.read(HoursIn)["free"])
        return self.show(HoursOut, _person(request).profile)


class OtherTimes(ApiView):
    """Exceptions from my week."""

    scopes = {"GET": "read", "POST": "write"}

    @described(_("When I am away or free besides, from now on"), gives=page_of(OtherTimeOut), query=paged(), tag=ME)
    def get(self, request: Request) -> Response:
        rows = OtherTime.objects.filter(person=_person(request)).to_come().order_by()
        return self.show_page(OtherTimeOut, *paging.page(rows, paging.asked(request, int), "id"))

    @described(
        _("Say that I am away for a while, or free besides my usual hours"),
        takes=OtherTimeIn,
        gives=OtherTimeOut,
        tag=ME,
    )
    def post(self, request: Request) -> Response:
        return self.show(OtherTimeOut, other_times.add(person=_person(request), **self.read(OtherTimeIn)))


class OtherTimeOne(ApiView):
    """One exception from my week."""

    scopes = {"DELETE": "write"}

    @described(_("Take an exception away"), status=204, tag=ME)
    def delete(self, request: Request, pk: int) -> Response:
        other_times.remove(person=_person(request), number=pk)
        return Response(status=204)


class Pause(ApiView):
    """Resting from suggestions and new hellos."""

    scopes = {"PUT": "write", "DELETE": "write"}

    @described(_("Rest: nobody new is sent to me"), status=204, tag=ME)
    def put(self, request: Request) -> Response:
        accounts.pause(person=_person(request))
        return Response(status=204)

    @described(_("Be there again"), status=204, tag=ME)
    def delete(self, request: Request) -> Response:
        accounts.resume(person=_person(request))
        return Response(status=204)


class Blocks(ApiView):
    """Whom I keep away."""

    scopes = {"GET": "read"}

    @described(_("Whom I keep away"), gives=page_of(BlockOut), query=paged(), tag=PEOPLE)
    def get(self, request: Request) -> Response:
        rows = Block.objects.filter(blocker=_person(request)).select_related("blocked", "blocked__district")
        return self.show_page(BlockOut, *paging.page(rows, paging.asked(request, int), "-id"))


class PersonBlock(ApiView):
    """Keeping one person away."""

    scopes = {"PUT": "write", "DELETE": "write"}

    @described(_("Keep someone away, both ways, at once and silently"), status=204, tag=PEOPLE)
    def put(self, request: Request, pk: int) -> Response:
        other = get_object_or_404(Person, pk=pk, is_active=True)
        accounts.block(blocker=_person(request), blocked=other)
        return Response(status=204)

    @described(_("Take one's own block back"), status=204, tag=PEOPLE)
    def delete(self, request: Request, pk: int) -> Response:
        accounts.unblock(blocker=_person(request), blocked=get_object_or_404(Person, pk=pk))
        return Response(status=204)


class Neighbour(ApiView):
    """One neighbour."""

    scopes = {"GET": "read"}
    is_open = True

    @described(_("A neighbour: first name, district, own words"), gives=NeighbourOut, tag=PEOPLE)
    def get(self, request: Request, pk: int) -> Response:
        other = get_object_or_404(Person.objects.select_related("profile", "district"), pk=pk, is_active=True)
        reader = request.user
        if isinstance(reader, Person) and reader.pk != other.pk and policies.is_blocked(reader, other):
            raise Http404
        return self.show(NeighbourOut, other)


class Districts(ApiView):
    """The city's districts."""

    scopes = {"GET": "read"}
    is_open = True

    @described(_("The districts of the city"), gives=page_of(DistrictOut), query=paged(), tag=PEOPLE)
    def get(self, request: Request) -> Response:
        return self.show_page(DistrictOut, *paging.page(District.objects.all(), paging.asked(request, int), "id"))


def _person(request: Request) -> Person:
    return cast(Person, request.user)


def _whole(request: Request) -> Any:
    return Person.objects.select_related("profile", "district").get(id=_person(request).pk)
