"""Two versions side by side, as in every upgrade: news of the other version waits for a process that knows it."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from exchange.outbox import services as outbox
from exchange.outbox.models import Event

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def heard(monkeypatch):
    monkeypatch.setattr(outbox, "_routes", outbox.defaultdict(list))
    monkeypatch.setattr(outbox, "_unheard", set())
    return []


def relay_after(**time):
    with time_machine.travel(timezone.now() + timedelta(**time), tick=False):
        return outbox.relay()


def hear(name, heard, queue=outbox.BELLS):
    outbox.on(name, queue=queue)(lambda event: heard.append(event.subject_id))


class TestNewsOfAnotherVersion:
    def test_waits_and_is_handled_by_the_process_that_knows_it(self, heard):
        outbox.emit("test.newer", 7)  # by a newer process
        for minute in range(20):
            relay_after(minutes=minute)
        event = Event.objects.get()
        assert (event.finished_at, event.parked_at, event.tries, event.deaths) == (None, None, 0, 0)
        assert event.reason == outbox.UNKNOWN
        hear("test.newer", heard)
        relay_after(minutes=21)
        assert heard == ["7"]

    def test_does_not_hold_up_what_is_known(self, heard):
        hear("test.known", heard)
        outbox.emit("test.newer", 7)
        outbox.emit("test.known", 8)
        outbox.relay()
        assert heard == ["8"]

    def test_waits_in_a_queue_in_which_this_version_hears_nothing_of_it(self, heard):
        hear("test.known", heard)
        Event.objects.create(name="test.known", subject_id="7", queue=outbox.LONG)  # by a newer process
        outbox.relay()
        assert Event.objects.get().finished_at is None
        hear("test.known", heard, queue=outbox.LONG)
        relay_after(minutes=1)
        assert heard == ["7"]

    def test_is_shown_after_a_day_in_which_nobody_took_it(self):
        outbox.emit("test.newer", 7)
        relay_after(hours=23)
        assert outbox.parked_count() == 0
        relay_after(hours=25)
        assert Event.objects.parked().get().reason == outbox.UNKNOWN


def test_news_that_nobody_hears_is_finished():
    outbox.unheard("test.quiet")
    outbox.emit("test.quiet", 7)
    outbox.relay()
    assert Event.objects.get().finished_at is not None
