"""News travels at least once, its effect happens once, poison is parked, the absent are waited for."""

import json
import threading
import time
from datetime import timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from exchange.outbox import services as outbox
from exchange.outbox.models import Event, Handled

pytestmark = pytest.mark.django_db


@pytest.fixture
def heard(monkeypatch):
    monkeypatch.setattr(outbox, "_routes", outbox.defaultdict(list))
    calls = []

    @outbox.on("test.happened")
    def handler(event):
        calls.append(event.subject_id)
        if event.payload.get("poison"):
            raise ValueError("poison")

    return calls


def emit(name, subject, **payload):
    outbox.emit(name, subject, **payload)
    return Event.objects.latest("id")


class TestEmit:
    @pytest.mark.django_db(transaction=True)
    def test_needs_a_transaction(self):
        with pytest.raises(RuntimeError):
            outbox.emit("test.happened", 1)

    def test_is_undone_with_its_transaction(self):
        with transaction.atomic():
            outbox.emit("test.happened", 1)
            transaction.set_rollback(True)
        assert not Event.objects.exists()

    def test_writes_a_row_for_each_queue_that_hears_it(self, heard):
        outbox.on("test.happened", queue=outbox.LONG)(print)
        outbox.emit("test.happened", 1)
        assert sorted(Event.objects.values_list("queue", flat=True)) == ["bells", "long"]

    def test_rings_once_for_a_transaction(self, heard, monkeypatch, django_capture_on_commit_callbacks):
        rung = []
        monkeypatch.setattr(outbox.current_app, "send_task", lambda name, **how: rung.append(how["queue"]))
        with django_capture_on_commit_callbacks(execute=True):
            for number in range(5):
                outbox.emit("test.happened", number)
        assert rung == ["bells"]

    def test_works_when_the_broker_is_gone(self, heard, monkeypatch, django_capture_on_commit_callbacks):
        def gone(*_args, **_how):
            raise OSError("no broker")

        monkeypatch.setattr(outbox, "_broker", outbox.Breaker(failures=1, rest_seconds=5))
        monkeypatch.setattr(outbox.current_app, "send_task", gone)
        with django_capture_on_commit_callbacks(execute=True):
            outbox.emit("test.happened", 1)
        assert outbox.relay() == 1


class TestRelay:
    def test_hands_over_once(self, heard):
        outbox.emit("test.happened", 7)
        assert outbox.relay() == 1
        assert outbox.relay() == 0
        assert heard == ["7"]
        assert Handled.objects.count() == 1

    def test_hands_over_one_queue_only(self, heard):
        outbox.emit("test.happened", 7)
        assert outbox.relay(queue=outbox.LONG) == 0
        assert outbox.relay(queue=outbox.BELLS) == 1

    def test_does_not_repeat_a_handler_that_was_done_before_a_crash(self, heard):
        event = emit("test.happened", 7)
        outbox.relay()
        Event.objects.filter(id=event.pk).update(finished_at=None, due_at=timezone.now())
        outbox.relay()
        assert heard == ["7"]

    def test_frees_what_a_dead_relay_had_taken(self, heard):
        outbox.emit("test.happened", 7)
        assert len(outbox._Lease.take(None, 10).events) == 1
        assert outbox.relay() == 0
        with time_machine.travel(timezone.now() + timedelta(seconds=outbox.LEASE_SECONDS + 1)):
            assert outbox.relay() == 1
        assert heard == ["7"]

    def test_parks_poison_after_six_tries_and_lets_others_pass(self, heard):
        poison = emit("test.happened", 1, poison=True)
        outbox.emit("test.happened", 2)
        now = timezone.now()
        for hour in range(8):
            with time_machine.travel(now + timedelta(hours=hour), tick=False):
                outbox.relay()
        poison.refresh_from_db()
        assert heard.count("1") == outbox.MOST_TRIES
        assert heard.count("2") == 1
        assert poison.parked_at is not None
        assert "poison" in poison.reason
        assert outbox.retry_parked() == 1

    def test_waits_for_the_absent_without_counting(self, heard):
        away = [True]

        @outbox.on("test.far")
        def handler(event):
            if away:
                raise outbox.Later("the far side is away")
            heard.append(event.subject_id)

        event = emit("test.far", 3)
        now = timezone.now()
        for minute in range(1, 20):
            with time_machine.travel(now + timedelta(minutes=minute), tick=False):
                outbox.relay()
        away.clear()
        with time_machine.travel(now + timedelta(hours=1), tick=False):
            outbox.relay()
        event.refresh_from_db()
        assert (heard, event.tries) == (["3"], 0)
        assert event.finished_at is not None

    def test_hands_many_at_once_and_a_bad_one_holds_no_other(self, heard):
        batches = []

        @outbox.on("test.many", many=True)
        def handler(events):
            batches.append([event.subject_id for event in events])
            if any(event.payload.get("poison") for event in events):
                raise ValueError("poison")

        for number in range(3):
            outbox.emit("test.many", number, poison=number == 1)
        outbox.relay()
        assert batches == [["0", "1", "2"], ["0"], ["1"], ["2"]]
        assert list(Event.objects.filter(finished_at=None).values_list("subject_id", flat=True)) == ["1"]

    def test_forgets_after_a_week(self, heard):
        outbox.emit("test.happened", 7)
        outbox.relay()
        assert outbox.forget_handled(now=timezone.now() + timedelta(days=6)) == 0
        assert outbox.forget_handled(now=timezone.now() + timedelta(days=8)) == 1
        assert not Handled.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_relays_at_once_give_each_event_one_effect(heard):
    with transaction.atomic():
        for number in range(40):
            outbox.emit("test.happened", number)
    start = threading.Barrier(4)

    def run():
        start.wait()
        while outbox.relay(limit=5):
            pass
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(heard, key=int) == [str(number) for number in range(40)]


@pytest.mark.django_db(transaction=True)
def test_a_relay_goes_past_a_row_that_another_holds(heard):
    # SQLite locks no rows: there one relay leases after the other, and neither holds anything while it works.
    if connection.vendor == "postgresql":
        with transaction.atomic():
            for number in (1, 2):
                outbox.emit("test.happened", number)
        is_held, may_end = threading.Event(), threading.Event()

        def hold():
            with transaction.atomic():
                assert Event.objects.select_for_update().order_by("id").first().subject_id == "1"
                is_held.set()
                may_end.wait(10)
            connection.close()

        holder = threading.Thread(target=hold)
        holder.start()
        try:
            assert is_held.wait(10)
            started = time.monotonic()
            assert outbox.relay() == 1
            assert time.monotonic() - started < 1
            assert heard == ["2"]
        finally:
            may_end.set()
            holder.join()
        assert outbox.relay() == 1
        assert heard == ["2", "1"]


class TestRetryCommand:
    def test_gives_what_was_parked_a_fresh_start(self, heard, capsys):
        event = emit("test.happened", 7)
        Event.objects.update(parked_at=timezone.now(), tries=6, reason="it was so")
        assert outbox.relay() == 0
        call_command("outbox", "retry")
        assert json.loads(capsys.readouterr().out) == {"events": 1}
        assert outbox.relay() == 1
        event.refresh_from_db()
        assert (heard, event.tries, event.parked_at) == (["7"], 0, None)
        assert event.finished_at is not None

    def test_says_when_there_was_nothing(self, capsys):
        call_command("outbox", "retry")
        assert json.loads(capsys.readouterr().out) == {"events": 0}
