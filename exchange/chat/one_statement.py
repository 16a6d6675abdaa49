"""Store a message by one statement on PostgreSQL: the `chat_send` function of migration 0003, through a pool that
belongs to the event loop. What it does not take goes the way of reference, `services.send`; both pass the same tests.
"""

import asyncio
import logging
import uuid
from dataclasses import dataclass
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


class Writer:
    """The pool of one event loop. Raises one of `AWAY` when the database cannot be asked."""

    def __init__(self) -> None:
        self._pool: AsyncConnectionPool[Any] | None = None
        self._queues: list[str] = []
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
        given = (conversation_id, sender.pk, client_id, words, reply_to, self._queues or self._read_queues())
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

    async def _ask(self, given: tuple[Any, ...]) -> Any:
        pool = self._pool or await self._open()
        async with asyncio.timeout(self._patience), pool.connection() as line:
            return await (await line.execute(STATEMENT, given)).fetchone()

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
