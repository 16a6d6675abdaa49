"""After its time: it was held, the other did not come, a curator looks at it."""

from datetime import datetime

from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Person
from exchange.lessons import states
from exchange.lessons.models import Lesson, Step
from exchange.lessons.services import hours, taking
from exchange.lessons.services.clock import catch_up
from exchange.lessons.services.reading import UNSPOKEN
from exchange.lessons.services.refusals import NoWords
from exchange.lessons.services.steps import done_before, locked, require, step
from exchange.lib.text import clean
from exchange.whole import whole


@whole
def confirm(*, lesson: Lesson, by: Person, key: str | None = None, now: datetime | None = None) -> Lesson:
    """Say that it was held. The learner's word ends it; the teacher's waits for theirs or for seven days of silence.

    Where the other said "you did not come" a curator looks at it. Refused: `NotNow`, `NotYours`.
    """
    now = now or timezone.now()
    lesson = locked(lesson.pk)
    if done_before(lesson, key=key, act=states.CONFIRM, by=by, particulars=None, now=now):
        return lesson
    catch_up(lesson, now=now)
    require(lesson, states.CONFIRM, by, now=now)
    is_contested = lesson.facts(by).other_said == states.SAID_MISSED
    _say(lesson, by, states.SAID_HELD, now)
    if is_contested:
        _give_to_curator(lesson, states.CONFIRM, by=by, now=now, key=key)
    elif by.pk == lesson.learner_id:
        taking.free(lesson)
        hours.pay(lesson)
        step(lesson, states.CONFIRM, to=states.CONFIRMED, by=by, now=now, event="lesson.confirmed", key=key)
    else:
        step(lesson, states.CONFIRM, to=states.HELD, by=by, now=now, event="lesson.said", key=key, said="held")
    return lesson


@whole
def miss(*, lesson: Lesson, by: Person, key: str | None = None, now: datetime | None = None) -> Lesson:
    """Say that the other did not come; they have three days to say otherwise, then it counts.

    Where the other said something else already a curator looks at it. Refused: `NotNow`, `NotYours`.
    """
    now = now or timezone.now()
    lesson = locked(lesson.pk)
    if done_before(lesson, key=key, act=states.MISS, by=by, particulars=None, now=now):
        return lesson
    catch_up(lesson, now=now)
    require(lesson, states.MISS, by, now=now)
    is_contested = bool(lesson.facts(by).other_said)
    _say(lesson, by, states.SAID_MISSED, now)
    if is_contested:
        _give_to_curator(lesson, states.MISS, by=by, now=now, key=key)
    else:
        step(lesson, states.MISS, to=states.HELD, by=by, now=now, event="lesson.said", key=key, said="missed")
    return lesson


@whole
def dispute(*, lesson: Lesson, by: Person, note: str, key: str | None = None, now: datetime | None = None) -> Lesson:
    """Ask a curator to look at what happened; the hours stay aside until then.

    Refused: `NotNow`, `NotYours`, `NoWords`.
    """
    now = now or timezone.now()
    note = clean(note)[:500]
    lesson = locked(lesson.pk)
    if done_before(lesson, key=key, act=states.DISPUTE, by=by, particulars=note, now=now):
        return lesson
    catch_up(lesson, now=now)
    require(lesson, states.DISPUTE, by, now=now)
    if not note:
        raise NoWords(_("Say in a few words what happened."))
    lesson.why_note = note
    _give_to_curator(lesson, states.DISPUTE, by=by, now=now, key=key, particulars=note, note=note)
    return lesson


@whole
def resolve(
    *, lesson: Lesson, by: Person, outcome: str, note: str = "", key: str | None = None, now: datetime | None = None
) -> Lesson:
    """Decide a dispute as a curator who is not in it: "pay" the teacher, "return" to the learner, or "half" each.

    Refused: `NotNow`, `NotYours`. Raises `ValueError` for an outcome that is none.
    """
    row = states.outcome_of(outcome)
    now = now or timezone.now()
    note = clean(note)[:500]
    lesson = locked(lesson.pk)
    if done_before(lesson, key=key, act=states.RESOLVE, by=by, particulars=[outcome, note], now=now):
        return lesson
    catch_up(lesson, now=now)
    require(lesson, states.RESOLVE, by, now=now)
    lesson.why = outcome
    {states.SETTLED: hours.pay, states.BACK: hours.give_back, states.SHARED: hours.share}[row.cost](lesson)
    step(
        lesson, states.RESOLVE, to=row.end, by=by, now=now, event="lesson.resolved", key=key,
        particulars=[outcome, note], outcome=outcome, note=note,
    )  # fmt: skip
    return lesson


def disputes(*, curator: Person) -> QuerySet[Lesson]:
    """Give the disputes that wait for a curator, with everything that happened to each (`told`); two queries."""
    told = Step.objects.exclude(act__in=UNSPOKEN).select_related("by").order_by("id")
    rows = Lesson.objects.disputed_for(curator).select_related("teacher", "learner", "conversation")
    return rows.prefetch_related(Prefetch("steps", told, to_attr="told"))


def _say(lesson: Lesson, by: Person, said: str, now: datetime) -> None:
    if by.pk == lesson.teacher_id:
        lesson.teacher_said, lesson.teacher_said_at = said, now
    else:
        lesson.learner_said, lesson.learner_said_at = said, now


def _give_to_curator(
    lesson: Lesson, act: str, *, by: Person, now: datetime, key: str | None, particulars: str | None = None,
    **facts: str,
) -> None:  # fmt: skip
    """Stop the clock of silence: what happened is for a curator to see."""
    taking.free(lesson)
    lesson.disputed_at = now
    step(
        lesson, act, to=states.DISPUTED, by=by, now=now, event="lesson.disputed", key=key, particulars=particulars,
        **facts,
    )  # fmt: skip
