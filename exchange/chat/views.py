"""Talks as pages, and the HTTP twin of the socket: everything works without scripts too."""

import json
import time
import uuid
from typing import Any, cast

from django.contrib import messages as django_messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Person
from exchange.acts import act_of
from exchange.chat import rules, serving
from exchange.chat import services as chat
from exchange.chat.forms import FileForm, MessageForm
from exchange.chat.models import TALLEST, Conversation
from exchange.chat.services import files as chat_files
from exchange.chat.services import finding, groups
from exchange.lib.errors import Refused
from exchange.lib.text import clean, isolated

LONGEST_WAIT_SECONDS = 20
LOOK_AGAIN_SECONDS = 0.5
FIRST_WORDS = 10  # while a talk is this young, what to mind at a first meeting stands above it
QUICK = (
    gettext_noop("Which day suits you?"),
    gettext_noop("In the morning or in the evening?"),
    gettext_noop("Yes, that suits me."),
)


@login_required
@require_safe
def talks(request: HttpRequest) -> HttpResponse:
    """List the talks, the liveliest first."""
    rows = chat.conversations(person=_person(request))
    return render(request, "chat/talks.html", {"rows": rows, "place": "talks"})


@login_required
@require_safe
def talk(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one talk. Looking writes nothing: the page then says what was seen, by socket or by POST."""
    person = _person(request)
    conversation = chat.talk_of(person=person, conversation_id=pk)
    if conversation is None:
        raise Http404
    answers = _place(request.GET.get("answer", ""))
    form = MessageForm(initial={"client_id": uuid.uuid4(), "reply_to": answers})
    return _page(request, person, conversation, form)


@login_required
@require_safe
def search(request: HttpRequest, pk: int) -> HttpResponse:
    """Find words again in one talk; each result leads to its place."""
    person = _person(request)
    conversation = get_object_or_404(Conversation.objects.for_member(person), pk=pk)
    asked = clean(request.GET.get("q", ""))[:200]
    context = {
        "conversation": conversation,
        "asked": asked,
        "found": finding.find(person=person, conversation_id=pk, text=asked),
        "most": finding.MOST,
        "place": "talks",
    }
    return render(request, "chat/search.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def messages(request: HttpRequest, pk: int) -> HttpResponse:
    """GET ?after=seq gives newer messages as JSON (wait=1 holds the line until there is one); POST sends one."""
    person = _person(request)
    conversation = get_object_or_404(Conversation.objects.for_member(person), pk=pk)
    if request.method != "POST":
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
    return redirect(f"{conversation.get_absolute_url()}#m{message.seq}")


@login_required
@act_of("talk", "pk")
def files(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a photo, a PDF or a voice note: as a plain form, or from a script, which is answered in JSON."""
    person = _person(request)
    conversation = get_object_or_404(Conversation.objects.for_member(person), pk=pk)
    wants_json = _wants_json(request)
    form = FileForm(request.POST, request.FILES)
    if getattr(request, "is_file_too_large", False):
        return _file_refused(request, conversation, wants_json, "file_too_large", chat_files.too_large())
    if not form.is_valid():
        return _file_refused(request, conversation, wants_json, "bad_frame", _first_error(form))
    fields = form.cleaned_data
    sent = fields.pop("file")
    try:
        message = chat_files.send_file(
            conversation_id=pk, sender=person, data=sent.read(), name=sent.name or "", **fields
        )
    except Refused as refusal:
        return _file_refused(request, conversation, wants_json, refusal.code, str(refusal))
    if wants_json:
        ack = {"type": "ack", "client_id": str(message.client_id), "conversation": pk, "seq": message.seq}
        return JsonResponse({**ack, "at": message.at.isoformat(), "message": chat.frame(message)})
    return redirect(f"{conversation.get_absolute_url()}#m{message.seq}")


@login_required
@require_safe
def file(request: HttpRequest, pk: int, seq: int) -> HttpResponse:
    """Give a file to a member of its talk."""
    return _serve(request, pk, seq)


@login_required
@require_safe
def small(request: HttpRequest, pk: int, seq: int) -> HttpResponse:
    """Give a photo as it stands in the talk."""
    return _serve(request, pk, seq, small=True)


@login_required
@require_POST
def delete(request: HttpRequest, pk: int, seq: int) -> HttpResponse:
    """Take one's own words away for all, and show the talk again; a script is answered in JSON."""
    person = _person(request)
    conversation = get_object_or_404(Conversation.objects.for_member(person), pk=pk)
    wants_json = _wants_json(request)
    try:
        chat.take_back(person=person, conversation_id=pk, seq=seq)
    except Refused as refusal:
        if wants_json:
            return JsonResponse({"type": "refused", "code": refusal.code, "text": str(refusal)}, status=422)
        django_messages.error(request, str(refusal))
    if wants_json:
        return JsonResponse({"type": "deleted", "conversation": pk, "seq": seq})
    return redirect(f"{conversation.get_absolute_url()}#end")


@login_required
@require_POST
def leave(request: HttpRequest, pk: int) -> HttpResponse:
    """Leave a group."""
    person = _person(request)
    get_object_or_404(Conversation.objects.for_member(person), pk=pk)
    groups.leave(conversation_id=pk, person=person)
    django_messages.success(request, gettext("You have left the group."))
    return redirect("talks")


@login_required
@require_POST
def seen_choice(request: HttpRequest) -> HttpResponse:
    """Show others what one has read, and see it of them; or neither."""
    chat.choose_seen(person=_person(request), is_shown=request.POST.get("shown") == "yes")
    return redirect(reverse("me"))


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


def _wants_json(request: HttpRequest) -> bool:
    return "application/json" in request.headers.get("Accept", "")


def _serve(request: HttpRequest, pk: int, seq: int, *, small: bool = False) -> HttpResponse:
    found = chat_files.readable(person=_person(request), conversation_id=pk, seq=seq)
    answer = serving.serve(request, found, small=small) if found is not None else None
    if answer is None:
        raise Http404
    return answer


def _file_refused(
    request: HttpRequest, conversation: Conversation, wants_json: bool, code: str, text: str
) -> HttpResponse:
    if wants_json:
        return JsonResponse({"type": "refused", "code": code, "text": text}, status=422)
    form = MessageForm({"client_id": uuid.uuid4(), "body": request.POST.get("body", "")})
    form.add_error(None, text)
    return _page(request, _person(request), conversation, form, status=422)


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
    others = chat.marks(person=person, of=chat.places(person=person, conversation_id=pk))
    told = {"seen": chat.seen_by(others), "delivered": chat.delivered_to(others)}
    return JsonResponse({"messages": found, **told})


def _page(
    request: HttpRequest, person: Person, conversation: Conversation, form: MessageForm, *, status: int = 200
) -> HttpResponse:
    at = _place(request.GET.get("at", ""))
    if at:
        shown = chat.around(person=person, conversation_id=conversation.pk, seq=at)
    else:
        before = _place(request.GET.get("before", ""))
        shown = chat.latest(person=person, conversation_id=conversation.pk, before=before)
    answers = _place(str(form["reply_to"].value() or ""))
    quotes = chat.words_at(
        person=person,
        conversation_id=conversation.pk,
        places={message.reply_to for message in shown} | {answers},
    )
    for message in shown:
        message.quote = quotes.get(message.reply_to) if message.reply_to else None  # type: ignore[attr-defined]
        message.shown_file = chat.file_of(message)  # type: ignore[attr-defined]
    members = chat.places(person=person, conversation_id=conversation.pk)
    others = chat.marks(person=person, of=members)
    for message in shown:
        message.state = _state(message.seq, others)  # type: ignore[attr-defined]
    unread = sum(max(0, conversation.last_seq - each.seen_seq) for each in members if each.person_id == person.pk)
    people = [other.person for other in others]
    is_group = conversation.is_group
    may_write, needs_guardian = chat.may_go_on(members=members, person=person)
    is_open = may_write and bool(others)
    context = {
        "conversation": conversation,
        "shown": shown,
        "first_seq": shown[0].seq if shown else 0,
        "at": at,
        "is_past": bool(shown) and shown[-1].seq < conversation.last_seq,
        "others": people,
        "tall": TALLEST,
        "keeps_away": is_group and groups.keeps_away(person=person, others=people),
        "marks": json.dumps(
            [[other.person.pk, other.person.first_name, other.seen or 0, other.delivered] for other in others]
        ),
        "form": form,
        "answers": answers if answers in quotes else None,
        "answered": quotes.get(answers, "") if answers else "",
        "quick": [gettext(words) for words in QUICK],
        "may_delete_from": timezone.now() - chat.DELETE_WITHIN,
        "unread_count": chat.unread_count(person=person) - unread,  # the other talks: this one is being read
        "today": timezone.localdate().isoformat(),
        "zone": timezone.get_current_timezone_name(),
        "has_met": conversation.met_at is not None,
        "new_id": uuid.uuid4(),
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


def _state(seq: int, others: list[chat.Mark]) -> str:
    """Give in words how far a message of one's own is."""
    seen = [other.person.first_name for other in others if (other.seen or 0) >= seq]
    if others and len(seen) == len(others):
        return gettext("seen")
    if seen:
        return gettext("seen by: %(names)s") % {"names": gettext(", ").join(map(isolated, seen))}
    return gettext("delivered") if others and all(other.delivered >= seq for other in others) else gettext("sent")


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
