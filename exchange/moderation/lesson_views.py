"""Lessons about which the two say different things: what each said, and a decision about the hours."""

from copy import copy
from dataclasses import dataclass
from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts.models import Person
from exchange.acts import act_of
from exchange.lessons import services as lessons
from exchange.lessons import states
from exchange.lessons.models import Lesson, Step
from exchange.lessons.services.reading import StepLine
from exchange.lib.errors import Refused
from exchange.lib.text import clean
from exchange.moderation.views import curators_only

AT_ONCE = 20
LONGEST_NOTE = 500
OUTCOMES = (
    (states.PAY, gettext_lazy("It was held: to the teacher")),
    (states.HALF, gettext_lazy("Half each")),
    (states.RETURN, gettext_lazy("It was not: back to the learner")),
)


@dataclass(frozen=True)
class Case:
    """A dispute as its curator sees it: what happened to the lesson, and what the two said of it. Nothing else that
    they wrote to each other, neither their talk nor a word beside a step, is for a curator to read."""

    lesson: Lesson
    timeline: list[StepLine]
    words: list[Step]


def case_of(lesson: Lesson, *, curator: Person) -> Case:
    """Read one of `lessons.disputes`."""
    told: list[Step] = lesson.told  # type: ignore[attr-defined]
    return Case(
        lesson=lesson,
        timeline=[StepLine(_without_words(step), curator.pk) for step in told],
        words=[step for step in told if step.act == states.DISPUTE],
    )


def _without_words(step: Step) -> Step:
    bare = copy(step)
    bare.facts = {name: fact for name, fact in step.facts.items() if name != "note"}
    return bare


@curators_only
@require_safe
def desk_lessons(request: HttpRequest) -> HttpResponse:
    """Show the disputes that wait for this curator, the longest waiting first."""
    return _page(request)


@curators_only
@act_of("desk_lessons")
def desk_lesson(request: HttpRequest, pk: int) -> HttpResponse:
    """Decide one dispute, and show the others."""
    lesson = get_object_or_404(Lesson.objects.exclude(disputed_at=None), pk=pk)
    outcome, note = request.POST.get("outcome", ""), clean(request.POST.get("note", ""))
    if outcome not in states.OUTCOMES:
        return _page(request, at=pk, note=note, error=_("Choose what happens to the hours."))
    if len(note) > LONGEST_NOTE:
        return _page(request, at=pk, note=note, chosen=outcome, error=_("Shorter, please: 500 characters at most."))
    try:
        lessons.resolve(lesson=lesson, by=_person(request), outcome=outcome, note=note)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Decided. Both are told."))
    return redirect("desk_lessons")


def _page(request: HttpRequest, *, at: int = 0, note: str = "", chosen: str = "", error: str = "") -> HttpResponse:
    curator = _person(request)
    context: dict[str, Any] = {
        "cases": [case_of(lesson, curator=curator) for lesson in lessons.disputes(curator=curator)[:AT_ONCE]],
        "outcomes": OUTCOMES,
        "days": settings.DISPUTE_DAYS,
        "at": at,
        "note": note,
        "chosen": chosen,
        "error": error,
        "place": "desk",
    }
    return render(request, "moderation/lessons.html", context, status=422 if error else 200)


def _person(request: HttpRequest) -> Person:
    return cast(Person, request.user)
