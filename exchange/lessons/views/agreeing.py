"""A lesson from the first proposal to the end, as plain forms: everything works without scripts, twice is as once."""

import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from typing import Any, cast
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import Person
from exchange.acts import act_of
from exchange.lessons import fees, next_steps, rules, states, thanks
from exchange.lessons import services as lessons
from exchange.lessons.forms import AgreeForm, CancelForm, DeclineForm, DisputeForm, KeyForm, moments, why_words
from exchange.lessons.models import Lesson
from exchange.lessons.rules import MOST_TIMES, Span
from exchange.lessons.services import reading, stakes
from exchange.lib.errors import Refused


@dataclass
class Typed:
    """What was typed into a form of the page that was refused, and why."""

    error: str = ""
    decline: DeclineForm | None = None
    cancel: CancelForm | None = None
    dispute: DisputeForm | None = None
    chosen: int = 0
    others: Sequence[Span] = field(default_factory=list)  # times that are free instead
    taken: Sequence[Span] = field(default_factory=list)  # days of a series that are not free
    left: int = 0  # days of it that are

    @property
    def form(self) -> forms.Form | None:
        """The form whose fields are in question."""
        return self.decline or self.cancel or self.dispute


@login_required
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """List what waits for this person, what is coming, and what is over."""
    person, now = _person(request), timezone.now()
    asked = request.GET.get("before", "")
    before = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 19 else None
    still = reading.open_of(person=person, now=now) if before is None else []
    past, earlier = reading.past_of(person=person, now=now, before=before)
    context = {
        "waiting": [line for line in still if line.needs_me],
        "coming": [line for line in still if not line.needs_me],
        "past": past,
        "earlier": earlier,
        "place": "me",
    }
    return render(request, "lessons/lessons.html", context)


@login_required
@require_safe
def lesson(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what is agreed, how it came about, and the one next step of this reader."""
    person = _person(request)
    row = get_object_or_404(Lesson.objects.readable_by(person).with_people(), pk=pk)
    return _page(request, row, Typed())


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, pk: int) -> HttpResponse:
    """Propose times: first ones, others in answer, or another time for a booked lesson. One form for all three."""
    person = _person(request)
    row = get_object_or_404(Lesson.objects.for_member(person).with_people(), pk=pk)
    scope = _scope(row, request.POST.get("scope", ""))
    is_open = not states.allowed(
        states.ASK if scope == "ask" else states.COUNTER, row.facts(person), now=timezone.now()
    )
    if not is_open and request.method != "POST":
        return redirect(row)
    form = AgreeForm(
        request.POST if request.method == "POST" else None,
        lesson=row,
        scope=scope,
        suggested=_suggested(row),
        initial=_first_terms(row, person) | _first_times(request.GET.getlist("at")),
    )
    if not row.minutes and row.listing is not None and row.listing.owner_id != person.pk:
        form.tell_place(row.listing.place)
    if form.is_valid():
        verb = lessons.ask if scope == "ask" else lessons.counter
        try:
            verb(lesson=row, by=person, **form.terms)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Sent. We tell you as soon as there is an answer."))
            return redirect(row)
    context = {
        "lesson": row,
        "other": row.other(person),
        "title": row.title,
        "form": form,
        "scope": scope,
        "heading": {
            "ask": _("Agree on a lesson"), "counter": _("Offer other times"), "move": _("Ask for another time"),
        }[scope],
        "back": row.conversation.get_absolute_url() if scope == "ask" else row.get_absolute_url(),
        "place": "talks",
    }  # fmt: skip
    return render(request, "lessons/ask.html", context, status=422 if form.is_bound else 200)


@login_required
@act_of("lesson", "pk")
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Accept one of the times, or decline kindly."""
    row = _mine(request, pk)
    if request.POST.get("answer") == "decline":
        return _decline(request, row)
    number = request.POST.get("proposal", "")
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        return _page(request, row, Typed(error=_("Choose one of the times.")))
    typed, without = Typed(chosen=int(number)), _days(request.POST.getlist("without"))
    return _do(
        request,
        row,
        f"accept:{number}",
        typed,
        lambda **act: lessons.accept(proposal=int(number), without=without, **act),
    )


def _decline(request: HttpRequest, row: Lesson) -> HttpResponse:
    if row.phase == states.MOVING:
        return _do(request, row, "decline", Typed(), lessons.decline)
    form = DeclineForm(request.POST, is_teacher=row.teacher_id == _person(request).pk)
    typed = Typed(decline=form)
    if not form.is_valid():
        return _page(request, row, typed)
    return _do(request, row, "decline", typed, lambda **act: lessons.decline(**form.cleaned_data, **act))


@login_required
@act_of("lesson", "pk")
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one's own proposal back."""
    return _do(request, _mine(request, pk), "withdraw", Typed(), lessons.withdraw)


@login_required
@act_of("lesson", "pk")
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Call a booked lesson off; the page has said what that costs."""
    row, form = _mine(request, pk), CancelForm(request.POST)
    typed = Typed(cancel=form)
    if not form.is_valid():
        return _page(request, row, typed)
    if request.POST.get("rest"):
        return _do(request, row, "rest", typed, lambda **act: lessons.cancel_rest(**form.cleaned_data, **act)[0])
    return _do(request, row, "cancel", typed, lambda **act: lessons.cancel(**form.cleaned_data, **act))


@login_required
@act_of("lesson", "pk")
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that it took place."""
    return _do(request, _mine(request, pk), "confirm", Typed(), lessons.confirm)


@login_required
@act_of("lesson", "pk")
def missed(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that the other did not come."""
    return _do(request, _mine(request, pk), "miss", Typed(), lessons.miss)


@login_required
@act_of("lesson", "pk")
def dispute(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask a curator to look at it."""
    row, form = _mine(request, pk), DisputeForm(request.POST)
    typed = Typed(dispute=form)
    if not form.is_valid():
        return _page(request, row, typed)
    return _do(request, row, "dispute", typed, lambda **act: lessons.dispute(**form.cleaned_data, **act))


@login_required
@act_of("lesson", "pk")
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin the next lesson of the same two, and ask for its times."""
    row = _mine(request, pk)
    try:
        new = lessons.again(lesson=row, by=_person(request))
    except Refused as refusal:
        return _page(request, row, Typed(error=str(refusal)))
    return redirect("lesson_ask", new.pk)


def _do(request: HttpRequest, row: Lesson, act: str, typed: Typed, verb: Callable[..., Lesson]) -> HttpResponse:
    """Do one act and show the lesson; a refusal stands on the page, beside what was typed.

    The key of the page with the name of the act makes a second click the same act.
    """
    key = _key(request)
    try:
        verb(lesson=row, by=_person(request), key=f"{act}:{key}" if key else None)
    except lessons.TakenAlready as refusal:
        typed.error, typed.others = str(refusal), refusal.others
    except lessons.DatesTaken as refusal:
        typed.error, typed.taken, typed.left = str(refusal), refusal.taken, refusal.left
    except Refused as refusal:
        typed.error = str(refusal)
    else:
        return redirect(row)
    return _page(request, Lesson.objects.with_people().get(id=row.pk), typed)


def _page(request: HttpRequest, row: Lesson, typed: Typed) -> HttpResponse:
    person, now = _person(request), timezone.now()
    facts = row.facts(person)
    is_teacher = row.teacher_id == person.pk
    standings = fees.standings([row])
    step = next_steps.next_step(facts, now=now, is_unpaid=fees.is_unpaid(row, person, standings))
    context = {
        "lesson": row,
        "title": row.title,
        "title_lang": row.title_lang,
        "other": row.other(person),
        "is_teacher": is_teacher,
        "step": step,
        "shows_time": step in (next_steps.COME, next_steps.GOING, next_steps.PAY),
        "says_state": step not in next_steps.SAY_THE_STATE,
        "next_template": f"lessons/next/{step}.html",
        "acts": [
            *states.open_acts(facts, now=now),
            *([] if states.allowed(states.AGAIN, facts, now=now) else ["again"]),
        ],
        "own_said": facts.said,
        "other_said": facts.other_said,
        "proposals": list(row.proposals.order_by("starts_at")) if row.answer_due_at else [],
        "steps": reading.timeline(lesson=row, reader=person),
        "stake": stakes.of(lesson=row, person=person, now=now),
        "cost": stakes.cost_of(lesson=row) if row.state in states.ENDED else None,
        "fee": standings.get(row.pk),
        "story": thanks.standing_of(row, person) if step == next_steps.THANKS else "",
        "late_hours": settings.LATE_CANCEL_HOURS,
        "settles_at": row.due_at if row.state == states.HELD else None,
        "why": why_words(row.why),
        "shows_note": row.why not in states.OUTCOMES,
        "calendar_url": reverse("lesson_ics", args=[row.pk]),
        "key": request.POST.get("key")
        if KeyForm(request.POST).is_valid() and request.POST.get("key")
        else uuid.uuid4(),
        "error": typed.error,
        "form": typed.form,
        "decline": typed.decline or DeclineForm(is_teacher=is_teacher),
        "cancel": typed.cancel or CancelForm(),
        "dispute": typed.dispute or DisputeForm(),
        "chosen": typed.chosen,
        "others": typed.others,
        "taken": [(each, timezone.localdate(each.starts_at).isoformat()) for each in typed.taken],
        "left": typed.left,
        "meetings": reading.meetings_of(lesson=row),
        "others_query": urlencode({"at": [each.starts_at.isoformat() for each in typed.others]}, doseq=True),
        "place": "talks",
    }
    return render(request, "lessons/lesson.html", context, status=200 if request.method != "POST" else 422)


def _key(request: HttpRequest) -> str | None:
    """Give the key that came with a form; one that is none of ours is left aside."""
    form = KeyForm(request.POST)
    return form.cleaned_data["key"] if form.is_valid() else None


def _scope(row: Lesson, sent: str) -> str:
    """Give what is asked: as the form that was sent says, so that a second click is the same act, else as it stands."""
    if sent in ("ask", "counter", "move"):
        return sent
    if row.state == states.BOOKED:
        return "move"
    return "counter" if row.state == states.ASKED else "ask"


def _suggested(row: Lesson) -> list[Span]:
    """Give times when both are free."""
    return lessons.propose(lesson=row)


def _first_terms(row: Lesson, person: Person) -> dict[str, Any]:
    """Give what the lesson already says, or its listing, as the first answers of the form.

    The place of a listing is in its owner's words, so it is nobody else's first answer.
    """
    listing = row.listing
    if row.minutes or listing is None:
        fee = fees.written(row.fee, row.currency)
        return {
            "minutes": row.minutes, "format": row.format, "place": row.place, "in_return": row.in_return, "fee": fee,
        }  # fmt: skip
    form = listing.format if listing.format in Lesson.Format.values else Lesson.Format.PLACE
    place = listing.place if listing.owner_id == person.pk else ""
    return {"format": form, "place": place, "in_return": listing.in_return}


def _first_times(asked: list[str]) -> dict[str, Any]:
    """Give times named in an address as first answers."""
    found: dict[str, Any] = {}
    for number, at in enumerate(moments(asked)[:MOST_TIMES], start=1):
        local = at.astimezone(timezone.get_default_timezone())
        found |= {f"day_{number}": local.date(), f"time_{number}": local.time()}
    return found


def _days(given: list[str]) -> set[date]:
    """Give the days of a list; what is no day is left out."""
    found = set()
    for text in given[: rules.MOST_REPEATS]:
        with suppress(ValueError):
            found.add(date.fromisoformat(text[:10]))
    return found


def _mine(request: HttpRequest, pk: int) -> Lesson:
    return get_object_or_404(Lesson.objects.for_member(_person(request)).with_people(), pk=pk)


def _person(request: HttpRequest) -> Person:
    return cast(Person, request.user)
