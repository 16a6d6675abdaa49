"""`doctor` tells what is not well with its fix: broker, workers, scheduler, engine."""

import socket
import threading
from datetime import timedelta

import pytest
from django.utils import timezone

from exchange.management.commands import doctor
from exchange.outbox import services as outbox
from exchange.outbox.tasks import heartbeat


@pytest.fixture
def away(settings):
    """Name services where nobody answers."""
    settings.REDIS_URL = "redis://:canary@127.0.0.1:1/0"
    settings.ELASTICSEARCH_URL = "http://127.0.0.1:1"
    doctor.health.redis_client.cache_clear()
    yield
    doctor.health.redis_client.cache_clear()


def test_a_silent_redis_is_named_without_its_password(away):
    says, fix = doctor._redis()
    assert "does not answer" in says
    assert "REDIS_URL" in fix
    assert "canary" not in says + fix


def test_missing_workers_are_named_by_queue(away, monkeypatch):
    class Inspect:
        def active_queues(self):
            return {"bells@here": [{"name": "bells"}]}

    monkeypatch.setattr(doctor.celery.control, "inspect", lambda timeout: Inspect())
    assert doctor._workers() == ("nobody works for long", "Start `celery -A exchange worker -Q long`.")


@pytest.mark.django_db
class TestScheduler:
    def test_that_never_rang_is_told(self, away):
        assert doctor._scheduler()[0] == "never rang"

    def test_that_rings_is_well(self, away):
        heartbeat()
        assert doctor._scheduler().startswith("rang ")

    def test_that_fell_silent_is_told(self, away):
        heartbeat()
        long_ago = timezone.now() - timedelta(minutes=5)
        outbox.Job.objects.filter(name=outbox.HEARTBEAT).update(ran_at=long_ago)
        assert "ago" in doctor._scheduler()[0]


def test_nothing_configured_is_well(settings):
    settings.DATABASE_URL = settings.REDIS_URL = settings.ELASTICSEARCH_URL = ""
    assert all(
        isinstance(check(), str) for check in (doctor._redis, doctor._workers, doctor._scheduler, doctor._engine)
    )


def test_postgresql_without_redis_is_told(settings):
    settings.DATABASE_URL, settings.REDIS_URL = "postgres://h/rukn", ""
    says, fix = doctor._workers()
    assert "PostgreSQL without Redis" in says
    assert "REDIS_URL" in fix
    settings.DEMO = True  # `make demo` on PostgreSQL does the work itself
    assert isinstance(doctor._workers(), str)


def test_hashed_names_that_were_not_collected_are_told(settings, tmp_path):
    settings.STATICFILES_MANIFEST, settings.STATIC_ROOT = True, tmp_path
    assert doctor._look() == (f"{tmp_path} holds no staticfiles.json", "Run `manage.py collectstatic`.")


class TestAnswersByMail:
    def test_are_not_asked_about_without_an_address(self):
        assert doctor._answers().startswith("not used")

    def test_that_nobody_takes_are_told(self, settings):
        settings.REPLY_ADDRESS, settings.MAIL_INLET = "reply@rukn.example.org", "127.0.0.1:1"
        says, fix = doctor._answers()
        assert "nobody takes answers at 127.0.0.1:1" in says
        assert "mail_inlet" in fix

    @pytest.mark.parametrize(
        ("greeting", "says"), [(b"220 Rukn\r\n", "takes answers"), (b"HTTP/1.1", "no mail server")]
    )
    def test_are_well_where_a_mail_server_greets(self, settings, greeting, says):
        listener = socket.create_server(("127.0.0.1", 0))
        settings.REPLY_ADDRESS = "reply@rukn.example.org"
        settings.MAIL_INLET = f"127.0.0.1:{listener.getsockname()[1]}"

        def greet():
            with listener.accept()[0] as line:
                line.sendall(greeting)

        thread = threading.Thread(target=greet)
        thread.start()
        found = doctor._answers()
        thread.join()
        listener.close()
        assert says in (found if isinstance(found, str) else found[0])
