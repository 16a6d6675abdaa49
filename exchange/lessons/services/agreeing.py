"""Agreeing on a time: ask, offer others, accept, decline, take the question back."""

import uuid
from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Person
from exchange.chat.screening import screen
from exchange.lessons import fees, rules, states
from exchange.lessons.models import Lesson, Proposal
from exchange.lessons.rules import Span
from exchange.lessons.services import bundling, hours, series, taking
from exchange.lessons.services.clock import catch_up
from exchange.lessons.services.doors import require_doors
from exchange.lessons.services.refusals import BadTerms, BadTimes, ProposalGone
from exchange.lessons.services.steps import close_question, done_before, locked, require, step
from exchange.lessons.services.waiting import rest_offers
from exchange.lib.text import clean
from exchange.whole import whole

FULL_DAYS = 30  # how long offers rest when "full now" is said without a number


@whole
def ask(
    *,
    lesson: Lesson,
    by: Person,
    times: Sequence[Span],
    minutes: int,
    format: str,
    place: str = "",
    in_return: str = Lesson.Return.GIFT,
    fee: int | None = None,
    currency: str = "",
    repeat: int = 1,
    key: str | None = None,
    now: datetime | None = None,
) -> Lesson:
    """Ask the other for one of up to three times, with everything that the answer agrees to.

    `repeat`: so many lessons a week apart, as one agreement (`series`).

    Refused: `NotNow`, `NotYours`, `BadTimes`, `BadTerms`, `fees.NoFee`, `NotReachable`, `AgeNotSaid`,
    `NeedsGuardian`, `listings.NotForYoung`, `KeyReused`.
    """
    now = now or timezone.now()
    place = clean(place)[:160]
    terms: dict[str, Any] = {"minutes": minutes, "format": format, "place": place, "in_return": in_return}
    terms |= {"fee": fee, "currency": currency} | ({"repeat": repeat} if repeat != 1 else {})
    lesson = locked(lesson.pk)
    particulars = [times, terms]
    if done_before(lesson, key=key, act=states.ASK, by=by, particulars=particulars, now=now):
        return lesson
    catch_up(lesson, now=now)
    require(lesson, states.ASK, by, now=now)
    if bundling.is_bound(lesson):  # what it is given for was agreed on with the others, once
        terms |= {"in_return": lesson.in_return, "fee": None, "currency": ""}
        repeat = 1
        terms.pop("repeat", None)
    _require_terms(lesson, terms)
    fees.require(lesson, terms)
    for name, value in terms.items():
        if name != "repeat":
            setattr(lesson, name, value)
    require_doors(lesson, by)
    series.begin(lesson, by=by, repeat=repeat, now=now)
    _put_question(lesson, by, times, now)
    lesson.rung_due_at, lesson.uid = None, lesson.uid or uuid.uuid4()
    step(
        lesson, states.ASK, to=states.ASKED, by=by, now=now, event="lesson.asked", key=key, particulars=particulars,
        times=_plain(times), **terms,
    )  # fmt: skip
    return lesson


@whole
def counter(
    *,
    lesson: Lesson,
    by: Person,
    times: Sequence[Span],
    minutes: int | None = None,
    format: str | None = None,
    place: str | None = None,
    key: str | None = None,
    now: datetime | None = None,
) -> Lesson:
    """Offer other times: in answer to a question, or for a lesson that is booked, which stays so until one is accepted.

    What is not given stays as it is; of a booked lesson only the time can change. Refused: as `ask`.
    """
    now = now or timezone.now()
    given = {"minutes": minutes, "format": format, "place": None if place is None else clean(place)[:160]}
    lesson = locked(lesson.pk)
    particulars = [times, given]
    if done_before(lesson, key=key, act=states.COUNTER, by=by, particulars=particulars, now=now):
        return lesson
    catch_up(lesson, now=now)
    require(lesson, states.COUNTER, by, now=now)
    if lesson.sitting_id is not None:
        raise BadTerms(_("The time of a group lesson is its teacher's to set. You can give your seat back."))
    to = states.ASKED if lesson.state == states.ASKED else states.MOVING
    terms = {name: getattr(lesson, name) if value is None else value for name, value in given.items()}
    if to == states.MOVING and any(terms[name] != getattr(lesson, name) for name in terms):
        raise BadTerms(_("Of a booked lesson only the time can be changed. For the rest, call it off and ask anew."))
    _require_terms(lesson, terms | {"in_return": lesson.in_return, "fee": lesson.fee, "currency": lesson.currency})
    for name, value in terms.items():
        setattr(lesson, name, value)
    require_doors(lesson, by)
    _put_question(lesson, by, times, now)
    event = "lesson.countered" if to == states.ASKED else "lesson.move_asked"
    step(
        lesson, states.COUNTER, to=to, by=by, now=now, event=event, key=key, particulars=particulars,
        times=_plain(times), **terms,
    )  # fmt: skip
    return lesson


@whole
def accept(
    *,
    lesson: Lesson,
    by: Person,
    proposal: Proposal | int,
    without: Collection[date] = (),
    key: str | None = None,
    now: datetime | None = None,
) -> Lesson:
    """Agree to one of the times asked for: both are busy then, and the hours of the learner are kept aside.

    A lesson that is booked together with others keeps the time, and is booked when the last of them has one.
    Of a series all lessons are booked or none; `without`: days of the city's calendar that are left out of it.
    Refused: `NotNow`, `NotYours`, `ProposalGone`, `TakenAlready`, `DatesTaken`, `ledger.NotEnoughHours`, the doors of
    `ask`.
    """
    now = now or timezone.now()
    number = proposal if isinstance(proposal, int) else proposal.pk
    lesson = locked(lesson.pk)
    particulars = [number, sorted(without)] if without else number
    if done_before(lesson, key=key, act=states.ACCEPT, by=by, particulars=particulars, now=now):
        return lesson
    catch_up(lesson, now=now)
    require(lesson, states.ACCEPT, by, now=now)
    require_doors(lesson, by)
    chosen = lesson.proposals.filter(id=number, starts_at__gt=now).first()
    if chosen is None:
        raise ProposalGone(_("This time is no longer offered. Look at the lesson again."))
    if bundling.is_bound(lesson):
        return bundling.choose(lesson, chosen, by=by, now=now, key=key, particulars=particulars)
    first, *others = spans = series.spans_of(lesson, Span(chosen.starts_at, chosen.ends_at), without=without)
    if others:
        series.require_free(lesson, spans)
    rest = series.rest_of(lesson, len(others), now=now)
    _book(lesson, first, by, now, key, particulars, {"in_series": len(spans)} if others else {})
    for row, span in zip(rest, others, strict=True):
        _book(row, span, by, now, None, None, {"along_with": lesson.pk})
    return lesson


def _book(
    lesson: Lesson, span: Span, by: Person, now: datetime, key: str | None, particulars: Any, facts: dict[str, int]
) -> None:
    """Let a locked lesson be booked for a time, or moved to it."""
    is_moved = lesson.state == states.BOOKED
    taking.take(lesson, span)
    lesson.starts_at, lesson.ends_at = span.starts_at, span.ends_at
    lesson.reminded = rules.reminders_over(span.starts_at, now=now)
    lesson.sequence += 1
    if not is_moved:
        hours.hold(lesson)
    step(
        lesson, states.ACCEPT, to=states.BOOKED, by=by, now=now, event="lesson.moved" if is_moved else "lesson.booked",
        key=key, particulars=particulars, times=_plain([span]), **facts,
    )  # fmt: skip


@whole
def decline(
    *,
    lesson: Lesson,
    by: Person,
    why: str = "other",
    note: str = "",
    full_days: int = FULL_DAYS,
    key: str | None = None,
    now: datetime | None = None,
) -> Lesson:
    """Say no, kindly (`rules.DECLINES`); of another time for a booked lesson, which then stays as it was.

    "full" said by the teacher lets their offers rest for so many days (`rules.FULL_DAYS`).
    Refused: `NotNow`, `NotYours`. Raises `ValueError` for a reason or days that are not offered.
    """
    if why not in rules.DECLINES or full_days not in rules.FULL_DAYS:
        raise ValueError(why, full_days)
    now = now or timezone.now()
    note = clean(note)[:500]
    lesson = locked(lesson.pk)
    particulars = [why, note, full_days]
    if done_before(lesson, key=key, act=states.DECLINE, by=by, particulars=particulars, now=now):
        return lesson
    catch_up(lesson, now=now)
    require(lesson, states.DECLINE, by, now=now)
    is_move = lesson.state == states.BOOKED
    if not is_move:
        lesson.why, lesson.why_note = why, note
        if why == rules.FULL and by.pk == lesson.teacher_id:
            rest_offers(teacher=by, until=now + timedelta(days=full_days))
    step(
        lesson, states.DECLINE, to=states.BOOKED if is_move else states.DECLINED, by=by, now=now,
        event="lesson.move_declined" if is_move else "lesson.declined", key=key, particulars=particulars,
        why=why, note=note,
    )  # fmt: skip
    _let_others_go(lesson, by, now)
    return lesson


@whole
def withdraw(*, lesson: Lesson, by: Person, key: str | None = None, now: datetime | None = None) -> Lesson:
    """Take one's own question back; a booked lesson then stays as it was. Refused: `NotNow`, `NotYours`."""
    now = now or timezone.now()
    lesson = locked(lesson.pk)
    if done_before(lesson, key=key, act=states.WITHDRAW, by=by, particulars=None, now=now):
        return lesson
    catch_up(lesson, now=now)
    require(lesson, states.WITHDRAW, by, now=now)
    is_move = lesson.state == states.BOOKED
    step(
        lesson, states.WITHDRAW, to=states.BOOKED if is_move else states.WITHDRAWN, by=by, now=now,
        event="lesson.move_withdrawn" if is_move else "lesson.withdrawn", key=key,
    )  # fmt: skip
    _let_others_go(lesson, by, now)
    return lesson


def _let_others_go(lesson: Lesson, by: Person, now: datetime) -> None:
    """Of lessons that are booked all or none, one that ends lets the others go."""
    if lesson.bundle is not None and lesson.state != states.BOOKED:
        bundling.let_go(lesson.bundle, by=by, now=now)


def _require_terms(lesson: Lesson, terms: dict[str, Any]) -> None:
    minutes, fee = terms["minutes"], terms["fee"]
    if not rules.LEAST_MINUTES <= minutes <= rules.MOST_MINUTES:
        raise BadTerms(
            _("A lesson lasts from %(least)s to %(most)s minutes.")
            % {"least": rules.LEAST_MINUTES, "most": rules.MOST_MINUTES}
        )
    if terms["format"] not in Lesson.Format.values:
        raise BadTerms(_("A lesson is in person or online."))
    if terms["in_return"] not in Lesson.Return.values:
        raise BadTerms(_("A lesson is for hours, as a gift, for another lesson, or for a fee."))
    if not lesson.conversation.met_at and screen(terms["place"], is_first_contact=True).findings:
        raise BadTerms(_("Name the place without links or contact data until both of you have written."))
    is_fee = terms["in_return"] == Lesson.Return.FEE
    if is_fee != (fee is not None) or (fee is not None and not (0 < fee <= rules.MOST_FEE and terms["currency"])):
        raise BadTerms(_("A fee is more than nothing, and only asked where the lesson is for a fee."))


def _put_question(lesson: Lesson, by: Person, times: Sequence[Span], now: datetime) -> None:
    wrong = rules.bad_times(times, minutes=lesson.minutes or 0, now=now)
    if wrong:
        raise BadTimes(_BAD_TIMES[wrong]())
    close_question(lesson)
    Proposal.objects.bulk_create(Proposal(lesson=lesson, starts_at=at.starts_at, ends_at=at.ends_at) for at in times)
    lesson.asked_by, lesson.asked_at = by, now
    before = lesson.starts_at if lesson.state == states.BOOKED else None
    lesson.answer_due_at = rules.answer_due(times, asked_at=now, answer_days=settings.ANSWER_DAYS, before=before)


_BAD_TIMES = {
    "count": lambda: _("Offer one, two or three times."),
    "past": lambda: _("One of the times has passed already."),
    "far": lambda: _("One of the times is more than a year away."),
    "length": lambda: _("Each time must be as long as the lesson."),
    "twice": lambda: _("The same time is offered twice."),
}


def _plain(times: Sequence[Span]) -> list[list[str]]:
    return [[span.starts_at.isoformat(), span.ends_at.isoformat()] for span in times]
