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
from exchange.chat import services as chat
from exchange.chat.models import Conversation
from exchange.chat.serializers import LARGEST_SEQ, MessageIn, MessageOut, MessagesOut, SeenIn, SeenOut, TalkOut

TALKS = "talks"
AFTER = OpenApiParameter(
    "after",
    {"type": "integer", "minimum": 0, "maximum": LARGEST_SEQ, "default": 0},
    description=_("seq of the last message one has"),
)


class Talks(ApiView):
    """One's own talks."""

    scopes = {"GET": "talk"}

    @described(_("My talks, the liveliest first"), gives=page_of(TalkOut), query=paged(), tag=TALKS)
    def get(self, request: Request) -> Response:
        wanted = paging.asked(request, datetime, int)
        after = cast("tuple[datetime, int] | None", wanted.after)
        found = chat.conversations(person=_person(request), limit=wanted.limit + 1, after=after)
        shown, cursor = paging.cut(found, wanted.limit, lambda row: [row.conversation.last_at, row.member_id])
        return self.show_page(TalkOut, shown, cursor)


class Talk(ApiView):
    """One talk."""

    scopes = {"GET": "talk"}

    @described(_("One of my talks"), gives=TalkOut, tag=TALKS)
    def get(self, request: Request, pk: int) -> Response:
        get_object_or_404(Conversation.objects.for_member(_person(request)), pk=pk)
        return self.show(TalkOut, chat.conversations(person=_person(request), limit=1, only=pk)[0])


class Messages(ApiView):
    """The messages of one talk."""

    scopes = {"GET": "talk", "POST": "talk"}

    @described(
        _("Messages after a place, in order, at most 200"),
        gives=MessagesOut,
        query=[AFTER],
        tag=TALKS,
    )
    def get(self, request: Request, pk: int) -> Response:
        person = _person(request)
        get_object_or_404(Conversation.objects.for_member(person), pk=pk)
        after = request.query_params.get("after", "0")
        if not (after.isascii() and after.isdigit() and len(after) < 11 and int(after) <= LARGEST_SEQ):
            raise ValidationError({"after": [_now("after must be a number.")]})
        found = chat.messages_after(person=person, conversation_id=pk, seq=int(after))
        return self.show(MessagesOut, {"messages": found, "seen": chat.seen_by(person=person, conversation_id=pk)})

    @described(
        _("Send a message; with the same client_id it is stored once, however often it comes"),
        takes=MessageIn,
        gives=MessageOut,
        tag=TALKS,
    )
    def post(self, request: Request, pk: int) -> Response:
        person = _person(request)
        get_object_or_404(Conversation.objects.for_member(person), pk=pk)
        message = chat.send(conversation_id=pk, sender=person, **self.read(MessageIn))
        return self.show(MessageOut, chat.beside([message], person)[0])


class Message(ApiView):
    """One message of one's own."""

    scopes = {"DELETE": "talk"}

    @described(_("Delete my message for all, within ten minutes; a trace stays"), gives=MessageOut, tag=TALKS)
    def delete(self, request: Request, pk: int, seq: int) -> Response:
        person = _person(request)
        get_object_or_404(Conversation.objects.for_member(person), pk=pk)
        try:
            message = chat.take_back(person=person, conversation_id=pk, seq=min(seq, LARGEST_SEQ))
        except chat.NoSuchMessage:
            raise Http404 from None
        return self.show(MessageOut, message)


class Seen(ApiView):
    """How far one has seen."""

    scopes = {"POST": "talk"}

    @described(_("Say how far I have seen"), takes=SeenIn, gives=SeenOut, tag=TALKS)
    def post(self, request: Request, pk: int) -> Response:
        person = _person(request)
        get_object_or_404(Conversation.objects.for_member(person), pk=pk)
        mark = chat.mark_seen(person=person, conversation_id=pk, seq=self.read(SeenIn)["seq"])
        return self.show(SeenOut, {"conversation": pk, "seq": mark})


def _person(request: Request) -> Person:
    return cast(Person, request.user)
