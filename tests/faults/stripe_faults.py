"""S1 whole: so many payments and gifts at Stripe, their events shuffled and repeated, workers killed in the middle.

    python -m tests.faults.stripe_faults --sequences 1000 --kills 20 --seed 7

Runs on the database that DATABASE_URL names, else on a SQLite file of its own. One process tells, others work and are
killed with SIGKILL. Prints JSON; ends with 1 when a movement is missing, written twice, or too much money moved.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter

sys.path.insert(0, "tests")
os.environ.setdefault("RUKN_VAR", tempfile.mkdtemp(prefix="stripe-faults-"))
os.environ["DJANGO_SETTINGS_MODULE"] = "exchange.settings"
WORKER = """
import django, time
django.setup()
from exchange.payments.services import errands, inbox
print("up", flush=True)
while True:
    if not inbox.work(limit=20) + errands.run(limit=5):
        time.sleep(0.05)
"""


def main():
    asked = argparse.ArgumentParser()
    asked.add_argument("--sequences", type=int, default=1000)
    asked.add_argument("--kills", type=int, default=20)
    asked.add_argument("--seed", type=int, default=7)
    options = asked.parse_args()
    from stripe_world import KEY, SECRET, World

    with World(mock="") as world:
        os.environ |= {"STRIPE_SECRET_KEY": KEY, "STRIPE_WEBHOOK_SECRET": SECRET, "STRIPE_API_BASE": world.base}
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0, interactive=False)
        told = run(world, options)
    print(json.dumps(told))
    sys.exit(1 if told["wrong"] or told["double"] or told["flagged"] else 0)


def run(world, options):
    from django.db import connection
    from stripe_scenes import differences, scene

    from accounts import services as accounts
    from exchange.payments.models import Account, Errand, Movement, News
    from exchange.payments.services import errands, inbox

    rng = random.Random(options.seed)
    inbox.LEASE_SECONDS = errands.LEASE_SECONDS = 60
    tag = f"{options.seed}-{int(time.time())}"
    teacher = accounts.make_person(email=f"salma-{tag}@example.org", name="سلمى", age="18+")
    learner = accounts.make_person(email=f"yusuf-{tag}@example.org", name="يوسف", age="18+")
    world.make_ready(account := world.make_accounts({"email": "s@example.org"})["id"])
    world.events.clear()
    Account.objects.create(person=teacher, account_id=f"{account}", is_ready=True)
    started = time.monotonic()
    things = [scene(world, rng.random(), teacher=teacher, learner=learner) for _ in range(options.sequences)]
    worker, kills, sent, answers, most = start(), 0, set(), [], Counter()
    killed_at = sorted(rng.random() for _ in range(options.kills))
    rounds = 0
    while True:
        news = [event for event in world.events if event["id"] not in sent]
        waiting = News.objects.filter(done_at=None, flagged_at=None).exists()
        waiting = waiting or Errand.objects.filter(done_at=None, flagged_at=None).exists()
        if not news and not waiting:
            break
        rounds += 1
        sent.update(event["id"] for event in news)
        deliveries = [event for event in news for _ in range(rng.randint(1, 5))]
        rng.shuffle(deliveries)
        for number, event in enumerate(deliveries):
            body = world.body(event)
            begun = time.perf_counter()
            most[inbox.take(body=body, signature=world.signature(body))] += 1
            answers.append(time.perf_counter() - begun)
            if rounds == 1 and killed_at and number / len(deliveries) >= killed_at[0]:
                killed_at.pop(0)
                worker, kills = again(worker, rng), kills + 1
        time.sleep(0.1)
        # What a killed worker held is free again at once, where in life it would be after a minute.
        if worker.poll() is not None:
            worker = start()
        if kills and rng.random() < 0.3:
            free()
    worker.kill()
    worker.wait()
    wrong = differences(world, things)
    refunds, transfers = world.of("refund"), world.of("transfer")
    keys = Counter(each["metadata"]["key"] for each in [*refunds, *transfers] if "key" in each["metadata"])
    rows = Movement.objects.count()
    answers.sort()
    return {
        "database": connection.vendor, "sequences": len(things), "events": len(world.events),
        "deliveries": sum(most.values()), "kept": most[True], "kills": kills, "movements": rows,
        "double": sum(count - 1 for count in keys.values()), "wrong": wrong[:5], "count_wrong": len(wrong),
        "flagged": News.objects.flagged().count() + Errand.objects.flagged().count(),
        "keep_p95_ms": round(answers[int(len(answers) * 0.95)] * 1000, 1),
        "seconds": round(time.monotonic() - started, 1),
    }  # fmt: skip


def start():
    worker = subprocess.Popen([sys.executable, "-c", WORKER], stdout=subprocess.PIPE, text=True)
    worker.stdout.readline()
    return worker


def again(worker, rng):
    """Kill a worker at some moment of its work, and start another."""
    time.sleep(rng.random() * 0.3)
    worker.kill()
    worker.wait()
    free()
    return start()


def free():
    """Let go of what the dead held."""
    from django.utils import timezone

    from exchange.payments.models import Errand, News

    now = timezone.now()
    for table in (News, Errand):
        table.objects.filter(done_at=None, flagged_at=None, due_at__gt=now).update(due_at=now)


if __name__ == "__main__":
    main()
