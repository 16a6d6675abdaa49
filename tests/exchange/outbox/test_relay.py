"""News travels at least once, its effect happens once, poison is parked."""

from datetime import timedelta

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone

from exchange.outbox import services as outbox
from exchange.outbox.models import Event, Handled

pytestmark = pytest.mark.django_db


@pytest.fixture
def heard(monkeypatch):
    monkeypatch.setattr(outbox, "_handlers", outbox.defaultdict(list))
    calls = []

    @outbox.on("test.happened")
    def handler(event):
        calls.append(event.subject_id)
        if event.payload.get("poison"):
            raise ValueError("poison")

    return calls


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


class TestRelay:
    def test_hands_over_once(self, heard):
        outbox.emit("test.happened", 7)
        assert outbox.relay() == 1
        assert outbox.relay() == 0
        assert heard == ["7"]
        assert Handled.objects.count() == 1

    def test_does_not_repeat_a_handler_that_was_done_before_a_crash(self, heard):
        event = outbox.emit("test.happened", 7)
        outbox.relay()
        Event.objects.filter(id=event.pk).update(finished_at=None)
        outbox.relay()
        assert heard == ["7"]

    def test_parks_poison_after_six_tries_and_lets_others_pass(self, heard):
        poison = outbox.emit("test.happened", 1, poison=True)
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
