"""The nightly full pass, here and now or by the workers."""

import json
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from exchange.lib import command
from matching.services import pairs, sides


class Command(BaseCommand):
    help = "Find every list of matches anew; prints what stands. The same rows as if every change had been followed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--queue", action="store_true", help="leave the shards to the workers")
        parser.add_argument("--no-progress", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        if options["queue"]:
            self.stdout.write(json.dumps({"shards": pairs.rematch_by_queue()}))
            return
        total = sides.open_listings().count()
        with command.progress("Listings", total, hidden=options["no_progress"]) as advance:
            matches = pairs.rematch(progress=advance)
        seconds = round(time.monotonic() - started, 2)
        self.stdout.write(json.dumps({"listings": total, "matches": matches, "seconds": seconds}))
