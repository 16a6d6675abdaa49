"""What a page costs in processor time, against an empty view behind the same middleware on the same server.

    DATABASE_URL=… [ELASTICSEARCH_URL=…] python benchmarks/pages.py [--rounds 5] [--seconds 0.6]

The database must hold a planted city (`manage.py demo --no-serve`). Three servers of one process each (granian, WSGI)
answer in turn, in the order A B C C B A: the product, an empty view behind our middleware, an empty view behind
Django's seven. Processor time is utime + stime of /proc/PID/stat with all children. Ratios are medians over the
rounds, with their lowest and highest; a goal holds when the worst third of the rounds holds. JSON on standard output.
"""

import argparse
import http.client
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TICKS = os.sysconf("SC_CLK_TCK")
GOALS = {"page": 6.0, "search": 8.0, "middleware": 1.6}


class Server:
    """One granian of one worker, serving `kind`; counts its own processor time."""

    def __init__(self, kind: str, environment: dict[str, str]) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        command = [
            sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws", "--workers", "1",
            "--blocking-threads", "2", "--log-level", "warning", "--port", str(self.port),
            "benchmarks.served:application",
        ]  # fmt: skip
        self.process = subprocess.Popen(command, cwd=ROOT, env={**environment, "SERVED": kind}, stdout=sys.stderr)
        self.line: http.client.HTTPConnection | None = None
        for _ in range(200):
            try:
                self.get("/counted/", {})
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise SystemExit(f"the {kind} server did not start")

    def get(self, path: str, headers: dict[str, str]) -> bytes:
        """Ask over one connection that is kept open; anything but 200 ends the measurement."""
        if self.line is None:
            self.line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            self.line.request("GET", path, headers=headers)
            answer = self.line.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException):
            self.line = None
            raise
        if answer.status != 200:
            raise SystemExit(f"{path} answered {answer.status}")
        return body

    def cpu_seconds(self) -> float:
        """Processor time so far of this server's processes."""
        return sum(_ticks(pid) for pid in _family(self.process.pid)) / TICKS

    def stop(self) -> None:
        """End it."""
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [pid, *(each for child in children for each in _family(int(child)))]


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


asked = 0  # requests measured so far


def block(server: Server, path: str, headers: dict[str, str], seconds: float) -> float:
    """Give microseconds of processor time a request, asked over and over for this long."""
    before, count, end = server.cpu_seconds(), 0, time.monotonic() + seconds
    while time.monotonic() < end:
        for _ in range(10):
            server.get(path, headers)
        count += 10
    global asked
    asked += count
    return (server.cpu_seconds() - before) / count * 1e6


def sessions() -> int | None:
    """Give how many connections PostgreSQL has accepted for this database, None elsewhere."""
    from django.db import connection

    if connection.vendor != "postgresql":
        return None
    time.sleep(1.5)  # the statistics of others are told once a second
    with connection.cursor() as cursor:
        cursor.execute("SELECT sessions FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


def pages() -> dict[str, tuple[str, str, bool]]:
    """Give page → (address, which goal, whether signed in) for rows that are really there."""
    from accounts.models import Person
    from exchange.chat.models import Member
    from skills.models import Listing

    learner = Person.objects.get(email="yusuf@example.org")
    offer = Listing.objects.open_for(learner).filter(kind="offer").exclude(owner=learner).order_by("id")[0]
    talk = Member.objects.filter(person=learner).order_by("id")[0].conversation_id
    return {
        "home": ("/", "page", False),
        "find, 20 rows": ("/find/?kind=offer", "search", False),
        "find by words": ("/find/?q=%D8%AE%D9%8A%D8%A7%D8%B7%D8%A9", "search", False),
        "listing": (f"/listings/{offer.pk}/", "page", False),
        "help": ("/help/", "page", False),
        "home, signed in": ("/", "page", True),
        "listing, signed in": (f"/listings/{offer.pk}/", "page", True),
        "talks": ("/talks/", "page", True),
        "talk": (f"/talks/{talk}/", "page", True),
        "me": ("/me/", "page", True),
    }


def signed_in() -> dict[str, str]:
    """Give the cookie of a session of the demo's learner."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    from accounts.models import Person

    learner = Person.objects.get(email="yusuf@example.org")
    store = SessionStore()
    store[SESSION_KEY] = str(learner.pk)
    store[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
    store[HASH_SESSION_KEY] = learner.get_session_auth_hash()
    store.create()
    return {"Cookie": f"sessionid={store.session_key}; language=ar"}


def spread(values: list[float]) -> dict[str, float]:
    """Give median, lowest, highest and the worst third's mean, rounded."""
    worst = sorted(values)[-max(1, len(values) // 3) :]
    shown = {"median": statistics.median(values), "low": min(values), "high": max(values), "worst": min(worst)}
    return {name: round(value, 2) for name, value in shown.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.6, help="length of one block")
    parser.add_argument("--only", default="", help="only pages whose name holds this")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "exchange.settings")
    sys.path.insert(0, str(ROOT))
    import django

    django.setup()
    place = tempfile.mkdtemp(prefix="rukn-pages-")
    environment = {
        **os.environ, "STATICFILES_MANIFEST": "1", "STATIC_ROOT": f"{place}/static", "LOG_FORMAT": "json",
        "LOG_LEVEL": "INFO", "PROMETHEUS_MULTIPROC_DIR": place,
    }  # fmt: skip
    subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--no-input", "-v0"], cwd=ROOT, env=environment, check=True
    )
    # A log costs what writing it costs, so servers write theirs to a file as they would.
    servers = {kind: Server(kind, environment) for kind in ("product", "ours", "django")}
    try:
        print(json.dumps(measure(servers, options), ensure_ascii=False, indent=1))
    finally:
        for server in servers.values():
            server.stop()


def measure(servers: dict[str, Server], options: argparse.Namespace) -> dict[str, object]:
    """Give the whole report."""
    addresses = {name: each for name, each in pages().items() if options.only in name}
    cookie = signed_in()
    plain = {"Cookie": "language=ar"}
    for path, _goal, is_in in addresses.values():
        for _ in range(20):
            servers["product"].get(path, cookie if is_in else plain)
    for kind in ("ours", "django"):
        for _ in range(100):
            servers[kind].get("/empty/", plain)
            servers[kind].get("/empty/", cookie)
    threads, opened = json.loads(servers["product"].get("/counted/", plain))["threads_started"], sessions()
    empty: dict[bool, list[float]] = {False: [], True: []}
    bare: list[float] = []
    cost: dict[str, list[float]] = {name: [] for name in addresses}
    for number in range(options.rounds):
        acts = [("ours", False), ("ours", True), ("django", False), *((name, None) for name in addresses)]
        for act, is_in in acts if number % 2 == 0 else reversed(acts):
            if act == "django":
                bare.append(block(servers["django"], "/empty/", plain, options.seconds))
            elif act == "ours":
                empty[is_in].append(block(servers["ours"], "/empty/", cookie if is_in else plain, options.seconds))
            else:
                path, _goal, signed = addresses[act]
                cost[act].append(block(servers["product"], path, cookie if signed else plain, options.seconds))
    after, opened_after = json.loads(servers["product"].get("/counted/", plain))["threads_started"], sessions()
    tax = spread([ours / seven for ours, seven in zip(empty[False], bare, strict=True)])
    report = {}
    for name, (_path, goal, signed) in addresses.items():
        ratios = spread([page / view for page, view in zip(cost[name], empty[signed], strict=True)])
        report[name] = {
            "microseconds": round(statistics.median(cost[name])), "times_empty": ratios, "goal": GOALS[goal],
            "holds": ratios["worst"] <= GOALS[goal],
        }  # fmt: skip
    return {
        "server": "granian WSGI, one process, two threads",
        "empty_view_microseconds": {
            "django_seven": round(statistics.median(bare)),
            "ours": round(statistics.median(empty[False])),
            "ours_signed_in": round(statistics.median(empty[True])),
        },
        "middleware_tax": {
            "times_django": tax,
            "goal": GOALS["middleware"],
            "holds": tax["worst"] <= GOALS["middleware"],
        },
        "requests_measured": asked,
        "threads_started_while_measured": after - threads,
        "connections_opened_while_measured": None if opened is None else opened_after - opened,
        "pages": report,
    }


if __name__ == "__main__":
    main()
