"""What every command with files shares: standard input as `-`, JSON lines out, exit status 2 with a named line."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NoReturn, Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

UNUSABLE = 2


class Writable(Protocol):
    """Anything that takes text: a stream, or a command's output."""

    def write(self, text: str, /) -> object:
        """Take text."""


@contextmanager
def opened(name: str) -> Iterator[BinaryIO]:
    """Open a file for reading bytes, `-` being standard input; ends the command with status 2 when it cannot."""
    if name == "-":
        yield sys.stdin.buffer
        return
    try:
        stream = Path(name).open("rb")  # noqa: SIM115 - closed below, the error is told before
    except OSError as error:
        unusable(f"{name}: {error.strerror}")
    with stream:
        yield stream


def unusable(*reasons: object) -> NoReturn:
    """Say on standard error why the input cannot be used, a line each, and end with status 2."""
    for reason in reasons:
        print(reason, file=sys.stderr)  # noqa: T201
    raise SystemExit(UNUSABLE)


def is_writable(value: object) -> bool:
    """Whether a JSON value can be written again: a lone half of a character and what overflowed (1e999) cannot."""
    try:
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except ValueError:
        return False
    return True


def put(stream: Writable, value: object) -> None:
    """Write one JSON line, Arabic as it is."""
    stream.write(json.dumps(value, ensure_ascii=False) + "\n")


@contextmanager
def progress(what: str, total: int, *, hidden: bool = False) -> Iterator[Callable[[int], None]]:
    """Show a progress bar with time left on a terminal's standard error, nothing elsewhere; yields `advance(n)`."""
    console = Console(stderr=True)
    if hidden or not console.is_terminal:
        yield lambda _count: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(what, total=total)
        yield lambda count: bar.advance(task, count)
