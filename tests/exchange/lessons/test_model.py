"""Any acts of anybody in any order, while the clock runs, sleeps and leaps: the hours agree with the lessons."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from django.db.models import Sum
from django.test import override_settings
from hypothesis import HealthCheck, settings
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from exchange.chat import services as chat
from exchange.ledger.models import Account, Transfer
from exchange.lessons import services as lessons
from exchange.lessons import states
from exchange.lessons.models import Lesson
from exchange.lessons.rules import Span
from exchange.lessons.services import Half, checking
from exchange.lib.errors import Refused

START = datetime(2026, 11, 24, 10, tzinfo=UTC)
ACTS = [*states.PEOPLES_ACTS, states.RESOLVE, states.AGAIN]
PEOPLE = ("salma", "yusuf", "karim", "huda")
LENGTHS = (60, 61, 62, 15, 45)  # minutes: of a swap their difference is owed, and one minute has no half


class Machine(RuleBasedStateMachine):
    cast, offers = {}, {}  # given by the test

    def __init__(self):
        super().__init__()
        self.save = transaction.atomic()
        self.save.__enter__()
        self.now = START
        salma, yusuf, karim = (self.cast[name] for name in PEOPLE[:3])
        for teacher, learner in ((salma, yusuf), (yusuf, karim)):
            talk = chat.open_conversation(subject="x", subject_lang="en", people=[teacher, learner])
            Lesson.objects.create(teacher=teacher, learner=learner, opened_by=learner, conversation=talk)

    @rule(act=some.sampled_from(ACTS), who=some.sampled_from(PEOPLE), number=some.integers(0, 3),
          day=some.integers(0, 9), outcome=some.sampled_from(states.OUTCOMES),
          minutes=some.sampled_from(LENGTHS), repeat=some.integers(1, 3))  # fmt: skip
    def does(self, act, who, number, day, outcome, minutes, repeat):
        rows = list(Lesson.objects.order_by("-id")[:4])
        lesson, by = rows[number % len(rows)], self.cast[who]
        terms = {"minutes": minutes, "format": "online", "in_return": "hours", "repeat": repeat}
        more = {
            "ask": {"times": [self.span(day, minutes)], **terms},
            "counter": {"times": [self.span(day, lesson.minutes or 60)]},
            "accept": {"proposal": getattr(lesson.proposals.first(), "pk", 0)},
            "dispute": {"note": "x"},
            "resolve": {"outcome": outcome},
        }.get(act, {})
        try:
            getattr(lessons, act)(lesson=lesson, by=by, now=self.now, **more)
        except Refused:
            return

    @rule(by=some.sampled_from(PEOPLE[:3]), day=some.integers(0, 4), this=some.sampled_from(LENGTHS),
          other=some.sampled_from(LENGTHS), is_answered=some.booleans())  # fmt: skip
    def swaps(self, by, day, this, other, is_answered):
        lesson = Lesson.objects.filter(state=states.ENQUIRY, bundle=None).order_by("-id").first()
        if lesson is None:
            return
        halves = {
            "this": Half([self.span(day, this)], this, "online"),
            "other": Half([self.span(day + 1, other)], other, "online"),
        }
        listing = next(each for name, each in self.offers.items() if self.cast[name] == lesson.learner)
        try:
            lesson = lessons.ask_swap(lesson=lesson, by=self.cast[by], listing=listing, now=self.now, **halves)
            if is_answered:
                chosen = {row.pk: row.proposals.get().pk for row in (lesson, lesson.partner)}
                lessons.accept_all(chosen=chosen, by=lesson.other(self.cast[by]), now=self.now)
        except Refused:
            return

    @rule(who=some.sampled_from(PEOPLE[:3]))
    def calls_the_rest_off(self, who):
        lesson = Lesson.objects.filter(state=states.BOOKED).order_by("starts_at", "id").first()
        if lesson is not None:
            with suppress(Refused):
                lessons.cancel_rest(lesson=lesson, by=self.cast[who], now=self.now)

    def span(self, day, minutes):
        starts_at = self.now + timedelta(days=day, hours=3)
        return Span(starts_at, starts_at + timedelta(minutes=minutes))

    @rule(hours=some.sampled_from([1, 3, 20, 30, 80, 200]), is_awake=some.booleans())
    def time_passes(self, hours, is_awake):
        self.now += timedelta(hours=hours)
        if is_awake:
            lessons.keep_time(now=self.now)

    @invariant()
    def agrees(self):
        found = checking.faults(now=self.now)
        found.pop("lessons_overdue")
        assert not any(found.values()), found
        assert (Account.objects.aggregate(sum=Sum("balance"))["sum"] or 0) == 0

    def teardown(self):
        for days in (30, 30, 30):
            self.now += timedelta(days=days)
            lessons.keep_time(now=self.now)
        self.agrees()
        assert not Lesson.objects.filter(state__in=states.OPEN).exists()
        assert (Account.objects.filter(kind="escrow").aggregate(sum=Sum("balance"))["sum"] or 0) == 0
        settled = Transfer.objects.filter(kind__in=("settle", "return")).values_list("subject", flat=True)
        assert len(settled) == len(set(settled))
        transaction.set_rollback(True)
        self.save.__exit__(None, None, None)


@pytest.mark.parametrize("keeping", ["balances", "participation"])
def test_whatever_happens_the_hours_agree_and_every_lesson_ends(cast, make_offer, keeping):
    offers = {name: make_offer(cast[name], "إكسل من الصفر", ["rukn:excel"]) for name in PEOPLE[1:3]}
    machine = type("OfTheCast", (Machine,), {"cast": cast, "offers": offers})
    with override_settings(HOURS=keeping):
        checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
        run_state_machine_as_test(
            machine, settings=settings(max_examples=12, stateful_step_count=30, deadline=None,
                                       suppress_health_check=checks, database=None, derandomize=True)
        )  # fmt: skip
