"""Reading lessons for one person: each with its other and the one next step."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet

from accounts.models import Person
from exchange.ledger.participation import Counts
from exchange.lessons import fees, next_steps, states
from exchange.lessons.models import Lesson, Step
from exchange.ready import Ready

SHOWN = 40  # lessons that are over, at once
SOON = timedelta(hours=24)
UNSPOKEN = (states.REMIND,)  # steps of the clock that are no news in a timeline
MOST_CALLS = 2  # on the first page


@dataclass(frozen=True)
class Line:
    """A lesson in a list."""

    lesson: Lesson
    other: Person
    step: str

    @property
    def title(self) -> str:
        """What it is about."""
        return self.lesson.title

    @property
    def i_teach(self) -> bool:
        """Whether the reader teaches in it."""
        return self.lesson.learner_id == self.other.pk

    @property
    def title_lang(self) -> str:
        """The language of that, where it is known."""
        return self.lesson.conversation.subject_lang

    @property
    def needs_me(self) -> bool:
        """Whether it waits for the reader."""
        return self.step in next_steps.NEEDS_ME


@dataclass(frozen=True)
class StepLine:
    """One sentence of the timeline."""

    step: Step
    reader: int

    @property
    def template(self) -> str:
        """Where its sentence stands."""
        return f"lessons/steps/{self.step.act}.html"

    @property
    def at(self) -> datetime:
        """When it was."""
        return self.step.at

    @property
    def is_mine(self) -> bool:
        """Whether the reader took it."""
        return self.step.by_id == self.reader

    @property
    def name(self) -> str:
        """Who took it; empty for the clock."""
        return self.step.by.first_name if self.step.by else ""

    @property
    def was_booked(self) -> bool:
        """Whether the lesson was booked already."""
        return self.step.from_state in (states.BOOKED, states.MOVING)

    @property
    def is_lost(self) -> bool:
        """Whether the lesson counts as not held."""
        return self.step.to_state == states.NO_SHOW

    @property
    def outcome(self) -> str:
        """What a curator decided."""
        return str(self.step.facts.get("outcome", "")) if self.step.by_id else ""


def open_of(*, person: Person, now: datetime) -> list[Line]:
    """Give a person's lessons that are asked for, booked, or not settled yet, by their time."""
    return _lines(Lesson.objects.for_member(person).with_people().open().order_by("starts_at", "id"), person, now)


def past_of(*, person: Person, now: datetime, before: int | None = None) -> tuple[list[Line], int | None]:
    """Give a person's lessons that are over, the newest first, and where the earlier ones begin (None: no more)."""
    rows = Lesson.objects.for_member(person).with_people().filter(state__in=states.ENDED).order_by("-id")
    if before is not None:
        rows = rows.filter(id__lt=before)
    found = _lines(rows[: SHOWN + 1], person, now)
    return found[:SHOWN], found[SHOWN - 1].lesson.pk if len(found) > SHOWN else None


def _calls(*, person: int, soon: datetime) -> QuerySet[Lesson]:
    rows = Lesson.objects.waiting_for(Person(pk=person), soon=soon).with_people()
    return rows.order_by("due_at", "id")[:MOST_CALLS]


_read_calls = Ready(_calls)


def calls_of(*, person: Person, now: datetime) -> list[Line]:
    """Give the few lessons that wait for a person's answer or word, or begin within a day, in one query."""
    return _lines(_read_calls(person=person.pk, soon=now + SOON), person, now)


def taken_part(person: Person) -> Counts:
    """Count the confirmed lessons a person gave and received, whatever they were for; in one query."""
    rows = Lesson.objects.for_member(person).filter(state=Lesson.State.CONFIRMED)
    return Counts(
        **rows.aggregate(given=Count("pk", filter=Q(teacher=person)), received=Count("pk", filter=Q(learner=person)))
    )


def meetings_of(*, lesson: Lesson) -> list[Lesson]:
    """Give all lessons of a booked one's series, in order; none for one by itself."""
    if lesson.series_id is None or lesson.starts_at is None:
        return []
    return list(Lesson.objects.filter(series=lesson.series_id, starts_at__isnull=False).order_by("starts_at", "id"))


def timeline(*, lesson: Lesson, reader: Person) -> list[StepLine]:
    """Give what happened to a lesson, the first first, as both see it."""
    rows = lesson.steps.exclude(act__in=UNSPOKEN).select_related("by").order_by("id")
    return [StepLine(row, reader.pk) for row in rows]


def _lines(rows: Iterable[Lesson], person: Person, now: datetime) -> list[Line]:
    found = list(rows)
    known = fees.standings(found)
    return [
        Line(
            row,
            row.other(person),
            next_steps.next_step(row.facts(person), now=now, is_unpaid=fees.is_unpaid(row, person, known)),
        )
        for row in found
    ]
