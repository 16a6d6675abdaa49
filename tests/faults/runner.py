"""Injects faults by a seeded schedule while something is done, and keeps a history of both.

A time-out is *unknown*: the act may have happened or not, and the checker accepts either, but exactly one (the rule of
Jepsen's histories, Kingsbury 2013). The same seed gives the same schedule.
"""

import json
import os
import random
import shlex
import signal
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.proxy import Proxy

ROOT = Path(__file__).resolve().parents[2]
UNKNOWN = (TimeoutError,)


@dataclass
class History:
    """What was done and what was broken, when (seconds since the start), and how it ended: ok, fail or unknown."""

    seed: int
    started: float = field(default_factory=time.monotonic)
    rows: list[dict[str, Any]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def now(self) -> float:
        """Seconds since the start."""
        return round(time.monotonic() - self.started, 3)

    @contextmanager
    def op(self, name: str, *, unknown: tuple[type[BaseException], ...] = UNKNOWN, **what: Any) -> Iterator[dict]:
        """Record one act; what it raises is kept as its result and goes no further."""
        row: dict[str, Any] = {"op": name, "start": self.now(), "result": "ok", **what}
        try:
            yield row
        except unknown as error:
            row |= {"result": "unknown", "error": repr(error)[:300]}
        except Exception as error:
            row |= {"result": "fail", "error": repr(error)[:300]}
        row["end"] = self.now()
        with self._lock:
            self.rows.append(row)

    def counts(self, name: str) -> dict[str, int]:
        """How acts of one kind ended."""
        return dict(Counter(row["result"] for row in self.rows if row["op"] == name))

    def write(self, path: Path) -> None:
        """Keep the history as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = sorted(self.rows, key=lambda row: row["start"])
        path.write_text(json.dumps({"seed": self.seed, "rows": rows}, ensure_ascii=False, indent=1), encoding="utf-8")


@dataclass(frozen=True)
class Fault:
    """One way to break something: `begin`, then after `lasts` seconds `end`."""

    part: str
    act: str
    begin: Callable[[], None]
    end: Callable[[], None]


def schedule(
    faults: Sequence[Fault], *, count: int, seed: int, lasts: tuple[float, float]
) -> list[tuple[Fault, float]]:
    """Give `count` faults with their lengths in seconds: every kind in turn, in an order that the seed shuffles."""
    rng = random.Random(seed)
    order: list[Fault] = []
    while len(order) < count:
        order += rng.sample(list(faults), len(faults))
    return [(fault, round(rng.uniform(*lasts), 2)) for fault in order[:count]]


def inject(plan: Sequence[tuple[Fault, float]], history: History, *, gap: float) -> None:
    """Carry a schedule out, one fault after the other with `gap` quiet seconds between."""
    for fault, lasts in plan:
        with history.op("fault", part=fault.part, act=fault.act, lasts=lasts):
            try:
                fault.begin()
                time.sleep(lasts)
            finally:
                fault.end()
        time.sleep(gap)


def proxied(name: str, proxy: Proxy) -> list[Fault]:
    """Give what a network can do to a service."""

    def once() -> None:
        proxy.reset()

    return [
        Fault(name, "cut", proxy.cut, proxy.pass_on),
        Fault(name, "stall", proxy.stall, proxy.pass_on),
        Fault(name, "slow", lambda: proxy.slow(0.8), proxy.pass_on),
        Fault(name, "reset", once, proxy.pass_on),
    ]


class Program:
    """A process that the run starts, kills, stops and starts again."""

    def __init__(self, name: str, command: list[str], *, cwd: Path, log: Path) -> None:
        self.name, self._command, self._cwd, self._log = name, command, cwd, log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it."""
        with self._log.open("ab") as out:
            self._process = subprocess.Popen(
                self._command, cwd=self._cwd, stdout=out, stderr=out, start_new_session=True
            )

    @property
    def pid(self) -> int:
        """Its number while it runs. Raises `LookupError` before."""
        if self._process is None:
            raise LookupError(f"{self.name} was not started")
        return self._process.pid

    def kill(self) -> None:
        """End it and its children without a word."""
        self._signal(signal.SIGKILL)
        if self._process:
            self._process.wait()

    def faults(self) -> list[Fault]:
        """Give what can befall it."""
        return [
            Fault(self.name, "kill", self.kill, self.start),
            Fault(self.name, "stop", lambda: self._signal(signal.SIGSTOP), lambda: self._signal(signal.SIGCONT)),
            Fault(self.name, "restart", self._ask_to_end, self.start),
        ]

    def _ask_to_end(self) -> None:
        self._signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            if self._process:
                self._process.wait(timeout=10)
        self.kill()

    def _signal(self, number: int) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)


class Service:
    """A service that runs already on a port of this machine, and the command that starts it again."""

    def __init__(self, name: str, port: int, start: str) -> None:
        self.name, self._port, self._start = name, port, start
        self._stopped: int | None = None

    def faults(self) -> list[Fault]:
        """Give what can befall it."""
        return [Fault(self.name, "SIGKILL", self._kill, self._again), Fault(self.name, "SIGSTOP", self._stop, self._go)]

    def _kill(self) -> None:
        pid = listening(self._port)
        os.kill(pid, signal.SIGKILL)
        until = time.monotonic() + 10
        while Path(f"/proc/{pid}").exists() and time.monotonic() < until:
            time.sleep(0.05)

    def _again(self) -> None:
        subprocess.run(shlex.split(self._start), check=True, stdout=subprocess.DEVNULL, timeout=180)

    def _stop(self) -> None:
        self._stopped = listening(self._port)
        os.kill(self._stopped, signal.SIGSTOP)

    def _go(self) -> None:
        if self._stopped:
            os.kill(self._stopped, signal.SIGCONT)


def listening(port: int) -> int:
    """Give the process that listens on a port of this machine. Raises `LookupError`."""
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:
                inodes.add(f"socket:[{fields[9]}]")
    for folder in Path("/proc").glob("[0-9]*/fd"):
        with suppress(OSError):
            if any(str(each.readlink()) in inodes for each in folder.iterdir()):
                return int(folder.parent.name)
    raise LookupError(f"nothing listens on port {port}")


def free_port() -> int:
    """Ask the kernel for a port."""
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        port: int = line.getsockname()[1]
        return port


def wait_for(ports: list[int]) -> None:
    """Wait until servers listen. Raises `TimeoutError`."""
    until = time.monotonic() + 60
    for port in ports:
        while True:
            with socket.socket() as line:
                if line.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if time.monotonic() > until:
                raise TimeoutError("the servers did not start")
            time.sleep(0.1)
