"""Store messages by one statement on PostgreSQL: the `chat_send` function of migration 0004, through a pool that
belongs to the event loop. What it does not take goes the way of reference, `services.send`; both pass the same tests.

A message goes at once when a connection is free. When none is, it waits together with others, and the next free one
takes them all: a busy process asks and commits less often for each.
"""

import asyncio
import logging
import uuid
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection
from django.utils import translation
from django.utils.translation import gettext as _
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from accounts.models import Person
from exchange.chat import services as chat
from exchange.chat.screening import screen
from exchange.lib.text import clean
from exchange.outbox import services as outbox

STATEMENT = "SELECT code, place, stored_at, people FROM chat_send(%s::bigint, %s::bigint, %s, %s, %s::integer, %s)"
TOGETHER = """SELECT code, place, stored_at, people
FROM unnest(%s::bigint[], %s::bigint[], %s::uuid[], %s::text[], %s::integer[]) WITH ORDINALITY
    AS said (talk, writer, number, words, answers, turn), chat_send(talk, writer, number, words, answers, %s)
ORDER BY turn"""
MOST_TOGETHER = 25
LARGEST_SEQ = 2**31 - 1
NOT_OURS = {"cursor_factory", "context", "prepare_threshold", "pool", "server_side_binding"}
AWAY = (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout, TimeoutError)

logging.getLogger("psycopg.pool").setLevel(logging.ERROR)


@dataclass(frozen=True)
class Stored:
    """Where a message stands. `people`: all members, when it was stored just now; empty when it was there before."""

    seq: int
    at: datetime
    people: tuple[int, ...] = ()


@dataclass(eq=False)
class _Waiting:
    """One message on its way: (talk, sender, its number, words, what it answers)."""

    given: tuple[int, int, uuid.UUID, str, int | None]
    answer: asyncio.Future[Any] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    is_alone: bool = False  # it was among some of which one failed: the others must not suffer again

    def tell(self, row: Any, error: Exception | None = None) -> None:
        if self.answer.done():  # whoever sent it is gone
            return
        if error is not None:
            self.answer.set_exception(error)
        else:
            self.answer.set_result(row)


class Writer:
    """The pool of one event loop. Raises one of `AWAY` when the database cannot be asked."""

    def __init__(self) -> None:
        self._pool: AsyncConnectionPool[Any] | None = None
        self._queues: list[str] = []
        self._waiting: deque[_Waiting] = deque()
        self._lines: set[asyncio.Task[None]] = set()
        self._patience = settings.STATEMENT_SECONDS + 1.5 if settings.STATEMENT_SECONDS else None

    async def send(
        self, *, conversation_id: int, sender: Person, client_id: uuid.UUID, body: str, reply_to: int | None = None
    ) -> Stored | None:
        """Store a message. None: this one must go by `services.send` (another database, first words of a talk, a text
        that is refused, or one that the rules for safe words find something in). Refused as there.
        """
        if connection.vendor != "postgresql":
            return None
        words = clean(body)
        if not words or len(words) > chat.LONGEST or (reply_to or 0) > LARGEST_SEQ:
            return None
        if screen(words, is_first_contact=False).findings:  # what must be noted beside it, or waits for a curator
            return None
        given = (conversation_id, sender.pk, client_id, words, reply_to)
        try:
            code, seq, at, people = await self._ask(given)
        except (psycopg.errors.UniqueViolation, psycopg.OperationalError):  # sent twice at once, or a line that died
            code, seq, at, people = await self._ask(given)
        if code == "first_words":
            return None
        if code not in ("stored", "again"):
            with translation.override(sender.language):
                raise _refusal(code)
        return Stored(seq, at.astimezone(UTC), tuple(people or ()) if code == "stored" else ())

    async def close(self) -> None:
        """Give the connections back."""
        if self._pool is not None:
            pool, self._pool = self._pool, None
            await pool.close(timeout=1)

    async def _ask(self, given: tuple[int, int, uuid.UUID, str, int | None]) -> Any:
        one = _Waiting(given)
        self._waiting.append(one)
        if len(self._lines) < settings.DATABASE_POOL:
            line = asyncio.get_running_loop().create_task(self._work())
            self._lines.add(line)
            line.add_done_callback(self._lines.discard)
        return await one.answer

    async def _work(self) -> None:
        """Store what waits, until nothing does."""
        while self._waiting:
            some = self._take()
            try:
                rows = await self._store(some)
            except Exception as error:
                if len(some) == 1:
                    some[0].tell(None, error)
                    continue
                for one in reversed(some):
                    one.is_alone = True
                    self._waiting.appendleft(one)
            else:
                for one, row in zip(some, rows, strict=True):
                    one.tell(row)

    def _take(self) -> list[_Waiting]:
        """Take those that go together, in the order of their talks: two processes lock them in the same order."""
        some = [self._waiting.popleft()]
        while self._waiting and len(some) < MOST_TOGETHER and not (some[0].is_alone or self._waiting[0].is_alone):
            some.append(self._waiting.popleft())
        return sorted(some, key=lambda one: one.given[0])

    async def _store(self, some: list[_Waiting]) -> list[Any]:
        pool = self._pool or await self._open()
        queues = self._queues or self._read_queues()
        async with asyncio.timeout(self._patience), pool.connection() as line:
            if len(some) == 1:
                told = await line.execute(STATEMENT, (*some[0].given, queues))
            else:
                columns = [list(column) for column in zip(*(one.given for one in some), strict=True)]
                told = await line.execute(TOGETHER, (*columns, queues))
            rows: list[Any] = await told.fetchall()
            return rows

    async def _open(self) -> AsyncConnectionPool[Any]:
        given = {name: value for name, value in connection.get_connection_params().items() if name not in NOT_OURS}
        self._pool = pool = AsyncConnectionPool(
            kwargs={**given, "autocommit": True},
            min_size=1,
            max_size=settings.DATABASE_POOL,
            timeout=3,
            reconnect_timeout=5,
            open=False,
        )
        await pool.open()
        return pool

    def _read_queues(self) -> list[str]:
        self._queues = sorted({route.queue for route in outbox.routes().get("message.sent", ())}) or [outbox.BELLS]
        return self._queues


def _refusal(code: str) -> Exception:
    """Give the refusal that `services.send` would raise."""
    if code == "client_id_reused":
        return chat.ClientIdReused(_("This message number was already used for another message."))
    if code == "not_reachable":
        return chat.NotReachable(_("This message cannot be delivered now."))
    if code == "no_such_message":
        return chat.NoSuchMessage(_("The message you answer is not in this talk."))
    return chat.NoSuchTalk(_("There is no such talk."))
