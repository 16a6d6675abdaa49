"""Django's SQLite, except that an error lets go of its cursor as soon as it was handled.

Django names an error anew in a function that keeps it in a local variable: the error's traceback holds the frame, the
frame holds the error, and all frames of the statement stay alive with it, its cursor too, until the garbage collector
comes by. It comes by in any thread. Closing a cursor takes its connection's lock, which the connection's own thread
holds while it waits for its turn to write: a thread that collects while it has that turn then stands still until the
other one gives up after its 20 seconds, and neither goes on before.
"""

import sqlite3 as Database  # the name by which Django looks for it
import traceback
from types import TracebackType

from django.db.backends.sqlite3 import base
from django.db.utils import DatabaseErrorWrapper
from django.utils.functional import cached_property

__all__ = ["Database", "DatabaseWrapper"]


class LettingGo(DatabaseErrorWrapper):
    """Renames errors as Django does, and empties the frame in which it was done."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            super().__exit__(kind, error, trace)
        except Exception as renamed:
            traceback.clear_frames(renamed.__traceback__)
            raise


class DatabaseWrapper(base.DatabaseWrapper):
    """One connection to the file."""

    @cached_property
    def wrap_database_errors(self) -> LettingGo:
        """Where Django's cursors rename what SQLite says."""
        return LettingGo(self)
