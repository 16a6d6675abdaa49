"""What can befall a line: its reader stalls, its server dies, Redis is silent, its person is blocked in mid-sentence.

    python -m tests.faults.line_faults stalled|restart|silence|blocks --scratch [--sockets 500] [--races 200] [--seed N]

Works on the services that DATABASE_URL and REDIS_URL name, with socket servers of its own, and prints JSON:

- `stalled`: somebody stops reading while 4,000-letter messages go on. The server may grow by less than 20 MB, closes
  the line at its bound, and the reader who comes back has every message once and in order.
- `restart`: both socket servers are killed and started again under many sockets, which come back as the browser does
  (the pauses are read from chat.js). All are back within ten seconds, never more than 100 in one second.
- `silence`: nothing reaches Redis for a minute (`--lasts`). Messages between two servers still arrive within five
  seconds.
- `blocks`: a block, or a person made inactive, while they write: nothing of theirs arrives a second after the commit.

Exit status 1 when it falls short.
"""

import argparse
import asyncio
import json
import os
import random
import re
import socket
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import websockets

from tests.faults.proxy import Proxy
from tests.faults.runner import ROOT, Program, free_port, wait_for

MOST_GROWN_KB, LONG = 20 * 1024, "😀" * 4000  # four bytes a letter: the dearest there is
BACK_SECONDS, MOST_A_SECOND = 10.0, 100
SILENT_SECONDS, BLOCK_SECONDS = 5.0, 1.0
SCRIPT = ROOT / "exchange" / "static" / "rukn" / "chat.js"


class Servers:
    """Socket servers on ports of their own, with their logs."""

    def __init__(self, count: int, folder: Path) -> None:
        self.ports, self.log = [free_port() for _ in range(count)], folder / "web.log"
        command = [sys.executable, "-m", "uvicorn", "--ws", "websockets-sansio", "--lifespan", "off", "--no-access-log"]
        self.programs = [
            Program(f"web-{port}", [*command, "--port", str(port), "exchange.asgi:sockets"], cwd=ROOT, log=self.log)
            for port in self.ports
        ]

    def __enter__(self) -> "Servers":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        for program in self.programs:
            program.kill()

    def start(self) -> None:
        """Start all, and wait until they listen."""
        for program in self.programs:
            program.start()
        wait_for(self.ports)

    def kilobytes(self) -> int:
        """Give the resident memory of the first one."""
        pages = int(Path(f"/proc/{self.programs[0].pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") // 1024


async def connect(port: int, token: str, **more: Any) -> Any:
    """Open a line as a person."""
    return await websockets.connect(
        f"ws://127.0.0.1:{port}/ws/chat/", origin="http://127.0.0.1", proxy=None, ping_interval=None, compression=None,  # type: ignore[arg-type]
        additional_headers={"Authorization": f"Token {token}"}, open_timeout=10, max_size=None, **more,
    )  # fmt: skip


async def put(line: Any, kind: str, **fields: Any) -> None:
    """Send a frame."""
    await line.send(json.dumps({"type": kind, **fields}, ensure_ascii=False))


async def say(line: Any, talk: int, body: str) -> str:
    """Send a message; gives its number."""
    number = str(uuid.uuid4())
    await put(line, "send", conversation=talk, client_id=number, body=body)
    return number


def stalled(asked: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Let one reader stall under a flood, and come back."""
    (token, reader_token), (talk,) = people(2)
    os.environ |= {"LOG_LEVEL": "INFO", "LOG_FORMAT": "json"}  # the closing is written there
    with Servers(1, folder) as servers:
        told = asyncio.run(_stall(servers, token, reader_token, talk, asked.messages))
    log = servers.log.read_text(encoding="utf-8", errors="replace")
    told["closed_by_server"] = len(re.findall(r'"close": ?4408', log))
    told["ok"] = told["grown_kB"] < MOST_GROWN_KB and told["is_whole"] and told["closed_by_server"] == 1
    return told


async def _stall(servers: Servers, token: str, reader_token: str, talk: int, messages: int) -> dict[str, Any]:
    from exchange.chat import hub

    port = servers.ports[0]
    writer, narrow = await connect(port, token), socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    narrow.connect(("127.0.0.1", port))
    reader = await connect(port, reader_token, sock=narrow)
    await put(writer, "hello", resume={str(talk): 10**9})
    await put(reader, "hello", resume={str(talk): 0})
    for _ in range(100):  # what grows by itself in a young process is not the reader's
        await _acknowledged(writer, await say(writer, talk, LONG))
    have = [frame["seq"] for frame in await _messages_until(reader, 102)]
    before = most = servers.kilobytes()
    reader.transport.pause_reading()
    for _ in range(messages):
        await _acknowledged(writer, await say(writer, talk, LONG))
        most = max(most, servers.kilobytes())
    await asyncio.sleep(hub.GRACE_SECONDS + 1)
    reader.transport.resume_reading()
    with suppress(websockets.ConnectionClosed, TimeoutError):
        while True:
            frame = json.loads(await asyncio.wait_for(reader.recv(), 5))
            if frame["type"] == "message":
                have.append(frame["seq"])
    before_closing = len(have)
    again = await connect(port, reader_token)
    await put(again, "hello", resume={str(talk): have[-1]})
    have += [frame["seq"] for frame in await _messages_until(again, 102 + messages)]
    return {
        "messages": messages,
        "grown_kB": most - before,
        "got_before_closing": before_closing,
        "is_whole": have == list(range(1, 103 + messages)),
    }


async def _acknowledged(line: Any, number: str) -> None:
    while True:
        frame = json.loads(await asyncio.wait_for(line.recv(), 20))
        if frame["type"] == "ack" and frame["client_id"] == number:
            return


async def _messages_until(line: Any, seq: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while not found or found[-1]["seq"] < seq:
        frame = json.loads(await asyncio.wait_for(line.recv(), 30))
        if frame["type"] == "message":
            found.append(frame)
    return found


def pauses() -> Callable[[random.Random, int], float]:
    """Give the browser's pause in seconds before the n-th try, as chat.js has it."""
    found = re.search(
        r"Math\.random\(\) \* \(tries\+\+ < (\d+) \? (\d+) : (\d+)\) \+ (\d+)", SCRIPT.read_text(encoding="utf-8")
    )
    if found is None:
        raise LookupError("chat.js says its pauses in another way now")
    tries, first, later, least = (int(each) for each in found.groups())
    return lambda rng, tried: (rng.random() * (first if tried < tries else later) + least) / 1000


def restart(asked: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Kill both servers under many sockets, and start them again."""
    tokens, _talks = people(min(50, asked.sockets))
    with Servers(2, folder) as servers:
        crowd = Crowd(servers.ports, tokens, pauses(), asked.seed)
        return asyncio.run(_restart(servers, crowd, asked.sockets))


class Crowd:
    """Many sockets that come back when their server is gone."""

    def __init__(self, ports: list[int], tokens: list[str], pause: Callable[[random.Random, int], float], seed: int):
        self.ports, self.tokens, self._pause, self._rng = ports, tokens, pause, random.Random(seed)
        self.began: list[float] = []  # when the lines that came to be were asked for
        self.here: list[float] = []  # when they were there
        self.is_over = False

    async def live(self, number: int) -> None:
        """Stay connected until all is over."""
        tried = 0
        while not self.is_over:
            with suppress(OSError, TimeoutError, websockets.WebSocketException):
                began = time.monotonic()
                line = await connect(self._rng.choice(self.ports), self.tokens[number % len(self.tokens)])
                await put(line, "hello", resume={})
                await put(line, "typing", conversation=0)
                while json.loads(await asyncio.wait_for(line.recv(), 20))["type"] != "refused":
                    pass  # the answer shows that the hello was taken
                tried = 0
                self.began.append(began)
                self.here.append(time.monotonic())
                await line.wait_closed()
            await asyncio.sleep(self._pause(self._rng, tried))
            tried += 1

    async def until(self, count: int, seconds: float) -> None:
        """Wait until so many lines came to be, or it took too long."""
        end = time.monotonic() + seconds
        while len(self.here) < count and time.monotonic() < end:
            await asyncio.sleep(0.1)


async def _restart(servers: Servers, crowd: Crowd, sockets: int) -> dict[str, Any]:
    living = []
    for number in range(sockets):
        living.append(asyncio.create_task(crowd.live(number)))
        if number % 20 == 19:
            await asyncio.sleep(0.25)
    await crowd.until(sockets, 60)
    for program in servers.programs:
        await asyncio.to_thread(program.kill)
    killed = time.monotonic()
    await asyncio.to_thread(servers.start)
    began = time.monotonic()
    await crowd.until(2 * sockets, 6 * BACK_SECONDS)
    crowd.is_over = True
    for task in living:
        task.cancel()
    await asyncio.gather(*living, return_exceptions=True)
    asked = crowd.began[sockets:]
    peak = max((sum(1 for other in asked if at <= other < at + 1) for at in asked), default=0)
    took = round(max(crowd.here) - began, 2)
    return {
        "sockets": sockets, "back": len(asked), "down_seconds": round(began - killed, 2), "all_back_seconds": took,
        "most_in_one_second": peak,
        "ok": len(asked) == sockets and took <= BACK_SECONDS and peak <= MOST_A_SECOND,
    }  # fmt: skip


def silence(asked: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Let Redis be silent, first cut and then stalled, while two people on two servers write."""
    url = urlsplit(os.environ["REDIS_URL"])
    (one, other), (talk,) = people(2)
    with Proxy(os.environ["REDIS_URL"]) as proxy:
        os.environ["REDIS_URL"] = url._replace(netloc=urlsplit(proxy.url).netloc).geturl()
        with Servers(2, folder) as servers:
            took: list[float] = []
            for fault in (proxy.cut, proxy.stall):
                fault()
                took += asyncio.run(_arrivals(servers.ports, one, other, talk, asked.lasts / 2))
                proxy.pass_on()
    slowest = round(max(took), 2)
    return {"messages": len(took), "slowest_seconds": slowest, "ok": slowest <= SILENT_SECONDS and len(took) > 3}


async def _arrivals(ports: list[int], one: str, other: str, talk: int, seconds: float) -> list[float]:
    hers, his = await connect(ports[0], one), await connect(ports[1], other)
    for line in (hers, his):
        await put(line, "hello", resume={str(talk): 10**9})
    await asyncio.sleep(0.5)
    took, until = [], time.monotonic() + seconds
    while time.monotonic() < until:
        began = time.monotonic()
        number = await say(hers, talk, "هل تصل؟")
        while True:
            frame = json.loads(await asyncio.wait_for(his.recv(), 30))
            if frame["type"] == "message" and frame["client_id"] == number:
                break
        took.append(time.monotonic() - began)
        await asyncio.sleep(0.3)
    await asyncio.gather(hers.close(), his.close())
    return took


def blocks(asked: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Block, or make inactive, in mid-sentence."""
    tokens, talks = people(2 * asked.races)
    rng = random.Random(asked.seed)
    late: list[float] = []
    refused = 0
    with Servers(2, folder) as servers:
        for start in range(0, asked.races, 20):
            numbers = range(start, min(start + 20, asked.races))
            for each in asyncio.run(_races(servers.ports, tokens, talks, list(numbers), rng)):
                late += [after for after in each[0] if after > BLOCK_SECONDS]
                refused += each[1]
    return {
        "races": asked.races, "after_a_second": len(late), "writers_told": refused,
        "ok": not late and refused == asked.races,
    }  # fmt: skip


async def _races(
    ports: list[int], tokens: list[str], talks: list[int], numbers: list[int], rng: random.Random
) -> list[tuple[list[float], int]]:
    async def race(number: int) -> tuple[list[float], int]:
        writer, reader = await connect(ports[0], tokens[2 * number]), await connect(ports[1], tokens[2 * number + 1])
        talk, heard, is_told, is_over = talks[number], [], 0, False
        for line in (writer, reader):
            await put(line, "hello", resume={str(talk): 10**9})

        async def write() -> None:
            with suppress(websockets.ConnectionClosed):
                while not is_over:
                    await say(writer, talk, "كلمة")
                    await put(writer, "typing", conversation=talk)
                    await asyncio.sleep(0.03)

        async def listen() -> None:
            nonlocal heard
            with suppress(websockets.ConnectionClosed):
                async for text in reader:
                    heard += [time.monotonic()] * (json.loads(text)["type"] in ("message", "typing"))

        async def be_told() -> None:
            nonlocal is_told
            with suppress(websockets.ConnectionClosed):
                async for text in writer:
                    frame = json.loads(text)
                    is_told |= frame["type"] == "refused" and frame["code"] == "not_reachable"
            is_told |= not is_over  # the line of somebody inactive is closed

        tasks = [asyncio.create_task(each()) for each in (write, listen, be_told)]
        await asyncio.sleep(rng.uniform(0.2, 0.8))
        await asyncio.to_thread(_part, talk, number % 4 == 3)
        parted = time.monotonic()
        await asyncio.sleep(2.0)
        is_over = True
        await asyncio.gather(writer.close(), reader.close())
        await asyncio.gather(*tasks, return_exceptions=True)
        return [at - parted for at in heard], int(is_told)

    return list(await asyncio.gather(*(race(number) for number in numbers)))


def _part(talk: int, is_gone: bool) -> None:
    """Block the writer of a talk, or make them inactive."""
    from django.db import connections

    from accounts import services as accounts
    from accounts.models import Person
    from exchange.chat.models import Member

    writer, reader = (
        member.person for member in Member.objects.filter(conversation=talk).select_related("person").order_by("id")
    )
    if is_gone:
        Person.objects.filter(id=writer.pk).update(is_active=False)
    else:
        accounts.block(blocker=reader, blocked=writer)
    connections.close_all()


def people(count: int) -> tuple[list[str], list[int]]:
    """Make people with a key each; two and two have a talk in which both have written."""
    from accounts import services as accounts
    from exchange.chat import services as chat

    run = uuid.uuid4().hex[:8]
    made = [accounts.make_person(email=f"{run}-{number}@example.org", name="م") for number in range(count)]
    talks = []
    for pair in zip(made[::2], made[1::2], strict=False):
        talk = chat.open_conversation(subject="", subject_lang="ar", people=pair)
        for person in pair:
            chat.send(conversation_id=talk.pk, sender=person, client_id=uuid.uuid4(), body="أهلًا")
        talks.append(talk.pk)
    return [accounts.make_token(person=person) for person in made], talks


RUNS = {"stalled": stalled, "restart": restart, "silence": silence, "blocks": blocks}


def main() -> int:
    """Run, print, and give the exit status."""
    asked = _arguments()
    missing = [name for name in ("DATABASE_URL", "REDIS_URL") if not os.environ.get(name)]
    if missing or not asked.scratch:
        print("needs DATABASE_URL, REDIS_URL, and --scratch: the database is filled with nonsense", file=sys.stderr)
        return 2
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "exchange.settings")
    django.setup()
    with tempfile.TemporaryDirectory() as folder:
        told = RUNS[asked.run](asked, Path(folder))
    print(json.dumps({"run": asked.run, "seed": asked.seed, **told}, indent=1))
    return 0 if told["ok"] else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("run", choices=RUNS)
    parser.add_argument("--scratch", action="store_true", help="the database may be filled with nonsense")
    parser.add_argument("--messages", type=int, default=1500, help="while the reader stalls")
    parser.add_argument("--sockets", type=int, default=500)
    parser.add_argument("--lasts", type=float, default=60.0, help="seconds that Redis is silent")
    parser.add_argument("--races", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
