"""The socket of one person: frames become calls, rows become frames. It decides nothing.

Plain ASGI: what Channels' consumers do beside it (a queue of its own for each socket, dispatch by name) cost more than
the rest of the way (benchmarks/chat.py).
"""

import asyncio
import json
import time
from typing import Any

from channels.db import database_sync_to_async
from django.db import Error
from django.utils import translation

from accounts.models import Person
from exchange.chat import one_statement, rules
from exchange.chat import services as chat
from exchange.chat.hub import AWAY, TOO_SLOW, UNKNOWN, Hub, Socket, hub
from exchange.lib.counters import SOCKETS
from exchange.lib.errors import Refused
from exchange.lib.logs import tell

TYPING_SECONDS = 3.0
NOT_ALLOWED = 4403


async def talk(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Let a known person in and serve their frames; anyone else is told so by close code 4401, a key without "talk"
    by 4403."""
    user, key = scope.get("user"), scope.get("key")
    await receive()
    await send({"type": "websocket.accept"})
    if not isinstance(user, Person) or not user.is_active:
        tell("socket_refused")
        await send({"type": "websocket.close", "code": UNKNOWN})
        return
    if key is not None and "talk" not in key.scopes:
        await send({"type": "websocket.close", "code": NOT_ALLOWED})
        return
    session = scope.get("session") if key is None else None
    person = Person.objects.model(pk=user.pk, name=user.name, language=user.language)
    socket = Socket(person, key.pk if key else None, session.session_key if session is not None else None, send)
    socket.task = asyncio.current_task()
    ours = hub()
    SOCKETS.inc()
    tell("socket_opened", person=person.pk)
    code = 1006
    try:
        await ours.add(socket)
        while (event := await receive())["type"] == "websocket.receive":
            await _take(ours, socket, event.get("text"))
        code = event.get("code", code)
    except asyncio.CancelledError:
        if socket.closing != TOO_SLOW:
            raise
        code = TOO_SLOW  # nobody reads at the other end; the server lets the line go
    finally:
        SOCKETS.dec()
        tell("socket_closed", person=person.pk, close=code)
        await ours.discard(socket)


async def _take(ours: Hub, socket: Socket, text: str | None) -> None:
    """Take one frame; a malformed or refused one is answered and the socket lives on. When the database cannot be
    asked the socket is closed: the client keeps what was not acknowledged, comes back and sends it again."""
    client_id = None
    try:
        if text is None or len(text) > rules.LARGEST_FRAME:
            raise rules.BadFrame("a frame is JSON text of at most 64 kB")
        kind, fields = rules.read(json.loads(text))
        client_id = fields.get("client_id")
        if kind == "send":
            await ours.send(socket, **fields)
        else:
            await ON[kind](ours, socket, **fields)
    except (rules.BadFrame, ValueError, RecursionError) as error:
        socket.put("refused", code="bad_frame", text=str(error)[:200])
    except Refused as refusal:
        extra = {"client_id": str(client_id)} if client_id else {}
        socket.put("refused", code=refusal.code, text=str(refusal), **extra)
    except (Error, *one_statement.AWAY):
        tell("socket_database_away", person=socket.person.pk)
        socket.close(AWAY)


async def _hello(ours: Hub, socket: Socket, resume: dict[int, int]) -> None:
    """Start telling: all that came after what the client has; talks it does not name start from now."""
    rows = await database_sync_to_async(chat.state)(person=socket.person)
    last = {conversation: seq for conversation, seq, *_marks in rows}
    socket.known = {conversation: min(resume.get(conversation, seq), seq) for conversation, seq in last.items()}
    socket.seen = {(talk, other): 0 if talk in resume else mark for talk, _last, other, mark, _has in rows}
    socket.delivered = {(talk, other): 0 if talk in resume else has for talk, _last, other, _mark, has in rows}
    early, socket.early = socket.early, {}
    for conversation, seq in early.items():
        last[conversation] = max(seq, last.get(conversation, 0))
    await ours.read(socket, {talk for talk, seq in last.items() if socket.known.get(talk, 0) < seq})
    for conversation, _last, other, mark, has in rows:
        socket.hear_seen(conversation, other, mark)
        socket.hear_delivered(conversation, other, has)


async def _seen(_ours: Hub, socket: Socket, conversation: int, seq: int) -> None:
    """Move how far this person has seen."""
    await _in_their_language(chat.mark_seen, socket, conversation_id=conversation, seq=seq)


async def _received(ours: Hub, socket: Socket, conversation: int, seq: int) -> None:
    """Note that a device of this person has the messages up to here."""
    ours.note_received(socket, conversation, seq)


async def _typing(_ours: Hub, socket: Socket, conversation: int) -> None:
    """Pass on that this person writes, at most every three seconds."""
    now = time.monotonic()
    if now - socket.typed_at.get(conversation, -TYPING_SECONDS) >= TYPING_SECONDS:
        socket.typed_at[conversation] = now
        await _in_their_language(chat.typing, socket, conversation_id=conversation)


async def _delete(_ours: Hub, socket: Socket, conversation: int, seq: int) -> None:
    """Take one's own words away for all."""
    await _in_their_language(chat.take_back, socket, conversation_id=conversation, seq=seq)


async def _in_their_language(act: Any, socket: Socket, **fields: Any) -> None:
    with translation.override(socket.person.language):
        await database_sync_to_async(act)(person=socket.person, **fields)


ON: dict[str, Any] = {"hello": _hello, "seen": _seen, "received": _received, "typing": _typing, "delete": _delete}
