"""A standing job is done once in each period, whoever asks; and again when whoever began it died or failed."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.db import connection

from exchange.outbox import services as outbox
from exchange.outbox.models import Job

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 10, 5, tzinfo=UTC)
HOUR, DAY = 3600, 86_400


@pytest.fixture
def done():
    return []


@pytest.fixture
def do(done):
    def ask(now, every_seconds=HOUR, work=None):
        return outbox.do_job("job", every_seconds=every_seconds, now=now, work=work or (lambda: done.append(now)))

    return ask


def begin(now):
    """Leave a job begun, as a killed worker does."""
    Job.objects.update_or_create(name="job", defaults={"period": -1, "begun_at": now})


class TestAJob:
    def test_is_done_once_in_a_period(self, do, done):
        assert do(NOW)
        assert not do(NOW + timedelta(minutes=50))
        assert do(NOW + timedelta(minutes=56))
        assert len(done) == 2

    def test_makes_up_for_days_of_sleep_by_one_run(self, do):
        do(NOW)
        later = NOW + timedelta(days=3)
        assert [do(later + timedelta(minutes=minute)) for minute in range(30)].count(True) == 1

    def test_is_not_fooled_by_a_clock_that_goes_back(self, do):
        assert do(NOW)
        assert not do(NOW - timedelta(hours=2))

    def test_that_failed_is_free_at_once(self, do, done):
        def fail():
            raise ValueError("failed")

        with pytest.raises(ValueError, match="failed"):
            do(NOW, work=fail)
        assert do(NOW + timedelta(seconds=1))
        assert len(done) == 1

    def test_is_not_begun_by_two(self, do):
        answers = []
        assert do(NOW, work=lambda: answers.append(do(NOW + timedelta(seconds=5))))
        assert answers == [False]

    def test_whose_worker_died_is_begun_again_after_the_longest_time_of_a_task(self, do, done):
        limit = settings.CELERY_TASK_TIME_LIMIT
        begin(NOW)
        assert not do(NOW + timedelta(seconds=limit - 1), every_seconds=DAY)
        assert do(NOW + timedelta(seconds=limit), every_seconds=DAY)
        assert len(done) == 1

    def test_of_every_minute_waits_no_longer_than_a_minute_for_the_dead(self, do):
        begin(NOW)
        assert not do(NOW + timedelta(seconds=59), every_seconds=60)
        assert do(NOW + timedelta(seconds=60), every_seconds=60)

    def test_that_outlived_its_lease_takes_nothing_from_who_came_after(self, do):
        later = NOW + timedelta(seconds=settings.CELERY_TASK_TIME_LIMIT)
        job = Job.objects.filter(name="job")

        def slow():
            job.update(begun_at=later)  # another began meanwhile

        do(NOW, work=slow, every_seconds=DAY)
        assert job.get().begun_at == later


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round_", range(5))
def test_schedulers_at_once_do_it_once(round_):
    done, gave, start = [], [], threading.Barrier(6)

    def ask():
        try:
            start.wait()
            gave.append(outbox.do_job("raced", every_seconds=DAY, now=datetime.now(UTC), work=lambda: done.append(1)))
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(gave) == 6
    assert (done, gave.count(True)) == ([1], 1)


def test_the_heart_beats(time_machine):
    for second in (0, 10):
        time_machine.move_to(NOW + timedelta(seconds=second))
        outbox.beat(now=NOW + timedelta(seconds=second))
        assert outbox.seconds_since_heartbeat() < 1


def test_a_task_is_given_to_nobody_else_while_it_may_still_run():
    # Redis gives a task again to another worker after `visibility_timeout`.
    options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    assert options.get("visibility_timeout", 3600) > settings.CELERY_TASK_TIME_LIMIT


def test_no_job_waits_for_long_after_a_restart():
    # The scheduler's own memory is lost with its container; the rows say what is due.
    assert max(job["schedule"] for job in settings.CELERY_BEAT_SCHEDULE.values()) <= 300
