"""The table of deploy/processes.toml as plain processes of this machine: started, watched, started again, ended."""

import contextlib
import ctypes
import os
import shlex
import shutil
import signal
import socket
import string
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

DEPLOY = settings.BASE_DIR / "deploy"
END_SECONDS = 8.0
FALLS, WITHIN_SECONDS = 5, 60.0  # a process that falls more often than this ends everything


class FallsAgainAndAgain(Exception):
    """A process ended right after each start."""


@dataclass(frozen=True)
class Entry:
    """One row of the table."""

    name: str
    command: str
    port: int | None = None
    counts_together: bool = False
    needs: str | None = None  # the setting without which it has nothing to do

    @property
    def is_wanted(self) -> bool:
        """Whether this installation has something for it to do."""
        return self.needs is None or bool(getattr(settings, self.needs))

    def argv(self, *, host: str, port: int | None) -> list[str]:
        """Give the words of the command."""
        return shlex.split(self.command.format(host=host, port=port))


def table() -> dict[str, Entry]:
    """Give the processes by name, in the order in which they are started."""
    rows = tomllib.loads((DEPLOY / "processes.toml").read_text(encoding="utf-8"))
    return {name: Entry(name=name, **row) for name, row in rows.items() if name not in ("once", "beside")}


def once(when: str = "once") -> list[list[str]]:
    """Give the commands that end by themselves: those run before the others, or `beside` them."""
    rows = tomllib.loads((DEPLOY / "processes.toml").read_text(encoding="utf-8"))
    return [shlex.split(line) for line in rows[when]["commands"]]


def free_port() -> int:
    """Give a port that the kernel says is free."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def nginx() -> str | None:
    """Give where nginx is, None when it is not installed."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def proxy_configuration(*, place: Path, root: Path, port: int, pages: int, sockets: list[int]) -> Path:
    """Write the proxy's configuration into a folder; `root` is the folder that holds static/."""
    place.mkdir(parents=True, exist_ok=True)
    for file in (DEPLOY / "nginx").glob("*.conf"):
        if file.name != "site.conf":
            shutil.copy(file, place)
    template = string.Template((DEPLOY / "nginx" / "plain.conf.template").read_text(encoding="utf-8"))
    text = template.substitute(
        # As root nginx would become nobody, who may not enter root's folders.
        user="user root;" if os.getuid() == 0 else "",
        place=place, root=root, port=port, pages=pages, sockets_1=sockets[0], sockets_2=sockets[1],
    )  # fmt: skip
    path = place / "nginx.conf"
    path.write_text(text, encoding="utf-8")
    return path


@dataclass
class Watched:
    """One process, and when it was started lately."""

    name: str
    argv: list[str]
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = None
    starts: list[float] = field(default_factory=list)

    def start(self) -> None:
        """Start it, in a group of its own that ends with this process. Raises `FallsAgainAndAgain`."""
        now = time.monotonic()
        self.starts = [each for each in self.starts if now - each < WITHIN_SECONDS] + [now]
        if len(self.starts) > FALLS:
            raise FallsAgainAndAgain(self.name)
        self.process = subprocess.Popen(  # noqa: S603 - our own table
            self.argv,
            cwd=settings.BASE_DIR,
            env=self.environment,
            start_new_session=True,
            preexec_fn=_end_with_parent,
        )

    def signal(self, number: int) -> None:
        """Send a signal to its whole group: children that a killed parent left behind hear it too."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)


class Supervisor:
    """Starts processes, starts a fallen one again, and ends them all."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say
        self.watched: dict[str, Watched] = {}
        self.is_ending = False

    def add(self, name: str, argv: list[str], environment: Mapping[str, str]) -> None:
        """Start one more process. Its program is looked for beside this Python first."""
        beside = Path(sys.executable).parent / argv[0]
        program = str(beside) if beside.exists() else argv[0]
        self.watched[name] = Watched(name, [program, *argv[1:]], environment)
        self.watched[name].start()

    def look(self) -> None:
        """Start again whatever ended. Raises `FallsAgainAndAgain`."""
        for each in self.watched.values():
            if each.process is not None and each.process.poll() is not None and not self.is_ending:
                self.say(f"{each.name} ended with status {each.process.returncode}; it is started again.")
                each.signal(signal.SIGKILL)
                time.sleep(0.2)
                each.start()

    def end(self) -> None:
        """End every process: kindly, and after some seconds whether it wants or not."""
        self.is_ending = True
        for each in self.watched.values():
            each.signal(signal.SIGTERM)
        until = time.monotonic() + END_SECONDS
        for each in self.watched.values():
            if each.process is not None:
                try:
                    each.process.wait(max(0.1, until - time.monotonic()))
                except subprocess.TimeoutExpired:
                    each.signal(signal.SIGKILL)
                    each.process.wait(5)
                each.signal(signal.SIGKILL)


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
