"""The demo city as a large installation runs it: pages, sockets, workers, scheduler and proxy, each a process."""

import os
import shutil
import signal
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from exchange.lib import command
from exchange.management import processes
from exchange.management.commands.demo import FIRST_PORT, listen

READY_SECONDS = 90
NEEDED = ("DATABASE_URL", "REDIS_URL", "ELASTICSEARCH_URL")


class Command(BaseCommand):
    help = "Start the demo city as plain processes on the services that the environment names."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=FIRST_PORT)
        parser.add_argument("--size", choices=["small", "city"], default="small")
        parser.add_argument("--lang", choices=["ar", "en"], default="ar", help="language the printed addresses open in")
        parser.add_argument("--seed", type=int, default=7, help="the same number gives the same city")
        parser.add_argument("--no-progress", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        missing = [name for name in NEEDED if not getattr(settings, name)]
        if missing:
            command.unusable(
                f"services_demo: set {', '.join(missing)}. It runs on PostgreSQL, Redis and Elasticsearch;"
                " docs/operations.md says how these are started. Without them there is `make demo`."
            )
        proxy = processes.nginx()
        if proxy is None:
            command.unusable(
                "services_demo: nginx is not installed, and without a proxy pages and sockets have no common address."
                " Run:  sudo apt-get install nginx-light"
            )
        self._prepare(options)
        place = settings.VAR_DIR / "services"
        listener = listen(options["port"], self.stdout.write)
        port = int(listener.getsockname()[1])
        listener.close()
        supervisor = processes.Supervisor(lambda sentence: self.stderr.write(sentence))
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: setattr(supervisor, "is_ending", True))
        status = 0
        try:
            ports = self._start(supervisor, place, port)
            if self._wait_until_ready(supervisor, [each for name, each in ports.items() if name != "mail"]):
                sockets = [number for name, number in ports.items() if name.startswith("sockets")]
                configuration = processes.proxy_configuration(
                    place=place / "nginx", root=place / "root", port=port, pages=ports["pages"], sockets=sockets
                )
                supervisor.add(
                    "proxy", [proxy, "-p", str(configuration.parent), "-c", str(configuration)], dict(os.environ)
                )
                self._wait_until_ready(supervisor, [port])
                self._tell(port, options["lang"], time.monotonic() - started)
            while not supervisor.is_ending:
                supervisor.look()
                time.sleep(0.3)
        except processes.FallsAgainAndAgain as fallen:
            self.stderr.write(f"services_demo: {fallen} ends right after each start, so all is ended. See above why.")
            status = 1
        finally:
            supervisor.end()
        self.stdout.write("Goodbye · مع السلامة")
        sys.exit(status)

    def _prepare(self, options: dict[str, Any]) -> None:
        from exchange.management.seed import plant

        call_command("migrate", verbosity=0, interactive=False)
        is_new = not plant.is_planted()
        call_command(
            "demo", no_serve=True, size=options["size"], seed=options["seed"], no_progress=options["no_progress"]
        )
        call_command("search", "rebuild" if is_new else "migrate", stdout=self.stderr)

    def _start(self, supervisor: processes.Supervisor, place: Path, port: int) -> dict[str, int]:
        ports: dict[str, int] = {}
        environment = environment_of_children(place, port)
        self._collect_static(environment)
        for name, entry in processes.table().items():
            if not entry.is_wanted:
                continue
            own = dict(environment)
            if entry.counts_together:
                counts = place / "counts" / name
                shutil.rmtree(counts, ignore_errors=True)
                counts.mkdir(parents=True)
                own["PROMETHEUS_MULTIPROC_DIR"] = str(counts)
            if entry.port is not None:
                ports[name] = processes.free_port()
            supervisor.add(name, entry.argv(host="127.0.0.1", port=ports.get(name)), own)
        (place / "ports").write_text("".join(f"{name} {number}\n" for name, number in ports.items()), encoding="ascii")
        return ports

    def _collect_static(self, environment: dict[str, str]) -> None:
        import subprocess

        subprocess.run(
            [sys.executable, "manage.py", "collectstatic", "--no-input", "-v0"],
            cwd=settings.BASE_DIR, env=environment, check=True,
        )  # fmt: skip

    def _wait_until_ready(self, supervisor: processes.Supervisor, ports: list[int]) -> bool:
        """Wait until each port answers; whether all did before somebody asked to end."""
        until = time.monotonic() + READY_SECONDS
        left = list(ports)
        while left and not supervisor.is_ending:
            supervisor.look()
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{left[0]}/healthz", timeout=2) as answer:
                    answer.read()
                left.pop(0)
            except OSError:
                if time.monotonic() > until:
                    command.unusable(f"services_demo: port {left[0]} is silent after {READY_SECONDS} s; see above why")
                time.sleep(0.2)
        return not left

    def _tell(self, port: int, lang: str, seconds: float) -> None:
        from exchange.demo_urls import PERSONAS

        address = f"http://127.0.0.1:{port}"
        names = ", ".join([*(name for name, entry in processes.table().items() if entry.is_wanted), "proxy"])
        self.stdout.write(
            f"\nRukn · ركن  is ready after {seconds:.1f} s:  {address}/\nRunning: {names}\n\nCome in with one click as"
        )
        for key, persona in PERSONAS.items():
            self.stdout.write(f"  {persona[lang]:<28} {address}/demo/enter/{key}/?lang={lang}")
        self.stdout.write("\nSign-in codes are printed here. Stop with Ctrl-C.\n")
        self.stdout.flush()


def environment_of_children(place: Path, port: int) -> dict[str, str]:
    """Give the environment of the processes: as here, with what a server behind a proxy needs."""
    given = dict(os.environ)
    if given.get("STATEMENT_SECONDS") == "0":  # that is for commands
        del given["STATEMENT_SECONDS"]
    return {
        **given, "DEMO": "1", "DJANGO_SETTINGS_MODULE": "exchange.settings", "SITE_URL": f"http://127.0.0.1:{port}",
        "TRUSTED_PROXIES": "1", "STATIC_ROOT": str(place / "root" / "static"), "STATICFILES_MANIFEST": "1",
        "PYTHONUNBUFFERED": "1",
    }  # fmt: skip
