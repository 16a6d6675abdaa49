"""The short forms of what can befall a line; the long ones are `python -m tests.faults.line_faults`."""

import asyncio
import os
import random
import subprocess
import sys

import pytest
from django.conf import settings
from django.db import connection

from exchange.chat import consumers, hub
from tests.faults.line_faults import pauses
from tests.faults.runner import ROOT


async def test_a_line_that_takes_nothing_is_let_go_at_its_bound(monkeypatch, salma):
    monkeypatch.setattr(hub, "GRACE_SECONDS", 0.05)
    stuck, events = asyncio.Event(), asyncio.Queue()

    async def send(event):
        if event["type"] == "websocket.send":
            await stuck.wait()  # as a transport whose reader stalls

    events.put_nowait({"type": "websocket.connect"})
    talking = asyncio.create_task(consumers.talk({"user": salma, "key": None}, events.get, send))
    for _ in range(5):
        await asyncio.sleep(0)  # until it is let in
    (line,) = hub.hub()._sockets[salma.pk]
    for _ in range(hub.MOST_LETTERS // 4000 + 3):
        line.put("message", body="😀" * 4000)
    assert line.closing == hub.TOO_SLOW
    await asyncio.wait_for(talking, 2)  # ends by itself, without an exception
    assert hub.hub()._sockets.get(salma.pk) is None


async def test_frames_that_were_taken_leave_room_for_more(salma):
    taken = []

    async def send(event):
        taken.append(event)

    line = hub.Socket(salma, None, None, send)
    for _ in range(5):
        for _ in range(hub.MOST_LETTERS // 4000 - 3):
            line.put("message", body="ا" * 4000)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert line.closing is None
    assert len(taken) == 5 * (hub.MOST_LETTERS // 4000 - 3)


def test_five_hundred_browsers_come_back_within_ten_seconds_but_not_at_once():
    """Told by the pauses of chat.js alone: a server that is away for two seconds and a half."""
    pause, rng, away = pauses(), random.Random(4), 2.5
    back = []
    for _ in range(500):
        at, tried = 0.0, 0
        while (at := at + pause(rng, tried)) < away:
            tried += 1
        back.append(at - away)
    assert max(back) <= 10
    assert max(sum(1 for other in back if at <= other < at + 1) for at in back) <= 100


if settings.REDIS_URL and connection.vendor == "postgresql":

    @pytest.mark.parametrize(
        "run",
        [("stalled", "--messages", "1000"), ("restart", "--sockets", "60"), ("silence", "--lasts", "8"),
         ("blocks", "--races", "20")],
        ids=lambda run: run[0],
    )  # fmt: skip
    @pytest.mark.django_db(transaction=True)
    def test_lines_hold(run):
        database = connection.settings_dict
        server = f"{database['HOST']}:{database['PORT']}" if database["PORT"] else database["HOST"]
        key = f"{database['USER']}:{database['PASSWORD']}" if database["PASSWORD"] else database["USER"]
        env = os.environ | {
            "DATABASE_URL": f"postgres://{key}@{server}/{database['NAME']}",
            "REDIS_URL": settings.REDIS_URL,
        }
        command = [sys.executable, "-m", "tests.faults.line_faults", *run, "--scratch", "--seed", "5"]
        told = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120)
        assert told.returncode == 0, (told.stdout, told.stderr[-2000:])
