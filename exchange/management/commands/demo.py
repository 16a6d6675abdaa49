"""The one command: a whole city on this machine, pages, sockets and background work in one process."""

import contextlib
import gc
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from exchange.lib import command
from exchange.management.squashed import half_way

FIRST_PORT = 8000
PORTS_TRIED = 50


class Command(BaseCommand):
    help = "Start a demo city: migrate, seed, serve; prints the address and one-click entrances."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=FIRST_PORT)
        parser.add_argument("--reset", action="store_true", help="throw the demo's data away first")
        parser.add_argument("--size", choices=["small", "city"], default="small")
        parser.add_argument("--lang", choices=["ar", "en"], default="ar", help="language the printed addresses open in")
        parser.add_argument("--seed", type=int, default=7, help="the same number gives the same city")
        parser.add_argument("--no-progress", action="store_true")
        parser.add_argument("--no-serve", action="store_true", help="only prepare the data")

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        if not settings.DEMO:
            command.unusable("demo: start it as `manage.py demo`, which sets DEMO=1 for itself")
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: os._exit(0))  # nothing half-planted stays: seeding is one transaction
        if options["reset"]:
            self._reset()
        gc.disable()  # nearly all that is made before the first page stays: looking for rubbish finds none
        self._migrate()
        self._plant(options)
        gc.freeze()
        gc.enable()
        if options["no_serve"]:
            return
        listener = listen(options["port"], self.stdout.write)
        port = listener.getsockname()[1]
        settings.SITE_URL = f"http://127.0.0.1:{port}"
        self._tell(port, options["lang"], time.monotonic() - started)
        self._serve(listener)

    def _migrate(self) -> None:
        if half_way():
            raise CommandError(
                "The demo's data were made by an older Rukn and cannot be carried on."
                " Start anew: `make demo ARGS=--reset`. Your own installation: docs/operations.md, Upgrade."
            )
        call_command("migrate", verbosity=0, interactive=False)

    def _reset(self) -> None:
        database = settings.DATABASES["default"]
        if not database["ENGINE"].endswith("sqlite3"):
            command.unusable("demo: --reset throws away the SQLite file only; empty a PostgreSQL database by hand")
        for ending in ("", "-wal", "-shm"):
            Path(f"{database['NAME']}{ending}").unlink(missing_ok=True)
        self.stdout.write("The old city is gone; a new one is built.")

    def _plant(self, options: dict[str, Any]) -> None:
        from exchange.management.seed import plant
        from exchange.outbox import services as outbox
        from exchange.outbox.models import Event
        from exchange.sqlite3 import sizes

        if plant.is_planted():
            self._index()
            return
        total = plant.SIZES[options["size"]][1]
        self.stdout.write(f"Building a city of {total:,} listings …")
        with command.progress("Listings", total, hidden=options["no_progress"]) as advance:
            plant.plant(size=options["size"], seed=options["seed"], progress=advance)
        sizes.learn()
        # Matches are found here once, so the thousands of events of the seed need not be relayed one by one.
        Event.objects.all().delete()
        with command.progress("Matches", total, hidden=options["no_progress"]) as advance:
            plant.match_all(progress=advance)
        plant.let_climb(seed=options["seed"])
        Event.objects.exclude(name__startswith="ring.").delete()
        sizes.learn()
        self._index()
        outbox.relay()

    def _index(self) -> None:
        from search.backends import backend
        from search.backends.base import Away

        try:
            backend().migrate()
        except Away as error:
            self.stdout.write(f"The search engine is away ({error}); the database answers until it is back.")

    def _tell(self, port: int, lang: str, seconds: float) -> None:
        from exchange.demo_urls import PERSONAS

        address = f"http://127.0.0.1:{port}"
        self.stdout.write(f"\nRukn · ركن  is ready after {seconds:.1f} s:  {address}/\n\nCome in with one click as")
        for key, persona in PERSONAS.items():
            self.stdout.write(f"  {persona[lang]:<28} {address}/demo/enter/{key}/?lang={lang}")
        self.stdout.write("\nSign-in codes are printed here. Stop with Ctrl-C.\n")
        self.stdout.flush()

    def _serve(self, listener: socket.socket) -> None:
        import uvicorn
        from celery.contrib.testing.worker import start_worker

        from exchange.celery import app as celery

        config = uvicorn.Config(
            "exchange.asgi:application",
            log_level="warning",
            ws="websockets-sansio",
            lifespan="off",
            proxy_headers=False,  # the demo stands behind no proxy, so nobody names an address but the connection
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)
        # uvicorn would raise the signal again after closing; Ctrl-C is the ordinary way to end a demo.
        server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign, assignment]

        def end(_number: int, _frame: object) -> None:
            server.should_exit = True

        with start_worker(celery, pool="solo", perform_ping_check=False, shutdown_timeout=5, loglevel="WARNING"):
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, end)
            stop = threading.Event()
            threading.Thread(target=_ring_regularly, args=(stop,), daemon=True).start()
            server.run(sockets=[listener])
            stop.set()
        self.stdout.write("Goodbye · مع السلامة")
        sys.stdout.flush()
        os._exit(0)


def _ring_regularly(stop: threading.Event) -> None:
    """Do what the scheduler does in a large installation: send each scheduled task when it is due."""
    from exchange.celery import app as celery

    due = dict.fromkeys(settings.CELERY_BEAT_SCHEDULE, 0.0)
    while not stop.wait(0.5):
        for name, job in settings.CELERY_BEAT_SCHEDULE.items():
            if time.monotonic() >= due[name]:
                due[name] = time.monotonic() + float(job["schedule"])
                celery.send_task(job["task"], kwargs=job.get("kwargs"), ignore_result=True, **job.get("options", {}))


def listen(wanted: int, say: Callable[[str], object]) -> socket.socket:
    """Give a listening socket on this port or the next free one; ends the command when there is none."""
    for port in range(wanted, wanted + PORTS_TRIED):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
            listener.listen(128)  # from here on a visitor waits instead of being turned away
        except OSError:
            listener.close()
            continue
        if port != wanted:
            say(f"Port {wanted} is taken, so this is port {port}.")
        return listener
    last = wanted + PORTS_TRIED - 1
    return command.unusable(f"demo: no free port from {wanted} to {last}; name another with --port")
