"""Change listings while Elasticsearch, Redis and the worker are killed, stopped and slowed; then compare the index.

    python -m tests.faults.index_faults --scratch --changes 20000 --faults 32 \\
        --elasticsearch-start "COMMAND" --redis-start "COMMAND"

Works on the services that DATABASE_URL, REDIS_URL and ELASTICSEARCH_URL name, through proxies of its own; with the
two commands it also kills and stops the services themselves. Prints JSON; exit status 1 when the index had not found
its way back 60 seconds after the last fault.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.faults.proxy import Proxy
from tests.faults.runner import Fault, History, Program, Service, inject, proxied, schedule

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 60
WORDS = [
    "خياطة", "تطريز", "عود", "خبز", "إكسل", "نجارة", "فخار", "رسم", "sewing", "bread", "oud",
]  # fmt: skip
NEEDED = ("DATABASE_URL", "REDIS_URL", "ELASTICSEARCH_URL")


def main() -> int:
    """Run, print, and give the exit status."""
    asked = _arguments()
    missing = [name for name in NEEDED if not os.environ.get(name)]
    if missing or not asked.scratch:
        print(f"needs {', '.join(NEEDED)}, and --scratch: the database is filled with nonsense", file=sys.stderr)
        return 2
    ports = {name: urlsplit(os.environ[name]).port or 0 for name in NEEDED}
    elastic, redis = Proxy(os.environ["ELASTICSEARCH_URL"]), Proxy(os.environ["REDIS_URL"])
    direct = dict(os.environ)
    os.environ |= {"ELASTICSEARCH_URL": elastic.url, "REDIS_URL": redis.url, "LOG_LEVEL": "ERROR"}
    faults = [*proxied("elasticsearch", elastic), *proxied("redis", redis)]
    for name, start in (("elasticsearch", asked.elasticsearch_start), ("redis", asked.redis_start)):
        if start:
            faults += Service(name, ports[f"{name.upper()}_URL"], start).faults()
    folder = asked.history.parent
    folder.mkdir(parents=True, exist_ok=True)
    celery = [sys.executable, "-m", "celery", "-A", "exchange"]
    beat = ["-s", str(folder / f"beat-{os.getpid()}")]
    programs = [
        Program(
            "worker", [*celery, "worker", "-B", *beat, "-Q", "bells", "-P", "solo", "-l", "ERROR",
                       "--without-gossip", "--without-mingle"], cwd=ROOT, log=folder / "worker.log",
        )
    ]  # fmt: skip
    if asked.two_schedulers:
        programs.append(
            Program("scheduler", [*celery, "beat", "-s", f"{beat[1]}-2", "-l", "ERROR"], cwd=ROOT,
                    log=folder / "beat.log")
        )  # fmt: skip
    faults += [fault for program in programs for fault in program.faults()]
    try:
        told = _run(asked, faults, programs, direct)
    finally:
        for program in programs:
            program.kill()
    print(json.dumps(told, ensure_ascii=False, indent=1))
    return 0 if told["ok"] else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--scratch", action="store_true", help="the database and the index may be filled with nonsense")
    parser.add_argument("--changes", type=int, default=20_000)
    parser.add_argument("--faults", type=int, default=32)
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    parser.add_argument("--writers", type=int, default=2)
    parser.add_argument("--lasts", type=float, nargs=2, default=(1.0, 5.0), help="seconds a fault lasts, from and to")
    parser.add_argument("--gap", type=float, default=2.0)
    parser.add_argument("--two-schedulers", action="store_true")
    parser.add_argument("--elasticsearch-start", default="", help="command that starts a killed Elasticsearch again")
    parser.add_argument("--redis-start", default="")
    parser.add_argument("--history", type=Path, default=ROOT / "var" / "faults" / "index.json")
    return parser.parse_args()


def _run(
    asked: argparse.Namespace, faults: list[Fault], programs: list[Program], direct: dict[str, str]
) -> dict[str, Any]:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "exchange.settings")
    django.setup()
    from search.backends import backend
    from skills.models import Listing

    if not Listing.objects.exclude(state="closed").exists():
        raise SystemExit("the database holds no listing to change: plant a city first (manage.py demo --no-serve)")
    backend().migrate()
    history = History(asked.seed)
    plan = schedule(faults, count=asked.faults, seed=asked.seed, lasts=tuple(asked.lasts))
    for program in programs:
        program.start()
    spread = sum(lasts + asked.gap for _fault, lasts in plan)
    changes = Changes(history, asked.changes, spread * 0.95)
    writers = [threading.Thread(target=changes.make, args=(asked.seed + place,)) for place in range(asked.writers)]
    for writer in writers:
        writer.start()
    inject(plan, history, gap=asked.gap)
    last_fault = time.monotonic()
    for writer in writers:
        writer.join()
    last_change = time.monotonic()
    found, came_back = _wait(last_fault, last_change, direct)
    texts = _different_texts() if not any(found.values()) else None
    history.write(asked.history)
    failed = sum(history.counts(name).get("fail", 0) for name in ("fault", "change"))
    ok = not any(found.values()) and not texts and not failed
    left = [each for ids in found.values() for each in ids]
    return {
        "ok": ok,
        "seed": asked.seed,
        "faults": history.counts("fault"),
        "kinds": sorted({f"{row['part']} {row['act']}" for row in history.rows if row["op"] == "fault"}),
        "changes": history.counts("change"),
        "seconds": round(last_change - history.started, 1),
        "seconds_until_whole": came_back,  # after the last fault or the last change, whichever was later
        "texts_compared_different": texts,
        **found,
        "events_of_these": _events_of(left),
    }


class Changes:
    """Writers that change listings in every way residents do, until enough was changed."""

    def __init__(self, history: History, wanted: int, seconds: float) -> None:
        """Spread `wanted` changes over about so many seconds, so that each fault meets some."""
        from skills.models import Listing

        self._history, self._wanted, self._seconds = history, wanted, seconds
        self._left, self._lock = wanted, threading.Lock()
        self._ids = list(Listing.objects.exclude(state="closed").order_by("id").values_list("id", flat=True)[:3000])
        self._run = f"{os.getpid()}-{int(time.time())}"

    def make(self, seed: int) -> None:
        """Change listings one after the other."""
        from django.db import OperationalError, close_old_connections

        from exchange.lib.errors import Refused

        rng = random.Random(seed)
        while (number := self._take()) >= 0:
            early = self._seconds * (1 - number / self._wanted) - self._history.now()
            if early > 0:
                time.sleep(early)
            with self._history.op("change", unknown=(TimeoutError, OperationalError)) as row:
                try:
                    row["act"] = self._change(rng, number)
                except Refused as refusal:
                    row["act"] = f"refused: {refusal.code}"
        close_old_connections()

    def _take(self) -> int:
        with self._lock:
            self._left -= 1
            return self._left

    def _change(self, rng: random.Random, number: int) -> str:
        from accounts import services as accounts
        from skills.models import Listing
        from skills.services import listings

        listing = Listing.objects.select_related("owner", "owner__profile").get(id=rng.choice(self._ids))
        owner, act = listing.owner, rng.choices(("pause", "resume", "confirm", "text", "new", "draft", "person"),
                                                (25, 25, 20, 15, 5, 5, 5))[0]  # fmt: skip
        if act in ("pause", "resume", "confirm"):
            getattr(listings, act)(listing=listing, by=owner)
        elif act in ("text", "new"):
            key = listing.key if act == "text" and listing.key else f"fault-{self._run}-{number}"
            listings.publish_directly(
                owner=owner, kind=listing.kind, key=key, tags=[{"text": rng.choice(WORDS)}],
                title=f"{rng.choice(WORDS)} {number}", body=" ".join(rng.sample(WORDS, 5)), lang="ar",
            )  # fmt: skip
        elif act == "draft":
            revision = listings.start(owner=owner, kind="wish", lang="ar")
            if rng.random() < 0.7:
                listings.withdraw(revision=revision, by=owner)
        elif owner.profile.is_paused or rng.random() < 0.5:
            accounts.resume(person=owner)
        else:
            accounts.pause(person=owner)
        return act


def _wait(last_fault: float, last_change: float, env: dict[str, str]) -> tuple[dict[str, list[Any]], float | None]:
    """Ask `manage.py verify` until it finds nothing, for 60 s after the last fault (and the last change, if later)."""
    end = max(last_fault, last_change) + SECONDS
    while True:
        found = _verify(env)
        if not any(found.values()):
            return found, round(time.monotonic() - max(last_fault, last_change), 1)
        if time.monotonic() > end:
            return found, None
        time.sleep(0.5)


def _verify(env: dict[str, str]) -> dict[str, list[Any]]:
    told = subprocess.run([sys.executable, "manage.py", "verify"], cwd=ROOT, env=env, capture_output=True, timeout=120)
    answer = json.loads(told.stdout)
    names = ("index_missing", "index_stale", "index_ghosts", "index_away")
    return {name: answer.get(name, [])[:20] for name in names}


def _events_of(ids: list[Any]) -> list[dict[str, Any]]:
    """Give what the outbox says about listings that differ: where to begin looking."""
    from exchange.outbox.models import Event

    rows = Event.objects.filter(subject_id__in=[str(each) for each in ids], queue="bells").order_by("id")
    return [
        {"id": row.pk, "name": row.name, "subject": row.subject_id, "due_at": str(row.due_at),
         "finished_at": str(row.finished_at), "tries": row.tries, "reason": row.reason[:200]}
        for row in rows
    ]  # fmt: skip


def _different_texts() -> int:
    """Count listings whose title or openness in the index is not the row's: versions alone could lie."""
    from elasticsearch import helpers

    from search import document
    from search.backends import elastic_index as index

    held = {
        int(hit["_id"]): (hit["_source"]["title"], hit["_source"]["is_open"])
        for hit in helpers.scan(
            index.client(), index=index.read_alias(), query={"_source": ["title", "is_open"]}, size=5000
        )
    }
    return sum(held.get(each.listing_id) != (each.title, each.is_open) for chunk in document.read() for each in chunk)


if __name__ == "__main__":
    sys.exit(main())
