"""Rebuild the index while people search and write, killed five times and resumed.

    DATABASE_URL=… ELASTICSEARCH_URL=… python benchmarks/rebuild.py --scratch [--writes 20] [--searches 20]

A rebuild of the whole database runs as its own process (`manage.py search rebuild`). It is ended by SIGKILL at five
points: while the first rows, the middle and the last rows are written, during the comparison, and after the aliases
moved. Each time it is started again, until it ends by itself. Meanwhile searches must all be answered by Elasticsearch
with the listings that were there before, and every write (a new title) must be in the index at the end. Prints JSON;
exit status 1 when a search failed or an update was lost.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
SIDE_BY_SIDE = 4  # residents who search, and as many authors who write: one alone would wait for his own last answer
WORDS = ["خياطة", "sewing", "خبز", "عود", "excel", "تجويد", "bicycle", "رعاية النخيل"]
SETTLE_SECONDS = 30
LONGEST_SECONDS = 600


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--scratch", action="store_true", help="titles of the database may be changed")
    parser.add_argument("--writes", type=float, default=20.0, help="a second")
    parser.add_argument("--searches", type=float, default=20.0, help="a second")
    asked = parser.parse_args()
    from benchmarks.surroundings import start

    start()
    if not asked.scratch:
        print("needs --scratch: it changes titles of the database that DATABASE_URL names", file=sys.stderr)
        return 2
    from django.conf import settings
    from django.db import connection

    from search import indexing
    from search.backends import elastic_index as index
    from search.backends.elastic import ElasticBackend
    from search.models import IndexBuild
    from skills.models import Listing

    settings.SEARCH_SECONDS = 5.0  # this measures answers, not the page's patience on a busy machine
    ElasticBackend().migrate()
    IndexBuild.objects.filter(finished_at=None).delete()
    ids = list(Listing.objects.order_by("id").values_list("id", flat=True))
    traffic = Traffic(ids, asked.writes, asked.searches)
    traffic.start()
    before = index.behind(index.read_alias())
    began = time.monotonic()
    kills = [_killed(point, ids) for point in ("first rows", "middle", "last rows", "comparison", "after the switch")]
    ended = _rebuild().wait(timeout=LONGEST_SECONDS)
    took = time.monotonic() - began
    traffic.stop()
    found = _settled(indexing)
    lost = traffic.lost(index)
    connection.close()
    told = {
        "listings": len(ids),
        "seconds_with_kills": round(took, 1),
        "searches_per_second": round(traffic.searches / took, 1),
        "writes_per_second": round(traffic.writes / took, 1),
        "killed_at": kills,
        "ended_well": ended == 0,
        "aliases_moved": index.behind(index.read_alias()) != before,
        "searches": traffic.searches, "failed_searches": traffic.failed, "failures": traffic.failures.most_common(3),
        "writes": traffic.writes, "listings_written": len(traffic.written), "lost_updates": lost,
        "missing": len(found.missing), "stale": len(found.stale), "ghosts": len(found.ghosts),
    }  # fmt: skip
    is_killed_often = sum(kill["killed"] for kill in kills) == len(kills)
    told["ok"] = bool(ended == 0 and not traffic.failed and not lost and not found and is_killed_often)
    print(json.dumps(told, indent=1, ensure_ascii=False))
    return 0 if told["ok"] else 1


class Traffic:
    """Residents who search, and authors who change titles, each at a steady rate."""

    def __init__(self, ids: list[int], writes: float, searches: float) -> None:
        self._ids, self._writes, self._searches = ids, writes, searches
        self._is_over, self._counting = threading.Event(), threading.Lock()
        self._threads: list[threading.Thread] = []
        self.searches, self.writes, self.failed, self.failures = 0, 0, 0, Counter()
        self.written: dict[int, str] = {}

    def start(self) -> None:
        """Begin; what is found now stays open, so searches must go on finding it."""
        from search.backends.elastic import ElasticBackend
        from search.query import Query

        self._open = ElasticBackend().find(Query(limit=1, facets=False)).total
        self._words = [word for word in WORDS if ElasticBackend().find(Query(text=word, lang="ar")).total]
        for act, rate in ((self._search, self._searches), (self._write, self._writes)):
            for part in range(SIDE_BY_SIDE):
                thread = threading.Thread(target=self._steadily, args=(act, rate / SIDE_BY_SIDE, part), daemon=True)
                self._threads.append(thread)
                thread.start()

    def stop(self) -> None:
        """End."""
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def lost(self, index: Any) -> int:
        """Count titles that were written and are not in the index that is read."""
        ids = [str(each) for each in self.written]
        lost = 0
        for start in range(0, len(ids), 500):
            part = ids[start : start + 500]
            found = index.client().mget(index=index.read_alias(), ids=part, source=["title"])["docs"]
            lost += sum(doc.get("_source", {}).get("title") != self.written[int(doc["_id"])] for doc in found)
        return lost

    def _steadily(self, act: Any, rate: float, part: int) -> None:
        from django.db import connection

        rng, due = random.Random(f"{act.__name__} {part}"), time.monotonic()
        ids = self._ids[part::SIDE_BY_SIDE]  # nobody writes another's listing: the last title written is known
        while not self._is_over.is_set():
            act(rng, ids)
            connection.close()  # given back, as after a page
            due += 1 / rate
            time.sleep(max(0.0, due - time.monotonic()))

    def _search(self, rng: random.Random, ids: list[int]) -> None:
        from search.backends.elastic import ElasticBackend
        from search.query import Query

        with self._counting:
            self.searches += 1
        try:
            found = ElasticBackend().find(Query(text=rng.choice(self._words), lang="ar"))
            everything = ElasticBackend().find(Query(limit=1, facets=False))
            if not found.total or everything.total < self._open:
                raise LookupError(f"{found.total} found of {everything.total}, where {self._open} were open")
        except Exception as error:
            with self._counting:
                self.failed += 1
            self.failures[repr(error)[:200]] += 1

    def _write(self, rng: random.Random, ids: list[int]) -> None:
        from django.db import transaction
        from django.db.models import F

        from search import indexing
        from skills.models import Listing

        listing = rng.choice(ids)
        title = f"خياطة {rng.randrange(10**9)}"
        with transaction.atomic():
            Listing.objects.filter(id=listing).update(title=title, search_rev=F("search_rev") + 1)
        with self._counting:
            self.writes += 1
        self.written[listing] = title
        indexing.sync([listing])  # what the outbox's handler does


def _rebuild() -> "subprocess.Popen[bytes]":
    command = [sys.executable, "manage.py", "search", "rebuild", "--no-progress"]
    return subprocess.Popen(command, cwd=ROOT, env=os.environ, stdout=subprocess.DEVNULL, start_new_session=True)


def _killed(point: str, ids: list[int]) -> dict[str, Any]:
    """Start a rebuild, or let one go on, and end it by SIGKILL at a point; tells whether the point was met."""
    from search.backends import elastic_index as index
    from search.models import IndexBuild

    read = index.behind(index.read_alias())
    process, until = _rebuild(), time.monotonic() + LONGEST_SECONDS

    def is_there() -> bool:
        build = IndexBuild.objects.order_by("-id").first()
        if point == "after the switch":
            return index.behind(index.read_alias()) != read
        if build is None or build.finished_at:
            return False
        share = {"first rows": 0.02, "middle": 0.5, "last rows": 0.9, "comparison": 1.0}[point]
        return build.last_id >= ids[min(len(ids) - 1, int(share * len(ids)))]

    while process.poll() is None and time.monotonic() < until:
        if is_there():
            os.killpg(process.pid, signal.SIGKILL)
            break
        time.sleep(0.01)
    process.wait()
    build = IndexBuild.objects.order_by("-id").first()
    return {
        "point": point,
        "killed": process.returncode == -signal.SIGKILL,
        "last_id": build.last_id if build else None,
        "index": build.name[-14:] if build else None,
    }


def _settled(indexing: Any) -> Any:
    until = time.monotonic() + SETTLE_SECONDS
    while (found := indexing.settled_drift()) and time.monotonic() < until:
        time.sleep(1)
    return found


if __name__ == "__main__":
    sys.exit(main())
