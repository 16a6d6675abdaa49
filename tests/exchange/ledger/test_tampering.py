"""Whoever edits a row of the ledger by another way is found."""

import json
import random
from contextlib import contextmanager
from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection

from exchange.ledger import services as ledger
from exchange.ledger.services import audit

pytestmark = pytest.mark.django_db
EDITS = 1000
FACTS = {
    "ledger_transfer": {
        "kind": "text", "key": "text", "subject": "text", "payer_id": "account", "payee_id": "account",
        "asked": "number", "minutes": "number", "by_id": "number", "at": "time", "title": "text", "url": "text",
        "note": "text", "digest": "bytes",
    },
    "ledger_posting": {
        "transfer_id": "number", "account_id": "account", "minutes": "number", "balance": "number", "before": "bytes",
    },
    "ledger_account": {"kind": "text", "person_id": "number", "subject": "text", "balance": "number", "tip": "bytes"},
}  # fmt: skip


@pytest.fixture
def busy(salma, yusuf, nadia, huda):
    """A ledger in which everything has happened."""
    for number in range(12):
        payer, payee = (yusuf, salma) if number % 2 else (salma, nadia)
        subject = f"lesson:{number}"
        ledger.hold(
            payer=payer, minutes=20, subject=subject, key=f"{subject}:hold", title="درس", url=f"/lessons/{number}/"
        )
        if number % 3 == 0:
            ledger.give_back(subject=subject, key=f"{subject}:back")
        elif number % 3 == 1:
            ledger.settle(subject=subject, payee=payee, minutes=7, key=f"{subject}:settle")
    gift = ledger.give(giver=nadia, receiver=yusuf, minutes=5, note="thanks", key="gift")
    ledger.reverse(transfer=gift, by=huda, reason="خطأ", key="reversed")
    ledger.give(giver=nadia, receiver=None, minutes=30, key="pot")
    ledger.share(receiver=salma, minutes=10, by=huda, key="share")


@contextmanager
def unguarded():
    """Take every guard of the database away, as whoever owns it can."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET session_replication_role = replica")
            cursor.execute(
                "SELECT conrelid::regclass, conname FROM pg_constraint"
                " WHERE contype = 'c' AND conrelid::regclass::text LIKE 'ledger_%%'"
            )
            for table, name in cursor.fetchall():
                cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        else:
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'ledger_%%'")
            for (name,) in cursor.fetchall():
                cursor.execute(f"DROP TRIGGER {name}")
            cursor.execute("PRAGMA ignore_check_constraints = ON")
        try:
            yield cursor
        finally:
            if connection.vendor == "postgresql":
                cursor.execute("SET session_replication_role = origin")
            else:
                cursor.execute("PRAGMA ignore_check_constraints = OFF")


def other(value, kind, rng, accounts):
    """Give another value of the kind that a cunning hand would write."""
    if kind == "text":
        return rng.choice(["", "x", "lesson:999", "settle", "person", value + "1" if value else "1"])
    if kind == "account":
        return rng.choice(accounts)
    if kind == "number":
        return (value or 0) + rng.choice([-60, -1, 1, 2, 60])
    if kind == "bytes":
        place = rng.randrange(32)
        value = bytes(value)
        return value[:place] + bytes([value[place] ^ (1 << rng.randrange(8))]) + value[place + 1 :]
    return datetime(2026, 1, 1, tzinfo=UTC)


def edited(cursor, table, column, number, was, value) -> bool:
    """Write another value over one fact; False where it is the same, or a unique index does not take it."""
    if (was or "") == (value or ""):
        return False
    try:
        cursor.execute(f"UPDATE {table} SET {column} = %s WHERE id = %s", [value, number])  # noqa: S608
    except DatabaseError:
        return False
    return True


@pytest.mark.usefixtures("busy")
class TestAnEditedRow:
    def test_is_found_whatever_was_edited(self):
        assert audit.verify().is_well
        rng = random.Random(7)
        missed, done = [], 0
        with unguarded() as cursor:
            cursor.execute("SELECT id FROM ledger_account")
            accounts = [row[0] for row in cursor.fetchall()]
            places = [(table, column) for table, columns in FACTS.items() for column in columns]
            while done < EDITS:
                table, column = rng.choice(places)
                cursor.execute(f"SELECT id, {column} FROM {table}")  # noqa: S608
                number, was = rng.choice(cursor.fetchall())
                cursor.execute("SAVEPOINT before_the_edit")
                if edited(cursor, table, column, number, was, other(was, FACTS[table][column], rng, accounts)):
                    done += 1
                    if audit.verify().is_well:
                        missed.append((table, column, number, was))
                cursor.execute("ROLLBACK TO SAVEPOINT before_the_edit")
        assert missed == []

    def test_and_a_deleted_one_are_told_by_the_command_with_status_1(self):
        with unguarded() as cursor:
            cursor.execute("DELETE FROM ledger_posting WHERE id = (SELECT MAX(id) FROM ledger_posting)")
        out = StringIO()
        with pytest.raises(SystemExit) as ended:
            call_command("ledger", "verify", stdout=out, stderr=StringIO())
        told = json.loads(out.getvalue())
        assert (ended.value.code, told["ok"]) == (1, False)
        assert told["transfer_not_zero"]
        assert told["account_differs"]
