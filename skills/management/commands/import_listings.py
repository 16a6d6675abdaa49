"""Take listings in from JSONL, published at once: for cities that move in."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction
from django.utils import translation

from exchange.lib import command
from skills import rules
from skills.services import concepts, imports, listings

MOST_TOLD = 20


class Command(BaseCommand):
    help = 'Lines {"key","kind","owner","title","body","lang","concepts"?,"district"?,"format"?,"free"?} → listings.'

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="JSONL, `-` = standard input")
        parser.add_argument("--skip-bad", action="store_true", help="leave bad rows out instead of loading nothing")
        parser.add_argument("--no-progress", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["file"]
        rows: list[tuple[int, rules.ListingRow]] = []
        bad: list[rules.BadRow] = []
        known = concepts.tree().ids.keys() or {row.uri for row in concepts.shipped_rows()}
        with command.opened(name) as lines:
            for line, value in rules.json_lines(name, lines):
                try:
                    if isinstance(value, rules.BadRow):
                        raise value
                    rows.append((line, imports.checked(rules.listing_row(value), known)))
                except rules.BadRow as error:
                    bad.append(error)
                except ValueError as error:
                    bad.append(rules.BadRow(name, line, str(error)))
        for reason in bad[:MOST_TOLD]:
            self.stderr.write(str(reason))
        if bad and not options["skip_bad"]:
            command.unusable(f"import_listings: nothing was loaded ({len(bad)} bad rows; --skip-bad leaves them out)")
        bar = command.progress("Listings", len(rows), hidden=options["no_progress"])
        with transaction.atomic(), translation.override("en"), bar as advance:
            if concepts.ensure_shipped():
                self.stderr.write("import_listings: no concepts yet, so the shipped ones were loaded first")
            for line, row in rows:
                try:
                    imports.take_in(row=row)
                except (listings.WrongState, ValueError) as error:
                    transaction.set_rollback(True)
                    command.unusable(rules.BadRow(name, line, f"key {row.key!r}: {error}; nothing was loaded"))
                advance(1)
        self.stdout.write(json.dumps({"listings": len(rows), "bad": len(bad)}))
