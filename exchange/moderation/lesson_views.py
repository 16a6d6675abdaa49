"""Lessons about which the two say different things: what each said, and a decision about the hours."""

from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.models import Person
from exchange.acts import act_of
from exchange.lessons import services as lessons
from exchange.lessons import states
from exchange.lessons.models import Lesson
from exchange.lib.errors import Refused
from exchange.lib.text import clean
from exchange.moderation.views import curators_only

AT_ONCE = 20
LONGEST_NOTE = 500


@curators_only
@require_GET
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
        return _page(request, at=pk, note=note, error=_("Shorter, please: 500 characters at most."))
    try:
        lessons.resolve(lesson=lesson, by=_person(request), outcome=outcome, note=note)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Decided. Both are told."))
    return redirect("desk_lessons")


def _page(request: HttpRequest, *, at: int = 0, note: str = "", error: str = "") -> HttpResponse:
    context: dict[str, Any] = {
        "rows": lessons.disputes(curator=_person(request))[:AT_ONCE],
        "days": settings.DISPUTE_DAYS,
        "at": at,
        "note": note,
        "error": error,
        "place": "desk",
    }
    return render(request, "moderation/lessons.html", context, status=422 if error else 200)


def _person(request: HttpRequest) -> Person:
    return cast(Person, request.user)
