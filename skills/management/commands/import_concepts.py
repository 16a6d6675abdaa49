"""Take concepts in from JSONL or ESCO's own CSV, or load those of the repository."""

import json
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from exchange.lib import command
from skills import rules
from skills.services import concepts

MOST_TOLD = 20


class Command(BaseCommand):
    help = "Import concepts from JSONL (`-` = standard input) or ESCO CSV files; idempotent."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="*", metavar="FILE")
        parser.add_argument("--only", action="store_true", help="replace every other concept, the shipped ones too")
        parser.add_argument("--shipped", action="store_true", help="load the concepts of the repository")
        parser.add_argument("--skip-bad", action="store_true", help="leave bad rows out instead of loading nothing")
        parser.add_argument("--no-progress", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["files"] and not options["shipped"]:
            command.unusable("import_concepts: name a FILE, `-`, or --shipped")
        read = [(name, line, row) for name in options["files"] for line, row in _read(name)]
        rows = concepts.shipped_rows() if options["shipped"] else []
        rows += [row for _name, _line, row in read if isinstance(row, rules.ConceptRow)]
        bad = [row for _name, _line, row in read if isinstance(row, rules.BadRow)] + _circles(read)
        for reason in bad[:MOST_TOLD]:
            self.stderr.write(str(reason))
        if len(bad) > MOST_TOLD:
            self.stderr.write(f"… and {len(bad) - MOST_TOLD} more bad rows")
        if bad and not options["skip_bad"]:
            command.unusable(f"import_concepts: nothing was loaded ({len(bad)} bad rows; --skip-bad leaves them out)")
        if not rows and not options["shipped"]:
            command.unusable("import_concepts: no concepts found")
        if not options["only"]:
            concepts.ensure_shipped()
        with command.progress("Concepts", len(rows), hidden=options["no_progress"]) as advance:
            counts = concepts.import_rows(rows, only=options["only"], progress=advance)
        self.stdout.write(json.dumps({**counts, "bad": len(bad)}))


def _read(name: str) -> Iterator[tuple[int, rules.ConceptRow | rules.BadRow]]:
    if name.lower().endswith(".csv"):
        try:
            yield from rules.esco_rows(Path(name))
        except OSError as error:
            command.unusable(f"{name}: {error.strerror}")
        return
    with command.opened(name) as lines:
        for line, value in rules.json_lines(name, lines):
            if isinstance(value, rules.BadRow):
                yield line, value
                continue
            try:
                yield line, rules.concept_row(value)
            except ValueError as error:
                yield line, rules.BadRow(name, line, str(error))


def _circles(read: list[tuple[str, int, rules.ConceptRow | rules.BadRow]]) -> list[rules.BadRow]:
    """Give the row by which a concept first came to stand above itself, if one does."""
    above: dict[str, set[str]] = {}
    places = {}
    for name, line, row in read:
        if isinstance(row, rules.ConceptRow) and row.broader:
            above.setdefault(row.uri, set()).update(row.broader)
            places[row.uri] = name, line
    try:
        TopologicalSorter(above).prepare()
    except CycleError as error:
        circle = error.args[1]
        name, line = max(places[uri] for uri in circle)
        return [rules.BadRow(name, line, f"broader goes in a circle: {', '.join(circle)}")]
    return []
