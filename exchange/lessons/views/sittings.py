"""Group lessons: announce a date, take a seat, wait for one. Plain forms; twice is as once."""

from collections.abc import Callable
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import Person
from exchange.acts import act_of
from exchange.ledger import services as ledger
from exchange.lessons import states
from exchange.lessons.forms import SittingForm
from exchange.lessons.models import Lesson, Sitting
from exchange.lessons.services import sittings
from exchange.lib.errors import Refused
from skills.models import Listing

MOST_DATES = 6


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, pk: int) -> HttpResponse:
    """Announce a date of one's own offer."""
    person = _person(request)
    offers = Listing.objects.published().filter(owner=person, kind=Listing.Kind.OFFER)
    listing = get_object_or_404(offers, pk=pk)
    form = SittingForm(request.POST if request.method == "POST" else None, listing=listing)
    if form.is_valid():
        try:
            made = sittings.announce(listing=listing, by=person, **form.terms)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Announced. Neighbours can take seats now."))
            return redirect(made)
    context = {"form": form, "listing": listing, "place": "me"}
    return render(request, "lessons/sitting_new.html", context, status=422 if form.is_bound else 200)


@require_safe
def sitting(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one date: when, where, how many seats are left, and what the reader can do."""
    return _page(request, pk)


@login_required
@act_of("sitting", "pk")
def seat(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a seat."""
    return _act(request, pk, sittings.take_seat, _("The seat is yours."))


@login_required
@act_of("sitting", "pk")
def queue(request: HttpRequest, pk: int) -> HttpResponse:
    """Wait for a seat."""
    return _act(request, pk, sittings.join_queue, _("You are in the queue. We tell you when a seat is free."))


@login_required
@act_of("sitting", "pk")
def leave(request: HttpRequest, pk: int) -> HttpResponse:
    """Wait no more, or leave a kept seat to the next."""
    return _act(request, pk, sittings.leave_queue, _("You are no longer in the queue."))


@login_required
@act_of("sitting", "pk")
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Call the whole date off, as its teacher."""
    if not Sitting.objects.filter(pk=pk, teacher=_person(request)).exists():
        return _page(request, pk, status=404)
    return _act(request, pk, sittings.call_off, _("Called off. Everyone who had a seat is told."))


def _act(request: HttpRequest, pk: int, verb: Callable[..., Any], done: str) -> HttpResponse:
    person = _person(request)
    row = get_object_or_404(Sitting.objects.visible_to(person), pk=pk)
    try:
        verb(sitting=row, by=person)
    except Refused as refusal:
        return _page(request, pk, error=str(refusal), status=422)
    messages.success(request, done)
    return redirect(row)


def _page(request: HttpRequest, pk: int, error: str = "", status: int = 200) -> HttpResponse:
    reader = request.user
    rows = Sitting.objects.visible_to(reader).with_counts().select_related("teacher", "listing")
    row = get_object_or_404(rows, pk=pk)
    mine, place, number, seats = None, None, 0, []
    if isinstance(reader, Person):
        booked = Lesson.objects.filter(sitting=row, state=states.BOOKED).select_related("learner").order_by("id")
        if reader.pk == row.teacher_id:
            seats = list(booked)
        else:
            mine = booked.filter(learner=reader).first()
            place, number = sittings.place_of(sitting=row, person=reader)
    context = {
        "sitting": row,
        "error": error,
        "is_teacher": reader.pk == row.teacher_id,
        "mine": mine,
        "queued": place,
        "number": number,
        "seats": seats,
        "keeps_hours": row.in_return == Lesson.Return.HOURS and ledger.is_on(),
        "others": Sitting.objects.to_come().filter(listing=row.listing_id).exclude(pk=pk).with_counts()[:MOST_DATES],
        "place": "find",
    }
    return render(request, "lessons/sitting.html", context, status=status)


def _person(request: HttpRequest) -> Person:
    return cast(Person, request.user)
