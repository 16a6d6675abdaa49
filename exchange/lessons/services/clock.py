"""What time does to a lesson: rows with a due time, claimed one by one, so that nothing is done twice or never."""

import logging
from datetime import datetime, timedelta

from django.db import connection

from exchange.lessons import rules, states
from exchange.lessons.models import Lesson
from exchange.lessons.services import bundling, hours, taking
from exchange.lessons.services.steps import lock_bundle, next_due, step
from exchange.whole import whole

log = logging.getLogger(__name__)

AGAIN_AFTER = timedelta(minutes=15)  # a lesson that the clock failed on is tried again then


def keep_time(*, now: datetime, limit: int = 500) -> int:
    """Do for each lesson what is due; gives how many were done. Any number may run at once, after any sleep."""
    bundling.let_go_due(now=now)
    ids = list(Lesson.objects.due(now).values_list("id", flat=True)[:limit])
    return sum(_keep(lesson_id, now) for lesson_id in ids)


def _keep(lesson_id: int, now: datetime) -> bool:
    """Do what is due for one lesson; False when another process has it, or it failed and waits for the next try."""
    try:
        return _do_due(lesson_id, now)
    except Exception:
        log.exception("The clock failed on a lesson")
        Lesson.objects.filter(id=lesson_id, due_at__lte=now).update(due_at=now + AGAIN_AFTER)
        return False


@whole
def _do_due(lesson_id: int, now: datetime) -> bool:
    rows = Lesson.objects.filter(id=lesson_id, due_at__lte=now)
    skips = connection.features.has_select_for_update_skip_locked
    if not lock_bundle(lesson_id, skip_locked=skips):
        return False
    lesson = rows.select_for_update(of=("self",), skip_locked=skips).first()
    if lesson is None:
        return False
    catch_up(lesson, now=now)
    return True


def catch_up(lesson: Lesson, *, now: datetime) -> None:
    """Bring a locked lesson to where time has brought it. Acts begin with this, so a late clock changes no outcome."""
    while lesson.due_at is not None and lesson.due_at <= now:
        _one(lesson, now)


def _one(lesson: Lesson, now: datetime) -> None:
    ends_at, starts_at = lesson.ends_at, lesson.starts_at
    if lesson.state == states.ASKED:
        step(lesson, states.LAPSE, to=states.LAPSED, by=None, now=now, event="lesson.lapsed")
        if lesson.bundle is not None:
            bundling.let_go(lesson.bundle, by=None, now=now)
    elif lesson.state == states.BOOKED and ends_at is not None and ends_at <= now:
        step(lesson, states.BEGIN, to=states.HELD, by=None, now=now, event="lesson.held")
    elif lesson.state == states.BOOKED and lesson.answer_due_at is not None and lesson.answer_due_at <= now:
        step(lesson, states.LAPSE, to=states.BOOKED, by=None, now=now, event="lesson.move_lapsed")
    elif lesson.state == states.BOOKED and starts_at is not None:
        _remind(lesson, starts_at, now)
    elif lesson.state == states.HELD:
        _settle(lesson, now)
    elif lesson.state == states.DISPUTED:
        hours.give_back(lesson)
        lesson.why = states.RETURN
        step(
            lesson, states.RESOLVE, to=states.CANCELLED, by=None, now=now, event="lesson.resolved",
            outcome=states.RETURN,
        )  # fmt: skip
    else:  # nothing is due in any other state: the time is an old one
        lesson.due_at = next_due(lesson)
        lesson.save(update_fields=["due_at"])


def _remind(lesson: Lesson, starts_at: datetime, now: datetime) -> None:
    """Remind both, once for all reminders that are over; of a lesson that has begun nobody is reminded."""
    lesson.reminded = rules.reminders_over(starts_at, now=now)
    if starts_at <= now:
        lesson.due_at = next_due(lesson)
        lesson.save(update_fields=["reminded", "due_at"])
    else:
        left = len(rules.REMINDERS) - lesson.reminded
        step(lesson, states.REMIND, to=lesson.phase, by=None, now=now, event="lesson.due_soon", left=left)


def _settle(lesson: Lesson, now: datetime) -> None:
    """Silence for seven days is a yes; what one said and the other left standing counts."""
    taking.free(lesson)
    if states.SAID_MISSED in (lesson.teacher_said, lesson.learner_said):
        is_learners = lesson.teacher_said == states.SAID_MISSED
        if is_learners:
            hours.pay(lesson, why="missed")
        else:
            hours.give_back(lesson)
        step(
            lesson, states.SETTLE, to=states.NO_SHOW, by=None, now=now, event="lesson.missed",
            who=states.LEARNER if is_learners else states.TEACHER,
        )  # fmt: skip
    else:
        hours.pay(lesson)
        step(lesson, states.SETTLE, to=states.CONFIRMED, by=None, now=now, event="lesson.confirmed")
