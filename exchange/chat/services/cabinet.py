"""The private folder: files that people sent, under names nobody can guess, outside whatever a web server serves."""

import logging
import os
import secrets
import time
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.db import transaction

from exchange.chat.models import File

log = logging.getLogger(__name__)

YOUNG_SECONDS = 24 * 3600.0  # a file without a row may belong to an upload that is under way


def put(data: bytes, ending: str) -> str:
    """Keep bytes; gives the name they are kept under. They go again when the transaction around this comes to nothing
    (`sweep`)."""
    name = secrets.token_hex(20)
    return _storage().save(f"{name[:2]}/{name}.{ending}", ContentFile(data))


def get(path: str) -> bytes | None:
    """Give the bytes of a name; None when they are not there."""
    try:
        with _storage().open(path) as file:
            return bytes(file.read())
    except (FileNotFoundError, NotADirectoryError):
        return None


def take_away(paths: Iterable[str]) -> None:
    """Take files away once the transaction is through; what fails is done by `sweep`."""
    names = [path for path in paths if path]

    def after_commit() -> None:
        for name in names:
            _storage().delete(name)

    transaction.on_commit(after_commit, robust=True)


def sweep(*, now: float) -> int:
    """Take away files older than a day that belong to no message: of uploads that failed, of deletions that did not
    reach the disk. Gives how many. Doing it twice does nothing."""
    folder = Path(settings.FILES_FOLDER)
    old = [
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and now - path.stat().st_mtime > YOUNG_SECONDS
    ]
    count = 0
    for place in range(0, len(old), 500):
        some = set(old[place : place + 500])
        rows = File.objects.filter(path__in=some).values_list("path", flat=True)
        small = File.objects.filter(small_path__in=some).values_list("small_path", flat=True)
        for name in sorted(some - set(rows) - set(small)):
            _storage().delete(name)
            count += 1
    return count


def missing() -> list[int]:
    """Give the numbers of messages whose file is not on the disk."""
    rows = File.objects.values_list("message_id", "path", "small_path").iterator(chunk_size=1000)
    return [number for number, *names in rows if not all(_storage().exists(name) for name in names if name)]


def is_writable() -> bool:
    """Whether a file can be kept."""
    folder = Path(settings.FILES_FOLDER)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return os.access(folder, os.W_OK | os.X_OK)


def now() -> float:
    """Give the clock of the files."""
    return time.time()


def _storage() -> FileSystemStorage:
    return FileSystemStorage(
        location=settings.FILES_FOLDER, file_permissions_mode=0o600, directory_permissions_mode=0o700
    )
