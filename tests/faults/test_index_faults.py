"""The short form of the fault run: real worker, real Redis and Elasticsearch behind proxies that break them."""

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.db import connection

from tests.faults.index_faults import ROOT
from tests.faults.runner import Fault, schedule

SECONDS = 100  # a run takes some 25; what hangs must not hang the suite


def test_a_seed_always_gives_the_same_faults_and_every_kind():
    faults = [Fault("redis", act, lambda: None, lambda: None) for act in ("cut", "stall", "slow", "reset")]
    plan = schedule(faults, count=8, seed=5, lasts=(1, 2))
    assert plan == schedule(faults, count=8, seed=5, lasts=(1, 2))
    assert {fault.act for fault, _ in plan[:4]} == {"cut", "stall", "slow", "reset"}


if settings.ELASTICSEARCH_URL and settings.REDIS_URL and connection.vendor == "postgresql":
    from search.backends import elastic_index

    @pytest.mark.late_engine
    @pytest.mark.usefixtures("_own_indices")
    @pytest.mark.django_db(transaction=True)
    def test_the_index_finds_its_way_back_after_faults(make_offer, make_wish, cast, tmp_path):
        for name in elastic_index.client().indices.get(index=f"{settings.SEARCH_PREFIX}*").body:
            elastic_index.client().indices.delete(index=name)  # other tests of this process wrote there
        for number in range(12):
            make_offer(cast["salma"], f"خياطة {number}", ["rukn:sewing"])
            make_wish(cast["yusuf"], f"أتعلم إكسل {number}", ["rukn:excel"])
        database = connection.settings_dict
        server = f"{database['HOST']}:{database['PORT']}" if database["PORT"] else database["HOST"]
        key = f"{database['USER']}:{database['PASSWORD']}" if database["PASSWORD"] else database["USER"]
        env = os.environ | {
            "DATABASE_URL": f"postgres://{key}@{server}/{database['NAME']}",
            "REDIS_URL": settings.REDIS_URL,
            "ELASTICSEARCH_URL": settings.ELASTICSEARCH_URL,
            "SEARCH_PREFIX": settings.SEARCH_PREFIX,
        }
        command = [sys.executable, "-m", "tests.faults.index_faults", "--scratch", "--changes", "300",
                   "--faults", "8", "--seed", "11", "--lasts", "0.4", "1.2", "--gap", "0.3",
                   "--history", str(tmp_path / "history.json")]  # fmt: skip
        run = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=SECONDS)
        told = json.loads(run.stdout) if run.stdout else {}
        assert run.returncode == 0, (told, run.stderr[-2000:])
        assert told["faults"] == {"ok": 8}
        assert told["changes"]["ok"] >= 295
