"""A message's way from one socket to the row and to the other socket, against a bare reference in the same run.

    DATABASE_URL=postgres://… REDIS_URL=redis://… python benchmarks/chat.py --scratch [--sockets 100] [--seconds 4]

Servers, each as two processes: `echo` (bare `websockets`), `consumer` (a bare Channels consumer that echoes),
`reference` (bare ASGI, one SQL statement that takes the number and stores the row, one Redis publish), `product`
(uvicorn with `exchange.asgi:sockets`: authentication, membership, block check, dedup, sequence, outbox). Reference and
product run A B B A. Pairs of sockets, each on another process than its partner, send one message after the other as
soon as the last was acknowledged. JSON on standard output: messages/s, p50/p99 to the ack and to the peer, web CPU a
message, statements and Redis commands a message, connections opened, kB and statements of an idle socket, and the cost
with a talk grown long. Exit status 1 when below the goals (≥ 0.5 × the reference at ≤ 2.5 × its CPU, ≤ 1 statement and
≤ 1 command a message, 0 new connections, an idle socket ≤ 60 kB; and at 50 messages/s between 500 sockets, 95 of 100
acknowledged within 100 ms and at their peer within 300 ms).
"""

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import psycopg
import redis
import websockets

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
BODY = "السلام عليكم، هل يناسبك يوم الثلاثاء بعد العصر؟"
TICK = os.sysconf("SC_CLK_TCK")

REFERENCE = '''
import asyncio, json, os, redis.asyncio as redis
from psycopg_pool import AsyncConnectionPool
SQL = """WITH n AS (UPDATE bench_talk SET last = last + 1 WHERE id = %s RETURNING last)
INSERT INTO bench_message SELECT %s, last, %s, %s, %s FROM n RETURNING seq"""
lines, state = {}, {}
async def begin():
    state["pool"] = AsyncConnectionPool(os.environ["DATABASE_URL"], min_size=1, max_size=4, open=False,
                                        kwargs={"autocommit": True})
    await state["pool"].open()
    state["redis"] = redis.Redis.from_url(os.environ["REDIS_URL"])
    state["ear"] = asyncio.create_task(hear())
async def hear():
    ear = state["redis"].pubsub()
    await ear.subscribe("bench")
    async for said in ear.listen():
        if said["type"] == "message":
            text = said["data"].decode()
            for send in lines.get(json.loads(text)["conversation"], ()):
                await send({"type": "websocket.send", "text": text})
async def application(scope, receive, send):
    if scope["type"] != "websocket":
        return
    if not state:
        state["on"] = True
        await begin()
    await receive()
    await send({"type": "websocket.accept"})
    mine = None
    while (event := await receive())["type"] == "websocket.receive":
        frame = json.loads(event["text"])
        if frame["type"] == "hello":
            mine = int(next(iter(frame["resume"])))
            lines.setdefault(mine, []).append(send)
            continue
        talk, number = frame["conversation"], frame["client_id"]
        async with state["pool"].connection() as line:
            row = await (await line.execute(SQL, (talk, talk, 1, number, frame["body"]))).fetchone()
        await send({"type": "websocket.send", "text": json.dumps({"type": "ack", "client_id": number, "seq": row[0]})})
        await state["redis"].publish("bench", json.dumps({"type": "message", "conversation": talk, "seq": row[0],
            "client_id": number, "body": frame["body"]}, ensure_ascii=False))
    lines.get(mine, []).remove(send)
'''
CONSUMER = """
import json
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
settings.configure(CHANNEL_LAYERS={})
class Echo(AsyncWebsocketConsumer):
    async def receive(self, text_data=None, bytes_data=None):
        frame = json.loads(text_data)
        if frame["type"] == "send":
            await self.send(text_data=json.dumps({"type": "ack", "client_id": frame["client_id"], "seq": 0}))
application = Echo.as_asgi()
"""
ECHO = """
import asyncio, json, sys, websockets
async def serve(line):
    async for text in line:
        frame = json.loads(text)
        if frame["type"] == "send":
            await line.send(json.dumps({"type": "ack", "client_id": frame["client_id"], "seq": 0}))
async def main():
    async with websockets.serve(serve, "127.0.0.1", int(sys.argv[1]), compression=None):
        await asyncio.Future()
asyncio.run(main())
"""


class Server:
    """Two processes of one kind."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind, self.ports, self.processes = kind, [free_port(), free_port()], []
        for port in self.ports:
            uvicorn = [sys.executable, "-m", "uvicorn", "--ws", "websockets-sansio", "--lifespan", "off",
                       "--no-access-log", "--log-level", "error", "--port", str(port)]  # fmt: skip
            if kind == "product":
                command = [*uvicorn, "exchange.asgi:sockets"]
            else:
                source = {"reference": REFERENCE, "consumer": CONSUMER, "echo": ECHO}[kind]
                (folder / f"bench_{kind}.py").write_text(source, encoding="utf-8")
                command = [*uvicorn, "--app-dir", str(folder), f"bench_{kind}:application"]
                if kind == "echo":
                    command = [sys.executable, str(folder / "bench_echo.py"), str(port)]
            env = os.environ | {"LOG_LEVEL": "ERROR"}
            self.processes.append(subprocess.Popen(command, cwd=ROOT, env=env, stdout=sys.stderr))
        for port in self.ports:
            until = time.monotonic() + 40
            while True:
                with socket.socket() as line:
                    if line.connect_ex(("127.0.0.1", port)) == 0:
                        break
                if time.monotonic() > until:
                    raise TimeoutError(f"{kind} did not start")
                time.sleep(0.1)

    def cpu(self) -> float:
        """Seconds of CPU so far."""
        ticks = 0
        for process in self.processes:
            fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / TICK

    def kilobytes(self) -> int:
        """Resident memory."""
        pages = sum(int(Path(f"/proc/{each.pid}/statm").read_text().split()[1]) for each in self.processes)
        return pages * os.sysconf("SC_PAGE_SIZE") // 1024

    def stop(self) -> None:
        """End both."""
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--scratch", action="store_true", help="the database may be filled with nonsense")
    parser.add_argument("--sockets", type=int, default=100)
    parser.add_argument("--idle", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--paced-sockets", type=int, default=500)
    parser.add_argument("--paced-seconds", type=float, default=15.0)
    parser.add_argument("--long", type=int, default=100_000, help="messages of the talk grown long")
    asked = parser.parse_args()
    if (
        not asked.scratch
        or not os.environ.get("DATABASE_URL", "").startswith("postgres")
        or "REDIS_URL" not in os.environ
    ):
        print("needs DATABASE_URL (PostgreSQL), REDIS_URL, and --scratch", file=sys.stderr)
        return 2
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "exchange.settings")
    import django

    django.setup()
    folder = ROOT / "var" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    tokens, talks = prepare(asked.sockets)
    told: dict[str, Any] = {"sockets": asked.sockets}
    for kind in ("echo", "consumer"):
        told[kind] = run(kind, folder, tokens, talks, asked.seconds)
    rounds = {"reference": [], "product": []}
    for kind in ("reference", "product", "product", "reference"):
        rounds[kind].append(run(kind, folder, tokens, talks, asked.seconds))
    for kind, each in rounds.items():
        told[kind] = {name: round(statistics.mean(one[name] for one in each), 3) for name in each[0]}
    told["paced"] = paced(folder, asked.paced_sockets, asked.paced_seconds)
    told["idle"] = idle(folder, tokens[0], asked.idle)
    told["long_talk"] = grown(folder, tokens, talks, asked.seconds, asked.long)
    product, reference = told["product"], told["reference"]
    told["ratio"] = {
        "messages": round(product["per_second"] / reference["per_second"], 2),
        "cpu": round(product["cpu_us"] / reference["cpu_us"], 2),
        "long_talk_cpu": round(told["long_talk"]["cpu_us"] / told["long_talk"]["short_cpu_us"], 2),
    }
    ratio = told["ratio"]
    told["ok"] = bool(
        ratio["messages"] >= 0.5 and ratio["cpu"] <= 2.5 and product["statements"] <= 1.02
        and product["redis_commands"] <= 1.02 and product["new_connections"] <= 8 and told["idle"]["kB"] <= 60
        and ratio["long_talk_cpu"] <= 1.2 and told["paced"]["peer_p95_ms"] <= 300
        and told["paced"]["ack_p95_ms"] <= 100
    )  # fmt: skip
    print(json.dumps(told, indent=1))
    return 0 if told["ok"] else 1


def prepare(count: int) -> tuple[list[str], list[int]]:
    """Make pairs of people who have both written, and the tables of the reference."""
    from accounts import services as accounts
    from exchange.chat import services as chat

    run_name = uuid.uuid4().hex[:8]
    tokens, talks = [], []
    for number in range(0, count, 2):
        pair = [accounts.make_person(email=f"{run_name}-{number + side}@example.org", name="م") for side in (0, 1)]
        talk = chat.open_conversation(subject="", subject_lang="ar", people=pair)
        for person in pair:
            chat.send(conversation_id=talk.pk, sender=person, client_id=uuid.uuid4(), body=BODY)
            tokens.append(accounts.make_token(person=person))
        talks.append(talk.pk)
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as line:
        line.execute("DROP TABLE IF EXISTS bench_talk, bench_message")
        line.execute("CREATE TABLE bench_talk (id bigint PRIMARY KEY, last integer)")
        line.execute("CREATE TABLE bench_message (talk bigint, seq integer, sender bigint, client_id uuid, body text,"
                     " PRIMARY KEY (talk, seq), UNIQUE (sender, client_id))")  # fmt: skip
        for talk in talks:
            line.execute("INSERT INTO bench_talk VALUES (%s, 0)", (talk,))
    return tokens, talks


def run(kind: str, folder: Path, tokens: list[str], talks: list[int], seconds: float) -> dict[str, float]:
    """Let all pairs talk for a while."""
    server = Server(kind, folder)
    try:
        return asyncio.run(talk_for(server, tokens, talks, seconds))
    finally:
        server.stop()


async def talk_for(server: Server, tokens: list[str], talks: list[int], seconds: float) -> dict[str, float]:
    """Connect, warm up, count."""
    lines = []
    for number, token in enumerate(tokens):
        line = await connect(server.ports[number % 2], token)
        await line.send(json.dumps({"type": "hello", "resume": {str(talks[number // 2]): 1_000_000_000}}))
        lines.append(line)
    acked: list[float] = []
    heard: list[float] = []
    sent: dict[str, float] = {}
    own: dict[str, int] = {}
    is_on, is_counted = asyncio.Event(), asyncio.Event()

    async def live(number: int) -> None:
        line, talk, mine = lines[number], talks[number // 2], ""

        async def send() -> str:
            name = str(uuid.uuid4())
            sent[name], own[name] = time.perf_counter(), number
            await line.send(json.dumps({"type": "send", "conversation": talk, "client_id": name, "body": BODY}))
            return name

        mine = await send()
        async for text in line:
            frame = json.loads(text)
            now = time.perf_counter()
            if frame["type"] == "ack" and frame["client_id"] == mine:
                if is_counted.is_set():
                    acked.append(now - sent[mine])
                if not is_on.is_set():
                    mine = await send()
            elif frame["type"] == "message" and is_counted.is_set() and own[frame["client_id"]] != number:
                heard.append(now - sent[frame["client_id"]])

    living = [asyncio.create_task(live(number)) for number in range(len(lines))]
    await asyncio.sleep(1.5)
    before = counts(server)
    is_counted.set()
    began = time.perf_counter()
    await asyncio.sleep(seconds)
    took, count = time.perf_counter() - began, len(acked)
    after = counts(server)
    is_on.set()
    await asyncio.sleep(0.3)
    for task in living:
        task.cancel()
    await asyncio.gather(*living, *(line.close() for line in lines), return_exceptions=True)
    told = {"per_second": round(count / took, 1), "cpu_us": round((after["cpu"] - before["cpu"]) / count * 1e6, 1)}
    told |= {f"ack_p{part}_ms": percentile(acked, part) for part in (50, 99)}
    told |= {f"peer_p{part}_ms": percentile(heard, part) for part in (50, 99)}
    told["statements"] = round((after["statements"] - before["statements"]) / count, 3)
    told["redis_commands"] = round((after["commands"] - before["commands"]) / count, 3)
    told["new_connections"] = after["sessions"] - before["sessions"] - 1  # the counting itself is one
    return told


def paced(folder: Path, sockets: int, seconds: float) -> dict[str, float]:
    """Let 50 messages a second go between many sockets on two processes; gives how long they take to ack and peer."""
    tokens, talks = prepare(sockets)
    server = Server("product", folder)
    try:
        return asyncio.run(_paced(server, tokens, talks, seconds))
    finally:
        server.stop()


async def _paced(server: Server, tokens: list[str], talks: list[int], seconds: float) -> dict[str, float]:
    lines = []
    for number, token in enumerate(tokens):
        line = await connect(server.ports[number % 2], token)
        await line.send(json.dumps({"type": "hello", "resume": {str(talks[number // 2]): 1_000_000_000}}))
        lines.append(line)
    await asyncio.sleep(4)
    sent: dict[str, tuple[float, int]] = {}
    acked: list[float] = []
    heard: list[float] = []

    async def listen(number: int) -> None:
        async for text in lines[number]:
            frame, now = json.loads(text), time.perf_counter()
            began, by = sent.get(frame.get("client_id", ""), (0.0, number))
            if frame["type"] == "ack":
                acked.append(now - began)
            elif frame["type"] == "message" and by != number:
                heard.append(now - began)

    listening = [asyncio.create_task(listen(number)) for number in range(len(lines))]
    for step in range(int(seconds * 50)):
        number, name = step * 7 % len(lines), str(uuid.uuid4())
        sent[name] = (time.perf_counter(), number)
        frame = {"type": "send", "conversation": talks[number // 2], "client_id": name, "body": BODY}
        await lines[number].send(json.dumps(frame))
        await asyncio.sleep(0.02)
    await asyncio.sleep(2)
    for task in listening:
        task.cancel()
    await asyncio.gather(*listening, *(line.close() for line in lines), return_exceptions=True)
    told = {"sockets": len(lines), "sent": len(sent), "acked": len(acked), "heard": len(heard)}
    return told | {f"{name}_p{part}_ms": percentile(each, part)
                   for name, each in (("ack", acked), ("peer", heard)) for part in (50, 95, 99)}  # fmt: skip


def idle(folder: Path, token: str, count: int) -> dict[str, float]:
    """Memory and statements of sockets that only listen, from the slope between some and many."""

    async def hold(server: Server) -> dict[str, float]:
        lines = [await say_hello(server, number, token) for number in range(100)]
        await asyncio.sleep(4)
        few, begun = server.kilobytes(), counts(server)
        await asyncio.sleep(6.5)
        quiet_few = counts(server)["statements"] - begun["statements"]
        lines += [await say_hello(server, number, token) for number in range(count)]
        await asyncio.sleep(4)
        many, begun = server.kilobytes(), counts(server)
        await asyncio.sleep(6.5)
        quiet_many = counts(server)["statements"] - begun["statements"]
        await asyncio.gather(*(line.close() for line in lines), return_exceptions=True)
        return {
            "kB": round((many - few) / count, 1),
            f"statements_in_6.5s_with_{100}": quiet_few,
            f"statements_in_6.5s_with_{100 + count}": quiet_many,
        }

    server = Server("product", folder)
    try:
        return asyncio.run(hold(server))
    finally:
        server.stop()


async def say_hello(server: Server, number: int, token: str) -> Any:
    """Open one socket that listens."""
    line = await connect(server.ports[number % 2], token)
    await line.send(json.dumps({"type": "hello", "resume": {}}))
    return line


async def connect(port: int, token: str) -> Any:
    """Open a socket as a person."""
    return await websockets.connect(
        f"ws://127.0.0.1:{port}/ws/chat/", origin="http://127.0.0.1", compression=None, proxy=None,  # type: ignore[arg-type]
        additional_headers={"Authorization": f"Token {token}"}, ping_interval=None, open_timeout=30,
    )  # fmt: skip


def grown(folder: Path, tokens: list[str], talks: list[int], seconds: float, count: int) -> dict[str, float]:
    """Compare two people in a talk of `count` messages more with two in a young one, A B B A A B."""
    with psycopg.connect(os.environ["DATABASE_URL"]) as line:
        line.execute(
            "INSERT INTO chat_message (conversation_id, seq, sender_id, client_id, body, at)"
            " SELECT c.id, c.last_seq + n, m.person_id, gen_random_uuid(), %s, now()"
            " FROM chat_conversation c JOIN LATERAL (SELECT person_id FROM chat_member WHERE conversation_id = c.id"
            " LIMIT 1) m ON true, generate_series(1, %s) n WHERE c.id = %s",
            (BODY, count, talks[0]),
        )
        line.execute("UPDATE chat_conversation SET last_seq = last_seq + %s WHERE id = %s", (count, talks[0]))
        line.execute("ANALYZE chat_message")
    short, long = [], []
    for each, number in ((short, 1), (long, 0), (long, 0), (short, 1), (short, 1), (long, 0)):
        pair = tokens[2 * number : 2 * number + 2]
        each.append(run("product", folder, pair, talks[number : number + 1], seconds))
    return {
        f"{prefix}{name}": round(statistics.median(one[name] for one in each), 2)
        for prefix, each in (("", long), ("short_", short))
        for name in ("cpu_us", "ack_p50_ms")
    }


def counts(server: Server) -> dict[str, float]:
    """CPU of the web processes, transactions and sessions of the database, commands of Redis so far."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as line:
        line.execute("SELECT pg_stat_clear_snapshot()")
        row = line.execute(
            "SELECT xact_commit, sessions FROM pg_stat_database WHERE datname = current_database()"
        ).fetchone()
    info = redis.Redis.from_url(os.environ["REDIS_URL"]).info("commandstats")
    commands = sum(each["calls"] for name, each in info.items() if name == "cmdstat_publish")
    commits, sessions = row or (0, 0)
    return {"cpu": server.cpu(), "statements": commits, "sessions": sessions, "commands": commands}


def percentile(values: list[float], part: int) -> float:
    """Give a percentile in milliseconds; -1 of nothing."""
    return round(sorted(values)[min(len(values) - 1, len(values) * part // 100)] * 1000, 2) if values else -1


def free_port() -> int:
    """Ask the kernel for a port."""
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        port: int = line.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.exit(main())
