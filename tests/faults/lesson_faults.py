"""Two people do something about one lesson at the same moment, every pair of acts, many times; and acts are sent again
with one key through kill -9.

    python -m tests.faults.lesson_faults --scratch --races 200 --kills 20

A race is right when its results, the lesson and the hours are those of the one act after the other or of the other
after the one; each order is tried beside it on a lesson of its own. Works on the database that DATABASE_URL names, and
writes into it. Prints JSON; exit status 1 when something came out that neither order gives.
"""

import argparse
import json
import os
import random
import signal
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations_with_replacement
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

CLOCK = "clock"
HOUR = timedelta(hours=1)
PAIRS_OF_PEOPLE, HOURS_OF_A_PAIR = 20, 60  # lessons of one pair lie side by side, then others meet


@dataclass(frozen=True)
class Doer:
    """An act, who does it, and which of the times it means."""

    act: str
    role: str
    choice: int = 0


class World:
    """Lessons in any phase, made by the services themselves, each with an hour of its own."""

    def __init__(self) -> None:
        settings.HOURS_FLOOR = 10**6
        self.people: list[Any] = []
        self.made = 0
        self.orders: dict[tuple[str, Doer, Doer], list[tuple[Any, ...]]] = {}
        self.now = timezone.now().replace(microsecond=0)

    def _meet(self) -> None:
        from accounts import services as accounts

        mark = uuid.uuid4().hex[:8]
        emails = [(f"t{n}{mark}@example.org", f"l{n}{mark}@example.org") for n in range(PAIRS_OF_PEOPLE)]
        self.people = [tuple(accounts.make_person(email=email) for email in pair) for pair in emails]

    def lesson(self, phase: str) -> Any:
        """Make a lesson in a phase; the learner has asked."""
        from exchange.chat import services as chat
        from exchange.lessons import services as lessons
        from exchange.lessons import states
        from exchange.lessons.models import Lesson

        if self.made % (PAIRS_OF_PEOPLE * HOURS_OF_A_PAIR) == 0:
            self._meet()
        teacher, learner = self.people[self.made % PAIRS_OF_PEOPLE]
        place = self.made // PAIRS_OF_PEOPLE % HOURS_OF_A_PAIR
        self.made += 1
        talk = chat.open_conversation(subject="x", subject_lang="en", people=[teacher, learner])
        row = Lesson.objects.create(teacher=teacher, learner=learner, opened_by=learner, conversation=talk)
        if phase == states.ENQUIRY:
            return row
        is_over = phase in (states.HELD, states.DISPUTED, states.CONFIRMED)
        start = self.now - timedelta(hours=3 + place * 2) if is_over else self.now + timedelta(hours=48 + place * 5)
        then = start - timedelta(days=3) if is_over else self.now - HOUR
        row = lessons.ask(lesson=row, by=learner, times=self.spans(start), minutes=60, format="online",
                          in_return="hours", now=then)  # fmt: skip
        if phase == states.ASKED:
            return row
        row = lessons.accept(lesson=row, by=teacher, proposal=row.proposals.order_by("id")[0], now=then)
        if phase == states.MOVING:
            row = lessons.move(lesson=row, by=learner, times=self.spans(start + HOUR), now=then)
        if is_over:
            lessons.keep_time(now=self.now)
        if phase == states.DISPUTED:
            row = lessons.dispute(lesson=row, by=learner, note="x", now=self.now)
        if phase == states.CONFIRMED:
            row = lessons.confirm(lesson=row, by=learner, now=self.now)
        return Lesson.objects.get(id=row.pk)

    def spans(self, start: datetime) -> list[Any]:
        """Two times of an hour."""
        from exchange.lessons.rules import Span

        return [Span(at, at + HOUR) for at in (start, start + HOUR)]

    def do(self, lesson: Any, doer: Doer, *, key: str | None = None) -> str:
        """Do an act; gives "ok" or the code of its refusal."""
        from exchange.lessons import services as lessons
        from exchange.lessons.services import clock
        from exchange.lib.errors import Refused

        by = lesson.teacher if doer.role == "teacher" else lesson.learner
        more: dict[str, Any] = {"lesson": lesson, "by": by, "now": self.now, "key": key}
        start = (lesson.starts_at or self.now + timedelta(days=200)) + HOUR
        numbers = sorted(lesson.numbers) if hasattr(lesson, "numbers") else []
        acts: dict[str, Callable[[], Any]] = {
            "ask": lambda: lessons.ask(times=self.spans(start), minutes=60, format="online", **more),
            "counter": lambda: lessons.counter(times=self.spans(start + HOUR), **more),
            "accept": lambda: lessons.accept(proposal=numbers[doer.choice] if numbers else 0, **more),
            "decline": lambda: lessons.decline(why="times", **more),
            "withdraw": lambda: lessons.withdraw(**more),
            "cancel": lambda: lessons.cancel(**more),
            "confirm": lambda: lessons.confirm(**more),
            "miss": lambda: lessons.miss(**more),
            "dispute": lambda: lessons.dispute(note="x", **more),
            CLOCK: lambda: clock._keep(lesson.pk, lesson.due_at or self.now),
        }
        try:
            acts[doer.act]()
        except Refused as refusal:
            return refusal.code
        return "ok"

    def stands(self, lesson: Any) -> tuple[Any, ...]:
        """Give how a lesson stands: phase, what both said, steps, hours held and paid."""
        from exchange.ledger import services as ledger
        from exchange.ledger.models import Posting
        from exchange.lessons.models import Lesson, Taken

        row = Lesson.objects.get(id=lesson.pk)
        subject = f"lesson:{row.pk}"
        moved = Counter()
        for person, minutes in Posting.objects.filter(transfer__subject=subject, account__kind="person").values_list(
            "account__person", "minutes"
        ):
            moved["teacher" if person == row.teacher_id else "learner"] += minutes
        return (
            row.phase, row.teacher_said, row.learner_said, sorted(row.steps.values_list("act", flat=True)),
            ledger.held(subject=subject), moved["teacher"], moved["learner"], Taken.objects.filter(lesson=row).count(),
        )  # fmt: skip

    def fresh(self, phase: str) -> Any:
        """Make a lesson and note the numbers of its times, as a page that both have open would."""
        lesson = self.lesson(phase)
        lesson.numbers = list(lesson.proposals.values_list("id", flat=True))
        return lesson


def meetings() -> dict[tuple[str, str], list[tuple[str, Doer, Doer]]]:
    """Give for each pair of acts where and by whom both can be done, or at least one of them."""
    from exchange.lessons import states

    found: dict[tuple[str, str], list[tuple[str, Doer, Doer]]] = {}
    for one, other in combinations_with_replacement([*states.PEOPLES_ACTS, CLOCK], 2):
        both, either = [], []
        for phase in ("enquiry", "asked", "booked", "moving", "held"):
            for first in ("teacher", "learner"):
                for second in ("teacher", "learner"):
                    open_ones = [_is_open(one, phase, first), _is_open(other, phase, second)]
                    if any(open_ones):
                        same = one == other and first == second
                        row = (phase, Doer(one, first), Doer(other, second, int(same)))
                        (both if all(open_ones) else either).append(row)
        found[one, other] = both or either
    return found


def _is_open(act: str, phase: str, role: str) -> bool:
    from exchange.lessons import states

    if act == CLOCK:
        return phase in ("asked", "booked", "moving", "held")
    return not states.allowed(act, states.Facts(phase, role, is_asker=role == "learner"), now=timezone.now())


def race(world: World, phase: str, one: Doer, other: Doer) -> tuple[bool, Any]:
    """Let two meet; gives whether one of the two orders explains what came out, and all of it."""
    if world.made % PAIRS_OF_PEOPLE > PAIRS_OF_PEOPLE - 3:  # this lesson and two beside it: at the same hour
        world.made += PAIRS_OF_PEOPLE - world.made % PAIRS_OF_PEOPLE
    results: dict[int, str] = {}
    lesson, barrier = world.fresh(phase), threading.Barrier(2)

    def go(number: int, doer: Doer) -> None:
        barrier.wait()
        try:
            results[number] = world.do(lesson, doer)
        except Exception as error:
            results[number] = repr(error)[:200]
        connection.close()

    threads = [threading.Thread(target=go, args=each) for each in enumerate((one, other))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ways = world.orders.get((phase, one, other)) or orders(world, phase, one, other)
    world.orders[phase, one, other] = ways
    got = (results[0], results[1], *_settled(world, lesson, one, other))
    if got not in ways:  # what a clock does next depends on how far the lesson is: ask beside two of that hour
        ways = orders(world, phase, one, other)
    return got in ways, {"phase": phase, "acts": [str(one), str(other)], "got": got, "orders": ways}


def orders(world: World, phase: str, one: Doer, other: Doer) -> list[tuple[Any, ...]]:
    """Give what comes out when one is first, and when the other is."""
    found = []
    for turned in (False, True):
        lesson = world.fresh(phase)
        said = [world.do(lesson, doer) for doer in ((other, one) if turned else (one, other))]
        found.append((*(reversed(said) if turned else said), *_settled(world, lesson, one, other)))
    return found


def _settled(world: World, lesson: Any, one: Doer, other: Doer) -> tuple[Any, ...]:
    """Give how a lesson stands. A clock that found the row locked left it for its next round, which comes here."""
    if CLOCK in (one.act, other.act):
        world.do(lesson, Doer(CLOCK, "teacher"))
    return world.stands(lesson)


def race_all(world: World, *, times: int, seed: int, say: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """Race every pair of acts so many times; gives counts and what was wrong."""
    rng, wrong, winners, raced = random.Random(seed), [], Counter(), 0
    for (one, other), ways in meetings().items():
        for number in range(times):
            is_right, what = race(world, *(ways[number % len(ways)] if number < len(ways) else rng.choice(ways)))
            raced += 1
            winners[sum(result == "ok" for result in what["got"][:2])] += 1
            if not is_right:
                wrong.append(what)
        say(f"{one} × {other}: {len(wrong)} wrong")
    return {"races": raced, "pairs": len(meetings()), "winners": dict(winners), "wrong": wrong[:10]}


# --- kill -9 ---------------------------------------------------------------------------------------------------------


def in_child(work: Callable[[], Any], *, kill_after: float | None = None) -> Any:
    """Do something in a process of its own, killed after so many seconds; gives what it answered, None if nothing."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        try:
            os.write(writer, json.dumps(work()).encode())
        finally:
            os._exit(0)
    os.close(writer)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)
    answer = b""
    while part := os.read(reader, 65536):
        answer += part
    os.close(reader)
    os.waitpid(child, 0)
    return json.loads(answer) if answer else None


KILLED = {
    "ask": "enquiry", "counter": "asked", "accept": "asked", "decline": "asked", "withdraw": "asked",
    "cancel": "booked", "confirm": "held", "miss": "held", "dispute": "held",
}  # fmt: skip


def kill_all(*, times: int, seed: int) -> dict[str, Any]:
    """Send each act five times with one key, four of them killed at any moment; one effect, and its answer."""
    rng, wrong, answered = random.Random(seed), [], Counter()
    for act, phase in KILLED.items():
        role = "teacher" if act in ("counter", "accept", "decline") else "learner"
        for _ in range(times):
            made = in_child(lambda phase=phase: _prepare(phase))
            key, doer = str(uuid.uuid4()), Doer(act, role)
            for number in range(5):
                kill = rng.uniform(0.01, 0.4) if number < 4 else None
                said = in_child(lambda doer=doer, made=made, key=key: _act(made, doer, key), kill_after=kill)
                answered["killed" if said is None else said] += 1
            found = in_child(lambda made=made, key=key: _count(made, key))
            if said != "ok" or found["steps"] != 1 or not found["right"]:
                wrong.append({"act": act, "said": said, **found})
    return {"acts": len(KILLED) * times, "sent": dict(answered), "wrong": wrong[:10]}


def _prepare(phase: str) -> dict[str, Any]:
    world = World()
    lesson = world.fresh(phase)
    return {"id": lesson.pk, "numbers": lesson.numbers, "now": world.now.isoformat()}


def _again(made: dict[str, Any]) -> tuple[World, Any]:
    from exchange.lessons.models import Lesson

    settings.HOURS_FLOOR = 10**6
    world = World.__new__(World)
    world.now = datetime.fromisoformat(made["now"])
    lesson = Lesson.objects.get(id=made["id"])
    lesson.numbers = made["numbers"]
    lesson.starts_at = lesson.starts_at if lesson.state != "asked" else None
    return world, lesson


def _act(made: dict[str, Any], doer: Doer, key: str) -> str:
    world, lesson = _again(made)
    return world.do(lesson, doer, key=key)


def _count(made: dict[str, Any], key: str) -> dict[str, Any]:
    from exchange.lessons.services import checking

    _world, lesson = _again(made)
    faults = checking.faults(now=timezone.now(), lesson_ids=[lesson.pk])
    return {"steps": lesson.steps.filter(key=key).count(), "right": not any(faults.values()), "faults": faults}


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--scratch", action="store_true", required=True, help="yes, write into this database")
    parser.add_argument("--races", type=int, default=200, help="of each pair")
    parser.add_argument("--kills", type=int, default=20, help="of each act")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "exchange.settings")
    import django

    django.setup()
    begun = time.monotonic()
    # First, while this process has no connection of its own that a child could share:
    kills = kill_all(times=args.kills, seed=args.seed)
    print(json.dumps({"kills": kills}), file=sys.stderr)
    races = race_all(
        World(), times=args.races, seed=args.seed, say=lambda text: print(text, file=sys.stderr, flush=True)
    )
    is_right = not (kills["wrong"] or races["wrong"])
    result = {"ok": is_right, "database": connection.vendor, "seed": args.seed, "kills": kills, "races": races}
    print(json.dumps({**result, "seconds": round(time.monotonic() - begun)}, ensure_ascii=False, default=str))
    sys.exit(0 if is_right else 1)


if __name__ == "__main__":
    main()
