"""A thousand notices over two time zones and a change of the clock, by worker processes of which some are killed.

    DATABASE_URL=… python benchmarks/notices.py --scratch [--kills 6]

--scratch empties the tables of the database it runs on. Two workers at a time send to a real mail server in this
process; one of them is killed (SIGKILL) in the middle of its round, `--kills` times, at a random mail, now and then
after the server has taken it and before the row says so. Time is told to the workers as `now`, so thirty hours pass in
minutes. Says how many notices reached their person, how many mails came twice (at most one for each kill, under one
Message-ID), and how many came in the wrong language or outside their hour on the wall.
"""

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "exchange.settings")

import django

django.setup()

from aiosmtpd.smtp import SMTP
from django.core.management import call_command
from django.db import connection

from accounts.models import Person
from exchange.notices.models import Habit, Notice
from exchange.notices.services import mailing, telling

BEGIN = datetime(2026, 3, 28, 12, tzinfo=UTC)  # Berlin's clock leaps from 2 to 3 the night after; Amman's never does
ZONES, HOURS = {"ar": "Asia/Amman", "en": "Europe/Berlin"}, {"ar": 19, "en": 8}
PEOPLE, EACH, LATE = 200, 5, timedelta(minutes=45)


class Sink:
    """A mail server that keeps what it takes; `wait` makes it slow enough to be interrupted."""

    def __init__(self) -> None:
        self.came: list[tuple[str, str, str, datetime]] = []  # Message-ID, to, language, when
        self.now, self.begun, self.port = BEGIN, 0, 0

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.begun += 1
        message = message_from_bytes(envelope.content, policy=policy.default)
        html = message.get_body(("html",)).get_content()
        self.came.append((message["Message-ID"], envelope.rcpt_tos[0], html.split('lang="')[1][:2], self.now))
        await asyncio.sleep(0.004)  # the row is noted after this
        return "250 OK"

    def serve(self) -> None:
        """Begin in a thread of its own."""
        loop, ready = asyncio.new_event_loop(), threading.Event()

        async def begin() -> None:
            listener = await loop.create_server(lambda: SMTP(self), "127.0.0.1", 0)
            self.port = listener.sockets[0].getsockname()[1]
            ready.set()

        def run() -> None:
            loop.create_task(begin())
            loop.run_forever()

        threading.Thread(target=run, daemon=True).start()
        ready.wait(10)


def plant() -> None:
    """Make the people and what they are to be told, as of the beginning."""
    call_command("migrate", verbosity=0, interactive=False)
    call_command("flush", verbosity=0, interactive=False)
    people = Person.objects.bulk_create(
        [
            Person(email=f"p{number}@example.org", name=f"P{number}", language=language, welcomed_at=BEGIN)
            for number, language in enumerate(["ar", "en"] * (PEOPLE // 2))
        ]
    )
    Habit.objects.bulk_create([Habit(person=row, hour=HOURS[row.language], zone=ZONES[row.language]) for row in people])
    usual = telling.timezone.now
    telling.timezone.now = lambda: BEGIN
    for number in range(EACH):
        kind = "report" if number == 0 else "met"  # one at once, the others collected
        telling.tell(people=[row.pk for row in people], kind=kind, key=str(number), url="/", verdict="calm", search="x")
    telling.timezone.now = usual
    Notice.objects.filter(kind="met").update(kind="ring_stands")  # a sentence that needs no listing


def work(now: datetime) -> None:
    """Be a worker: send until nothing is due at that time."""
    while mailing.send_due(now=now):
        pass


def run(sink: Sink, kills: int, dice: random.Random) -> int:
    """Let time pass; gives how many workers were killed."""
    killed, environment = 0, {**os.environ, "EMAIL_URL": f"smtp://127.0.0.1:{sink.port}",
                              "DEFAULT_FROM_EMAIL": "rukn@example.org"}  # fmt: skip
    while sink.now < BEGIN + timedelta(hours=30):
        if Notice.objects.to_mail(sink.now).exists():
            command = [sys.executable, __file__, "--work", sink.now.isoformat()]
            workers = [subprocess.Popen(command, env=environment, cwd=ROOT) for _worker in range(2)]
            if killed < kills:
                until, deadline = sink.begun + dice.randint(5, 40), time.monotonic() + 60
                while sink.begun < until and any(each.poll() is None for each in workers):
                    if time.monotonic() > deadline:
                        break
                    time.sleep(0.0005)
                if workers[0].poll() is None:
                    workers[0].kill()
                    killed += 1
            for each in workers:
                each.wait(120)
        connection.close()
        sink.now += timedelta(minutes=6)
    return killed


def judge(sink: Sink, killed: int) -> dict[str, Any]:
    """Compare what came with what was to be told."""
    people = {row.email: row for row in Person.objects.all()}
    rows = defaultdict(list)
    for notice in Notice.objects.order_by("id"):
        rows[notice.person_id].append(notice)
    mails = Counter(name for name, *_rest in sink.came)
    reached, wrong_language, wrong_hour = set(), 0, 0
    for name, to, language, at in sink.came:
        person = people[to]
        wrong_language += language != person.language
        first = int(name.split(".")[1])
        told = [
            row.pk for row in rows[person.pk] if row.pk == first or (row.is_digest and first != rows[person.pk][0].pk)
        ]
        reached.update(told)
        if len(told) > 1:
            local = at.astimezone(ZoneInfo(ZONES[person.language]))
            late = local - local.replace(hour=HOURS[person.language], minute=0)
            wrong_hour += not timedelta(0) <= late < LATE
    return {
        "notices": PEOPLE * EACH,
        "reached": len(reached),
        "noted": Notice.objects.exclude(mailed_at=None).count(),
        "mails": len(mails),
        "came_twice": sum(count - 1 for count in mails.values()),
        "killed": killed,
        "wrong_language": wrong_language,
        "wrong_hour": wrong_hour,
    }


def main() -> int:
    """Run, and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scratch", action="store_true")
    parser.add_argument("--kills", type=int, default=6)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--work", default="")
    options = parser.parse_args()
    if options.work:
        work(datetime.fromisoformat(options.work))
        return 0
    if not options.scratch:
        parser.error("this empties a database: name one by DATABASE_URL and say --scratch")
    plant()
    sink = Sink()
    sink.serve()
    began = time.monotonic()
    found = judge(sink, run(sink, options.kills, random.Random(options.seed)))
    found["seconds"] = round(time.monotonic() - began, 1)
    print(json.dumps(found))
    is_well = found["reached"] == found["noted"] == found["notices"] and found["came_twice"] <= found["killed"]
    return 0 if is_well and not found["wrong_language"] and not found["wrong_hour"] else 1


if __name__ == "__main__":
    sys.exit(main())
