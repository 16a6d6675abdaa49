"""Django's `migrate`, which on PostgreSQL never makes the city stand in line behind one long transaction.

An ALTER that waits for a table makes everybody wait who asks for that table after it. So it waits a moment only, lets
those in the line through, and tries again.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import OperationalError, connections
from psycopg.errors import LockNotAvailable

LOCK_SECONDS = 2  # less than what pages wait for a lock (3 s) before they give up
TRIES = 6
PAUSE_SECONDS = 5.0  # in which whoever stood in line gets through


class Command(migrate.Command):
    """`migrate` with a lock time-out and a few tries."""

    def handle(self, *args: Any, **options: Any) -> None:
        connection = connections[options["database"]]
        if connection.vendor != "postgresql":
            super().handle(*args, **options)
            return
        for tried in range(1, TRIES + 1):
            try:
                with hurried(connection):
                    super().handle(*args, **options)
                return
            except OperationalError as error:
                if not isinstance(error.__cause__, LockNotAvailable):
                    raise
            if tried < TRIES:
                self.stderr.write(f"\nAnother transaction holds a table; try {tried + 1} of {TRIES} follows.")
                time.sleep(PAUSE_SECONDS)
        self.stdout.write("")
        raise CommandError(
            f"Another transaction held a table in all {TRIES} tries, so the last migration named above was taken back."
            f" Those before it stay.{_who(connection)} Let it end or end it, then run `manage.py migrate` again."
        )


@contextmanager
def hurried(connection: Any) -> Iterator[None]:
    """Let statements of this connection wait a moment only for a lock."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = '{LOCK_SECONDS}s'")
    try:
        yield
    finally:
        if connection.connection is not None and not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("RESET lock_timeout")


def _who(connection: Any) -> str:
    """Tell of the transaction that has been open for longest."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid, extract(epoch FROM now() - xact_start)::int FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL"
            " ORDER BY xact_start LIMIT 1"
        )
        found = cursor.fetchone()
    if not found:
        return ""
    return f" The oldest that is open now began {found[1]} s ago (`SELECT pg_terminate_backend({found[0]})` ends it)."
