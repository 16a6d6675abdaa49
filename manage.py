#!/usr/bin/env python
"""Rukn's command line: `manage.py help` lists what it can do."""

import os
import sys

SERVERS = ("mail_inlet", "runserver")
PIPE_CLOSED = 141  # what shells say of a program that SIGPIPE ended


def main() -> None:
    """Run the command named on the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "exchange.settings")
    if sys.argv[1:2] in (["demo"], ["services_demo"]):
        os.environ.setdefault("DEMO", "1")
    if sys.argv[1:2] not in ([name] for name in SERVERS):
        os.environ.setdefault("STATEMENT_SECONDS", "0")  # a command may take its time; servers may not
    from django.core.management import execute_from_command_line

    from exchange.lib.environment import WrongVariable

    try:
        execute_from_command_line(sys.argv)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read the answers has enough ("… | head")
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(PIPE_CLOSED)
    except WrongVariable as error:
        sys.exit(_say(f"rukn: {error}"))
    except Exception as error:
        if not _lacks_tables(error):
            raise
        sys.exit(_say("rukn: the database lacks tables; run `manage.py migrate` first."))


def _lacks_tables(error: Exception) -> bool:
    """Whether a database says that a table is not there: SQLite in words, PostgreSQL by its class."""
    from django.db import OperationalError, ProgrammingError

    is_said = isinstance(error, OperationalError) and "no such table" in str(error)
    return is_said or (isinstance(error, ProgrammingError) and type(error.__cause__).__name__ == "UndefinedTable")


def _say(sentence: str) -> int:
    sys.stderr.write(f"{sentence}\n")
    return 2


if __name__ == "__main__":
    main()
