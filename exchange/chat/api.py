"""Talks and their messages without a socket: the same order, the same numbers, the same refusals."""

from datetime import datetime
from typing import cast

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ValidationError

from accounts.models import Person
from exchange.api import paging
from exchange.api.schema import described, page_of, paged
from exchange.api.views import ApiView
from exchange.chat import serializers as wire
from exchange.chat import services as chat
from exchange.chat.models import Conversation
from exchange.chat.services import finding
from exchange.lib.text import clean

TALKS = "talks"
AFTER = OpenApiParameter(
    "after",
    {"type": "integer", "minimum": 0, "maximum": wire.LARGEST_SEQ, "default": 0},
    description=_("seq of the last message one has"),
)


class Talks(ApiView):
    """One's own talks."""

    scopes = {"GET": "talk"}

    @described(_("My talks, the liveliest first"), gives=page_of(wire.TalkOut), query=paged(), tag=TALKS)
    def get(self, request: Request) -> Response:
        wanted = paging.asked(request, datetime, int)
        after = cast("tuple[datetime, int] | None", wanted.after)
        found = chat.conversations(person=_person(request), limit=wanted.limit + 1, after=after)
        shown, cursor = paging.cut(found, wanted.limit, lambda row: [row.conversation.last_at, row.member_id])
        return self.show_page(wire.TalkOut, shown, cursor)


class Talk(ApiView):
    """One talk."""

    scopes = {"GET": "talk"}

    @described(_("One of my talks"), gives=wire.TalkOut, tag=TALKS)
    def get(self, request: Request, pk: int) -> Response:
        get_object_or_404(Conversation.objects.for_member(_person(request)), pk=pk)
        return self.show(wire.TalkOut, chat.conversations(person=_person(request), limit=1, only=pk)[0])


class Messages(ApiView):
    """The messages of one talk."""

    scopes = {"GET": "talk", "POST": "talk"}

    @described(
        _("Messages after a place, in order, at most 200"),
        gives=wire.MessagesOut,
        query=[AFTER],
        tag=TALKS,
    )
    def get(self, request: Request, pk: int) -> Response:
        person = _person(request)
        get_object_or_404(Conversation.objects.for_member(person), pk=pk)
        after = request.query_params.get("after", "0")
        if not (after.isascii() and after.isdigit() and len(after) < 11 and int(after) <= wire.LARGEST_SEQ):
            raise ValidationError({"after": [_now("after must be a number.")]})
        found = chat.messages_after(person=person, conversation_id=pk, seq=int(after))
        return self.show(wire.MessagesOut, {"messages": found, **_how_far(person, pk)})

    @described(
        _("Send a message; with the same client_id it is stored once, however often it comes"),
        takes=wire.MessageIn,
        gives=wire.MessageOut,
        tag=TALKS,
    )
    def post(self, request: Request, pk: int) -> Response:
        person = _person(request)
        get_object_or_404(Conversation.objects.for_member(person), pk=pk)
        message = chat.send(conversation_id=pk, sender=person, **self.read(wire.MessageIn))
        return self.show(wire.MessageOut, chat.beside([message], person)[0])


class Search(ApiView):
    """Words found again in one talk."""

    scopes = {"GET": "talk"}

    @described(
        _("Messages of a talk in which all these words stand, however spelled, the newest first, at most 50"),
        gives=wire.FoundAgainOut,
        query=[OpenApiParameter("q", str, description=_("words to find, folded as in the search for listings"))],
        tag=TALKS,
    )
    def get(self, request: Request, pk: int) -> Response:
        person = _person(request)
        get_object_or_404(Conversation.objects.for_member(person), pk=pk)
        found = finding.find(person=person, conversation_id=pk, text=clean(request.query_params.get("q", "")))
        return self.show(wire.FoundAgainOut, {"messages": [each.message for each in found]})


class Message(ApiView):
    """One message of one's own."""

    scopes = {"DELETE": "talk"}

    @described(_("Delete my message for all, within ten minutes; a trace stays"), gives=wire.MessageOut, tag=TALKS)
    def delete(self, request: Request, pk: int, seq: int) -> Response:
        person = _person(request)
        get_object_or_404(Conversation.objects.for_member(person), pk=pk)
        try:
            message = chat.take_back(person=person, conversation_id=pk, seq=min(seq, wire.LARGEST_SEQ))
        except chat.NoSuchMessage:
            raise Http404 from None
        return self.show(wire.MessageOut, message)


class Seen(ApiView):
    """How far one has seen."""

    scopes = {"POST": "talk"}

    @described(_("Say how far I have seen"), takes=wire.SeenIn, gives=wire.SeenOut, tag=TALKS)
    def post(self, request: Request, pk: int) -> Response:
        person = _person(request)
        get_object_or_404(Conversation.objects.for_member(person), pk=pk)
        mark = chat.mark_seen(person=person, conversation_id=pk, seq=self.read(wire.SeenIn)["seq"])
        return self.show(wire.SeenOut, {"conversation": pk, "seq": mark})


def _how_far(person: Person, pk: int) -> dict[str, dict[str, int]]:
    others = chat.marks(person=person, of=chat.places(person=person, conversation_id=pk))
    return {"seen": chat.seen_by(others), "delivered": chat.delivered_to(others)}


def _person(request: Request) -> Person:
    return cast(Person, request.user)
