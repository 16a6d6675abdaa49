"""The whole set of plain processes on services of its own: two people on two socket processes talk; each service is
killed, hung and started again under load, and pages go on or say so kindly.

Needs real services (`make test-services`): PostgreSQL and Redis are started here from their binaries, Elasticsearch is
the one of the environment behind a line that can be cut or held.
"""

import asyncio
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections import Counter
from pathlib import Path

import pytest
import websockets
from django.conf import settings

from exchange.management import processes

ROOT = Path(__file__).resolve().parent.parent.parent
KIND = {200, 302, 503}
RECOVERY_SECONDS = 15


def binaries():
    return sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))[-1]


class Service:
    """A service started here, which can be killed, hung and started again."""

    def __init__(self, command, ready, user=None):
        self.command, self.ready, self.user = command, ready, user
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            self.command, start_new_session=True, user=self.user, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until = time.monotonic() + 30
        while not self.ready():
            assert time.monotonic() < until, self.command
            time.sleep(0.1)

    def everyone(self):
        found, waiting = [], [self.process.pid]
        while waiting:
            pid = waiting.pop()
            found.append(pid)
            children = Path(f"/proc/{pid}/task/{pid}/children")
            waiting += [int(each) for each in children.read_text().split()] if children.exists() else []
        return found

    def signal(self, number):
        for pid in self.everyone():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue

    def kill(self):
        self.signal(signal.SIGKILL)
        self.process.wait(10)

    def hang(self):
        self.signal(signal.SIGSTOP)

    def go_on(self):
        self.signal(signal.SIGCONT)


def answers(port):
    with socket.socket() as line:
        line.settimeout(1)
        return line.connect_ex(("127.0.0.1", port)) == 0


class Postgres(Service):
    def __init__(self, folder):
        self.port, bin_ = processes.free_port(), binaries()
        user = "postgres" if os.getuid() == 0 else None
        if user:
            shutil.chown(folder, user)
        subprocess.run(
            [bin_ / "initdb", "-D", folder / "data", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8"],
            check=True, capture_output=True, user=user,
        )  # fmt: skip
        ready = lambda: subprocess.run(  # noqa: E731
            [bin_ / "pg_isready", "-h", "127.0.0.1", "-p", str(self.port)], capture_output=True, check=False
        ).returncode == 0  # fmt: skip
        super().__init__(
            [str(bin_ / "postgres"), "-D", str(folder / "data"), "-p", str(self.port), "-k", str(folder),
             "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=60"],
            ready, user,
        )  # fmt: skip
        subprocess.run(["createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "rukn"], check=True)
        self.url = f"postgres://postgres@127.0.0.1:{self.port}/rukn"

    def kill(self):
        super().kill()
        time.sleep(0.5)  # the kernel gives the shared memory of a killed server back

    def asked(self, sql):
        return subprocess.run(
            ["psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-d", "rukn", "-Atc", sql],
            check=True, capture_output=True, text=True,
        ).stdout.strip()  # fmt: skip


class Redis(Service):
    def __init__(self, folder):
        self.port = processes.free_port()
        super().__init__(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(folder),
             "--appendonly", "yes", "--appendfsync", "everysec", "--save", ""],
            lambda: answers(self.port),
        )  # fmt: skip
        self.url = f"redis://127.0.0.1:{self.port}/0"


class Line:
    """A line to Elasticsearch that can be cut (refuses and drops) or held (takes questions, answers none)."""

    def __init__(self, far):
        parts = urllib.parse.urlsplit(far)
        self.far = (parts.hostname, parts.port or 9200)
        self.is_cut = self.is_held = False
        self.open = set()
        self.port = processes.free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._listen()

    def _listen(self):
        self.listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def _accept(self, listener):
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            far = socket.create_connection(self.far)
            self.open |= {near, far}
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    def _carry(self, source, sink):
        try:
            while data := source.recv(65536):
                while self.is_held:
                    time.sleep(0.05)
                sink.sendall(data)
        except OSError:
            pass
        for each in (source, sink):
            each.close()
            self.open.discard(each)

    def kill(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for each in list(self.open):
            each.close()

    def start(self):
        self._listen()

    def hang(self):
        self.is_held = True

    def go_on(self):
        self.is_held = False


class City:
    """The running set, as a visitor and an operator see it."""

    def __init__(self, place, services):
        self.place, self.services, self.log = place, services, place / "log"
        environment = {
            **os.environ, "DATABASE_URL": services["postgres"].url, "REDIS_URL": services["redis"].url,
            "ELASTICSEARCH_URL": services["search"].url, "SEARCH_PREFIX": f"test_processes_{os.getpid()}_",
            "RUKN_VAR": str(place / "var"), "LOG_FORMAT": "json", "PYTHONUNBUFFERED": "1",
        }  # fmt: skip
        environment.pop("STATEMENT_SECONDS", None)
        self.environment = environment
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "services_demo", "--port", str(processes.free_port()), "--no-progress"],
            cwd=ROOT, env=environment, stdout=self.log.open("wb"), stderr=subprocess.STDOUT,
        )  # fmt: skip
        until = time.monotonic() + 180
        while "Ctrl-C" not in (said := self.log.read_text(encoding="utf-8")):
            assert self.process.poll() is None, said[-3000:]
            assert time.monotonic() < until, said[-3000:]
            time.sleep(0.3)
        self.address = re.search(r"ready after [\d.]+ s:\s+(\S+)/", said).group(1)
        lines = (place / "var/services/ports").read_text().split("\n")
        self.ports = {name: int(port) for name, port in (line.split() for line in lines if line)}

    def get(self, path, timeout=12, cookies=""):
        request = urllib.request.Request(f"{self.address}{path}", headers={"Cookie": cookies, "Accept-Language": "ar"})
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return answer.status, answer.read().decode(), answer.headers
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(), error.headers
        except (TimeoutError, urllib.error.URLError):
            return 0, "", {}

    def ready(self):
        status, body, _ = self.get("/readyz", timeout=3)
        return status, json.loads(body) if body.startswith("{") else {}

    def session(self, persona):
        browser = urllib.request.build_opener(jar := urllib.request.HTTPCookieProcessor())
        browser.open(f"{self.address}/demo/enter/{persona}/?lang=ar").read()
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar.cookiejar)

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(20)


class Load:
    """A visitor who goes on asking two pages, one that needs rows and one that needs search."""

    def __init__(self, city):
        self.city, self.seen, self.slowest, self.stop = city, Counter(), 0.0, threading.Event()
        self.bare = []
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join(30)

    def _run(self):
        while not self.stop.wait(0.15):
            for path in ("/find/?q=sewing", "/"):
                started = time.monotonic()
                status, body, _ = self.city.get(path)
                self.slowest = max(self.slowest, time.monotonic() - started)
                self.seen[path, status] += 1
                if status >= 500 and "نعود بعد قليل" not in body:
                    self.bare.append((path, status, body[:200]))


if settings.REDIS_URL and settings.ELASTICSEARCH_URL:

    @pytest.fixture(scope="module")
    def city():
        place = Path(tempfile.mkdtemp(prefix="rukn-processes-"))  # pytest's own folders are closed to a server's user
        place.chmod(0o755)
        folders = {name: place / name for name in ("postgres", "redis")}
        for folder in folders.values():
            folder.mkdir(mode=0o755)
        services = {
            "postgres": Postgres(folders["postgres"]),
            "redis": Redis(folders["redis"]),
            "search": Line(settings.ELASTICSEARCH_URL),
        }
        found = City(place, services)
        yield found
        found.stop()
        for name in ("redis", "postgres"):
            services[name].go_on()
            services[name].kill()
        shutil.rmtree(place)
        prefix = found.environment["SEARCH_PREFIX"]
        with urllib.request.urlopen(f"{settings.ELASTICSEARCH_URL}/_cat/indices/{prefix}*?h=index") as answer:
            indices = answer.read().decode().split()
        for kind in (*indices, f"_index_template/{prefix}listings"):
            request = urllib.request.Request(f"{settings.ELASTICSEARCH_URL}/{kind}", method="DELETE")
            with urllib.request.urlopen(request):
                pass

    def recovered(city, condition):
        started = time.monotonic()
        while not condition():
            assert time.monotonic() - started < RECOVERY_SECONDS, city.log.read_text(encoding="utf-8")[-3000:]
            time.sleep(0.2)
        return time.monotonic() - started

    @pytest.mark.xdist_group("processes")
    class TestTogether:
        def test_people_on_different_processes_talk_live(self, city):
            talk = int(
                city.services["postgres"].asked(
                    "SELECT a.conversation_id FROM chat_member a JOIN chat_member b USING (conversation_id)"
                    " JOIN accounts_person p ON p.id = a.person_id JOIN accounts_person q ON q.id = b.person_id"
                    " WHERE p.email = 'salma@example.org' AND q.email = 'yusuf@example.org' LIMIT 1"
                )
            )

            async def meet():
                lines = []
                for persona, process in (("teacher", "sockets-1"), ("learner", "sockets-2")):
                    line = await websockets.connect(
                        f"ws://127.0.0.1:{city.ports[process]}/ws/chat/", origin=city.address,
                        additional_headers={"Cookie": city.session(persona), "Host": city.address[7:]},
                    )  # fmt: skip
                    await line.send(json.dumps({"type": "hello", "resume": {}}))
                    lines.append(line)
                teacher, learner = lines
                await asyncio.sleep(1)
                words = f"أهلًا {uuid.uuid4()}"
                sent = time.monotonic()
                await teacher.send(
                    json.dumps({"type": "send", "conversation": talk, "client_id": str(uuid.uuid4()), "body": words})
                )
                while True:
                    frame = json.loads(await asyncio.wait_for(learner.recv(), 10))
                    if frame["type"] == "message" and frame["body"] == words:
                        break
                took = time.monotonic() - sent
                for line in lines:
                    await line.close()
                return took

            # Rows are read every 3 s even without a bell; three times in a row sooner than that is the bell.
            assert max(asyncio.run(meet()) for _ in range(3)) < 2.5

        def test_the_proxy_refuses_metrics_and_carries_sockets(self, city):
            assert city.get("/metrics")[0] == 404
            assert city.get("/metrics/")[0] == 404

            async def through():
                async with websockets.connect(
                    city.address.replace("http", "ws") + "/ws/chat/", origin=city.address,
                    additional_headers={"Cookie": city.session("learner")},
                ) as line:  # fmt: skip
                    await line.send(json.dumps({"type": "hello", "resume": {}}))
                    await line.send("nonsense")
                    while (kind := json.loads(await asyncio.wait_for(line.recv(), 10))["type"]) != "refused":
                        assert kind in ("message", "seen")

            asyncio.run(through())

        def test_headers_hold_on_pages_and_on_the_proxys_own_answers(self, city):
            for path in ("/", "/static/rukn/rukn.css", "/static/nothing.css", "/metrics", "/nothing/"):
                headers = city.get(path)[2]
                assert headers["X-Content-Type-Options"] == "nosniff", path
                assert "default-src" in headers["Content-Security-Policy"], path

        def test_a_page_opens_no_connection_and_twenty_are_enough(self, city):
            postgres = city.services["postgres"]
            for _ in range(20):
                city.get("/find/?q=sewing")
            before = int(postgres.asked("SELECT sessions FROM pg_stat_database WHERE datname = 'rukn'"))
            for _ in range(200):
                assert city.get("/help/", cookies="language=ar")[0] == 200
                assert city.get("/")[0] == 200
            time.sleep(1.5)
            counted = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'rukn' AND pid <> pg_backend_pid()"
            assert int(postgres.asked(counted)) <= 20
            # The asking itself is one; workers open one a task.
            seconds = "SELECT sessions FROM pg_stat_database WHERE datname = 'rukn'"
            assert int(postgres.asked(seconds)) - before < 200

    @pytest.mark.xdist_group("processes")
    class TestFaults:
        @pytest.mark.parametrize("fault", ["kill", "hang"])
        @pytest.mark.parametrize("name", ["redis", "search", "postgres"])
        def test_pages_go_on_or_say_so_kindly_and_all_comes_back(self, city, name, fault):
            service = city.services[name]
            recovered(city, lambda: city.ready()[1].get("state") == "ok")
            with Load(city) as load:
                time.sleep(1)
                getattr(service, fault)()
                try:
                    part = {"postgres": "database"}.get(name, name)
                    recovered(city, lambda: city.ready()[1].get("parts", {}).get(part, {}).get("state", "ok") != "ok")
                    status, _ = city.ready()
                    assert status == (503 if name == "postgres" else 200)
                    time.sleep(5)
                    assert city.get("/healthz", timeout=9)[0] == 200
                    assert city.get("/static/rukn/rukn.css")[0] == 200
                    during = Counter(load.seen)
                finally:
                    (service.start if fault == "kill" else service.go_on)()
                took = recovered(
                    city,
                    lambda: city.ready()[1].get("state") == "ok" and city.get("/find/?q=sewing")[0] == 200,
                )
            assert took < RECOVERY_SECONDS
            assert load.bare == []
            assert {status for _, status in load.seen} <= KIND, load.seen
            if name != "postgres":
                assert {status for _, status in during} == {200}, during

        def test_a_killed_process_of_ours_is_started_again(self, city):
            for words in ("exchange.asgi:sockets", "exchange beat", "exchange.wsgi:application"):
                everyone = Path(f"/proc/{city.process.pid}/task/{city.process.pid}/children").read_text().split()
                named = {
                    int(pid): Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
                    for pid in everyone
                }
                os.kill(next(pid for pid, line in named.items() if words in line), signal.SIGKILL)
            time.sleep(1)
            recovered(city, lambda: city.ready()[1].get("state") == "ok" and city.get("/")[0] == 200)

        def test_logs_are_json_without_what_was_searched(self, city):
            text = city.log.read_text(encoding="utf-8")
            lines = [json.loads(line) for line in text.splitlines() if line.startswith("{") and '"event"' in line]
            assert any(line["event"] == "request" and line["route"] == "/find/" for line in lines)
            assert "sewing" not in text

        def test_nothing_was_lost(self, city):
            ended = subprocess.run(
                [sys.executable, "manage.py", "verify"], cwd=ROOT, capture_output=True, text=True, check=False,
                env={**city.environment, "DEMO": "1"},
            )  # fmt: skip
            assert ended.returncode == 0, ended.stdout + ended.stderr
