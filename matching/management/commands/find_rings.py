"""Rings and chains for a round given as a file, without writing and without any database."""

import contextlib
import json
import signal
import sys
import time
from collections.abc import Iterator
from types import FrameType
from typing import Any, cast

from django.core.management.base import BaseCommand, CommandParser

from exchange.lib import command
from matching import rings


class Command(BaseCommand):
    help = (
        'A round as JSON {"people","edges":[[teacher,learner,weight]…],"max_length","seconds"} → '
        '{"rings","chains","weight","bound","gap","seconds"}; in a ring [a,b,c] a teaches b, b teaches c, c teaches a.'
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="JSON, `-` = standard input")

    def handle(self, *args: Any, **options: Any) -> None:
        from matching.rings import reading

        started = time.monotonic()
        name = options["file"]
        with command.opened(name) as stream:
            raw = stream.read()
        try:
            said = reading.read(raw)
        except reading.Unusable as error:
            command.unusable(f"{name}: {error}")
        del raw
        for remark in said.remarks:
            self.stderr.write(f"{name}: {remark}")
        with _stoppable() as asked:
            plan = rings.find_numbers(said.graph, said.rules, lambda: bool(asked), started=started)
        self.stdout.write(json.dumps(_told(said, plan, time.monotonic() - started), ensure_ascii=False))


def _told(said: Any, plan: rings.Plan, seconds: float) -> dict[str, Any]:
    def number(value: float) -> float | int:
        return int(value) if said.is_whole and value == int(value) else value

    def names(walks: tuple[tuple[Any, ...], ...]) -> list[list[Any]]:
        return [[said.people[cast("int", person)] for person in walk] for walk in walks]

    told: dict[str, Any] = {
        "rings": names(plan.rings),
        "chains": names(plan.chains),
        "weight": number(plan.weight),
        "bound": number(plan.bound),
        "gap": round(plan.gap, 6),
        "seconds": round(seconds, 3),
        "ended": plan.ended,
    }
    if plan.expected is not None:
        told["expected"] = plan.expected
    return told


@contextlib.contextmanager
def _stoppable() -> Iterator[list[int]]:
    """Let Ctrl-C or SIGTERM ask for the best plan so far; a second one ends the command as usual."""
    asked: list[int] = []

    def ask(signum: int, _frame: FrameType | None) -> None:
        if asked:
            sys.exit(128 + signum)
        asked.append(signum)

    try:
        before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    except ValueError:  # not the main thread: nobody can press Ctrl-C here
        yield asked
        return
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
