"""What a transfer of hours costs through the service, beside a bare transaction of the same five statements.

    DATABASE_URL=postgres://… python benchmarks/ledger.py --scratch [--seconds 4] [--rounds 3] [--postings 100000]

--scratch empties the ledger of the database it runs on, and makes 10,000 people there. Product and bare tables
alternate in the same run, so the ratios hold on a busy machine where the figures themselves do not. JSON on standard
output; exit status 1 when a goal is missed.
"""

import argparse
import itertools
import json
import os
import random
import sys
import time
import uuid
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import surroundings

PEOPLE, WORKERS = 10_000, 8
STEP = 200  # acts of one transaction on one account: each leaves a row behind that the next one passes by
GOALS = {
    "one_connection": 0.5, "hot_account": 0.5, "two_accounts": 0.4, "common_account": 0.8, "verify": 0.5,
}  # fmt: skip
MOST_ROUND_TRIPS, MOST_BYTES, MOST_CPU, MOST_STATEMENTS = 3, 2 * 743, 6.0, 2
BARE = """
DROP SCHEMA IF EXISTS ledger_bare CASCADE;
CREATE SCHEMA ledger_bare;
CREATE TABLE ledger_bare.account (id bigint PRIMARY KEY, balance integer NOT NULL DEFAULT 0, floor integer,
    CHECK (balance >= floor));
CREATE TABLE ledger_bare.transfer (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key text UNIQUE NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE TABLE ledger_bare.posting (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    transfer_id bigint NOT NULL REFERENCES ledger_bare.transfer,
    account_id bigint NOT NULL REFERENCES ledger_bare.account,
    minutes integer NOT NULL, balance integer NOT NULL);
CREATE INDEX ON ledger_bare.posting (account_id, id);
CREATE FUNCTION ledger_bare.move(payer bigint, payee bigint, minutes integer, k text) RETURNS bigint
    LANGUAGE plpgsql AS $$
DECLARE made bigint; one integer; two integer;
BEGIN
    PERFORM FROM ledger_bare.account WHERE id IN (payer, payee) ORDER BY id FOR UPDATE;
    INSERT INTO ledger_bare.transfer (key) VALUES (k) RETURNING id INTO made;
    UPDATE ledger_bare.account SET balance = balance - minutes WHERE id = payer RETURNING balance INTO one;
    UPDATE ledger_bare.account SET balance = balance + minutes WHERE id = payee RETURNING balance INTO two;
    INSERT INTO ledger_bare.posting (transfer_id, account_id, minutes, balance)
        VALUES (made, payer, -minutes, one), (made, payee, minutes, two);
    RETURN made;
END $$;
"""


def begin() -> None:
    """Set Django up in a worker, and a bare line beside it."""
    global line
    surroundings.begin()
    import psycopg
    from django.db import connection

    given = {
        name: value for name, value in connection.get_connection_params().items()
        if name not in {"cursor_factory", "context", "prepare_threshold", "pool", "server_side_binding"}
    }  # fmt: skip
    line = psycopg.connect(**given, autocommit=True)


def work(task: tuple[str, list[int], list[int], float, float]) -> dict[str, Any]:
    """Do one kind of transfer between random people for some seconds; gives how many, how long each, CPU of it."""
    kind, payers, payees, start_at, seconds = task
    act = ACTS[kind]
    rng = random.Random(os.urandom(8))
    for _ in range(20):  # plans are made, lines are open
        act(rng.choice(payers), rng.choice(payees))
    time.sleep(max(0.0, start_at - time.time()))
    waits, used, ends = [], time.process_time(), time.monotonic() + seconds
    while time.monotonic() < ends:
        started = time.monotonic()
        act(rng.choice(payers), rng.choice(payees))
        waits.append(time.monotonic() - started)
    return {"count": len(waits), "waits": waits, "cpu": time.process_time() - used}


def bare(payer: int, payee: int) -> None:
    """Five statements in a transaction: two updates in the order of ids, a transfer, two postings."""
    key = str(uuid.uuid4())
    with line.transaction(), line.cursor() as cursor:
        after = {}
        for number, minutes in sorted(((payer, -1), (payee, 1))):
            cursor.execute(
                "UPDATE ledger_bare.account SET balance = balance + %s WHERE id = %s RETURNING balance",
                (minutes, number),
            )
            after[number] = cursor.fetchone()[0]
        cursor.execute("INSERT INTO ledger_bare.transfer (key) VALUES (%s) RETURNING id", (key,))
        made = cursor.fetchone()[0]
        for number, minutes in ((payer, -1), (payee, 1)):
            cursor.execute(
                "INSERT INTO ledger_bare.posting (transfer_id, account_id, minutes, balance) VALUES (%s, %s, %s, %s)",
                (made, number, minutes, after[number]),
            )


def call(payer: int, payee: int) -> None:
    """The same by one call of a bare function."""
    line.execute("SELECT ledger_bare.move(%s, %s, 1, %s)", (payer, payee, str(uuid.uuid4())))


def _person(number: int) -> Any:
    from accounts.models import Person

    return Person(id=number, age="18+")


def give(payer: int, payee: int) -> None:
    """A gift through the service, its two doors and its event included."""
    from exchange.ledger import services as ledger

    ledger.give(giver=_person(payer), receiver=_person(payee), minutes=1, key=str(uuid.uuid4()))


def give_pot(payer: int, _payee: int) -> None:
    """A gift to the community pot through the service."""
    from exchange.ledger import services as ledger

    ledger.give(giver=_person(payer), receiver=None, minutes=1, key=str(uuid.uuid4()))


_lessons = itertools.count(1)


def hold(payer: int, _payee: int) -> None:
    """Hours held for a new lesson through the service."""
    from exchange.ledger import services as ledger

    key = f"lesson:{os.getpid()}-{next(_lessons)}"
    ledger.hold(
        payer=_person(payer), minutes=1, subject=key, key=f"{key}:{uuid.uuid4()}", title="خياطة", url="/lessons/1/"
    )


def lesson(payer: int, payee: int) -> None:
    """Hours held for a new lesson and settled: two transfers."""
    from exchange.ledger import services as ledger

    key = f"lesson:{os.getpid()}-{next(_lessons)}-{uuid.uuid4().hex[:8]}"
    ledger.hold(payer=_person(payer), minutes=1, subject=key, key=f"{key}:hold", title="خياطة", url="/lessons/1/")
    ledger.settle(subject=key, payee=_person(payee), key=f"{key}:settle")


ACTS = {
    "bare": bare, "call": call, "give": give, "give_pot": give_pot, "hold": hold, "lesson": lesson,
}  # fmt: skip


class Bench:
    """The people, the workers, and what they did."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.ids = self._people()
        self.pool = get_context("spawn").Pool(WORKERS, initializer=begin)
        self.pool.map(work, [("bare", self.ids[:2], self.ids[2:4], 0, 0.1)] * WORKERS, chunksize=1)

    def rates(self, kinds: dict[str, tuple[str, list[int], list[int]]], workers: int) -> dict[str, dict[str, float]]:
        """Let kinds of work alternate; gives acts a second, CPU and quantiles of each, the median of the rounds."""
        seen: dict[str, list[dict[str, float]]] = {name: [] for name in kinds}
        for _round in range(self.options.rounds):
            for name, (kind, payers, payees) in kinds.items():
                start_at = time.time() + 0.5
                tasks = [(kind, payers, payees, start_at, self.options.seconds)] * workers
                done = self.pool.map(work, tasks, chunksize=1)
                count = sum(each["count"] for each in done) * (2 if kind == "lesson" else 1)
                waits = [wait for each in done for wait in each["waits"]]
                seen[name].append({
                    "per_second": count / self.options.seconds,
                    "cpu_us": 1e6 * sum(each["cpu"] for each in done) / count,
                    "p50_ms": 1e3 * surroundings.quantile(waits, 0.5),
                    "p99_ms": 1e3 * surroundings.quantile(waits, 0.99),
                })  # fmt: skip
        return {
            name: {figure: round(median(each[figure] for each in found), 2) for figure in found[0]}
            for name, found in seen.items()
        }

    def _people(self) -> list[int]:
        from django.db import connection

        from accounts.models import Person
        from exchange.ledger import rules
        from exchange.ledger.models import Account

        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE ledger_account, ledger_transfer, ledger_posting, outbox_event CASCADE")
            cursor.execute(BARE)
        emails = [f"bench-{number}@example.org" for number in range(PEOPLE)]
        known = set(Person.objects.filter(email__startswith="bench-").values_list("email", flat=True))
        Person.objects.bulk_create([Person(email=email, age="18+") for email in emails if email not in known])
        ids = list(Person.objects.filter(email__in=emails).values_list("id", flat=True))
        tips = {number: rules.opening("person", number, "", 0) for number in ids}
        Account.objects.bulk_create([Account(kind="person", person_id=number, tip=tips[number]) for number in ids])
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO ledger_bare.account (id) SELECT unnest(%s::bigint[])", [ids])
        connection.close()
        return ids


def round_trips(ids: list[int]) -> dict[str, int]:
    """Count how often one act waits for the database, BEGIN and COMMIT included."""
    from django.db import connection

    connection.ensure_connection()
    counted = {}
    for name, act in (("hold", hold), ("lesson_of_two_acts", lesson), ("give", give), ("give_pot", give_pot)):
        act(ids[0], ids[1])
        real, count = connection.connection, [0]
        wait = type(real).wait

        def counting(self: Any, *args: Any, _wait: Any = wait, _count: list[int] = count, **kwargs: Any) -> Any:
            _count[0] += 1
            return _wait(self, *args, **kwargs)

        type(real).wait = counting
        try:
            act(ids[0], ids[1])
        finally:
            type(real).wait = wait
        counted[name] = count[0]
    return counted


def size() -> dict[str, float]:
    """Bytes of a transfer with everything that belongs to it."""
    from django.db import connection

    from exchange.ledger.models import Transfer

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ledger_account, ledger_transfer, ledger_posting, outbox_event")
        found = {}
        for table in ("ledger_transfer", "ledger_posting", "outbox_event"):
            cursor.execute("SELECT pg_total_relation_size(%s)", [table])
            found[table] = cursor.fetchone()[0]
    count = Transfer.objects.count()
    return {"transfers": count, "bytes": round(sum(found.values()) / count), **{
        name: round(value / count) for name, value in found.items()
    }}  # fmt: skip


def fill(ids: list[int], postings: int) -> None:
    """Write as many postings, in the database itself."""
    from django.db import connection

    from exchange.ledger.models import Posting

    missing = (postings - Posting.objects.count()) // 2
    with connection.cursor() as cursor:
        for start in range(0, max(0, missing), 5_000):
            cursor.execute(
                "SELECT count(ledger_act('give', 'fill:' || n || gen_random_uuid(), clock_timestamp(), 1, '',"
                " (%s::bigint[])[1 + n %% 4999], (%s::bigint[])[5001 + n %% 4999], 0, 0, '', '', '', '', '{}', 16))"
                " FROM generate_series(%s::integer, %s::integer) AS n",
                [ids, ids, start, min(start + 5_000, missing) - 1],
            )
        cursor.execute("ANALYZE ledger_account, ledger_transfer, ledger_posting")


def statement(payers: list[int], one: int, lines: int) -> dict[str, Any]:
    """Count and time what the page of hours asks of one account with 100 lines, and with very many."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from accounts.models import Person
    from exchange.ledger import statements
    from exchange.ledger.models import Account, Posting

    person = Person.objects.get(id=one)
    account = Account.objects.get(kind="person", person=person)
    told = {}
    for wanted in (100, lines):
        with connection.cursor() as cursor:
            for start in range(Posting.objects.filter(account=account).count(), wanted, STEP):
                cursor.execute(
                    "SELECT count(ledger_act('give', 'line:' || n || gen_random_uuid(), clock_timestamp(), 1, '',"
                    " (%s::bigint[])[1 + n %% %s], %s, 0, 0, '', '', '', '', '{}', 16))"
                    " FROM generate_series(%s::integer, %s::integer) AS n",
                    [payers, len(payers), one, start, min(start + STEP, wanted) - 1],
                )
            cursor.execute("ANALYZE ledger_account, ledger_transfer, ledger_posting")
        middle = Posting.objects.filter(account=account).order_by("id")[wanted // 2].pk
        for place, before in (("newest", None), ("middle", middle)):
            with CaptureQueriesContext(connection) as asked:
                statements.page(person=person, before=before, limit=30)
            times = []
            for _round in range(30):
                started = time.perf_counter()
                statements.page(person=person, before=before, limit=30)
                times.append(time.perf_counter() - started)
            told[f"{wanted}_lines_{place}"] = {"statements": len(asked), "ms": round(median(times) * 1e3, 2)}
    return told


def verifying(rounds: int) -> dict[str, Any]:
    """Time `ledger verify` and the one GROUP BY that its balances must equal."""
    import resource

    from django.db import connection

    from exchange.ledger.services import audit

    group_by, found = [], []
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _round in range(rounds):
        started = time.monotonic()
        with connection.cursor() as cursor:
            cursor.execute("SELECT account_id, SUM(minutes) FROM ledger_posting GROUP BY account_id")
            cursor.fetchall()
        group_by.append(time.monotonic() - started)
        found.append(audit.verify())
    seconds = {part: round(median(each.seconds[part] for each in found), 3) for part in found[0].seconds}
    return {
        "ok": found[0].is_well,
        "postings": found[0].postings,
        "group_by_seconds": round(median(group_by), 3),
        "seconds": seconds,
        "balances_against_group_by": round(median(group_by) / seconds["balances"], 2),
        "whole_postings_per_second": round(found[0].postings / sum(seconds.values())),
        "memory_grew_kb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before,
    }


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scratch", action="store_true", help="the ledger of the database may be emptied")
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--postings", type=int, default=100_000, help="of the ledger that is verified")
    parser.add_argument("--lines", type=int, default=20_000, help="of one account, for its page of hours")
    options = parser.parse_args()
    if not options.scratch or not os.environ.get("DATABASE_URL", "").startswith("postgres"):
        print("needs DATABASE_URL (PostgreSQL), and --scratch: it empties the ledger there", file=sys.stderr)
        return 2
    os.environ.setdefault("STATEMENT_SECONDS", "0")
    begin()
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)
    bench = Bench(options)
    ids = bench.ids
    payers, payees, hot = ids[:5000], ids[5000:], ids[-1:]
    one = bench.rates(
        {name: (name, payers, payees) for name in ("bare", "call", "give", "hold", "lesson")}, workers=1
    )  # fmt: skip
    many = bench.rates({
        "bare": ("bare", payers, payees), "call": ("call", payers, payees), "give": ("give", payers, payees),
        "bare_hot": ("bare", payers, hot), "give_hot": ("give", payers, hot),
        "call_two": ("call", ids[:1], ids[1:2]), "give_two": ("give", ids[:1], ids[1:2]),
        "give_pot": ("give_pot", payers, payees),
    }, workers=WORKERS)  # fmt: skip
    bench.pool.terminate()
    stored = size()
    page = statement(ids[1:4999], ids[4999], options.lines)
    fill(ids, options.postings)
    rate = {name: each["per_second"] for name, each in one.items()}
    rates = {name: each["per_second"] for name, each in many.items()}
    told = {
        "one_connection": one,
        "eight_connections": many,
        "round_trips": round_trips(ids),
        "bytes_per_transfer": stored,
        "statement": page,
        "verify": verifying(options.rounds),
        "ratios": {
            "one_connection": min(rate["give"], rate["lesson"]) / rate["bare"],
            "one_connection_hold": rate["hold"] / rate["bare"],
            "one_connection_against_call": min(rate["give"], rate["lesson"]) / rate["call"],
            "cpu_against_call": max(one["give"]["cpu_us"], one["lesson"]["cpu_us"]) / one["call"]["cpu_us"],
            "eight_connections": rates["give"] / rates["bare"],
            "hot_account": rates["give_hot"] / rates["bare_hot"],
            "two_accounts": rates["give_two"] / rates["give"],
            "two_accounts_of_call": rates["call_two"] / rates["call"],
            "common_account": rates["give_pot"] / rates["give"],
            "p99_to_p50_two_accounts": many["give_two"]["p99_ms"] / many["give_two"]["p50_ms"],
        },
    }
    ratios = told["ratios"] = {name: round(value, 2) for name, value in told["ratios"].items()}
    ratios["verify"] = told["verify"]["balances_against_group_by"]
    missed = [name for name, goal in GOALS.items() if ratios[name] < goal]
    trips = told["round_trips"]
    missed += ["round_trips"] if max(trips["hold"], trips["give"], trips["give_pot"]) > MOST_ROUND_TRIPS else []
    missed += ["bytes_per_transfer"] if stored["bytes"] > MOST_BYTES else []
    missed += [] if told["verify"]["ok"] else ["verify_ok"]
    missed += ["statement"] if max(each["statements"] for each in page.values()) > MOST_STATEMENTS else []
    print(json.dumps({"ok": not missed, "missed": missed, **told}, indent=1))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
