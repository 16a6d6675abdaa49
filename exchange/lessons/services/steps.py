"""What every act of a lesson shares: the row locked first, the table asked, the step written, the next due time."""

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from accounts.models import Person
from exchange.lessons import rules, states
from exchange.lessons.models import Lesson, Proposal, Step
from exchange.lessons.services.refusals import KeyReused, refusal
from exchange.outbox import services as outbox

SAME_CLICK = timedelta(seconds=20)


def locked(lesson_id: int) -> Lesson:
    """Give the row of a lesson, locked; whatever else an act locks comes after it."""
    if not connection.in_atomic_block:
        raise RuntimeError("a lesson is locked inside a transaction")
    rows = Lesson.objects.select_for_update(of=("self",)).select_related("teacher", "learner")
    return rows.get(id=lesson_id)


def done_before(
    lesson: Lesson, *, key: str | None, act: str, by: Person, particulars: Any, now: datetime
) -> Step | None:
    """Give the step that this very act was; None when it is new. Refused: `KeyReused`.

    With a key it is known for ever; without one, a second click at once is the first one's.
    """
    this = digest(act, by, particulars)
    if key is None:
        last = Step.objects.filter(lesson=lesson).order_by("-id").first()
        is_same = last is not None and last.particulars == this and now - last.at < SAME_CLICK
        return last if is_same else None
    step = Step.objects.filter(lesson=lesson, key=key).first()
    if step is not None and step.particulars != this:
        raise KeyReused(_("This was used for something else already. Load the page again."))
    return step


def require(lesson: Lesson, act: str, by: Person, *, now: datetime) -> None:
    """Refuse an act that is not open to this person now: `NotNow`, `NotYours`."""
    facts = lesson.facts(by)
    why = states.allowed(act, facts, now=now)
    if why:
        raise refusal(why, act, facts)


def step(
    lesson: Lesson, act: str, *, to: str, by: Person | None, now: datetime, event: str = "", key: str | None = None,
    particulars: Any = None, **facts: Any,
) -> Step:  # fmt: skip
    """Bring a locked lesson to a state: keep the row with its next due time, the step, and the event for others."""
    start = lesson.phase
    lesson.state = states.BOOKED if to == states.MOVING else to
    if to not in (states.ASKED, states.MOVING):
        close_question(lesson)
    if to in states.ENDED:
        lesson.ended_at, lesson.ended_by = now, by
    lesson.version += 1
    lesson.due_at = next_due(lesson)
    lesson.save()
    made = Step.objects.create(
        lesson=lesson, act=act, from_state=start, to_state=to, by=by, at=now, facts=facts, key=key,
        particulars=digest(act, by, particulars),
    )  # fmt: skip
    if event:
        outbox.emit(event, lesson, step=made.pk, act=act, by=by.pk if by else None, **facts)
    return made


def close_question(lesson: Lesson) -> None:
    """Take the open question off a lesson."""
    lesson.answer_due_at = None
    Proposal.objects.filter(lesson=lesson).delete()


def next_due(lesson: Lesson) -> datetime | None:
    """Give when the clock next has something to do with a lesson as it stands."""
    if lesson.state == states.ASKED:
        return lesson.answer_due_at
    if lesson.state == states.BOOKED and lesson.starts_at is not None:
        reminder = rules.next_reminder(lesson.starts_at, reminded=lesson.reminded)
        return min(at for at in (lesson.ends_at, reminder, lesson.answer_due_at) if at is not None)
    if lesson.state == states.HELD and lesson.ends_at is not None:
        settles = lesson.ends_at + timedelta(days=settings.SETTLE_DAYS)
        said = [at for at in (missed_at(lesson),) if at is not None]
        return max([settles, *(at + timedelta(days=rules.MISS_DAYS) for at in said)])
    if lesson.state == states.DISPUTED:
        begun = max(at for at in (lesson.disputed_at, lesson.ends_at) if at is not None)
        return begun + timedelta(days=settings.DISPUTE_DAYS)
    return None


def missed_at(lesson: Lesson) -> datetime | None:
    """Give when one of the two said that the other did not come."""
    if lesson.teacher_said == states.SAID_MISSED:
        return lesson.teacher_said_at
    return lesson.learner_said_at if lesson.learner_said == states.SAID_MISSED else None


def digest(act: str, by: Person | None, particulars: Any) -> str:
    """Give a short digest of what an act was, to know it again."""
    plain = json.dumps([act, by.pk if by else None, particulars], sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(plain.encode("utf-8", "replace")).hexdigest()
