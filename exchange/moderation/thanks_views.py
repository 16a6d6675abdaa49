"""Reported thanks and private notes: how one sends them, and the curators' page of them."""

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Person
from exchange.lib.errors import Refused
from exchange.moderation import thanks_services as moderation
from exchange.moderation.models import PrivateNote, ThanksReport
from exchange.moderation.rules import THANKS_REASONS
from exchange.moderation.views import AT_ONCE, curators_only
from exchange.passport import services as passports


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask why a thank-you is reported; one more tap on a reason reports it."""
    person = cast(Person, request.user)
    thanks = passports.readable(thanks_id=pk, person=person)
    if thanks is None:
        raise Http404
    error = ""
    if request.method == "POST":
        try:
            moderation.report(thanks=thanks, reporter=person, reason=request.POST.get("reason", ""))
        except Refused as refusal:
            error = str(refusal)
        else:
            messages.success(request, _("Thank you for telling us. A curator looks at it, and you will hear from us."))
            return redirect("person", pk=thanks.receiver_id)
    context = {"thanks": thanks, "reasons": _reasons(request), "error": error, "place": "me"}
    return render(request, "moderation/thanks_report.html", context, status=422 if error else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def private_note(request: HttpRequest, pk: int) -> HttpResponse:
    """Write a private word about a lesson to the curators."""
    person = cast(Person, request.user)
    lesson = passports.lesson_for(lesson_id=pk, person=person)
    if lesson is None:
        raise Http404
    error, status = "", 200
    waiting = moderation.waiting_note(lesson=lesson, person=person)
    body = request.POST.get("body", waiting.body if waiting else "")
    if request.method == "POST":
        try:
            moderation.write_note(lesson=lesson, by=person, body=body)
        except Refused as refusal:
            error, status = str(refusal), 422
        else:
            messages.success(request, _("Sent to the curators, and to nobody else."))
            return redirect("thanks", pk=pk)
    told = passports.told_of(lesson=lesson, person=person, language=str(request.LANGUAGE_CODE))
    context = {"told": told, "body": body, "waiting": waiting, "error": error, "place": "me"}
    return render(request, "moderation/private_note.html", context, status=status)


@curators_only
@require_safe
def desk_thanks(request: HttpRequest) -> HttpResponse:
    """Show the reported thanks and the private notes, the oldest first."""
    person = cast(Person, request.user)
    context = {
        "reports": [
            {"row": row, "reason": THANKS_REASONS[row.reason][str(request.LANGUAGE_CODE)]}
            for row in moderation.reports(curator=person)[:AT_ONCE]
        ],
        "notes": moderation.notes(curator=person)[:AT_ONCE],
        "reasons": _reasons(request),
        "place": "desk",
    }
    return render(request, "moderation/thanks.html", context)


@curators_only
@require_POST
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Take reported words down with a reason, or leave them."""
    get_object_or_404(ThanksReport, pk=pk)
    why = request.POST.get("why", "")
    try:
        moderation.decide(report_id=pk, curator=cast(Person, request.user), why="" if why == "calm" else why or "?")
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The words stay.") if why == "calm" else _("Taken down."))
    return redirect("desk_thanks")


@curators_only
@require_POST
def close_note(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a private note away as looked after."""
    get_object_or_404(PrivateNote, pk=pk)
    try:
        moderation.close_note(note_id=pk, curator=cast(Person, request.user))
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Looked after."))
    return redirect("desk_thanks")


def _reasons(request: HttpRequest) -> list[tuple[str, str]]:
    return [(code, words[str(request.LANGUAGE_CODE)]) for code, words in THANKS_REASONS.items()]
