"""The life of the search index."""

import json
import sys
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from exchange.lib import command
from search import indexing
from search.backends import backend
from search.backends.base import Away
from skills.models import Listing


class Command(BaseCommand):
    help = "search migrate: today's shape; rebuild: write it again; verify: exit status 1 when it drifted."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("act", choices=["migrate", "rebuild", "verify"])
        parser.add_argument("--no-progress", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        engine = backend()
        started = time.monotonic()
        try:
            if options["act"] != "verify":
                with command.progress("Listings", Listing.objects.count(), hidden=options["no_progress"]) as advance:
                    act = engine.migrate if options["act"] == "migrate" else engine.rebuild
                    act(advance)
            found = indexing.settled_drift()
        except (Away, RuntimeError) as error:
            self.stderr.write(f"search {options['act']}: {error}")
            self.stdout.write(json.dumps({"ok": False, "reason": str(error)}))
            sys.exit(1)
        self.stdout.write(
            json.dumps(
                {
                    "ok": not found,
                    "missing": found.missing,
                    "stale": found.stale,
                    "ghosts": found.ghosts,
                    "seconds": round(time.monotonic() - started, 2),
                }
            )
        )
        if found and options["act"] != "migrate":  # which is about the shape: what differs is news on its way
            sys.exit(1)
