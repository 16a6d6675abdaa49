"""Hold every line of the ledger against the others: sums, balances, and the digests that tie them together."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db import connection, transaction
from django.db.models import Max, Min

from exchange.ledger import rules
from exchange.ledger.models import Account, Audit, Posting, Transfer
from exchange.lib import patience
from exchange.lib.logs import tell

log = logging.getLogger(__name__)

KEPT = timedelta(days=400)  # nightly looks
MOST_TOLD = 100  # ids of each fault
BATCH = 2000
Advance = Callable[[int], None]

BALANCES = """
SELECT a.id FROM ledger_account a
LEFT JOIN (SELECT account_id, SUM(minutes) AS total FROM ledger_posting GROUP BY account_id) p ON p.account_id = a.id
WHERE a.balance <> COALESCE(p.total, 0) OR a.balance < a.floor
"""
LINES = """
SELECT p.account_id, p.id, p.minutes, p.balance, p.before, t.digest
FROM ledger_posting p JOIN ledger_transfer t ON t.id = p.transfer_id ORDER BY p.account_id, p.id
"""
ACCOUNTS = "SELECT id, kind, person_id, subject, shard, balance, tip FROM ledger_account ORDER BY id"
TRANSFERS = """
SELECT t.id, t.digest, t.key, t.kind, t.subject, t.payer_id, t.payee_id, t.asked, t.minutes, t.by_id, t.reverses_id,
    t.at, t.title, t.url, t.note, p.account_id, p.minutes, p.balance, p.before
FROM ledger_transfer t LEFT JOIN ledger_posting p ON p.transfer_id = t.id ORDER BY t.id, p.account_id
"""
# The same on PostgreSQL, computed there: rows do not travel. The words stand in the order of `Transfer.particulars`.
WRONG_TRANSFERS = """
SELECT id, total IS DISTINCT FROM 0 OR lines < 2, digest <> sha256(convert_to(ties || words, 'UTF8')) FROM (
    SELECT t.id, t.digest, SUM(p.minutes) AS total, COUNT(p.id) AS lines,
        COALESCE(string_agg(p.account_id || ':' || p.minutes || ':' || p.balance || ':' || encode(p.before, 'hex'),
            chr(31) ORDER BY p.account_id) || chr(31), '') AS ties,
        array_to_string(ARRAY[
            t.key, t.kind, t.subject, t.payer_id::text, t.payee_id::text, t.asked::text, t.minutes::text, t.by_id::text,
            t.reverses_id::text, (EXTRACT(EPOCH FROM t.at) * 1000000)::bigint::text, t.title, t.url, t.note
        ], chr(31), '') AS words
    FROM ledger_transfer t LEFT JOIN ledger_posting p ON p.transfer_id = t.id
    WHERE t.id >= %s AND t.id < %s GROUP BY t.id
) AS found
WHERE total IS DISTINCT FROM 0 OR lines < 2 OR digest <> sha256(convert_to(ties || words, 'UTF8'))
"""
BATCH_OF_TRANSFERS = 20_000


@dataclass
class Found:
    """What was looked at, and what is wrong: fault → ids (a hundred at most)."""

    accounts: int = 0
    transfers: int = 0
    postings: int = 0
    faults: dict[str, list[int]] = field(
        default_factory=lambda: {
            "balance_differs": [], "transfer_not_zero": [], "digest_differs": [], "tie_broken": [],
            "account_differs": [],
        }
    )  # fmt: skip
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def is_well(self) -> bool:
        """Whether nothing is wrong."""
        return not any(self.faults.values())

    def note(self, fault: str, number: int) -> None:
        """Note a fault."""
        if len(self.faults[fault]) < MOST_TOLD:
            self.faults[fault].append(number)


def count() -> int:
    """Give how many lines a whole audit reads, for its progress bar."""
    return 2 * Posting.objects.count()


def verify(*, is_quick: bool = False, advance: Advance = lambda _count: None) -> Found:
    """Look for what does not agree; acts may go on meanwhile. Memory does not grow with the ledger.

    Quick: only that each balance is the sum of its postings and not under its floor. Otherwise also that each transfer
    sums to zero, that each digest fits what it covers, and that the lines of each account follow one another.
    """
    found = Found()
    with _one_moment():
        found.accounts, found.transfers, found.postings = (
            model.objects.count() for model in (Account, Transfer, Posting)
        )  # fmt: skip
        with _timed(found, "balances"), connection.cursor() as cursor:
            cursor.execute(BALANCES)
            for (number,) in cursor.fetchmany(MOST_TOLD):
                found.note("balance_differs", number)
        if is_quick:
            return found
        with _timed(found, "lines"):
            _check_accounts(found, advance)
        with _timed(found, "transfers"):
            _check_transfers(found, advance)
    return found


def verify_and_note(*, now: datetime) -> Audit:
    """Look at the whole ledger, keep what was found, and write it into the log: one row and one line a night."""
    found = verify()
    faults = {name: ids for name, ids in found.faults.items() if ids}
    noted = Audit.objects.create(
        at=now,
        faults=sum(len(ids) for ids in faults.values()),
        found=faults,
        transfers=found.transfers,
        seconds=sum(found.seconds.values()),
    )
    tell("ledger_verified", faults=noted.faults, transfers=noted.transfers, seconds=round(noted.seconds, 1))
    if faults:
        log.error("The ledger does not agree with itself; see docs/hours.md")
    Audit.objects.filter(at__lt=now - KEPT).delete()
    return noted


def last() -> Audit | None:
    """Give the last nightly look."""
    return Audit.objects.order_by("-at").first()


def _check_accounts(found: Found, advance: Advance) -> None:
    """Walk each account from its opening: every line follows the one before and adds up, the last is the tip."""
    lines = groupby(_rows(LINES, advance), key=itemgetter(0))
    owner, group = next(lines, (0, iter(())))
    for number, kind, person, subject, shard, balance, tip in _rows(ACCOUNTS):
        before, stands = rules.opening(kind, person, subject, shard), 0
        while owner and owner < number:  # lines of an account that is not there
            found.note("account_differs", owner)
            owner, group = next(lines, (0, iter(())))
        if owner == number:
            for _account, line, minutes, after, tie, digest in group:
                stands += minutes
                if bytes(tie) != before or stands != after:
                    found.note("tie_broken", line)
                before = bytes(digest)
            owner, group = next(lines, (0, iter(())))
        if bytes(tip) != before or stands != balance:
            found.note("account_differs", number)
    if owner:
        found.note("account_differs", owner)


def _check_transfers(found: Found, advance: Advance) -> None:
    """Compute each digest again, and sum the lines it covers."""
    if connection.vendor == "postgresql":
        _check_transfers_there(found, advance)
        return
    read_time = connection.ops.get_db_converters(Transfer._meta.get_field("at").get_col("t"))
    for number, group in groupby(_rows(TRANSFERS, advance), key=itemgetter(0)):
        rows = list(group)
        _id, digest, *particulars, _account, _minutes, _balance, _before = rows[0]
        for convert in read_time:
            particulars[9] = convert(particulars[9], None, connection)
        lines = [(row[15], row[16], row[17], bytes(row[18])) for row in rows if row[15] is not None]
        if len(lines) < 2 or sum(line[1] for line in lines):
            found.note("transfer_not_zero", number)
        if rules.digest(particulars, lines) != bytes(digest):
            found.note("digest_differs", number)


def _check_transfers_there(found: Found, advance: Advance) -> None:
    ends = Transfer.objects.aggregate(first=Min("id"), last=Max("id"))
    if ends["last"] is None:
        return
    with connection.cursor() as cursor:
        for start in range(ends["first"], ends["last"] + 1, BATCH_OF_TRANSFERS):
            cursor.execute(WRONG_TRANSFERS, [start, start + BATCH_OF_TRANSFERS])
            for number, is_uneven, is_other in cursor.fetchall():
                if is_uneven:
                    found.note("transfer_not_zero", number)
                if is_other:
                    found.note("digest_differs", number)
            advance(2 * BATCH_OF_TRANSFERS)


def _rows(statement: str, advance: Advance = lambda _count: None) -> Iterator[tuple[Any, ...]]:
    """Give the rows of a statement as the database brings them, never all at once."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement)
        while batch := cursor.fetchmany(BATCH):
            yield from batch
            advance(len(batch))


@contextmanager
def _timed(found: Found, part: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    found.seconds[part] = round(time.monotonic() - started, 3)


@contextmanager
def _one_moment() -> Iterator[None]:
    """Read everything as it stood at one moment, holding nobody up."""
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor, patience.unhurried(connection.connection):
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute("SET LOCAL statement_timeout = 0")
            yield
    else:
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")
