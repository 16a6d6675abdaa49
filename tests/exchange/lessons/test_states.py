"""The one table: what it allows is possible, what it does not is refused with its sentence and leaves no row."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone, translation

from exchange.ledger.models import Account, Posting, Transfer
from exchange.lessons import services as lessons
from exchange.lessons import states
from exchange.lessons.models import Lesson, Proposal, Step, Taken
from exchange.lessons.services.refusals import STANDS, WHEN
from exchange.outbox.models import Event

ROOT = Path(__file__).parents[3]
HOUR = timedelta(hours=1)


def everything():
    """All rows that an act of a lesson could write."""
    kinds = (Lesson, Proposal, Step, Taken, Account, Posting, Transfer, Event)
    return {kind.__name__: list(kind.objects.order_by("pk").values()) for kind in kinds}


def in_phase(lesson, phase, asker, times):
    """Bring a lesson into a phase by its row, as if it had come there."""
    now = timezone.now()
    over = phase in (*states.ENDED, states.HELD, states.DISPUTED)
    starts_at = now - 3 * HOUR if over else now + 48 * HOUR
    has_question = phase in (states.ASKED, states.MOVING)
    is_agreed = phase not in (states.ENQUIRY, states.ASKED)
    Proposal.objects.filter(lesson=lesson).delete()
    Lesson.objects.filter(id=lesson.pk).update(
        state=states.BOOKED if phase == states.MOVING else phase,
        starts_at=starts_at if is_agreed else None,
        ends_at=starts_at + HOUR if is_agreed else None,
        minutes=60,
        format="online",
        asked_by=None if phase == states.ENQUIRY else asker,
        answer_due_at=now + 40 * HOUR if has_question else None,
        disputed_at=now if phase == states.DISPUTED else None,
    )
    if has_question:
        Proposal.objects.create(lesson=lesson, starts_at=times[0].starts_at, ends_at=times[0].ends_at)
    return Lesson.objects.get(id=lesson.pk)


def acts(lesson, by, times):
    """Every act of people and curators, ready to be tried."""
    proposal = lesson.proposals.first()
    number = proposal.pk if proposal else 1
    ready = {
        "ask": lambda: lessons.ask(lesson=lesson, by=by, times=times, minutes=60, format="online"),
        "counter": lambda: lessons.counter(lesson=lesson, by=by, times=times),
        "accept": lambda: lessons.accept(lesson=lesson, by=by, proposal=number),
        "decline": lambda: lessons.decline(lesson=lesson, by=by, why="times"),
        "withdraw": lambda: lessons.withdraw(lesson=lesson, by=by),
        "cancel": lambda: lessons.cancel(lesson=lesson, by=by),
        "confirm": lambda: lessons.confirm(lesson=lesson, by=by),
        "miss": lambda: lessons.miss(lesson=lesson, by=by),
        "dispute": lambda: lessons.dispute(lesson=lesson, by=by, note="كان الباب مغلقًا"),
        "resolve": lambda: lessons.resolve(lesson=lesson, by=by, outcome="half"),
        "again": lambda: lessons.again(lesson=lesson, by=by),
    }
    assert set(ready) == {*states.PEOPLES_ACTS, states.RESOLVE, states.AGAIN}
    return ready


@pytest.mark.parametrize("phase", states.PHASES)
@pytest.mark.parametrize("asker", ["salma", "yusuf"])
def test_what_the_table_does_not_allow_is_refused_with_its_sentence_and_writes_nothing(
    phase, asker, enquiry, cast, times
):
    """Phase × act × teacher, learner, curator, stranger × who asked."""
    refused = allowed = 0
    lesson = in_phase(enquiry, phase, cast[asker], times(1))
    for name in ("salma", "yusuf", "huda", "stranger"):
        for act, do in acts(lesson, cast[name], times(1)).items():
            if not states.allowed(act, lesson.facts(cast[name]), now=timezone.now()):
                allowed += 1
                continue
            before = everything()
            with pytest.raises((lessons.NotNow, lessons.NotYours)) as refusal:
                do()
            assert everything() == before
            assert str(refusal.value)
            refused += 1
    assert refused + allowed == 44
    assert refused >= 33


@pytest.mark.parametrize("phase", states.PHASES)
def test_what_the_table_allows_is_done_and_ends_where_it_says(phase, enquiry, cast, times):
    lesson = in_phase(enquiry, phase, cast["yusuf"], times(1))
    for name in ("salma", "yusuf", "huda"):
        for act, do in acts(lesson, cast[name], times(1)).items():
            if act == states.AGAIN or states.allowed(act, lesson.facts(cast[name]), now=timezone.now()):
                continue
            with transaction.atomic():
                after = do()
                assert after.phase in ends_of(act, phase, after.role_of(cast[name]))
                assert Step.objects.get().to_state == after.phase
                transaction.set_rollback(True)


def ends_of(act, phase, role):
    """Where the table says that an act ends when the other has said nothing; a curator decides for half and half."""
    rows = [row for row in states.TABLE if (row.act, row.start) == (act, phase)]
    ours = [row for row in rows if row.who in (role, states.EITHER, states.ASKER, states.ANSWERER)]
    open_ones = [row for row in ours if row.when not in ("the other said “missed”", "the other said something else")]
    return {row.end for row in open_ones if act != states.RESOLVE or row.when == states.HALF}


def test_each_refused_pair_of_state_and_act_has_a_sentence_of_its_own_in_both_languages():
    pairs = [(phase, act) for phase in states.PHASES for act in (*states.PEOPLES_ACTS, states.RESOLVE)]
    illegal = [(phase, act) for phase, act in pairs if not states.who_may(act, phase)]
    for language in ("ar", "en"):
        with translation.override(language):
            sentences = {f"{STANDS[phase]} {WHEN[act]}" for phase, act in illegal}
        assert len(sentences) == len(illegal)


def test_every_state_that_is_open_is_left_by_the_clock():
    for state in (*states.OPEN, states.MOVING):
        assert any(row.start == state and row.who == states.CLOCK for row in states.TABLE)
    assert not any(row.start in states.ENDED for row in states.TABLE)


def test_states_and_table_speak_of_the_same():
    assert set(Lesson.State.values) == set(states.STATES)
    assert {row.start for row in states.TABLE} | {row.end for row in states.TABLE} == set(states.PHASES)
    assert {row.act for row in states.TABLE} == set(states.ACTS)


def test_the_page_of_lessons_prints_the_table(capsys):
    call_command("lessons", "table")
    assert capsys.readouterr().out.strip() in (ROOT / "docs/lessons.md").read_text(encoding="utf-8")
