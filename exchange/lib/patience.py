"""Connections to PostgreSQL that give up on a server which hangs: the kernel keeps such a line open for ever."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import errors

CHECK_SECONDS = 1.0
FRESH_SECONDS = 1.0  # a connection used this lately is not asked again whether it lives


class PatientConnection(psycopg.Connection[Any]):
    """Waits `patience` seconds for an answer at most (0 = for ever), then counts the line as lost."""

    patience = 0.0
    used_at = 0.0

    def execute(self, query: Any, *args: Any, **kwargs: Any) -> Any:
        """Run a statement. The empty one is the pool asking whether the line lives: that answers soon or not at all,
        and is not sent when there was an answer a moment ago."""
        if query != "":
            return super().execute(query, *args, **kwargs)
        if time.monotonic() - self.used_at < FRESH_SECONDS:
            return None
        usual, self.patience = self.patience, CHECK_SECONDS
        try:
            return super().execute(query, *args, **kwargs)
        finally:
            self.patience = usual

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """Wait for an answer; raises `OperationalError` and closes when none comes."""
        try:
            answer = super().wait(gen, interval, timeout or self.patience or None)
        except errors._WaitTimeout:
            self.pgconn.finish()
            raise psycopg.OperationalError("the database does not answer") from None
        self.used_at = time.monotonic()
        return answer


@contextmanager
def unhurried(line: Any) -> Iterator[None]:
    """Let a connection wait for ever, for work by night that reads everything."""
    usual, line.patience = getattr(line, "patience", 0.0), 0.0
    try:
        yield
    finally:
        line.patience = usual


def patient(seconds: float) -> type[PatientConnection]:
    """Give the kind of connection that waits this long."""
    return type("PatientConnection", (PatientConnection,), {"patience": seconds})
