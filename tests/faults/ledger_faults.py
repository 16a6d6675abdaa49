"""Many clients on a few accounts, each act sent several times with one key, workers killed meanwhile (L1, L2, L4, L8).

    DATABASE_URL=… python -m tests.faults.ledger_faults --scratch [--transfers 50000] [--clients 32] [--accounts 10]
        [--times 5] [--kills 20] [--seed 7]

What an act is follows from its number, so a worker that was killed does its last ones again, with the same keys. At
the end: no balance was ever under its floor, each key made one transfer at most and every answer named the same one,
and the ledger agrees with itself. JSON on standard output; exit status 1 when anything is not so. People are made for
it; with --scratch the ledger of the database may hold nonsense afterwards.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
THREADS, FLOOR, AGAIN_FROM = 8, -120, 20


def people(seed: int, count: int) -> list[int]:
    """Make the people of a run, with open accounts."""
    from accounts.models import Person
    from exchange.ledger import services as ledger
    from exchange.ledger.models import Account

    ids = []
    for number in range(count):
        person, _ = Person.objects.get_or_create(email=f"fault-{seed}-{number}@example.org", defaults={"age": "18+"})
        ledger.open_account(person_id=person.pk)
        ids.append(person.pk)
    Account.objects.filter(kind="person", person__in=ids).update(floor=FLOOR, ceiling=None)
    return ids


def do(number: int, run: str, ids: list[int]) -> int:
    """Do the act of a number; gives the number of its transfer, 0 where nothing was held, -1 where it was refused."""
    from accounts.models import Person
    from exchange.ledger import services as ledger

    rng = random.Random(f"{run}:{number}")
    one, other = (Person(id=each, age="18+") for each in rng.sample(ids, 2))
    # Of forty neighbouring acts one holds hours for a lesson, two race to end an earlier one, the others are gifts.
    kind = {0: "hold", 1: "settle", 2: rng.choice(("settle", "back"))}.get(number % 40, "give")
    key, amount = f"{run}:{number}", rng.choice((1, 5, 30, 60))
    lesson = f"{run}:{number // 40 - (0 if kind == 'hold' else 1)}"
    try:
        if kind == "give":
            made = ledger.give(giver=one, receiver=other, minutes=amount, key=key)
        elif kind == "hold":
            made = ledger.hold(payer=one, minutes=amount, subject=lesson, key=key)
        elif kind == "settle":
            made = ledger.settle(subject=lesson, payee=other, key=key)
        else:
            made = ledger.give_back(subject=lesson, key=key)
    except ledger.NotEnoughHours:
        return -1
    return made.pk if made else 0


def work(options: argparse.Namespace) -> None:
    """Do the acts of one worker with several threads, noting every answer."""
    from django.db import connection

    ids = [int(each) for each in options.people.split(",")]
    numbers = range(options.start, options.end)

    def client(place: int) -> None:
        journal = Path(f"{options.journal}.{place}")
        own = [number for number in numbers if (number + number // 8) % options.threads == place]
        done = journal.read_text().count("\n") if journal.exists() else 0
        with journal.open("a") as notes:
            for number in own[max(0, done // options.times - AGAIN_FROM) :]:
                for _ in range(options.times):
                    try:
                        answer = do(number, options.run, ids)
                    except Exception as error:  # told and counted; the act is tried again, with the same key
                        answer = -9
                        print(f"{number}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
                    notes.write(f"{number} {answer}\n")
                    notes.flush()
        connection.close()

    threads = [threading.Thread(target=client, args=(place,)) for place in range(options.threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def start(options: argparse.Namespace, place: int, each: int, ids: list[int], folder: str) -> subprocess.Popen:
    """Start one worker."""
    environment = {**os.environ, "DATABASE_POOL": str(options.threads), "STATEMENT_SECONDS": "60", "LOG_LEVEL": "ERROR"}
    return subprocess.Popen(
        [sys.executable, "-m", "tests.faults.ledger_faults", "--scratch", "--worker", "--run", options.run,
         "--start", str(place * each), "--end", str((place + 1) * each), "--threads", str(options.threads),
         "--times", str(options.times),
         "--people", ",".join(map(str, ids)), "--journal", f"{folder}/{place}"],
        cwd=ROOT, env=environment, stderr=Path(f"{folder}/{place}.err").open("a"),
    )  # fmt: skip


def run(options: argparse.Namespace) -> dict:
    """Let the workers work, kill some of them, and look at what is left."""
    from django.db.models import F, Min

    from exchange.ledger.models import Account, Posting, Transfer
    from exchange.ledger.services import audit

    options.run = f"fault-{options.seed}-{int(time.time())}"
    ids = people(options.seed, options.accounts)
    rng, began, killed = random.Random(options.seed), time.monotonic(), 0
    with tempfile.TemporaryDirectory() as folder:
        processes = max(1, options.clients // options.threads)
        each = options.transfers // processes
        working = {place: start(options, place, each, ids, folder) for place in range(processes)}
        while working:
            time.sleep(options.pause * rng.uniform(0.5, 1.5))
            if killed < options.kills and working:
                place = rng.choice(sorted(working))
                if working[place].poll() is None:
                    working[place].kill()
                    working[place].wait()
                    killed += 1
                    working[place] = start(options, place, each, ids, folder)
            working = {place: process for place, process in working.items() if process.poll() is None}
        answers, errors = defaultdict(set), []
        for journal in Path(folder).iterdir():
            if journal.suffix == ".err":
                errors += journal.read_text().splitlines()
                continue
            for note in journal.read_text().splitlines():
                number, _, answer = note.partition(" ")
                if answer:
                    answers[int(number)].add(int(answer))
    seconds = time.monotonic() - began
    found = audit.verify()
    mine = Account.objects.filter(kind="person", person__in=ids)
    made = dict(Transfer.objects.filter(key__startswith=f"{options.run}:").values_list("key", "id"))
    # An act may be refused, or find nothing, and go through at a later try; never two transfers, never a vanished one.
    torn = [number for number, given in answers.items() if len({each for each in given if each > 0}) > 1]
    wrong = [
        number for number, given in answers.items()
        if {each for each in given if each > 0} - {made.get(f"{options.run}:{number}")}
    ]  # fmt: skip
    told = {
        "acts": sum(1 for number in range(each * processes) if number in answers),
        "transfers": len(made),
        "killed": killed,
        "errors": len(errors),
        "error_share": round(len(errors) / max(1, options.times * len(answers)), 5),
        "first_errors": errors[:3],
        "two_transfers_for_one_key": torn,
        "answers_without_their_transfer": wrong,
        "under_floor": mine.filter(balance__lt=F("floor")).count()
        + Posting.objects.filter(account__in=mine, balance__lt=FLOOR).count(),
        "lowest_ever": Posting.objects.filter(account__in=mine).aggregate(low=Min("balance"))["low"],
        "verify": {name: ids[:5] for name, ids in found.faults.items() if ids},
        "seconds": round(seconds, 1),
    }
    is_well = found.is_well and not torn and not wrong and not told["under_floor"] and told["error_share"] < 0.001
    return {"ok": is_well and told["acts"] == each * processes, **told}


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scratch", action="store_true")
    parser.add_argument("--transfers", type=int, default=50_000)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--threads", type=int, default=THREADS, help="clients in one process")
    parser.add_argument("--accounts", type=int, default=10)
    parser.add_argument("--times", type=int, default=5, help="how often each act is sent")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--pause", type=float, default=5.0, help="seconds between two kills")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    for name in ("run", "people", "journal"):
        parser.add_argument(f"--{name}", default="", help=argparse.SUPPRESS)
    for name in ("start", "end"):
        parser.add_argument(f"--{name}", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if not options.scratch:
        parser.error("this fills a ledger with nonsense: name a database by DATABASE_URL and say --scratch")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "exchange.settings")
    import django

    django.setup()
    if options.worker:
        work(options)
        return 0
    told = run(options)
    print(json.dumps(told, indent=1))
    return 0 if told["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
