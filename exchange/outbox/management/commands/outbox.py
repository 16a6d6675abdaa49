"""Look into the outbox: who hears what, and a fresh start for what was parked."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from exchange.outbox import services as outbox


class Command(BaseCommand):
    help = "outbox routes: event → handlers; relay: hand over what waits; retry: give parked events a fresh start."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("act", choices=["routes", "relay", "retry"])

    def handle(self, *args: Any, **options: Any) -> None:
        if options["act"] == "routes":
            table = {name: [route.name for route in found] for name, found in outbox.routes().items()}
            self.stdout.write(json.dumps(table, indent=1))
        else:
            count = outbox.relay() if options["act"] == "relay" else outbox.retry_parked()
            self.stdout.write(json.dumps({"events": count}))
