"""All sockets of one process: one bell to hear, one regular reading of the rows, one check of who is still signed in.

A bell carries the new message as a hint. It is told only when it is the very next one a socket waits for; otherwise
the rows are read. So bells may be lost, doubled or late, and an idle socket costs no statement of its own.
"""

import asyncio
import contextlib
import json
import logging
import uuid
import weakref
from collections import defaultdict, deque
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from django.contrib.sessions.models import Session
from django.utils import timezone, translation

from accounts.models import Person, Token
from exchange.chat import doorbell
from exchange.chat import services as chat
from exchange.chat.one_statement import Stored, Writer
from exchange.lib.text import clean

log = logging.getLogger(__name__)

READ_ROWS_SECONDS = 3.0
NOTE_RECEIVED_SECONDS = 1.0
MOST_BELLS = 50  # rung by one command
MOST_UNRUNG = 2000  # beyond it the oldest is dropped, as bells may be
MOST_NOTED = 200  # places written by one statement
# Bells of two processes may overtake one another, and are late on a busy machine: reading rows at once would only make
# it busier. A bell that was lost costs this much; the next one is told the moment it comes.
WAIT_FOR_BELL_SECONDS = 0.25
MOST_AHEAD = 100
OVERLAP = timedelta(seconds=60)  # longer than any transaction lives: what it dated early is still found
MOST_WAITING = 1000  # frames one socket may be behind before it is closed, to come back and resume
MOST_LETTERS = 1_500_000  # and letters of these: up to four bytes each in memory
GRACE_SECONDS = 5.0  # for a stalled reader to take the closing frame
UNKNOWN, AWAY, TOO_SLOW = 4401, 1013, 4408


class Socket:
    """One person's line. `known` is the last seq told for each talk (None until hello), `seen` the marks told."""

    __slots__ = (
        "_close",
        "_letters",
        "_send",
        "_waiting",
        "_writing",
        "ahead",
        "delivered",
        "early",
        "key_id",
        "known",
        "person",
        "seen",
        "session_key",
        "task",
        "typed_at",
    )  # fmt: skip

    def __init__(self, person: Person, key_id: int | None, session_key: str | None, send: Any) -> None:
        self.person, self.key_id, self.session_key, self._send = person, key_id, session_key, send
        self.known: dict[int, int] | None = None
        self.early: dict[int, int] = {}
        self.ahead: dict[int, dict[int, str]] = {}  # told too early: waits for the numbers before it
        self.seen: dict[tuple[int, int], int] = {}
        self.delivered: dict[tuple[int, int], int] = {}
        self.typed_at: dict[int, float] = {}
        self._waiting: deque[str] = deque()
        self._writing: asyncio.Task[None] | None = None
        self._letters = 0
        self._close: int | None = None
        self.task: asyncio.Task[Any] | None = None  # reads the line; ended when its reader stalls

    @property
    def closing(self) -> int | None:
        """The code by which this line is being closed; None while it is open."""
        return self._close

    def put(self, kind: str, **fields: Any) -> None:
        """Send a frame when its turn comes; never waits. A reader who stalls is closed and resumes later."""
        self.put_text(json.dumps({"type": kind, **fields}, ensure_ascii=False))

    def put_text(self, text: str) -> None:
        """Send a frame that is written already."""
        if self._close is not None:
            return
        if len(self._waiting) >= MOST_WAITING or self._letters > MOST_LETTERS:
            self._waiting.clear()
            self._letters = 0
            self.close(TOO_SLOW)
            asyncio.get_running_loop().call_later(GRACE_SECONDS, self._give_up)
            return
        self._waiting.append(text)
        self._letters += len(text)
        self._write()

    def close(self, code: int) -> None:
        """Close after what waits."""
        if self._close is None:
            self._close = code
            self._write()

    def stop(self) -> None:
        """The line is gone: write no more."""
        self._close = self._close or 1000
        self._waiting.clear()
        if self._writing is not None:
            self._writing.cancel()

    def hear(self, conversation: int, seq: int, text: str) -> bool:
        """Tell a message if it is the next one; gives False when rows between are missing."""
        if self.known is None:
            self.early[conversation] = max(seq, self.early.get(conversation, 0))
            return True
        known = self.known.get(conversation, 0)
        if seq <= known:
            return True
        if seq > known + 1 or not text:
            if text and len(ahead := self.ahead.setdefault(conversation, {})) < MOST_AHEAD:
                ahead[seq] = text
            return False
        self._tell(conversation, seq, text)
        if waiting := self.ahead.get(conversation):
            while next_text := waiting.pop(seq := seq + 1, ""):
                self._tell(conversation, seq, next_text)
            for old in [place for place in waiting if place < seq]:
                del waiting[old]
            if not waiting:
                del self.ahead[conversation]
        return True

    def _tell(self, conversation: int, seq: int, text: str) -> None:
        if self.known is not None:
            self.known[conversation] = seq
            self.put_text(text)

    def hear_seen(self, conversation: int, person: int, seq: int) -> None:
        """Tell how far another has seen, if that is news."""
        if self.known is not None and person != self.person.pk and self.seen.get((conversation, person), 0) < seq:
            self.seen[conversation, person] = seq
            self.put("seen", conversation=conversation, person=person, seq=seq)

    def hear_delivered(self, conversation: int, person: int, seq: int) -> None:
        """Tell how far the devices of another are, if that is news and more than what they have seen."""
        told = max(self.delivered.get((conversation, person), 0), self.seen.get((conversation, person), 0))
        if self.known is not None and person != self.person.pk and told < seq:
            self.delivered[conversation, person] = seq
            self.put("delivered", conversation=conversation, person=person, seq=seq)

    def _give_up(self) -> None:
        # Whoever takes nothing takes no closing frame either: without this the line would stay for ever.
        if self._writing is not None and self.task is not None:
            self.task.cancel()

    def _write(self) -> None:
        if self._writing is None:
            self._writing = asyncio.get_running_loop().create_task(self._write_all())

    async def _write_all(self) -> None:
        try:
            while self._waiting:
                text = self._waiting.popleft()
                self._letters -= len(text)
                await self._send({"type": "websocket.send", "text": text})
            if self._close is not None:
                await self._send({"type": "websocket.close", "code": self._close})
        except Exception:
            self._waiting.clear()  # the line is gone; whoever was at its end comes back and resumes
        finally:
            self._writing = None


class Hub:
    """The sockets of one event loop."""

    def __init__(self) -> None:
        self.name = uuid.uuid4().hex
        self.writer = Writer()
        self._sockets: dict[int, set[Socket]] = defaultdict(set)
        self._tasks: list[asyncio.Task[None]] = []
        self._behind: dict[Socket, dict[int, int]] = {}
        self._catching_up: asyncio.Task[None] | None = None
        self._told_deleted: dict[tuple[int, int], float] = {}
        self._received: dict[tuple[int, int], int] = {}
        self._noting: asyncio.Task[None] | None = None
        self._bells: deque[dict[str, Any]] = deque(maxlen=MOST_UNRUNG)
        self._ringing: asyncio.Task[None] | None = None

    async def add(self, socket: Socket) -> None:
        """Take a socket in; with the first one the hub begins to listen."""
        self._sockets[socket.person.pk].add(socket)
        if not self._tasks:
            layer = get_channel_layer()
            channel = await layer.new_channel()
            await layer.group_add(doorbell.GROUP, channel)
            self._tasks = [
                asyncio.create_task(self._listen(layer, channel)),
                asyncio.create_task(self._read_rows_regularly()),
            ]

    async def discard(self, socket: Socket) -> None:
        """Let a socket go; with the last one the hub rests and gives its connections back."""
        socket.stop()
        self._behind.pop(socket, None)
        group = self._sockets.get(socket.person.pk, set())
        group.discard(socket)
        if not group:
            self._sockets.pop(socket.person.pk, None)
        if not self._sockets:
            tasks, self._tasks = self._tasks, []
            for task in tasks:
                task.cancel()
            await self.writer.close()

    async def send(
        self, socket: Socket, *, conversation: int, client_id: uuid.UUID, body: str, reply_to: int | None
    ) -> None:
        """Store a message, acknowledge it, and tell everyone. Refused as `services.send`."""
        person = socket.person
        fields: dict[str, Any] = {
            "conversation_id": conversation,
            "client_id": client_id,
            "body": body,
            "reply_to": reply_to,
        }
        stored = await self.writer.send(sender=person, **fields)
        if stored is None:
            with translation.override(person.language):
                message = await database_sync_to_async(chat.send)(sender=person, **fields)
            stored = Stored(message.seq, message.at)
        at = stored.at.isoformat()
        socket.put("ack", client_id=str(client_id), conversation=conversation, seq=stored.seq, at=at)
        if stored.people:
            extra = {} if reply_to is None else {"reply_to": reply_to}
            frame = {
                "type": "message",
                "conversation": conversation,
                "seq": stored.seq,
                "client_id": str(client_id),
                "sender": {"id": person.pk, "name": person.first_name},
                "body": clean(body),
                "at": at,
                **extra,
            }
            bell = {"what": "message", "conversation": conversation, "seq": stored.seq}
            self.ring({"people": list(stored.people), **bell, "text": json.dumps(frame, ensure_ascii=False)})

    def ring(self, bell: dict[str, Any]) -> None:
        """Ring here at once, and in the other processes by one command for all that rang since the last one."""
        self.hear(bell)
        self._bells.append(bell)
        if self._ringing is None:
            self._ringing = asyncio.get_running_loop().create_task(self._ring())

    async def _ring(self) -> None:
        try:
            while self._bells:
                some = [self._bells.popleft() for _bell in range(min(len(self._bells), MOST_BELLS))]
                await doorbell.ring_from_loop({"type": "chat.rang", "from": self.name, "bells": some})
        finally:
            self._ringing = None

    def hear(self, bell: dict[str, Any]) -> None:
        """Tell the sockets of those whom a bell is for."""
        targets = [socket for person in bell["people"] for socket in self._sockets.get(person, ())]
        if not targets:
            return
        what, conversation = bell["what"], bell["conversation"]
        if what == "message":
            self._hear_message(targets, bell)
        elif what == "seen":
            for socket in targets:
                socket.hear_seen(conversation, bell["person"], bell["seq"])
        elif what == "delivered":
            for socket in targets:
                socket.hear_delivered(conversation, bell["person"], bell["seq"])
        elif what == "deleted":
            self._tell_deleted(targets, conversation, bell["seq"])
        else:
            for socket in targets:
                socket.put("typing", conversation=conversation, person=bell["person"], name=bell["name"])

    def _hear_message(self, targets: list[Socket], bell: dict[str, Any]) -> None:
        conversation = bell["conversation"]
        for socket in targets:
            if not socket.hear(conversation, bell.get("seq", 0), bell.get("text", "")):
                self.catch_up(socket, conversation, bell.get("seq", 0))

    def note_received(self, socket: Socket, conversation: int, seq: int) -> None:
        """Take note that a device has what it was told; written once a second for all, so no message costs more."""
        seq = min(seq, (socket.known or {}).get(conversation, 0))
        place = (socket.person.pk, conversation)
        if seq <= self._received.get(place, 0):
            return
        self._received[place] = seq
        if self._noting is None:
            self._noting = asyncio.get_running_loop().create_task(self._note_received())

    async def _note_received(self) -> None:
        try:
            while self._received:
                await asyncio.sleep(NOTE_RECEIVED_SECONDS)
                found, self._received = self._received, {}
                some = list(found.items())
                for place in range(0, len(some), MOST_NOTED):
                    part = dict(some[place : place + MOST_NOTED])
                    await database_sync_to_async(chat.note_received)(marks=part)
        except Exception:
            log.warning("What devices have could not be noted", exc_info=True)
        finally:
            self._noting = None

    def catch_up(self, socket: Socket, conversation: int, seq: int) -> None:
        """Read the rows that a socket lacks in a talk up to `seq`, unless bells bring them in a moment."""
        wanted = self._behind.setdefault(socket, {})
        wanted[conversation] = max(seq, wanted.get(conversation, 0))
        if self._catching_up is None:
            self._catching_up = asyncio.get_running_loop().create_task(self._catch_up())

    async def read(self, socket: Socket, conversations: Iterable[int]) -> None:
        """Tell a socket what it lacks in these talks."""
        left = set(conversations)
        while left and socket.known is not None:
            known = {conversation: socket.known.get(conversation, 0) for conversation in left}
            frames = await database_sync_to_async(chat.missed)(person=socket.person, known=known)
            for frame in frames:
                socket.hear(
                    frame["conversation"], frame["seq"], json.dumps({"type": "message", **frame}, ensure_ascii=False)
                )
            if len(frames) < chat.MOST_AT_ONCE:
                return

    async def _catch_up(self) -> None:
        try:
            while self._behind:
                await asyncio.sleep(WAIT_FOR_BELL_SECONDS)
                behind, self._behind = self._behind, {}
                for socket, wanted in behind.items():
                    known = socket.known or {}
                    left = {conversation for conversation, seq in wanted.items() if known.get(conversation, 0) < seq}
                    if left:
                        await self.read(socket, left)
        except Exception:
            log.warning("Rows could not be read; the next round tries again", exc_info=True)
            self._behind.clear()
        finally:
            self._catching_up = None

    async def _listen(self, layer: Any, channel: str) -> None:
        try:
            while True:
                bell = await layer.receive(channel)
                if bell.get("from") == self.name:
                    continue
                for each in bell.get("bells", (bell,)):
                    try:
                        self.hear(each)
                    except (KeyError, TypeError):
                        log.warning("A bell was not understood")
        finally:
            with contextlib.suppress(Exception):
                await layer.group_discard(doorbell.GROUP, channel)

    async def _read_rows_regularly(self) -> None:
        """Read every few seconds for all sockets together, and close those whose people are not signed in any more.

        A database that cannot be asked only means that this round is made up for by a later one.
        """
        since = timezone.now()
        while True:
            await asyncio.sleep(READ_ROWS_SECONDS)
            began = timezone.now()
            try:
                await self._close_unknown()
                people = list(self._sockets)
                rows = await database_sync_to_async(chat.changes)(people=people, since=since - OVERLAP)
                gone = await database_sync_to_async(chat.deletions)(people=people, since=since - OVERLAP)
            except Exception:
                log.warning("Rows could not be read; the next round tries again", exc_info=True)
                continue
            since = began
            for person, conversation, last, other, seen, has in rows:
                for socket in self._sockets.get(person, ()):
                    if socket.known is not None and socket.known.get(conversation, 0) < last:
                        self.catch_up(socket, conversation, last)
                    socket.hear_seen(conversation, other, seen)
                    socket.hear_delivered(conversation, other, has)
            self._tell_gone(gone)

    def _tell_gone(self, gone: list[tuple[int, int, int]]) -> None:
        now = asyncio.get_running_loop().time()
        old = now - 4 * OVERLAP.total_seconds()
        self._told_deleted = {place: at for place, at in self._told_deleted.items() if at > old}
        for conversation, seq in {(conversation, seq) for _person, conversation, seq in gone} - set(self._told_deleted):
            people = {person for person, talk, place in gone if (talk, place) == (conversation, seq)}
            targets = [socket for person in people for socket in self._sockets.get(person, ())]
            self._tell_deleted(targets, conversation, seq)

    def _tell_deleted(self, targets: Iterable[Socket], conversation: int, seq: int) -> None:
        self._told_deleted[conversation, seq] = asyncio.get_running_loop().time()
        for socket in targets:
            if socket.known is not None and socket.known.get(conversation, 0) >= seq:
                socket.put("deleted", conversation=conversation, seq=seq)

    async def _close_unknown(self) -> None:
        everyone = [socket for group in self._sockets.values() for socket in group]
        people = {socket.person.pk for socket in everyone}
        keys = {socket.key_id for socket in everyone if socket.key_id is not None}
        sessions = {socket.session_key for socket in everyone if socket.session_key is not None}
        good = await database_sync_to_async(_still_good)(people, keys, sessions)
        for socket in everyone:
            if (
                socket.person.pk not in good[0]
                or (socket.key_id is not None and socket.key_id not in good[1])
                or (socket.session_key is not None and socket.session_key not in good[2])
            ):
                socket.close(UNKNOWN)


def _still_good(people: set[int], keys: set[int], sessions: set[str]) -> tuple[set[int], set[int], set[str]]:
    return (
        set(Person.objects.filter(id__in=people, is_active=True).values_list("id", flat=True)),
        set(Token.objects.good().filter(id__in=keys).values_list("id", flat=True)) if keys else set(),
        set(Session.objects.filter(session_key__in=sessions).values_list("session_key", flat=True))
        if sessions
        else set(),
    )


_hubs: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Hub]" = weakref.WeakKeyDictionary()


def hub() -> Hub:
    """Give the hub of this event loop."""
    return _hubs.setdefault(asyncio.get_running_loop(), Hub())
