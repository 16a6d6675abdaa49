"""Talks as pages, and the HTTP twin of the socket: everything works without scripts too."""

import json
import time
import uuid
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import policies
from accounts.models import Person
from exchange.chat import rules
from exchange.chat import services as chat
from exchange.chat.forms import MessageForm
from exchange.chat.models import Conversation
from exchange.lib.errors import Refused

LONGEST_WAIT_SECONDS = 20
LOOK_AGAIN_SECONDS = 0.5


@login_required
@require_GET
def talks(request: HttpRequest) -> HttpResponse:
    """List the talks, the liveliest first."""
    rows = chat.conversations(person=_person(request))
    return render(request, "chat/talks.html", {"rows": rows, "place": "talks"})


@login_required
@require_GET
def talk(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one talk; reading it counts as having seen it."""
    person = _person(request)
    conversation = get_object_or_404(Conversation.objects.for_member(person), pk=pk)
    chat.mark_seen(person=person, conversation_id=pk, seq=conversation.last_seq)
    return _page(request, person, conversation, MessageForm(initial={"client_id": uuid.uuid4()}))


@login_required
@require_http_methods(["GET", "POST"])
def messages(request: HttpRequest, pk: int) -> HttpResponse:
    """GET ?after=seq gives newer messages as JSON (wait=1 holds the line until there is one); POST sends one."""
    person = _person(request)
    conversation = get_object_or_404(Conversation.objects.for_member(person), pk=pk)
    if request.method == "GET":
        return _newer(request, person, pk)
    wants_json = request.content_type == "application/json"
    form = MessageForm(_json_body(request) if wants_json else request.POST)
    if not form.is_valid():
        if wants_json:
            return JsonResponse({"type": "refused", "code": "bad_frame", "text": _first_error(form)}, status=422)
        return _page(request, person, conversation, form, status=422)
    try:
        message = chat.send(conversation_id=pk, sender=person, **form.cleaned_data)
    except Refused as refusal:
        if wants_json:
            status = 409 if refusal.code == "client_id_reused" else 422
            return JsonResponse({"type": "refused", "code": refusal.code, "text": str(refusal)}, status=status)
        if refusal.code == "held":  # it is kept: shown as waiting, and a second click must not send it as another
            return redirect(f"{conversation.get_absolute_url()}#end")
        form.add_error("body", str(refusal))
        return _page(request, person, conversation, form, status=422)
    if wants_json:
        ack = {"type": "ack", "client_id": str(message.client_id), "conversation": pk, "seq": message.seq}
        return JsonResponse({**ack, "at": message.at.isoformat()})
    return redirect(f"{conversation.get_absolute_url()}#end")


@login_required
@require_POST
def seen(request: HttpRequest, pk: int) -> HttpResponse:
    """Move how far this person has seen, for clients without a socket."""
    try:
        _kind, fields = rules.read({"type": "seen", "conversation": pk, "seq": request.POST.get("seq")})
        mark = chat.mark_seen(person=_person(request), conversation_id=pk, seq=fields["seq"])
    except (rules.BadFrame, chat.NoSuchTalk) as error:
        return JsonResponse({"type": "refused", "text": str(error)}, status=422)
    return JsonResponse({"type": "seen", "conversation": pk, "seq": mark})


def _newer(request: HttpRequest, person: Person, pk: int) -> JsonResponse:
    after = request.GET.get("after", "0")
    if not (after.isascii() and after.isdigit() and len(after) < 19):
        return JsonResponse({"type": "refused", "code": "bad_frame", "text": _("after must be a number.")}, status=422)
    until = time.monotonic() + (LONGEST_WAIT_SECONDS if request.GET.get("wait") else 0)
    while True:
        found = chat.since(person=person, conversation_id=pk, seq=int(after))
        if found or time.monotonic() >= until:
            break
        time.sleep(LOOK_AGAIN_SECONDS)
    seen_by = {str(other): mark for conversation, _last, other, mark in chat.state(person=person) if conversation == pk}
    return JsonResponse({"messages": found, "seen": seen_by})


def _page(
    request: HttpRequest, person: Person, conversation: Conversation, form: MessageForm, *, status: int = 200
) -> HttpResponse:
    before = request.GET.get("before", "")
    shown = chat.latest(
        person=person,
        conversation_id=conversation.pk,
        before=int(before) if before.isdigit() and len(before) < 10 else None,
    )
    others = [
        member
        for member in conversation.members.select_related("person", "person__district")
        if member.person_id != person.pk
    ]
    is_open = all(policies.may_write_to(person, member.person) for member in others)
    context = {
        "conversation": conversation,
        "shown": shown,
        "first_seq": shown[0].seq if shown else 0,
        "others": [member.person for member in others],
        "seen_by_all": min((member.seen_seq for member in others), default=0),
        "form": form,
        "is_open": is_open and conversation.stopped_at is None,
        "is_stopped": conversation.stopped_at is not None,
        "waiting": chat.waiting_of(person=person, conversation_id=conversation.pk),
        "place": "talks",
    }
    return render(request, "chat/talk.html", context, status=status)


def _json_body(request: HttpRequest) -> dict[str, Any]:
    try:
        value = json.loads(request.body)
    except (ValueError, RecursionError):
        return {}
    fields = value if isinstance(value, dict) else {}
    return {name: part for name, part in fields.items() if isinstance(part, str)}


def _first_error(form: MessageForm) -> str:
    return str(next(iter(form.errors.values()))[0])


def _person(request: HttpRequest) -> Person:
    return cast(Person, request.user)
