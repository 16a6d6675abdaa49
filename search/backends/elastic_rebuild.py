"""Filling a new index while people search and write, and comparing an index with the database.

Why nothing is lost: the new index is opened for writing *before* the first row is read. A writer that had asked for the
targets earlier had read its row earlier too, so the fill reads that row's newer state. Late and doubled writes meet
versions (`external_gte`), so an old text never replaces a newer one, in whatever order they arrive.
"""

import logging
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from search import document
from search.backends import elastic_index as index
from search.backends.base import Drift, Progress
from search.models import IndexBuild
from skills.models import Listing

log = logging.getLogger(__name__)

IN_FLIGHT = 3  # bulk requests on their way while the next rows are read
KEEP_OLD = timedelta(hours=24)  # from the switch on, so that going back is moving an alias
_ONE_REBUILD = 7_214_550_812  # number of the advisory lock; any constant


class Busy(RuntimeError):
    """Another rebuild is at work."""


def migrate(progress: Progress | None = None) -> None:
    """Make sure that an index of today's shape is read and written; rebuild when there is none."""
    index.put_template()
    read, written = index.behind(index.read_alias()), index.behind(index.write_alias())
    is_of_today = all(f"_v{index.shape_mark()}_" in name for name in read)
    if len(read) != 1 or not is_of_today or read[0] not in written:
        rebuild(progress)
    else:
        index.drop_unused(now=timezone.now(), keep=KEEP_OLD)


def rebuild(progress: Progress | None = None) -> str:
    """Fill a new index (or go on with one that was left unfinished) and move both aliases to it. Gives its name.

    Raises `Busy` when another process is doing so.
    """
    with _Alone():
        build = _unfinished() or _begin()
        index.open_for_writing(build.name)
        _fill(build, progress)
        _mend(build.name)
        index.switch(build.name)
        build.finished_at = timezone.now()
        build.save(update_fields=["finished_at"])
        index.drop_unused(now=timezone.now(), keep=KEEP_OLD)
        return build.name


def drift(name: str) -> Drift:
    """Compare versions of every listing, in the order of their ids, with flat memory."""
    missing, stale, ghosts = [], [], []
    rows = Listing.objects.order_by("id").values_list("id", "search_rev").iterator(chunk_size=5000)
    held = index.digest(name)
    row, doc = next(rows, None), next(held, None)
    while row is not None or doc is not None:
        if doc is None or (row is not None and row[0] < doc[0]):
            missing.append(row[0])  # type: ignore[index]
            row = next(rows, None)
        elif row is None or doc[0] < row[0]:
            ghosts.append(doc[0])
            doc = next(held, None)
        else:
            if doc[1] != row[1]:  # newer than the row: the database was set back to a backup, and would never be heard
                stale.append(row[0])
            row, doc = next(rows, None), next(held, None)
    return Drift(missing, stale, ghosts)


class _Alone:
    """One rebuild at a time, on PostgreSQL; the lock dies with its process. SQLite has one machine and one operator."""

    def __enter__(self) -> None:
        if connection.vendor != "postgresql":
            return
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [_ONE_REBUILD])
            if not cursor.fetchone()[0]:
                raise Busy("another rebuild is at work; wait for it, or end its process")

    def __exit__(self, *_: object) -> None:
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_ONE_REBUILD])


def _unfinished() -> IndexBuild | None:
    """Give the newest build of today's shape that was left unfinished and whose index is still there."""
    for build in IndexBuild.objects.filter(finished_at=None, shape=index.shape_mark()).order_by("-id"):
        if index.exists(build.name):
            log.info("Going on with %s after listing %s", build.name, build.last_id)
            return build
    return None


def _begin() -> IndexBuild:
    # The row first: an index without a row would be an orphan that nobody resumes (and is dropped after a day).
    now = timezone.now()
    name = index.name_at(now)
    build = IndexBuild.objects.create(name=name, shape=index.shape_mark(), started_at=now)
    index.create(name)
    return build


def _fill(build: IndexBuild, progress: Progress | None) -> None:
    waiting: deque[tuple[int, int, Future[Any]]] = deque()
    with ThreadPoolExecutor(max_workers=IN_FLIGHT) as senders:
        for chunk in document.read(after=build.last_id):
            waiting.append((chunk[-1].listing_id, len(chunk), senders.submit(index.write, chunk, [build.name])))
            if len(waiting) >= IN_FLIGHT:
                _settle(build, *waiting.popleft(), progress)
        while waiting:
            _settle(build, *waiting.popleft(), progress)


def _settle(build: IndexBuild, last_id: int, count: int, sent: "Future[Any]", progress: Progress | None) -> None:
    sent.result()
    build.last_id = last_id
    build.save(update_fields=["last_id"])
    if progress:
        progress(count)


def _mend(name: str) -> None:
    """Compare before the switch, and write again what differs (a write that failed while Elasticsearch was away)."""
    found = drift(name)
    if found:
        for chunk in document.read([*found.missing, *found.stale]):
            index.write(chunk, [name])
        # A listing begun during the comparison looks like a ghost. Erasing is for good, so the rows are asked again.
        born = set(Listing.objects.filter(id__in=found.ghosts).values_list("id", flat=True))
        index.erase([listing_id for listing_id in found.ghosts if listing_id not in born], [name])
