"""The short form of the chat's fault run: real socket servers and worker; PostgreSQL and Redis behind proxies."""

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.db import connection

from tests.faults.chat_faults import ROOT, Device, _compared

SECONDS = 150  # a run takes some 30; what hangs must not hang the suite


@pytest.mark.django_db
def test_the_checker_sees_what_is_lost_doubled_and_out_of_order(salma, yusuf):
    import uuid

    from exchange.chat import services as chat

    talk = chat.open_conversation(subject="", subject_lang="ar", people=[salma, yusuf])
    rows = [
        chat.send(conversation_id=talk.pk, sender=salma, client_id=uuid.uuid4(), body=str(number))
        for number in range(3)
    ]
    device = Device(0, "", [talk.pk], [], 1)
    device.history[talk.pk] = [(row.seq, str(row.client_id), row.body) for row in rows]
    device.acked = {str(row.client_id): (talk.pk, row.seq) for row in rows}
    assert not any(_compared([device])[name] for name in ("lost", "doubled", "differing_orders", "wrong"))
    first = device.history[talk.pk].pop(0)
    assert _compared([device])["differing_orders"]
    device.history[talk.pk] = [first, first]
    assert _compared([device])["doubled"]
    device.acked[str(uuid.uuid4())] = (talk.pk, 4)
    assert _compared([device])["lost"]
    device._take({"type": "message", "conversation": talk.pk, "seq": 9, "client_id": "x", "body": ""})
    assert device.wrong


if settings.REDIS_URL and connection.vendor == "postgresql":

    @pytest.mark.django_db(transaction=True)
    def test_nothing_is_lost_doubled_or_reordered_through_faults(tmp_path):
        database = connection.settings_dict
        server = f"{database['HOST']}:{database['PORT']}" if database["PORT"] else database["HOST"]
        key = f"{database['USER']}:{database['PASSWORD']}" if database["PASSWORD"] else database["USER"]
        env = os.environ | {
            "DATABASE_URL": f"postgres://{key}@{server}/{database['NAME']}",
            "REDIS_URL": settings.REDIS_URL,
        }
        command = [sys.executable, "-m", "tests.faults.chat_faults", "--scratch", "--messages", "400", "--faults", "9",
                   "--people", "8", "--talks", "8", "--seed", "6", "--lasts", "0.4", "1.4", "--gap", "0.3",
                   "--history", str(tmp_path / "history.json")]  # fmt: skip
        run = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=SECONDS)
        told = json.loads(run.stdout) if run.stdout else {}
        assert run.returncode == 0, (told, run.stderr[-2000:])
        assert told["faults"] == {"ok": 9}
        assert told["messages"] >= 400
