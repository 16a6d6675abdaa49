"""S1: events shuffled, each one to five times, workers dying in between: each effect is written once."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from stripe_scenes import differences, scene

from exchange.payments import gateway
from exchange.payments.models import Movement, News
from exchange.payments.services import books, errands, inbox

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "12"))


class Killed(BaseException):
    """A worker that is no more: nothing after this is done."""


@pytest.mark.django_db
@settings(
    max_examples=EXAMPLES, deadline=None, database=None, phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(data=st.data())
def test_every_order_ends_as_stripe_says(world, deliver, connected, salma, yusuf, monkeypatch, data):
    seeds = data.draw(st.lists(st.integers(0, 10**6), min_size=1, max_size=3, unique=True))
    dies = data.draw(st.sets(st.integers(1, 40), min_size=1, max_size=8))
    with transaction.atomic():
        world.events.clear()
        things = [scene(world, seed, teacher=salma, learner=yusuf) for seed in seeds]
        sent, calls = set(), [0]

        def dying(real):
            def call(*args, **kwargs):
                calls[0] += 1
                if calls[0] in dies:
                    raise Killed
                done = real(*args, **kwargs)
                calls[0] += 1
                if calls[0] in dies:
                    raise Killed  # it was done, and nobody hears of it
                return done

            return call

        with monkeypatch.context() as patch:
            for module, name in (
                (gateway, "standing"), (gateway, "refund"), (gateway, "transfer"), (books, "note"), (inbox, "_done"),
                (errands, "_finish"),
            ):  # fmt: skip
                patch.setattr(module, name, dying(getattr(module, name)))
            while news := [event for event in world.events if event["id"] not in sent]:
                sent.update(event["id"] for event in news)
                times = [event for event in news for _ in range(data.draw(st.integers(1, 5)))]
                for event in data.draw(st.permutations(times)):
                    assert deliver(event).status_code == 200
                    if data.draw(st.booleans()):
                        _work()
                for _ in range(len(dies) + 2):
                    _work()
        assert differences(world, things) == []
        assert Movement.objects.count() == Movement.objects.values("object_id", "effect").distinct().count()
        assert not News.objects.flagged().exists()
        transaction.set_rollback(True)


def _work():
    """Do what a worker does, as one that may die: what it holds is free again a little later."""
    from datetime import timedelta

    from django.utils import timezone

    now = timezone.now()
    for act in (inbox.work, errands.run):
        try:
            with transaction.atomic():  # an own one, so that a death takes back what was not committed
                act(now=now + timedelta(minutes=2))
        except Killed:
            pass
    for table in (News, errands.Errand):
        table.objects.filter(done_at=None, flagged_at=None).update(due_at=now)


@pytest.mark.pure  # a SQLite file of its own, wherever this runs
def test_a_short_form_with_workers_truly_killed(tmp_path):
    env = {name: value for name, value in os.environ.items() if not name.startswith(("STRIPE_", "DATABASE_", "REDIS_"))}
    command = [sys.executable, "-m", "tests.faults.stripe_faults", "--sequences", "12", "--kills", "2", "--seed", "5"]
    run = subprocess.run(
        command, cwd=ROOT, env=env | {"RUKN_VAR": str(tmp_path)}, capture_output=True, text=True, timeout=600
    )
    told = json.loads(run.stdout) if run.stdout else {}
    assert run.returncode == 0, (told, run.stderr[-2000:])
    assert (told["double"], told["wrong"], told["kills"]) == (0, [], 2)
