"""Talks as pages, and the HTTP twin of the socket: everything works without scripts too."""

import json
import time
import uuid
from typing import Any, cast

from django.contrib import messages as django_messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import Person
from exchange.chat import rules
from exchange.chat import services as chat
from exchange.chat.forms import MessageForm
from exchange.chat.models import Conversation
from exchange.lib.errors import Refused

LONGEST_WAIT_SECONDS = 20
LOOK_AGAIN_SECONDS = 0.5
FIRST_WORDS = 10  # while a talk is this young, what to mind at a first meeting stands above it
QUICK = (
    gettext_noop("Which day suits you?"),
    gettext_noop("In the morning or in the evening?"),
    gettext_noop("Yes, that suits me."),
)


@login_required
@require_GET
def talks(request: HttpRequest) -> HttpResponse:
    """List the talks, the liveliest first."""
    rows = chat.conversations(person=_person(request))
    return render(request, "chat/talks.html", {"rows": rows, "place": "talks"})


@login_required
@require_GET
def talk(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one talk. Looking writes nothing: the page then says what was seen, by socket or by POST."""
    person = _person(request)
    conversation = get_object_or_404(Conversation.objects.for_member(person), pk=pk)
    answers = _place(request.GET.get("answer", ""))
    form = MessageForm(initial={"client_id": uuid.uuid4(), "reply_to": answers})
    return _page(request, person, conversation, form)


@login_required
@require_http_methods(["GET", "POST"])
def messages(request: HttpRequest, pk: int) -> HttpResponse:
    """GET ?after=seq gives newer messages as JSON (wait=1 holds the line until there is one); POST sends one."""
    person = _person(request)
    conversation = get_object_or_404(Conversation.objects.for_member(person), pk=pk)
    if request.method == "GET":
        return _newer(request, person, pk)
    wants_json = request.content_type == "application/json"
    form = MessageForm(_json_body(request) if wants_json else _posted(request))
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
def delete(request: HttpRequest, pk: int, seq: int) -> HttpResponse:
    """Take one's own words away for all, and show the talk again."""
    person = _person(request)
    conversation = get_object_or_404(Conversation.objects.for_member(person), pk=pk)
    try:
        chat.take_back(person=person, conversation_id=pk, seq=seq)
    except Refused as refusal:
        django_messages.error(request, str(refusal))
    return redirect(f"{conversation.get_absolute_url()}#end")


@login_required
@require_POST
def seen(request: HttpRequest, pk: int) -> HttpResponse:
    """Move how far this person has seen, for clients without a socket; a page without scripts is shown anew."""
    try:
        _kind, fields = rules.read({"type": "seen", "conversation": pk, "seq": request.POST.get("seq")})
        mark = chat.mark_seen(person=_person(request), conversation_id=pk, seq=fields["seq"])
    except (rules.BadFrame, chat.NoSuchTalk) as error:
        return JsonResponse({"type": "refused", "text": str(error)}, status=422)
    if request.POST.get("then") == "page":
        return redirect(f"{reverse('talk', args=[pk])}#end")
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
    shown = chat.latest(
        person=person,
        conversation_id=conversation.pk,
        before=_place(request.GET.get("before", "")),
    )
    answers = _place(str(form["reply_to"].value() or ""))
    quotes = chat.words_at(
        person=person,
        conversation_id=conversation.pk,
        places={message.reply_to for message in shown} | {answers},
    )
    for message in shown:
        message.quote = quotes.get(message.reply_to) if message.reply_to else None  # type: ignore[attr-defined]
    members = list(conversation.members.select_related("person", "person__district"))
    others = [member for member in members if member.person_id != person.pk and not member.is_guardian]
    unread = sum(conversation.last_seq - member.seen_seq for member in members if member.person_id == person.pk)
    is_open, needs_guardian = chat.may_go_on(members=members, person=person)
    context = {
        "conversation": conversation,
        "shown": shown,
        "first_seq": shown[0].seq if shown else 0,
        "others": [member.person for member in others],
        "seen_by_all": min((member.seen_seq for member in others), default=0),
        "form": form,
        "answers": answers if answers in quotes else None,
        "answered": quotes.get(answers, "") if answers else "",
        "quick": [gettext(words) for words in QUICK],
        "may_delete_from": timezone.now() - chat.DELETE_WITHIN,
        "unread_count": chat.unread_count(person=person) - unread,  # the other talks: this one is being read
        "guardians": [member.person for member in members if member.is_guardian],
        "needs_guardian": needs_guardian,
        "meets_soon": not any(member.is_guardian and member.person_id == person.pk for member in members)
        and 1 <= conversation.last_seq <= FIRST_WORDS,
        "is_open": is_open and conversation.stopped_at is None,
        "is_stopped": conversation.stopped_at is not None,
        "waiting": chat.waiting_of(person=person, conversation_id=conversation.pk),
        "place": "talks",
        "here": conversation.get_absolute_url(),
    }
    return render(request, "chat/talk.html", context, status=status)


def _posted(request: HttpRequest) -> QueryDict:
    """Give the fields of the form; a quick answer that was pressed stands for the words."""
    number = _place(request.POST.get("quick", ""))
    if number is None or number >= len(QUICK):
        return request.POST
    fields = request.POST.copy()
    fields["body"] = gettext(QUICK[number])
    return fields


def _place(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _json_body(request: HttpRequest) -> dict[str, Any]:
    try:
        value = json.loads(request.body)
    except (ValueError, RecursionError):
        return {}
    fields = value if isinstance(value, dict) else {}
    return {name: part for name, part in fields.items() if isinstance(part, str | int)}


def _first_error(form: MessageForm) -> str:
    return str(next(iter(form.errors.values()))[0])


def _person(request: HttpRequest) -> Person:
    return cast(Person, request.user)
