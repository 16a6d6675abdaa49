"""Take concepts in from JSONL or ESCO's own CSV, or load those of the repository."""

import json
from collections import defaultdict
from collections.abc import Container, Iterator, Sequence
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
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
        told = [(name, line, row) for name in options["files"] for line, row in _read(name)]
        bad = [row for _name, _line, row in told if isinstance(row, rules.BadRow)]
        read = [(name, line, row) for name, line, row in told if isinstance(row, rules.ConceptRow)]
        standing = concepts.standing(only=options["only"], shipped=options["shipped"])
        circles = list(_circles(read, standing))
        bad += [reason for _place, reason in circles]
        for place in sorted((place for place, _reason in circles), reverse=True):
            del read[place]
        rows = concepts.shipped_rows() if options["shipped"] else []
        rows += concepts.joined(row for _name, _line, row in read)
        for reason in bad[:MOST_TOLD]:
            self.stderr.write(str(reason))
        if len(bad) > MOST_TOLD:
            self.stderr.write(f"… and {len(bad) - MOST_TOLD} more bad rows")
        if bad and not options["skip_bad"]:
            command.unusable(f"import_concepts: nothing was loaded ({len(bad)} bad rows; --skip-bad leaves them out)")
        if not rows and not options["shipped"]:
            command.unusable("import_concepts: no concepts found")
        if not options["only"] and not options["shipped"]:
            concepts.ensure_shipped()
        with command.progress("Concepts", len(rows), hidden=options["no_progress"]) as advance:
            counts = concepts.import_rows(rows, only=options["only"], progress=advance)
        for sentence in _unknown(read, concepts.tree().ids):
            self.stderr.write(sentence)
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


def _unknown(read: Sequence[tuple[str, int, rules.ConceptRow]], known: Container[str]) -> Iterator[str]:
    """Say which links lead to no concept; the rows were taken in without them."""
    lost = [
        f"{name}: line {line}: {kind} {other} is not known, left out"
        for name, line, row in read
        for kind, others in (("broader", row.broader), ("related", row.related))
        for other in others
        if other not in known
    ]
    yield from lost[:MOST_TOLD]
    if len(lost) > MOST_TOLD:
        yield f"… and {len(lost) - MOST_TOLD} more unknown links"


def _circles(
    read: Sequence[tuple[str, int, rules.ConceptRow]], standing: concepts.Standing
) -> Iterator[tuple[int, rules.BadRow]]:
    """Give the rows by which a concept comes to stand above itself, each with its place among those read.

    The rows count together with what stands already, but for the links of concepts that they tell anew.
    """
    told = {row.uri for _name, _line, row in read}
    links = [(uri, others, -1) for uri, others in standing.broader.items() if uri not in told]
    links += [(row.uri, row.broader, place) for place, (_name, _line, row) in enumerate(read)]
    edges = [
        (standing.now(uri), standing.now(other), place)
        for uri, others, place in links
        for other in others
        if standing.now(uri) != standing.now(other)
    ]
    while True:
        above: dict[str, list[str]] = defaultdict(list)
        for uri, other, _place in edges:
            above[uri].append(other)
        try:
            TopologicalSorter(above).prepare()
        except CycleError as error:
            found: list[str] = error.args[1]
            steps = set(pairwise(found))
        else:
            return
        last = max(place for uri, other, place in edges if (other, uri) in steps)
        if last >= 0:
            name, line, _row = read[last]
            circle = ", ".join(found)
            yield last, rules.BadRow(name, line, f"broader goes in a circle: {circle}")
            edges = [edge for edge in edges if edge[2] != last]
        else:  # an older circle is no fault of this file
            edges = [edge for edge in edges if (edge[1], edge[0]) not in steps]
