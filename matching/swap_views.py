"""A lesson for a lesson: ask for both at once, and answer both at once."""

from dataclasses import dataclass
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import Person
from exchange.ledger import services as ledger
from exchange.lessons import services as lessons
from exchange.lessons import states
from exchange.lessons.forms import AgreeForm
from exchange.lessons.models import Lesson, Proposal
from exchange.lessons.services import stakes
from exchange.lib.errors import Refused
from matching.forms import OfferForm
from matching.services import swaps

SAID = ("times", "minutes", "format", "place")


@dataclass
class Side:
    """One lesson of a swap as the reader sees it."""

    lesson: Lesson
    teaches: bool  # the reader
    proposals: list[Proposal]  # that the reader may choose from; none when they are the other's to choose


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def swap(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for a lesson and another one in exchange; once they are asked for, choose a time for each and book both."""
    person = cast(Person, request.user)
    lesson = get_object_or_404(Lesson.objects.for_member(person).with_people(), pk=pk)
    if lesson.partner is not None and lessons.is_bound(lesson):
        return _answer(request, lesson, person)
    if states.allowed(states.ASK, lesson.facts(person), now=timezone.now()):
        return redirect(lesson)
    return _ask(request, lesson, person)


def _ask(request: HttpRequest, lesson: Lesson, person: Person) -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    offers = OfferForm(data, offers=swaps.offers_for(lesson=lesson))
    first = {"format": lesson.format, "place": lesson.place if lesson.minutes else ""}
    free = zip(("this", "other"), lessons.propose_two(lesson=lesson), strict=True)
    halves = [
        AgreeForm(data, lesson=lesson, scope="counter", prefix=prefix, initial=first, suggested=times)
        for prefix, times in free
    ]
    # Each is asked, so that everything that is wrong is said at once.
    are_valid = [form.is_valid() for form in (offers, *halves)]
    if data is not None and all(are_valid):
        this, other = (lessons.Half(**{name: form.terms[name] for name in SAID}) for form in halves)
        try:
            lessons.ask_swap(lesson=lesson, by=person, listing=offers.listing, this=this, other=other)
        except Refused as refusal:
            offers.add_error(None, str(refusal))
        else:
            messages.success(request, _("Sent. Both lessons are booked at once, or neither."))
            return redirect(lesson)
    teaches = lesson.teacher_id == person.pk
    context = {
        "lesson": lesson,
        "other": lesson.other(person),
        "offers": offers,
        "halves": list(zip(halves, (teaches, not teaches), strict=True)),
        "has_errors": any(form.errors for form in (offers, *halves)),
        "keeps_hours": ledger.is_on(),
        "place": "talks",
    }
    return render(request, "matching/swap.html", context, status=422 if data is not None else 200)


def _answer(request: HttpRequest, lesson: Lesson, person: Person) -> HttpResponse:
    rows = Lesson.objects.filter(bundle=lesson.bundle_id).with_people().order_by("id")
    sides = [
        Side(
            lesson=row,
            teaches=row.teacher_id == person.pk,
            proposals=list(row.proposals.order_by("starts_at")) if _is_mine(row, person) else [],
        )
        for row in rows
    ]
    error = ""
    if request.method == "POST":
        chosen = _chosen(request, sides)
        try:
            if len(chosen) < sum(bool(side.proposals) for side in sides):
                error = _("Choose a time for each lesson.")
            elif lessons.accept_all(chosen=chosen, by=person):
                messages.success(request, _("Both lessons are booked."))
                return redirect(lesson)
            else:
                messages.success(request, _("Kept. Both are booked as soon as each has a time."))
                return redirect("swap", pk=lesson.pk)
        except Refused as refusal:
            error = str(refusal)
    context = {
        "lesson": lesson,
        "other": lesson.other(person),
        "sides": sides,
        "stake": stakes.of(lesson=lesson, person=person, now=timezone.now()),
        "may_answer": any(side.proposals for side in sides),
        "error": error,
        "place": "talks",
    }
    return render(request, "matching/swap_answer.html", context, status=422 if error else 200)


def _is_mine(row: Lesson, person: Person) -> bool:
    return not states.allowed(states.ACCEPT, row.facts(person), now=timezone.now())


def _chosen(request: HttpRequest, sides: list[Side]) -> dict[int, int]:
    found: dict[int, Any] = {side.lesson.pk: request.POST.get(f"time_{side.lesson.pk}", "") for side in sides}
    return {key: int(text) for key, text in found.items() if text.isascii() and text.isdigit() and len(text) < 19}
