"""The socket of one person: frames become calls, rows become frames. It decides nothing."""

import asyncio
import contextlib
import json
import time
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.contrib.sessions.models import Session
from django.utils import translation

from accounts.models import Person, Token
from exchange.chat import rules
from exchange.chat import services as chat
from exchange.lib.counters import SOCKETS
from exchange.lib.errors import Refused
from exchange.lib.logs import tell

READ_ROWS_SECONDS = 3.0
TYPING_SECONDS = 3.0
UNKNOWN, NOT_ALLOWED, TOO_LARGE = 4401, 4403, 1009


class ChatConsumer(AsyncWebsocketConsumer):
    """One socket. `known` is the last seq sent for each conversation, `seen` the marks told."""

    person: Person

    async def connect(self) -> None:
        """Let a known person in; anyone else is told so by close code 4401, a key without "talk" by 4403."""
        user = self.scope.get("user")
        await self.accept()
        if not isinstance(user, Person) or not user.is_active:
            await self.close(code=UNKNOWN)
            tell("socket_refused")
            return
        key = self.scope.get("key")
        if key is not None and "talk" not in key.scopes:
            await self.close(code=NOT_ALLOWED)
            return
        self.person = user
        SOCKETS.inc()
        tell("socket_opened", person=user.pk)
        self.known: dict[int, int] | None = None  # None until hello
        self.seen: dict[tuple[int, int], int] = {}
        self.typed_at: dict[int, float] = {}
        self.reading = asyncio.Lock()
        await self.channel_layer.group_add(chat.group_of(user.pk), self.channel_name)
        self.rounds = asyncio.create_task(self._read_rows_regularly())

    async def disconnect(self, code: int) -> None:
        """Leave the bell and stop reading."""
        if hasattr(self, "rounds"):
            self.rounds.cancel()
            SOCKETS.dec()
            tell("socket_closed", person=self.person.pk, close=code)
            with contextlib.suppress(Exception):
                await self.channel_layer.group_discard(chat.group_of(self.person.pk), self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Take one frame; a malformed or refused one is answered and the socket lives on."""
        if not hasattr(self, "person"):
            return
        client_id = None
        try:
            if text_data is None or len(text_data) > rules.LARGEST_FRAME:
                raise rules.BadFrame("a frame is JSON text of at most 64 kB")
            kind, fields = rules.read(json.loads(text_data))
            client_id = fields.get("client_id")
            with translation.override(self.person.language):
                await getattr(self, f"on_{kind}")(**fields)
        except (rules.BadFrame, json.JSONDecodeError, RecursionError) as error:
            await self._put("refused", code="bad_frame", text=str(error)[:200])
        except Refused as refusal:
            extra = {"client_id": str(client_id)} if client_id else {}
            await self._put("refused", code=refusal.code, text=str(refusal), **extra)

    async def on_hello(self, resume: dict[int, int]) -> None:
        """Start telling: all that came after what the client has; talks it does not name start from now."""
        rows = await database_sync_to_async(chat.state)(person=self.person)
        self.known = {conversation: resume.get(conversation, last) for conversation, last, _other, _seen in rows}
        self.seen = {(conversation, other): -1 for conversation, _last, other, _seen in rows if conversation in resume}
        await self._tell_news(rows)

    async def on_send(self, conversation: int, client_id: Any, body: str) -> None:
        """Store a message and say where it stands."""
        message = await database_sync_to_async(chat.send)(
            conversation_id=conversation, sender=self.person, client_id=client_id, body=body
        )
        await self._put(
            "ack", client_id=str(client_id), conversation=conversation, seq=message.seq, at=message.at.isoformat()
        )

    async def on_seen(self, conversation: int, seq: int) -> None:
        """Move how far this person has seen."""
        await database_sync_to_async(chat.mark_seen)(person=self.person, conversation_id=conversation, seq=seq)

    async def on_typing(self, conversation: int) -> None:
        """Pass on that this person writes, at most every three seconds."""
        now = time.monotonic()
        if now - self.typed_at.get(conversation, -TYPING_SECONDS) >= TYPING_SECONDS:
            self.typed_at[conversation] = now
            await database_sync_to_async(chat.typing)(person=self.person, conversation_id=conversation)

    async def chat_rang(self, event: dict[str, Any]) -> None:
        """Hear the bell: read the rows."""
        await self._read_rows()

    async def chat_typing(self, event: dict[str, Any]) -> None:
        """Pass on that somebody else writes."""
        await self._put("typing", conversation=event["conversation"], person=event["person"], name=event["name"])

    async def _read_rows_regularly(self) -> None:
        """Read every few seconds even if no bell rings, and end when the person is no longer signed in."""
        while True:
            await asyncio.sleep(READ_ROWS_SECONDS)
            if not await database_sync_to_async(self._is_still_known)():
                await self.close(code=UNKNOWN)
                return
            await self._read_rows()

    def _is_still_known(self) -> bool:
        if not Person.objects.filter(id=self.person.pk, is_active=True).exists():
            return False
        key = self.scope.get("key")
        if key is not None:
            return Token.objects.good().filter(id=key.pk).exists()
        session = self.scope.get("session")
        return session is None or Session.objects.filter(session_key=session.session_key).exists()

    async def _read_rows(self) -> None:
        if self.known is not None:
            await self._tell_news(await database_sync_to_async(chat.state)(person=self.person))

    async def _tell_news(self, rows: list[tuple[int, int, int, int]]) -> None:
        async with self.reading:  # two bells at once must not tell one message twice
            known = self.known if self.known is not None else {}
            for conversation, last, other, seen in rows:
                while known.setdefault(conversation, 0) < last:
                    frames = await database_sync_to_async(chat.since)(
                        person=self.person, conversation_id=conversation, seq=known[conversation]
                    )
                    if not frames:
                        break
                    for message in frames:
                        await self._put("message", **message)
                        known[conversation] = message["seq"]
                if self.seen.get((conversation, other), 0) < seen:
                    await self._put("seen", conversation=conversation, person=other, seq=seen)
                self.seen[conversation, other] = max(seen, 0)

    async def _put(self, kind: str, **fields: Any) -> None:
        await self.send(text_data=json.dumps({"type": kind, **fields}, ensure_ascii=False))
