"""An event that kills its worker is tried alone, and parked after six deaths; what waited beside it goes on."""

import contextlib
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from exchange.outbox import services as outbox
from exchange.outbox.models import Event

pytestmark = pytest.mark.django_db


@pytest.fixture
def heard(monkeypatch):
    monkeypatch.setattr(outbox, "_routes", outbox.defaultdict(list))
    return []


def kill(event):
    """End the worker as the kernel does: nothing is said of the event any more."""
    raise SystemExit(f"killed by {event.subject_id}")


@pytest.fixture
def one_by_one(heard):
    @outbox.on("test.deadly")
    def handler(event):
        heard.append(event.subject_id)
        if event.payload.get("kills"):
            kill(event)

    return heard


@pytest.fixture
def together(heard):
    @outbox.on("test.deadly", many=True)
    def handler(events):
        heard.append([event.subject_id for event in events])
        for event in events:
            if event.payload.get("kills"):
                kill(event)

    return heard


def emit(*kills, count=5):
    for number in range(count):
        outbox.emit("test.deadly", number, **({"kills": True} if number in kills else {}))


def work_for(minutes, begin=0):
    """Let workers work that are started again when they die. Gives how many died."""
    died = 0
    start = timezone.now() + timedelta(minutes=begin)
    for second in range(0, minutes * 60, 10):
        with time_machine.travel(start + timedelta(seconds=second), tick=False):
            try:
                outbox.relay()
            except SystemExit:
                died += 1
    return died


def standing():
    return {
        event.subject_id: "parked" if event.parked_at else "finished" if event.finished_at else "waits"
        for event in Event.objects.all()
    }


class TestADeadlyEvent:
    def test_is_parked_after_six_deaths_with_the_reason(self, one_by_one):
        emit(0, count=1)
        assert work_for(minutes=60) == outbox.MOST_TRIES
        event = Event.objects.get()
        assert event.parked_at is not None
        assert event.reason == outbox.DIED == "its worker died six times"

    @pytest.mark.parametrize("kind", ["one_by_one", "together"])
    def test_does_not_hold_up_its_neighbours(self, kind, request):
        request.getfixturevalue(kind)
        emit(2)
        assert work_for(minutes=2) <= 3
        assert standing() == {"0": "finished", "1": "finished", "2": "waits", "3": "finished", "4": "finished"}
        work_for(minutes=60)
        assert standing()["2"] == "parked"

    @pytest.mark.parametrize("kind", ["one_by_one", "together"])
    def test_two_of_them_kill_no_more_than_six_workers_each(self, kind, request):
        request.getfixturevalue(kind)
        emit(1, 3)
        assert work_for(minutes=120) <= 2 * outbox.MOST_TRIES
        assert standing() == {"0": "finished", "1": "parked", "2": "finished", "3": "parked", "4": "finished"}

    def test_is_tried_alone_from_the_first_death_on(self, together):
        emit(4)
        work_for(minutes=2)
        assert together[0] == ["0", "1", "2", "3", "4"]
        assert all(len(batch) == 1 for batch in together[1:])

    def test_new_news_is_handled_together_meanwhile(self, together):
        emit(0, count=1)
        work_for(minutes=1)
        with time_machine.travel(timezone.now() + timedelta(minutes=1)):
            for number in (7, 8):
                outbox.emit("test.deadly", number)
            for _ in range(2):
                with contextlib.suppress(SystemExit):
                    outbox.relay()
        assert ["7", "8"] in together

    def test_gets_a_fresh_start_but_stays_alone(self, together):
        emit(0, count=1)
        work_for(minutes=60)
        assert outbox.retry_parked() == 1
        for number in (7, 8):
            outbox.emit("test.deadly", number)
        together.clear()
        with pytest.raises(SystemExit):
            outbox.relay()
        outbox.relay()
        assert together == [["0"], ["7", "8"]]


class TestNoDeathIsCounted:
    def test_when_the_far_side_is_away(self, heard):
        away = [True]

        @outbox.on("test.far")
        def handler(event):
            if away:
                raise outbox.Later("the far side is away")

        outbox.emit("test.far", 1)
        work_for(minutes=5)
        event = Event.objects.get()
        assert (event.deaths, event.tries, event.parked_at) == (0, 0, None)
        away.clear()
        work_for(minutes=1, begin=6)
        assert standing() == {"1": "finished"}

    def test_when_a_handler_fails(self, heard):
        @outbox.on("test.bad")
        def handler(event):
            raise ValueError("bad")

        outbox.emit("test.bad", 1)
        outbox.relay()
        event = Event.objects.get()
        assert (event.deaths, event.tries) == (0, 1)

    def test_while_a_slow_relay_is_alive(self, heard):
        # Ten events of ten seconds each: the lease of 30 s is held on to, and nobody else is given what waits in it.
        clock = time_machine.travel(timezone.now() + timedelta(seconds=5), tick=False)

        @outbox.on("test.slow")
        def handler(event):
            heard.append(event.subject_id)
            now.shift(10)
            if event.subject_id == "7":
                assert outbox._Lease.take(None, 10).events == []

        for number in range(10):
            outbox.emit("test.slow", number)
        with clock as now:
            assert outbox.relay() == 10
        assert heard == [str(number) for number in range(10)]
        assert set(standing().values()) == {"finished"}


def test_a_lease_costs_one_statement_however_many_events(one_by_one, django_assert_num_queries):
    emit(count=50)
    with django_assert_num_queries(4):  # a savepoint, the rows, the lease, the savepoint's end
        assert len(outbox._Lease.take(None, 50).events) == 50
