"""The curators' desk: one text a screen, keys for everything, plain forms underneath."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Person
from exchange.acts import act_of
from exchange.chat import serving
from exchange.chat.models import Conversation, Held
from exchange.chat.screening import judging
from exchange.lib.errors import Refused
from exchange.lib.text import clean
from exchange.moderation import services as moderation
from exchange.moderation import standing
from exchange.moderation.models import Decision, Report
from exchange.moderation.rules import KEYS, REASONS, REPORTS
from exchange.payments.services import nightly as money
from matching.models import Ring
from matching.services import rings as ring_services
from matching.services import waiting
from skills.models import Revision, Unmapped

View = Callable[..., HttpResponse]
AT_ONCE = 20


def curators_only(view: View) -> View:
    """Let curators in; for others the page does not exist."""

    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not _person(request).is_curator:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


@curators_only
@require_safe
def desk(request: HttpRequest) -> HttpResponse:
    """List what waits, oldest first."""
    rows = moderation.queue(curator=_person(request))
    context = {
        "rows": rows[:200],
        "waiting": standing.waiting(curator=_person(request)),
        "undoable": moderation.last_undoable(curator=_person(request)),
        "money_waiting": money.waiting_count(),
        "words": Unmapped.objects.filter(settled_at=None).order_by("-times", "id")[:30],
        "place": "desk",
    }
    return render(request, "moderation/desk.html", context)


@curators_only
@require_POST
def begin(request: HttpRequest) -> HttpResponse:
    """Open the oldest text that no other curator has open."""
    return _next(request)


@curators_only
@require_safe
def item(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one text with what is needed to decide."""
    return _item_page(request, pk)


@curators_only
@require_POST
def accept(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a text through and go to the next."""
    revision = get_object_or_404(Revision, pk=pk)
    return _decide(
        request,
        revision,
        lambda: moderation.let_through(revision=revision, curator=_person(request)),
        _("Let through."),
    )


@curators_only
@act_of("desk_item", "pk")
def give_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Return a text with a reason and go to the next."""
    revision = get_object_or_404(Revision, pk=pk)
    reason, note = request.POST.get("reason", ""), clean(request.POST.get("note", ""))
    if reason not in REASONS:
        return _item_page(request, pk, error=_("Choose a reason from the list."), note=note, status=422)
    act = lambda: moderation.give_back(revision=revision, curator=_person(request), reason=reason, note=note)  # noqa: E731
    return _decide(request, revision, act, _("Returned to its author."))


@curators_only
@require_POST
def skip(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a text at the end and go to the next."""
    revision = get_object_or_404(Revision, pk=pk)
    return _decide(request, revision, lambda: moderation.skip(revision=revision, curator=_person(request)), "")


@curators_only
@require_POST
def undo(request: HttpRequest) -> HttpResponse:
    """Take back the last decision."""
    decision = moderation.last_undoable(curator=_person(request))
    if decision is None:
        messages.error(request, _("There is nothing to undo: ten minutes have passed, or nothing was decided."))
        return redirect("desk")
    try:
        revision = moderation.undo(decision=Decision(pk=decision.pk), curator=_person(request))
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("desk")
    messages.success(request, _("Taken back."))
    return redirect("desk_item", pk=revision.pk)


@curators_only
@require_safe
def waiting_wishes(request: HttpRequest) -> HttpResponse:
    """List the wishes nobody has answered for two weeks, and the rings that wait for a look."""
    context = {"climbs": waiting.climbing(), "rings": ring_services.held()[:50], "place": "desk"}
    return render(request, "moderation/waiting.html", context)


@curators_only
@require_POST
def send_ring(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a held ring to its people, or not."""
    ring = get_object_or_404(Ring, pk=pk)
    is_good = request.POST.get("good") == "yes"
    try:
        ring_services.send(ring=ring, by=_person(request), is_good=is_good)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The ring is on its way.") if is_good else _("The ring is not sent."))
    return redirect("desk_waiting")


@curators_only
@require_safe
def desk_file(request: HttpRequest, pk: int, seq: int) -> HttpResponse:
    """Show a curator what came with a reported message."""
    found = moderation.reported_file(report_id=pk, seq=seq, curator=_person(request))
    answer = serving.serve(request, found) if found is not None else None
    if answer is None:
        raise Http404
    return answer


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask why a talk is reported; one more tap on a reason reports it, with its last messages."""
    person = _person(request)
    conversation = get_object_or_404(Conversation.objects.for_member(person), pk=pk)
    given = request.POST.get("message") or request.GET.get("message", "")
    seq = int(given) if given.isascii() and given.isdigit() and len(given) < 10 else 0
    error = ""
    if request.method == "POST":
        try:
            moderation.report(conversation_id=pk, reporter=person, reason=request.POST.get("reason", ""), seq=seq)
        except Refused as refusal:
            error = str(refusal)
        else:
            messages.success(request, _("Thank you for telling us. A curator looks at it, and you will hear from us."))
            return redirect(conversation)
    context = {
        "conversation": conversation,
        "others": [
            each.person for each in conversation.members.select_related("person") if each.person_id != person.pk
        ],
        "seq": seq,
        "reasons": [(code, words[str(request.LANGUAGE_CODE)]) for code, words in REPORTS.items()],
        "error": error,
        "place": "talks",
    }
    return render(request, "moderation/report.html", context, status=422 if error else 200)


@curators_only
@require_safe
def desk_talks(request: HttpRequest) -> HttpResponse:
    """Show the oldest report and the oldest held message first, each with the last messages of its talk."""
    person = _person(request)
    language = str(request.LANGUAGE_CODE)
    held = [
        {
            "row": row,
            "before": moderation.last_messages(held=row),
            "reasons": [judging.reason(each["rule"], language) or each["rule"] for each in row.findings],
        }
        for row in moderation.held_messages(curator=person)[:AT_ONCE]
    ]
    reports = [
        {"row": row, "reason": REPORTS[row.reason][language]} for row in moderation.reports(curator=person)[:AT_ONCE]
    ]
    return render(request, "moderation/talks.html", {"held": held, "reports": reports, "place": "desk"})


@curators_only
@require_POST
def decide_held(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a held message through or keep it back."""
    get_object_or_404(Held, pk=pk)
    is_through = request.POST.get("verdict") == "through"
    act = lambda: moderation.decide_held(held_id=pk, curator=_person(request), is_through=is_through)  # noqa: E731
    return _decide_talk(request, act, _("Let through.") if is_through else _("Kept back."))


@curators_only
@require_POST
def decide_report(request: HttpRequest, pk: int) -> HttpResponse:
    """Close a report."""
    get_object_or_404(Report, pk=pk)
    is_calm = request.POST.get("verdict") == "calm"
    act = lambda: moderation.decide_report(report_id=pk, curator=_person(request), is_calm=is_calm)  # noqa: E731
    return _decide_talk(request, act, _("The talk goes on.") if is_calm else _("The talk stays closed."))


def _decide_talk(request: HttpRequest, act: Callable[[], object], said: str) -> HttpResponse:
    try:
        act()
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, said)
    return redirect("desk_talks")


def _decide(request: HttpRequest, revision: Revision, act: Callable[[], object], said: str) -> HttpResponse:
    try:
        act()
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        if said:
            messages.success(request, said)
    return _next(request, but=revision)


def _next(request: HttpRequest, but: Revision | None = None) -> HttpResponse:
    following = moderation.next_text(curator=_person(request), but=but)
    return redirect("desk_item", pk=following.pk) if following else redirect("desk")


def _item_page(request: HttpRequest, pk: int, *, error: str = "", note: str = "", status: int = 200) -> HttpResponse:
    person = _person(request)
    revision = moderation.queue(curator=person).filter(pk=pk).first()
    if revision is None:
        get_object_or_404(Revision, pk=pk)
        messages.info(request, _("This text is no longer waiting."))
        return redirect("desk")
    language = str(request.LANGUAGE_CODE)
    context = {
        "item": moderation.item(revision=revision),
        "revision": revision,
        "listing": revision.listing,
        "reasons": [(key, code, REASONS[code][language]) for key, code in KEYS.items()],
        "total": moderation.waiting_count(),
        "undoable": moderation.last_undoable(curator=person),
        "error": error,
        "note": note,
        "place": "desk",
        "here": reverse("desk_item", args=[pk]),
    }
    return render(request, "moderation/item.html", context, status=status)


def _person(request: HttpRequest) -> Person:
    return cast(Person, request.user)
