"""After its time: it was held, the other did not come, a curator looks at it; and calling it off before."""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Person
from exchange.chat.models import Conversation
from exchange.lessons import rules, states
from exchange.lessons.models import Lesson
from exchange.lessons.services import hours, taking
from exchange.lessons.services.clock import catch_up
from exchange.lessons.services.refusals import NoWords
from exchange.lessons.services.steps import done_before, locked, require, step
from exchange.lib.text import clean


@transaction.atomic
def cancel(
    *, lesson: Lesson, by: Person, why: str = "", note: str = "", key: str | None = None, now: datetime | None = None
) -> Lesson:
    """Call a booked lesson off before it starts: the hours go back, half of them to the teacher when a learner is late.

    Late is less than `LATE_CANCEL_HOURS` before the start. Refused: `NotNow`, `NotYours`.
    """
    now = now or timezone.now()
    why, note = clean(why)[:12], clean(note)[:500]
    lesson = locked(lesson.pk)
    if done_before(lesson, key=key, act=states.CANCEL, by=by, particulars=[why, note]):
        return lesson
    catch_up(lesson, now=now)
    require(lesson, states.CANCEL, by, now=now)
    call_off(lesson, by=by, now=now, why=why, note=note, key=key)
    return lesson


def call_off(
    lesson: Lesson, *, by: Person | None, now: datetime, why: str, note: str = "", key: str | None = None,
    is_forgiven: bool = False,
) -> None:  # fmt: skip
    """End a locked, booked lesson. `is_forgiven`: it costs nothing, however late."""
    lesson.is_late = lesson.starts_at is not None and rules.is_late(
        lesson.starts_at, now=now, hours=settings.LATE_CANCEL_HOURS
    )
    lesson.why, lesson.why_note = why, note
    lesson.sequence += 1
    taking.free(lesson)
    costs = lesson.is_late and by is not None and by.pk == lesson.learner_id and not is_forgiven
    if costs:
        hours.share(lesson)
    else:
        hours.give_back(lesson)
    step(
        lesson, states.CANCEL, to=states.CANCELLED, by=by, now=now, event="lesson.cancelled", key=key,
        particulars=[why, note], why=why, note=note, is_late=lesson.is_late, costs=costs,
    )  # fmt: skip


@transaction.atomic
def confirm(*, lesson: Lesson, by: Person, key: str | None = None, now: datetime | None = None) -> Lesson:
    """Say that it was held. The learner's word ends it; the teacher's waits for theirs or for seven days of silence.

    Where the other said "you did not come" a curator looks at it. Refused: `NotNow`, `NotYours`.
    """
    now = now or timezone.now()
    lesson = locked(lesson.pk)
    if done_before(lesson, key=key, act=states.CONFIRM, by=by, particulars=None):
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


@transaction.atomic
def miss(*, lesson: Lesson, by: Person, key: str | None = None, now: datetime | None = None) -> Lesson:
    """Say that the other did not come; they have three days to say otherwise, then it counts.

    Where the other said something else already a curator looks at it. Refused: `NotNow`, `NotYours`.
    """
    now = now or timezone.now()
    lesson = locked(lesson.pk)
    if done_before(lesson, key=key, act=states.MISS, by=by, particulars=None):
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


@transaction.atomic
def dispute(*, lesson: Lesson, by: Person, note: str, key: str | None = None, now: datetime | None = None) -> Lesson:
    """Ask a curator to look at what happened; the hours stay aside until then.

    Refused: `NotNow`, `NotYours`, `NoWords`.
    """
    now = now or timezone.now()
    note = clean(note)[:500]
    lesson = locked(lesson.pk)
    if done_before(lesson, key=key, act=states.DISPUTE, by=by, particulars=note):
        return lesson
    catch_up(lesson, now=now)
    require(lesson, states.DISPUTE, by, now=now)
    if not note:
        raise NoWords(_("Say in a few words what happened."))
    lesson.why_note = note
    _give_to_curator(lesson, states.DISPUTE, by=by, now=now, key=key, particulars=note, note=note)
    return lesson


@transaction.atomic
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
    if done_before(lesson, key=key, act=states.RESOLVE, by=by, particulars=[outcome, note]):
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


@transaction.atomic
def again(*, lesson: Lesson, by: Person, key: str | None = None, now: datetime | None = None) -> Lesson:
    """Begin a next lesson of the same two in the same talk; one that is begun already is found.

    Refused: `NotNow`, `NotYours`.
    """
    now = now or timezone.now()
    # The talk's row is the lock: two clicks at once, on this lesson or an older one, make one next lesson.
    Conversation.objects.select_for_update().get(id=lesson.conversation_id)
    lesson = Lesson.objects.get(id=lesson.pk)
    require(lesson, states.AGAIN, by, now=now)
    same = Lesson.objects.filter(
        conversation=lesson.conversation_id, teacher=lesson.teacher_id, learner=lesson.learner_id
    )
    begun = same.filter(state=states.ENQUIRY).order_by("-id").first()
    if begun is not None:
        return begun
    return Lesson.objects.create(
        teacher_id=lesson.teacher_id,
        learner_id=lesson.learner_id,
        opened_by_id=lesson.opened_by_id,
        listing_id=lesson.listing_id,
        conversation_id=lesson.conversation_id,
        follows_id=lesson.follows_id or lesson.pk,
        made_at=now,
        minutes=lesson.minutes,
        format=lesson.format,
        place=lesson.place,
        in_return=lesson.in_return,
        fee=lesson.fee,
        currency=lesson.currency,
    )


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
