"""The life of the search index."""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from search.backends import backend


class Command(BaseCommand):
    help = "search migrate: today's shape; rebuild: write it again; verify: exit status 1 when it drifted."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("act", choices=["migrate", "rebuild", "verify"])

    def handle(self, *args: Any, **options: Any) -> None:
        engine = backend()
        if options["act"] != "verify":
            engine.migrate()
        missing = engine.missing()
        self.stdout.write(json.dumps({"ok": not missing, "missing": missing}))
        if missing:
            sys.exit(1)
