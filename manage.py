#!/usr/bin/env python
"""Rukn's command line: `manage.py help` lists what it can do."""

import os
import sys

SERVERS = ("mail_inlet", "runserver")


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
    except WrongVariable as error:
        sys.exit(_say(f"rukn: {error}"))


def _say(sentence: str) -> int:
    sys.stderr.write(f"{sentence}\n")
    return 2


if __name__ == "__main__":
    main()
