"""Print what lessons are ruled by, as docs/lessons.md shows it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from exchange.lessons import states

WHO = {
    states.EITHER: "teacher or learner",
    states.ASKER: "who asked",
    states.ANSWERER: "who was asked",
    states.TEACHER: "teacher",
    states.LEARNER: "learner",
    states.CURATOR: "curator who is not in it",
    states.CLOCK: "the clock",
    states.HOUSE: "the house",
}
HOURS = {
    states.NOTHING: "",
    states.HOLD: "the learner's are kept aside",
    states.SETTLED: "to the teacher",
    states.BACK: "back to the learner",
    states.SHARED: "half to the teacher, the rest back",
    states.LATE: "back; called off late by the learner: half to the teacher",
}


class Command(BaseCommand):
    help = "lessons table: the table of transitions in Markdown, as it stands in docs/lessons.md."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("act", choices=["table"])

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(table())


def table() -> str:
    """Give the table of transitions in Markdown."""
    head = ["| from | act | who may | when | to | hours |", "|---|---|---|---|---|---|"]
    rows = (
        f"| {row.start} | {row.act} | {WHO[row.who]} | {row.when} | {row.end} | {HOURS[row.cost]} |"
        for row in states.TABLE
    )
    return "\n".join([*head, *rows])
