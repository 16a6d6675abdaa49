"""Map free texts to concepts, a JSON line each."""

import contextlib
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from exchange.lib import command
from skills import rules
from skills.services import concepts

BEST = 10


class Command(BaseCommand):
    help = 'Lines {"id","text","lang"} → lines {"id","concepts":[{"uri","ar","en","score"}]}, best ten first.'

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="JSONL, `-` = standard input")

    def handle(self, *args: Any, **options: Any) -> None:
        is_ready = False
        name = options["file"]
        # A fresh database stays as it was where a line is bad.
        whole = contextlib.nullcontext() if concepts.version() else transaction.atomic()
        with command.opened(name) as lines, whole:
            for line, value in rules.json_lines(name, lines):
                if isinstance(value, rules.BadRow):
                    command.unusable(value)
                try:
                    key, text, lang = _request(value)
                except ValueError as error:
                    command.unusable(rules.BadRow(name, line, str(error)))
                if not is_ready and concepts.ensure_shipped():
                    self.stderr.write("resolve_skills: no concepts yet, so the shipped ones were loaded first")
                is_ready = True
                hits = concepts.resolve_text(text, lang, limit=BEST, least=0.0)
                found = [{"uri": hit.uri, "ar": hit.ar, "en": hit.en, "score": round(hit.score, 4)} for hit in hits]
                command.put(self.stdout, {"id": key, "concepts": found})


def _request(value: dict[str, Any]) -> tuple[Any, str, str | None]:
    if "id" not in value:
        raise ValueError("no id")
    if not command.is_writable(value["id"]):
        raise ValueError("id cannot be written again: it holds half a character or too great a number")
    lang = value.get("lang")
    if lang not in (None, "ar", "en"):
        raise ValueError(f"unknown language {lang!r}; use ar, en or null")
    return value["id"], rules.clean_text(value.get("text"), what="text", most=100_000), lang
