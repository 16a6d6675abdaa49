"""Lessons without pages: the same acts, the same table, the same refusals."""

from collections.abc import Callable
from typing import Any, cast

from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Person
from exchange.api import paging
from exchange.api.schema import described, page_of, paged
from exchange.api.views import ApiView
from exchange.lessons import serializers as wire
from exchange.lessons import services as lessons
from exchange.lessons.models import Lesson, Sitting, SittingQuerySet
from exchange.lessons.services import sittings
from skills.models import Listing

TAG = "lessons"


class Hello(ApiView):
    """The first words."""

    scopes = {"POST": "talk"}

    @described(
        _("Say hello to the owner of a listing, which begins a talk"), takes=wire.HelloIn, gives=wire.LessonOut,
        tag="talks",
    )  # fmt: skip
    def post(self, request: Request, pk: int) -> Response:
        person = _person(request)
        listing = get_object_or_404(Listing.objects.visible_to(person), pk=pk)
        return self.show(wire.LessonOut, lessons.say_hello(listing=listing, by=person, **self.read(wire.HelloIn)))


class Lessons(ApiView):
    """One's own lessons."""

    scopes = {"GET": "talk"}

    @described(_("My lessons, the newest first"), gives=page_of(wire.LessonOut), query=paged(), tag=TAG)
    def get(self, request: Request) -> Response:
        rows = Lesson.objects.for_member(_person(request))
        return self.show_page(wire.LessonOut, *paging.page(rows, paging.asked(request, int), "-id"))


class LessonOne(ApiView):
    """One lesson."""

    scopes = {"GET": "talk"}

    @described(
        _("One of my lessons, or of somebody young whom I look after, with its times and everything that happened"),
        gives=wire.LessonWholeOut,
        tag=TAG,
    )
    def get(self, request: Request, pk: int) -> Response:
        lesson = get_object_or_404(Lesson.objects.readable_by(_person(request)), pk=pk)
        return self.show(wire.LessonWholeOut, _whole(lesson))


class Act(ApiView):
    """What all acts share: one's own lesson, one service, the lesson as it stands then."""

    scopes = {"POST": "talk"}

    def act(self, request: Request, pk: int, verb: Callable[..., Lesson], given: dict[str, Any]) -> Response:
        """Do one act for the reader."""
        person = _person(request)
        lesson = get_object_or_404(Lesson.objects.for_member(person), pk=pk)
        return self.show(wire.LessonWholeOut, _whole(verb(lesson=lesson, by=person, **_plain(given))))


class Ask(Act):
    """A question for a lesson."""

    @described(_("Ask for one of up to three times"), takes=wire.AskIn, gives=wire.LessonWholeOut, tag=TAG)
    def post(self, request: Request, pk: int) -> Response:
        given = self.read(wire.AskIn)
        given["times"] = wire.spans(given["times"], given["minutes"])
        return self.act(request, pk, lessons.ask, given)


class Counter(Act):
    """Other times."""

    @described(
        _("Offer other times: in answer to a question, or for a booked lesson, which stays booked until one suits"),
        takes=wire.CounterIn,
        gives=wire.LessonWholeOut,
        tag=TAG,
    )
    def post(self, request: Request, pk: int) -> Response:
        given = self.read(wire.CounterIn)
        lesson = get_object_or_404(Lesson.objects.for_member(_person(request)), pk=pk)
        given["times"] = wire.spans(given["times"], given.get("minutes") or lesson.minutes or 0)
        return self.act(request, pk, lessons.counter, given)


class Accept(Act):
    """A yes."""

    @described(_("Agree to one of the times asked for"), takes=wire.AcceptIn, gives=wire.LessonWholeOut, tag=TAG)
    def post(self, request: Request, pk: int) -> Response:
        return self.act(request, pk, lessons.accept, self.read(wire.AcceptIn))


class Decline(Act):
    """A kind no."""

    @described(_("Say no to what is asked for, kindly"), takes=wire.DeclineIn, gives=wire.LessonWholeOut, tag=TAG)
    def post(self, request: Request, pk: int) -> Response:
        given = self.read(wire.DeclineIn)
        if "full_days" in given:
            given["full_days"] = int(given["full_days"])
        return self.act(request, pk, lessons.decline, given)


class Withdraw(Act):
    """A question taken back."""

    @described(_("Take my own question back"), takes=wire.KeyIn, gives=wire.LessonWholeOut, tag=TAG)
    def post(self, request: Request, pk: int) -> Response:
        return self.act(request, pk, lessons.withdraw, self.read(wire.KeyIn))


class Cancel(Act):
    """Calling off."""

    @described(
        _("Call a booked lesson off before it starts; a learner who is late pays half"),
        takes=wire.NoteIn,
        gives=wire.LessonWholeOut,
        tag=TAG,
    )
    def post(self, request: Request, pk: int) -> Response:
        return self.act(request, pk, lessons.cancel, self.read(wire.NoteIn))


class CancelRest(Act):
    """Calling off the rest of a series."""

    @described(
        _("Call off a booked lesson and all after it in its series; each costs what it would cost alone"),
        takes=wire.NoteIn,
        gives=wire.LessonWholeOut,
        tag=TAG,
    )
    def post(self, request: Request, pk: int) -> Response:
        return self.act(request, pk, lambda **act: lessons.cancel_rest(**act)[0], self.read(wire.NoteIn))


class Confirm(Act):
    """It was held."""

    @described(_("Say that it was held"), takes=wire.KeyIn, gives=wire.LessonWholeOut, tag=TAG)
    def post(self, request: Request, pk: int) -> Response:
        return self.act(request, pk, lessons.confirm, self.read(wire.KeyIn))


class Missed(Act):
    """The other did not come."""

    @described(_("Say that the other did not come"), takes=wire.KeyIn, gives=wire.LessonWholeOut, tag=TAG)
    def post(self, request: Request, pk: int) -> Response:
        return self.act(request, pk, lessons.miss, self.read(wire.KeyIn))


class Dispute(Act):
    """A curator is asked."""

    @described(_("Ask a curator to look at what happened"), takes=wire.DisputeIn, gives=wire.LessonWholeOut, tag=TAG)
    def post(self, request: Request, pk: int) -> Response:
        return self.act(request, pk, lessons.dispute, self.read(wire.DisputeIn))


class Again(Act):
    """The next lesson."""

    @described(
        _("Begin the next lesson of the same two; one that is begun already is found"),
        gives=wire.LessonWholeOut,
        tag=TAG,
    )
    def post(self, request: Request, pk: int) -> Response:
        return self.act(request, pk, lessons.again, {})


class Sittings(ApiView):
    """Dates of group lessons to come."""

    scopes = {"GET": "read"}
    is_open = True

    @described(_("Group lessons to come, the newest first"), gives=page_of(wire.SittingOut), query=paged(), tag=TAG)
    def get(self, request: Request) -> Response:
        rows = _sittings(request).filter(cancelled_at=None, starts_at__gt=timezone.now())
        return self.show_page(wire.SittingOut, *paging.page(rows, paging.asked(request, int), "-id"))


class ListingSittings(ApiView):
    """Dates of one's own offer."""

    scopes = {"POST": "talk"}

    @described(
        _("Announce a date of my own offer, with seats"), takes=wire.SittingIn, gives=wire.SittingOut, status=201,
        tag=TAG,
    )  # fmt: skip
    def post(self, request: Request, pk: int) -> Response:
        person = _person(request)
        offers = Listing.objects.published().filter(owner=person, kind=Listing.Kind.OFFER)
        made = sittings.announce(listing=get_object_or_404(offers, pk=pk), by=person, **self.read(wire.SittingIn))
        return self.show(wire.SittingOut, _sittings(request).get(pk=made.pk), status=201)


class SittingOne(ApiView):
    """One date."""

    scopes = {"GET": "read"}
    is_open = True

    @described(_("A group lesson, with the seats left and what I have in it"), gives=wire.SittingOut, tag=TAG)
    def get(self, request: Request, pk: int) -> Response:
        return self.show(wire.SittingOut, get_object_or_404(_sittings(request), pk=pk))


class SittingAct(ApiView):
    """What acts on a date share: one that the reader may see, one service, the date as it stands then."""

    scopes = {"POST": "talk"}

    def act(self, request: Request, pk: int, verb: Callable[..., Any], **mine: Any) -> Response:
        """Do one act for the reader. `mine`: which dates it is for."""
        row = get_object_or_404(Sitting.objects.visible_to(request.user).filter(**mine), pk=pk)
        verb(sitting=row, by=_person(request))
        return self.show(wire.SittingOut, _sittings(request).get(pk=pk))


class Seat(SittingAct):
    """A seat."""

    @described(
        _("Take a seat: a lesson of my own, booked at once (“lesson”); cancel that lesson to give the seat back"),
        gives=wire.SittingOut,
        tag=TAG,
    )
    def post(self, request: Request, pk: int) -> Response:
        return self.act(request, pk, sittings.take_seat)


class Queue(SittingAct):
    """A place in the queue."""

    @described(_("Wait for a seat in the queue"), gives=wire.SittingOut, tag=TAG)
    def post(self, request: Request, pk: int) -> Response:
        return self.act(request, pk, sittings.join_queue)


class Leave(SittingAct):
    """No place any more."""

    @described(_("Wait no more, or leave a seat that is kept for me to the next"), gives=wire.SittingOut, tag=TAG)
    def post(self, request: Request, pk: int) -> Response:
        return self.act(request, pk, sittings.leave_queue)


class SittingCancel(SittingAct):
    """A date called off."""

    @described(
        _("Call my own group lesson off before it begins; everyone gets everything back"), takes=wire.SittingCancelIn,
        gives=wire.SittingOut, tag=TAG,
    )  # fmt: skip
    def post(self, request: Request, pk: int) -> Response:
        note = self.read(wire.SittingCancelIn).get("note", "")
        return self.act(request, pk, lambda **act: sittings.call_off(note=note, **act), teacher=request.user)


def _sittings(request: Request) -> SittingQuerySet:
    """Give the group lessons that the reader may see, with their counts and the reader's place."""
    return Sitting.objects.visible_to(request.user).with_counts().with_place_of(request.user)


def _whole(lesson: Lesson) -> Lesson:
    """Give a lesson as it stands in the database, with its times and steps, in three queries."""
    rows = Lesson.objects.prefetch_related("proposals", "steps")
    return rows.get(id=lesson.pk)


def _plain(given: dict[str, Any]) -> dict[str, Any]:
    return {**given, "key": str(given["key"])} if "key" in given else given


def _person(request: Request) -> Person:
    return cast(Person, request.user)
