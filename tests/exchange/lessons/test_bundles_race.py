"""Lessons that are booked all or none, chosen at once, let go at once, and by workers that die in the middle."""

import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from exchange.chat import services as chat
from exchange.lessons import services as lessons
from exchange.lessons.models import Bundle, Lesson, Proposal, Taken
from exchange.lib.errors import Refused
from exchange.outbox.models import Event

ROOT = Path(__file__).resolve().parents[3]
RACES = 20 if connection.vendor == "postgresql" else 6  # SQLite lets one write after the other: little can differ


def ring_of(people, talks, day):
    """A closed ring whose lessons each wait for the choice of one time, hours apart."""
    start = timezone.now() + timedelta(days=day)
    rows = []
    for number, teacher in enumerate(people):
        learner = people[(number + 1) % len(people)]
        at = start + timedelta(hours=2 * number)
        row = Lesson.objects.create(
            teacher=teacher, learner=learner, opened_by=teacher, conversation=talks[number], state="asked", minutes=60,
            format="online", asked_by=teacher, asked_at=timezone.now(), answer_due_at=at, due_at=at,
        )  # fmt: skip
        Proposal.objects.create(lesson=row, starts_at=at, ends_at=at + timedelta(hours=1))
        rows.append(row)
    lessons.bind(lessons=rows, in_return="swap", now=timezone.now())
    return rows


def at_once(*acts):
    """Do several acts at the same moment; gives how each ended."""
    barrier, ended = threading.Barrier(len(acts)), {}

    def run(number, act):
        barrier.wait()
        try:
            act()
            ended[number] = "done"
        except Refused as refusal:
            ended[number] = refusal.code
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [ended.get(number, "broke") for number in range(len(acts))]


def choosing(row):
    number = row.proposals.get().pk
    return lambda: lessons.accept(lesson=row, by=row.learner, proposal=number)


@pytest.fixture
def people(salma, yusuf, karim, nadia):
    return [salma, yusuf, karim, nadia]


@pytest.fixture
def talks(people):
    pairs = [(one, people[(number + 1) % 4]) for number, one in enumerate(people)]
    return [chat.open_conversation(subject="x", subject_lang="ar", people=list(pair)) for pair in pairs]


@pytest.mark.django_db(transaction=True)
def test_all_choose_at_once_and_all_are_booked_exactly_once(people, talks):
    for race in range(RACES):
        rows = ring_of(people, talks, 3 + race)
        assert at_once(*(choosing(row) for row in rows)) == ["done"] * 4
    assert set(Lesson.objects.values_list("state", flat=True)) == {"booked"}
    assert Taken.objects.count() == 8 * RACES
    assert Event.objects.filter(name="bundle.booked").count() == RACES
    assert Bundle.objects.filter(booked_at=None).count() == 0


@pytest.mark.django_db(transaction=True)
def test_a_last_choice_against_a_no_leaves_all_or_none(people, talks):
    for race in range(RACES):
        rows = ring_of(people, talks, 3 + race)
        for row in rows[:-1]:
            choosing(row)()
        last, other = rows[-1], rows[0]
        ended = at_once(choosing(last), lambda other=other: lessons.decline(lesson=other, by=other.learner))
        found = {row.state for row in Lesson.objects.filter(id__in=[row.pk for row in rows])}
        assert found == {"booked"} or "booked" not in found, ended
        assert "broke" not in ended
        assert ended.count("done") == 1


@pytest.mark.django_db(transaction=True)
def test_two_rings_that_want_the_same_hours_never_book_anybody_twice(people, talks):
    for race in range(RACES):
        one, other = ring_of(people, talks, 3 + race), ring_of(people[::-1], [talks[i] for i in (2, 1, 0, 3)], 3 + race)
        for row in (*one[:-1], *other[:-1]):
            choosing(row)()
        assert "broke" not in at_once(choosing(one[-1]), choosing(other[-1]))
        for rows in (one, other):
            found = {row.state for row in Lesson.objects.filter(id__in=[row.pk for row in rows])}
            assert found in ({"booked"}, {"asked"})
    busy = list(Taken.objects.order_by("person", "starts_at").values_list("person", "starts_at", "ends_at"))
    for before, after in pairwise(busy):
        assert before[0] != after[0] or before[2] <= after[1]


@pytest.mark.django_db(transaction=True)
def test_the_clock_and_a_last_choice_at_the_deadline_leave_all_or_none(people, talks):
    for race in range(RACES):
        rows = ring_of(people, talks, 3 + race)
        Bundle.objects.filter(id=Lesson.objects.get(id=rows[0].pk).bundle_id).update(due_at=timezone.now())
        for row in rows[:-1]:
            choosing(row)()
        ended = at_once(choosing(rows[-1]), lambda: lessons.keep_time(now=timezone.now()))
        found = {row.state for row in Lesson.objects.filter(id__in=[row.pk for row in rows])}
        assert found in ({"booked"}, {"lapsed"}), ended
        assert "broke" not in ended


WORKER = """
import os, signal, sys, django
django.setup()
from django.db import transaction
from exchange.lessons import services as lessons
from exchange.lessons.models import Lesson
from exchange.lessons.services import taking
real, left = taking.take, int(sys.argv[2])
def take(*args, **kwargs):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*args, **kwargs)
taking.take = take
row = Lesson.objects.get(id=int(sys.argv[1]))
lessons.accept(lesson=row, by=row.learner, proposal=int(sys.argv[3]), key="once")
"""


if connection.vendor == "postgresql":  # processes cannot share a SQLite database in memory

    @pytest.mark.django_db(transaction=True)
    def test_a_worker_killed_while_it_books_leaves_none_booked_and_the_next_try_books_all(people, talks):
        database = connection.settings_dict
        key = f"{database['USER']}:{database['PASSWORD']}" if database["PASSWORD"] else database["USER"]
        address = f"postgres://{key}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
        env = os.environ | {"DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "exchange.settings"}
        for killed_at in (1, 2, 3, 4):
            rows = ring_of(people, talks, 3 + killed_at)
            for row in rows[:-1]:
                choosing(row)()
            last, proposal = rows[-1], rows[-1].proposals.get().pk

            def run(at, last=last, proposal=proposal):
                command = [sys.executable, "-c", WORKER, str(last.pk), str(at), str(proposal)]
                return subprocess.run(command, cwd=ROOT, env=env, timeout=60, check=False).returncode

            assert run(killed_at) == -signal.SIGKILL
            found = {row.state for row in Lesson.objects.filter(id__in=[row.pk for row in rows])}
            assert found == {"asked"}
            assert run(0) == 0
            assert run(0) == 0  # the same key again
            found = {row.state for row in Lesson.objects.filter(id__in=[row.pk for row in rows])}
            assert found == {"booked"}
        assert Event.objects.filter(name="bundle.booked").count() == 4
        assert Taken.objects.count() == 8 * 4
