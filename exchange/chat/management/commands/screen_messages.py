"""Screen messages as a talk does, without writing anything."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from exchange.chat.screening import screen
from exchange.lib import command, jsonl

MOST = 100_000


class Command(BaseCommand):
    help = (
        'Lines {"id","text","lang","first_contact"} → lines {"id","masked","findings":[{"rule","severity"}]}, '
        "severity mask, warn or hold; two warnings hold too."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="JSONL, `-` = standard input")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["file"]
        with command.opened(name) as lines:
            for line, value in jsonl.json_lines(name, lines):
                if isinstance(value, jsonl.BadRow):
                    command.unusable(value)
                try:
                    key, text, is_first = _message(value)
                except ValueError as error:
                    command.unusable(jsonl.BadRow(name, line, str(error)))
                found = screen(text, is_first_contact=is_first)
                findings = [{"rule": each.rule, "severity": each.severity} for each in found.findings]
                command.put(self.stdout, {"id": key, "masked": found.masked, "findings": findings})


def _message(value: dict[str, Any]) -> tuple[Any, str, bool]:
    if "id" not in value:
        raise ValueError("no id")
    if value.get("lang") not in (None, "ar", "en"):
        raise ValueError(f"unknown language {value['lang']!r}; use ar, en or null")
    text, is_first = value.get("text"), value.get("first_contact", True)
    if not isinstance(text, str):
        raise ValueError("text is not text")
    if len(text) > MOST:
        raise ValueError(f"text is longer than {MOST} characters")
    if not isinstance(is_first, bool):
        raise ValueError("first_contact is neither true nor false")
    return value["id"], text, is_first
