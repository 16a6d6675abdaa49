"""Sends the socket frames that no client of ours would: random ones, and right ones bent out of shape, by a seed.

    python -m tests.faults.frame_faults --scratch [--frames 50000] [--broken-lines 500] [--seed N]

Starts a socket server of its own on the database that DATABASE_URL names (nothing set: SQLite) and prints JSON: how
each frame was answered, how each line that was broken on the wire was closed, and every exception in the server's log.
Exit status 1 when a frame went unanswered, a line closed without a code, the server logged an exception, or the rows
are no longer in one order.
"""

import argparse
import asyncio
import copy
import json
import os
import random
import re
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import websockets

from exchange.chat import rules
from tests.faults.runner import ROOT, Program, free_port, wait_for

KINDS = ("hello", "send", "seen", "typing", "delete")
UNHANDLED = re.compile(r"Exception in ASGI|exception was never retrieved|Unhandled|Exception in callback")
ANSWER_SECONDS = 20.0


def nested(depth: int) -> Any:
    """Give lists in lists."""
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value


HOSTILE: list[Any] = [
    None, True, False, -1, 0, 1, 2**31, 2**62, 2**63, 10**40, 1.5, 1e308, float("nan"), float("inf"), "", "1", "١",
    "x" * 70_000, "\x00", "\ud800", "\u202eabc", "\u200b", [], {}, nested(400), {"a": {"b": nested(50)}}, "null",
    "{00000000-0000-4000-8000-000000000000}", "urn:uuid:00000000-0000-4000-8000-000000000000", "0" * 32,
    "' OR 1=1 --", "<script>alert(1)</script>", "ا" * 4001, "😀" * 4000, "👨‍👩‍👧" * 700, "٠٧٩ ١٢٣ ٤٥٦٧",
    "e\u0301" * 3000,
    {"1": "x"}, {"x": 1}, {str(number): 1 for number in range(2001)}, {"-1": 1}, ["send"], {"type": "send"},
]  # fmt: skip
LETTERS = 'abc{}[]",:0123456789 \\u\x00\x1f\ud800\u202e\u200bابت😀\n'


class Frames:
    """An endless row of frames about one talk; the same seed gives the same row."""

    def __init__(self, seed: int, talk: int) -> None:
        self._rng, self._talk = random.Random(seed), talk

    def next(self) -> str | bytes:
        """Give one: a right frame, a bent one, one whose text was damaged, noise, or bytes."""
        rng = self._rng
        way = rng.random()
        if way < 0.08:
            return self._text(self._right())
        if way < 0.55:
            return self._text(self._bent())
        if way < 0.85:
            return self._damaged(self._text(self._right()))
        if way < 0.95:
            return "".join(rng.choice(LETTERS) for _ in range(rng.randrange(60))).encode("utf-8", "replace").decode()
        return rng.randbytes(rng.randrange(200)) if rng.random() < 0.5 else self._text(self._right()).encode()

    def _right(self) -> dict[str, Any]:
        rng = self._rng
        number = str(uuid.UUID(int=rng.getrandbits(128), version=4))
        talk, kind = self._talk, rng.choice(KINDS)
        fields: dict[str, Any] = {
            "hello": {"resume": {str(talk): 10**9}},
            "send": {"conversation": talk, "client_id": number, "body": rng.choice(("أهلًا", "hello", "متى؟"))},
            "seen": {"conversation": talk, "seq": rng.randrange(5)},
            "typing": {"conversation": talk},
            "delete": {"conversation": talk, "seq": rng.randrange(5)},
        }[kind]
        return {"type": kind, **fields} if rng.random() < 0.8 else {"type": kind, "data": fields}

    def _bent(self) -> Any:
        rng, frame = self._rng, self._right()
        for _ in range(rng.randrange(1, 4)):
            inside = frame["data"] if isinstance(frame.get("data"), dict) and rng.random() < 0.7 else frame
            way, names = rng.randrange(5), list(inside)
            if way == 0 and names:
                del inside[rng.choice(names)]
            elif way in (1, 2):
                known = ["conversation", "client_id", "body", "seq", "reply_to", "resume", "type", "data"]
                inside[rng.choice(names or known) if way == 1 else rng.choice(known)] = self._hostile()
            elif way == 3:
                inside["".join(rng.choice(LETTERS) for _ in range(4))] = self._hostile()
            else:
                inside["type"] = rng.choice([*KINDS, "ack", "message", "SEND", "__class__", "send "])
        return self._hostile() if rng.random() < 0.05 else [frame] if rng.random() < 0.05 else frame

    def _hostile(self) -> Any:
        return copy.deepcopy(self._rng.choice(HOSTILE))  # what is bent twice must not bend the list

    def _text(self, value: Any) -> str:
        # As escapes half of the time: a lone surrogate can only come so.
        text = json.dumps(value, ensure_ascii=self._rng.random() < 0.5)
        return text if text.isascii() else text.encode("utf-8", "replace").decode()

    def _damaged(self, text: str) -> str:
        rng = self._rng
        for _ in range(rng.randrange(1, 4)):
            place = rng.randrange(len(text) + 1)
            way = rng.randrange(6)
            if way == 0:
                text = text[:place]
            elif way == 1:
                text = text[:place] + rng.choice(LETTERS) + text[place + 1 :]
            elif way == 2:
                text = text[:place] + text[place : place + 9] * rng.choice((2, 50, 2000)) + text[place:]
            elif way == 3:
                text = "\ufeff" + text
            elif way == 4:
                text = text[:place] + "9" * rng.choice((20, 5000)) + text[place:]
            else:
                text = "[" * rng.choice((3, 60_000)) + text
        return text.encode("utf-8", "replace").decode()


class Gone(Exception):
    """The line was closed; `code` says why."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def meaning(frame: str | bytes) -> tuple[str, str]:
    """Give the kind of a frame that has the shape of the protocol, and its client id; ("", "") for any other."""
    if isinstance(frame, bytes) or len(frame) > rules.LARGEST_FRAME:
        return "", ""
    try:
        kind, fields = rules.read(json.loads(frame))
    except (ValueError, RecursionError):
        return "", ""
    return kind, str(fields.get("client_id", ""))


async def ask(
    line: Any, frames: Frames, count: int, told: Counter[str], wrong: list[str], again: Callable[[], Awaitable[Any]]
) -> Any:
    """Send so many frames, each after the one before was answered. Gives the line, which may be another by then.

    A bad frame must bring exactly one refusal, `bad_frame`; a right one is followed by a message to a talk that is not
    there, whose refusal shows that the one before was dealt with. `line` has `put`, and `take`, which raises `Gone`.
    """
    for _ in range(count):
        frame = frames.next()
        try:
            await asyncio.wait_for(_ask_one(line, frame, told, wrong), ANSWER_SECONDS)
        except TimeoutError:
            wrong.append(f"{frame[:200]!r} was not answered")
            line = await again()
        except Gone as gone:
            told[f"closed {gone.code}"] += 1
            if gone.code in (1005, 1006, 1011):
                wrong.append(f"{frame[:200]!r} closed the line with {gone.code}")
            line = await again()
    return line


async def _ask_one(line: Any, frame: str | bytes, told: Counter[str], wrong: list[str]) -> None:
    kind, number = meaning(frame)
    await line.put(frame)
    if not kind:
        while (answer := await line.take())["type"] != "refused":
            pass
        told[f"refused {answer['code']}"] += 1
        if answer["code"] != "bad_frame" or not answer["text"]:
            wrong.append(f"{frame[:200]!r} was refused with {answer}")
        return
    mark, heard = str(uuid.uuid4()), []
    await line.put(json.dumps({"type": "send", "conversation": 0, "client_id": mark, "body": "x"}))
    while (answer := await line.take()).get("client_id") != mark:
        if answer["type"] in ("ack", "refused"):
            heard.append(answer.get("client_id", ""))
            told[f"{answer['type']} {answer.get('code', '')}".strip()] += 1
    told[f"taken {kind}"] += 1
    if kind == "send" and number not in heard:
        wrong.append(f"{frame[:200]!r} was neither acknowledged nor refused")


class Wire:
    """One real line."""

    def __init__(self, line: Any) -> None:
        self.line = line

    async def put(self, frame: str | bytes) -> None:
        """Send a frame."""
        try:
            await self.line.send(frame)
        except websockets.ConnectionClosed as closed:
            raise Gone(closed.rcvd.code if closed.rcvd else 1006) from None

    async def take(self) -> dict[str, Any]:
        """Give the next frame."""
        try:
            answer: dict[str, Any] = json.loads(await self.line.recv())
        except websockets.ConnectionClosed as closed:
            raise Gone(closed.rcvd.code if closed.rcvd else 1006) from None
        return answer


async def connect(port: int, token: str) -> Any:
    """Open a line as a person."""
    return await websockets.connect(
        f"ws://127.0.0.1:{port}/ws/chat/", origin="http://127.0.0.1", proxy=None, ping_interval=None,  # type: ignore[arg-type]
        additional_headers={"Authorization": f"Token {token}"}, open_timeout=30, max_size=None, compression=None,
    )  # fmt: skip


async def broken_line(port: int, token: str, rng: random.Random) -> str:
    """Write bytes that are no frames; gives the code of the closing, "lives", or "silent"."""
    line = await connect(port, token)
    noise = [
        rng.randbytes(rng.randrange(2, 400)),
        b"\x81\x05hello",  # not masked
        b"\x81\x84\x00\x00\x00\x00\xff\xfe\xfd\xfc",  # not UTF-8
        b"\x83\x80\x00\x00\x00\x00",  # an unknown kind
        b"\xf1\x80\x00\x00\x00\x00",  # reserved bits
        b"\x81\xff" + (2**40).to_bytes(8, "big") + b"\x00" * 4,  # a terabyte is promised
        b"\x89\xfe\x01\x00" + b"\x00" * 260,  # a ping too long
        b"\x80\x80\x00\x00\x00\x00",  # goes on with nothing
        b"\x88\x82\x00\x00\x00\x00\x00\x01",  # closes with a code that is none
    ]
    line.transport.write(rng.choice(noise))
    try:
        await asyncio.wait_for(line.wait_closed(), 1.0)
        return str(line.close_code) if line.close_code not in (None, 1006) else "no code"
    except TimeoutError:
        line.transport.abort()  # half a frame: the server waits for the rest, as it should
        return "waits"


def main() -> int:
    """Run, print, and give the exit status."""
    asked = _arguments()
    if not asked.scratch:
        print("needs --scratch: the database is filled with nonsense", file=sys.stderr)
        return 2
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "exchange.settings")
    os.environ.setdefault("LOG_LEVEL", "ERROR")
    django.setup()
    from accounts import services as accounts
    from exchange.chat import services as chat

    run = uuid.uuid4().hex[:8]
    people = [accounts.make_person(email=f"{run}-{number}@example.org", name="م") for number in range(asked.lines + 1)]
    tokens = [accounts.make_token(person=person) for person in people]
    talks = []
    for person in people[1:]:
        talk = chat.open_conversation(subject="", subject_lang="ar", people=[people[0], person])
        for sender in (people[0], person):  # both have written, so that the quick way is taken too
            chat.send(conversation_id=talk.pk, sender=sender, client_id=uuid.uuid4(), body="أهلًا")
        talks.append(talk.pk)
    port, told, wrong = free_port(), Counter[str](), list[str]()
    lines: Counter[str] = Counter()

    async def speak(number: int) -> None:
        async def again() -> Wire:
            return Wire(await connect(port, tokens[number + 1]))

        frames = Frames(asked.seed * 1000 + number, talks[number])
        await ask(await again(), frames, asked.frames // asked.lines, told, wrong, again)

    async def everything() -> None:
        await asyncio.gather(*(speak(number) for number in range(asked.lines)))
        rng = random.Random(asked.seed)
        for _ in range(asked.broken_lines // 20):
            for outcome in await asyncio.gather(*(broken_line(port, tokens[0], rng) for _ in range(20))):
                lines[outcome] += 1
        await speak_once()

    async def speak_once() -> None:
        line = Wire(await connect(port, tokens[0]))
        await ask(line, Frames(asked.seed, talks[0]), 20, Counter(), wrong, lambda: connect(port, tokens[0]))

    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "web.log"
        command = [sys.executable, "-m", "uvicorn", "--ws", "websockets-sansio", "--ws-max-size", "131072"]
        command += ["--lifespan", "off", "--no-access-log", "--port", str(port), "exchange.asgi:sockets"]
        server = Program("web", command, cwd=ROOT, log=log)
        server.start()
        began = time.monotonic()
        try:
            wait_for([port])
            asyncio.run(everything())
        finally:
            server.kill()
        said = log.read_text(encoding="utf-8", errors="replace")
    unhandled = [line for line in said.splitlines() if UNHANDLED.search(line)]
    gaps = [talk for talk in talks if not _is_whole(talk)]
    ok = not (wrong or unhandled or gaps or lines["no code"])
    result = {
        "ok": ok, "seed": asked.seed, "frames": asked.frames, "seconds": round(time.monotonic() - began, 1),
        "answers": dict(sorted(told.items())), "broken_lines": dict(lines), "wrong": wrong[:20],
        "unhandled": unhandled[:20], "talks_out_of_order": gaps,
    }  # fmt: skip
    print(json.dumps(result, ensure_ascii=False, indent=1))
    return 0 if ok else 1


def _is_whole(talk: int) -> bool:
    from exchange.chat.models import Conversation, Message

    rows = list(Message.objects.filter(conversation=talk).order_by("seq").values_list("seq", flat=True))
    return rows == list(range(1, Conversation.objects.get(id=talk).last_seq + 1))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--scratch", action="store_true", help="the database may be filled with nonsense")
    parser.add_argument("--frames", type=int, default=50_000)
    parser.add_argument("--lines", type=int, default=8)
    parser.add_argument("--broken-lines", type=int, default=500)
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
