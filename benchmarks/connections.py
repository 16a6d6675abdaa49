"""How many database connections the whole set holds after many requests, and how many it opened on the way.

    make services-demo                                    # in another terminal
    DATABASE_URL=… python benchmarks/connections.py http://127.0.0.1:8000 [--requests 10000]

Eight visitors, one of them signed in, ask pages one after another over kept lines. JSON on standard output; exit status
1 when more than 20 connections are open at the end, or a page was answered with anything but 200.
"""

import argparse
import http.client
import http.cookiejar
import json
import sys
import threading
import time
import urllib.parse
import urllib.request
from collections import Counter
from pathlib import Path

PAGES = ["/", "/find/?q=sewing", "/help/", "/find/?kind=offer", "/listings/1/"]
VISITORS, MOST = 8, 20


def visit(address: str, count: int, cookie: str, seen: Counter) -> None:
    """Ask `count` pages over one line."""
    line = http.client.HTTPConnection(urllib.parse.urlsplit(address).netloc, timeout=30)
    for number in range(count):
        path = PAGES[number % len(PAGES)] if not cookie or number % 2 else "/talks/"
        line.request("GET", path, headers={"Cookie": cookie or "language=ar"})
        answer = line.getresponse()
        answer.read()
        seen[answer.status] += 1


def main() -> int:
    """Ask, count, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address")
    parser.add_argument("--requests", type=int, default=10_000)
    options = parser.parse_args()
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    import os

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "exchange.settings")
    import django

    django.setup()
    from django.db import connection

    def one(sql: str) -> int:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return int(cursor.fetchone()[0])

    opened = "SELECT sessions FROM pg_stat_database WHERE datname = current_database()"
    held = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'"
        " AND pid <> pg_backend_pid()"
    )
    jar = http.cookiejar.CookieJar()
    urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar)).open(f"{options.address}/demo/enter/learner/")
    cookie = "; ".join(f"{each.name}={each.value}" for each in jar)
    seen: Counter = Counter()
    before, started = one(opened), time.monotonic()
    visitors = [
        threading.Thread(
            target=visit, args=(options.address, options.requests // VISITORS, cookie if each == 0 else "", seen)
        )
        for each in range(VISITORS)
    ]
    for each in visitors:
        each.start()
    for each in visitors:
        each.join()
    seconds = time.monotonic() - started
    time.sleep(1.5)
    report = {
        "requests": sum(seen.values()), "statuses": dict(seen), "seconds": round(seconds, 1),
        "connections_held": one(held), "most": MOST,
        "connections_opened_meanwhile_by_pages_and_workers": one(opened) - before,
    }  # fmt: skip
    print(json.dumps(report))
    return int(falls_short(report))


def falls_short(report: dict) -> bool:
    """Whether too many connections are held, or pages were not answered: a dead city holds none."""
    is_answered = set(report["statuses"]) == {200}
    return report["connections_held"] > MOST or not is_answered


if __name__ == "__main__":
    sys.exit(main())
