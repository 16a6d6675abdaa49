"""People on two devices each talk while PostgreSQL, Redis, the socket servers and the worker are killed, stopped, reset
and slowed; then every device's history is compared with the rows.

    python -m tests.faults.chat_faults --scratch --messages 10000 --faults 68 \\
        --postgres-start "COMMAND" --redis-start "COMMAND"

Works on the services that DATABASE_URL and REDIS_URL name, through proxies of its own; with the two commands it also
kills and stops the services themselves. Prints JSON; exit status 1 when a message was lost, doubled or out of order.
"""

import argparse
import asyncio
import json
import os
import random
import sys
import time
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import websockets

from tests.faults.proxy import Proxy
from tests.faults.runner import ROOT, History, Program, Service, free_port, inject, proxied, schedule, wait_for

NEEDED = ("DATABASE_URL", "REDIS_URL")
ACK_SECONDS, WHOLE_SECONDS = 4.0, 60.0
WORDS = ["أهلًا", "متى يناسبك؟", "Tuesday at 5 👍", "شكرًا جزيلًا", "see you بعد العصر", "😀😀"]


class Device:
    """One device of one person: keeps what was not acknowledged, comes back with full jitter, resumes."""

    def __init__(self, number: int, token: str, talks: list[int], ports: list[int], seed: int) -> None:
        self.number, self.token, self.ports = number, token, ports
        self.rng = random.Random(seed * 1000 + number)
        self.history: dict[int, list[tuple[int, str, str]]] = {talk: [] for talk in talks}
        self.waiting: dict[str, dict[str, Any]] = {}
        self.acked: dict[str, tuple[int, int]] = {}
        self.wrong: list[str] = []
        self.connects = 0
        self.line: Any = None

    def last(self, talk: int) -> int:
        """Give the last place this device has."""
        return self.history[talk][-1][0] if self.history[talk] else 0

    async def write(self, count: int, seconds: float) -> None:
        """Write so many messages, spread over about so long."""
        for _ in range(count):
            await asyncio.sleep(self.rng.uniform(0, 2 * seconds / count))
            talk = self.rng.choice(list(self.history))
            number = str(uuid.UUID(int=self.rng.getrandbits(128), version=4))
            body = f"{self.rng.choice(WORDS)} {number[:8]}"
            self.waiting[number] = {"type": "send", "conversation": talk, "client_id": number, "body": body}
            await self._put(self.waiting[number])

    async def live(self, is_over: asyncio.Event) -> None:
        """Stay connected until all is over."""
        tries = 0
        while not is_over.is_set():
            address = f"ws://127.0.0.1:{self.rng.choice(self.ports)}/ws/chat/"
            try:
                async with websockets.connect(
                    address, origin="http://127.0.0.1", additional_headers={"Authorization": f"Token {self.token}"},
                    open_timeout=5, close_timeout=1, ping_interval=2, ping_timeout=3, proxy=None,
                ) as line:  # fmt: skip
                    self.line, tries = line, 0
                    self.connects += 1
                    await self._put({"type": "hello", "resume": {str(talk): self.last(talk) for talk in self.history}})
                    again = asyncio.create_task(self._send_again())
                    try:
                        async for text in line:
                            self._take(json.loads(text))
                    finally:
                        again.cancel()
            except (OSError, TimeoutError, websockets.WebSocketException):
                pass
            self.line = None
            tries += 1
            await asyncio.sleep(self.rng.uniform(0, min(3.0, 0.2 * 2**tries)))

    def _take(self, frame: dict[str, Any]) -> None:
        kind = frame["type"]
        if kind == "ack":
            place = (frame["conversation"], frame["seq"])
            if self.acked.setdefault(frame["client_id"], place) != place:
                self.wrong.append(f"device {self.number}: two places for {frame['client_id']}")
            self.waiting.pop(frame["client_id"], None)
        elif kind == "message":
            talk, seq, last = frame["conversation"], frame["seq"], self.last(frame["conversation"])
            if seq != last + 1:
                self.wrong.append(f"device {self.number}: {talk}#{seq} after #{last}")
            self.history[talk].append((seq, frame["client_id"], frame["body"]))
        elif kind == "refused":
            self.wrong.append(f"device {self.number}: refused {frame['code']}")

    async def _send_again(self) -> None:
        while True:
            for frame in list(self.waiting.values()):
                await self._put(frame)
            await asyncio.sleep(ACK_SECONDS)

    async def _put(self, frame: dict[str, Any]) -> None:
        if self.line is not None:
            try:
                await asyncio.wait_for(self.line.send(json.dumps(frame, ensure_ascii=False)), 2)
            except (OSError, TimeoutError, websockets.WebSocketException):
                return


def main() -> int:
    """Run, print, and give the exit status."""
    asked = _arguments()
    missing = [name for name in NEEDED if not os.environ.get(name)]
    if missing or not asked.scratch:
        print(f"needs {', '.join(NEEDED)}, and --scratch: the database is filled with nonsense", file=sys.stderr)
        return 2
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "exchange.settings")
    os.environ.setdefault("LOG_LEVEL", "ERROR")
    django.setup()
    tokens, talks = _people(asked.people, asked.talks)
    urls = {name: urlsplit(os.environ[name]) for name in NEEDED}
    proxies = {name: Proxy(os.environ[name]) for name in NEEDED}
    env = {
        name: urls[name]
        ._replace(netloc=f"{urls[name].netloc.rpartition('@')[0]}@{urlsplit(proxy.url).netloc}".removeprefix("@"))
        .geturl()
        for name, proxy in proxies.items()
    }
    os.environ |= env
    folder = asked.history.parent
    folder.mkdir(parents=True, exist_ok=True)
    ports = [free_port() for _ in range(2)]
    web = [sys.executable, "-m", "uvicorn", "--ws", "websockets-sansio", "--lifespan", "off", "--no-access-log"]
    worker = [sys.executable, "-m", "celery", "-q", "-A", "exchange", "worker", "-Q", "bells", "-P", "solo"]
    programs = [
        Program(f"web-{number}", [*web, "--port", str(port), "exchange.asgi:sockets"], cwd=ROOT, log=folder / "web.log")
        for number, port in enumerate(ports, 1)
    ] + [Program("worker", [*worker, "--without-gossip", "--without-mingle"], cwd=ROOT, log=folder / "worker.log")]
    faults = [*proxied("postgres", proxies["DATABASE_URL"]), *proxied("redis", proxies["REDIS_URL"])]
    for name, start, default in (
        ("DATABASE_URL", asked.postgres_start, 5432),
        ("REDIS_URL", asked.redis_start, 6379),
    ):
        if start:
            faults += Service(name.removesuffix("_URL").lower(), urls[name].port or default, start).faults()
    faults += [fault for program in programs for fault in program.faults()]
    devices = [
        Device(number, tokens[number % asked.people], talks[number % asked.people], ports, asked.seed)
        for number in range(2 * asked.people)
    ]
    history = History(asked.seed)
    plan = schedule(faults, count=asked.faults, seed=asked.seed, lasts=tuple(asked.lasts))
    try:
        for program in programs:
            program.start()
        wait_for(ports)
        whole_after = asyncio.run(_talk(asked, devices, plan, history))
    finally:
        for program in programs:
            program.kill()
    told = {"seed": asked.seed, "seconds": history.now(), "seconds_until_whole": whole_after}
    told |= {"faults": history.counts("fault"), "kinds": len({(row["part"], row["act"]) for row in history.rows})}
    told |= _compared(devices)
    history.write(asked.history)
    for proxy in proxies.values():
        proxy.__exit__()
    bad = ("lost", "doubled", "differing_orders", "unacknowledged")
    told = {
        "ok": not any(told[name] for name in bad) and not told["wrong"] and told["messages"] >= asked.messages,
        **told,
    }
    print(json.dumps(told, ensure_ascii=False, indent=1))
    return 0 if told["ok"] else 1


async def _talk(asked: argparse.Namespace, devices: list[Device], plan: Any, history: History) -> float:
    """Let all write while faults happen. Gives the seconds from the last fault until every device had everything."""
    is_over = asyncio.Event()
    living = [asyncio.create_task(device.live(is_over)) for device in devices]
    await asyncio.sleep(1)
    spread = sum(lasts + asked.gap for _fault, lasts in plan)
    each = -(-asked.messages // len(devices))
    writing = [asyncio.create_task(device.write(each, spread)) for device in devices]
    await asyncio.to_thread(inject, plan, history, gap=asked.gap)
    await asyncio.gather(*writing)
    began = time.monotonic()
    while time.monotonic() - began < WHOLE_SECONDS and not _is_whole(devices):
        await asyncio.sleep(0.25)
    took = round(time.monotonic() - began, 2)
    is_over.set()
    for task in living:
        task.cancel()
    await asyncio.gather(*living, return_exceptions=True)
    return took


def _is_whole(devices: list[Device]) -> bool:
    ends: dict[int, set[int]] = {}
    for device in devices:
        for talk in device.history:
            ends.setdefault(talk, set()).add(device.last(talk))
    newest: dict[int, int] = {}
    for device in devices:
        for talk, seq in device.acked.values():
            newest[talk] = max(seq, newest.get(talk, 0))
    told_all = all(max(found) >= newest.get(talk, 0) for talk, found in ends.items())
    return told_all and all(len(found) == 1 for found in ends.values()) and not any(each.waiting for each in devices)


def _compared(devices: list[Device]) -> dict[str, Any]:
    """Compare every device's history with the rows, and the rows with what was acknowledged."""
    from django.db import close_old_connections, connection

    from exchange.chat.models import Message

    if not connection.in_atomic_block:  # the line from before the faults may be dead
        connection.close()
        close_old_connections()
    talks = {talk for device in devices for talk in device.history}
    rows: dict[int, list[tuple[int, str, str]]] = {talk: [] for talk in talks}
    found = Message.objects.filter(conversation__in=talks).order_by("conversation_id", "seq")
    for talk, seq, number, body in found.values_list("conversation_id", "seq", "client_id", "body"):
        rows[talk].append((seq, str(number), body))
    places = {number: (talk, seq) for talk, lines in rows.items() for seq, number, _body in lines}
    acked = {number: place for device in devices for number, place in device.acked.items()}
    lost = [number for number, place in acked.items() if places.get(number) != place]
    differing, doubled = [], []
    for device in devices:
        for talk, lines in device.history.items():
            if len({number for _seq, number, _body in lines}) != len(lines):
                doubled.append(f"device {device.number}, talk {talk}")
            if lines != rows[talk]:
                differing.append(f"device {device.number}, talk {talk}: {len(lines)} of {len(rows[talk])}")
    for talk, lines in rows.items():
        if [seq for seq, _number, _body in lines] != list(range(1, len(lines) + 1)):
            differing.append(f"talk {talk} has gaps")
    return {
        "messages": len(acked),
        "connects": sum(device.connects for device in devices),
        "lost": lost[:20],
        "doubled": doubled[:20],
        "differing_orders": differing[:20],
        "unacknowledged": sum(len(device.waiting) for device in devices),
        "wrong": [each for device in devices for each in device.wrong][:20],
    }


def _people(count: int, talk_count: int) -> tuple[list[str], list[list[int]]]:
    """Make people with a key each, and talks: of two, and every other one of four."""
    from accounts import services as accounts
    from exchange.chat import services as chat

    run = uuid.uuid4().hex[:8]
    people = [accounts.make_person(email=f"{run}-{number}@example.org", name=f"م{number}") for number in range(count)]
    tokens = [accounts.make_token(person=person) for person in people]
    talks: list[list[int]] = [[] for _ in people]
    for number in range(talk_count):
        places = {number % count, (number + 1) % count}
        if number % 2:
            places |= {(number + 7) % count, (number + 11) % count}
        made = chat.open_conversation(subject="خياطة", subject_lang="ar", people=[people[place] for place in places])
        for place in places:
            talks[place].append(made.pk)
    return tokens, talks


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--scratch", action="store_true", help="the database may be filled with nonsense")
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--faults", type=int, default=68)
    parser.add_argument("--people", type=int, default=20, help="each on two devices")
    parser.add_argument("--talks", type=int, default=20)
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    parser.add_argument("--lasts", type=float, nargs=2, default=(1.0, 5.0), help="seconds a fault lasts, from and to")
    parser.add_argument("--gap", type=float, default=2.0)
    parser.add_argument("--postgres-start", default="", help="command that starts a killed PostgreSQL again")
    parser.add_argument("--redis-start", default="")
    parser.add_argument("--history", type=Path, default=ROOT / "var" / "faults" / "chat.json")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
