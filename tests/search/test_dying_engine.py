"""An engine that answers with errors, or breaks off, is asked once, and the page comes from the database in time."""

import socket
import struct
import threading
import time

import pytest

from search import services as search
from search.backends import elastic_index
from search.backends.guarded import GuardedBackend
from search.query import Query

pytestmark = [pytest.mark.django_db, pytest.mark.late_engine]
THINKS_SECONDS = 0.5


class Dying:
    """Takes questions, thinks for a while, and then answers `status` or (with none) resets the connection."""

    def __init__(self):
        self.status, self.asked = 503, 0
        self._door = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._door.getsockname()[1]}"
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        while True:
            try:
                line, _ = self._door.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(line,), daemon=True).start()

    def _answer(self, line):
        with line:
            if not line.recv(65_536):
                return
            self.asked += 1
            time.sleep(THINKS_SECONDS if self.status != 400 else 0)
            if self.status is None:
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            line.sendall(
                f"HTTP/1.1 {self.status} So\r\nX-Elastic-Product: Elasticsearch\r\n"
                "Content-Type: application/vnd.elasticsearch+json;compatible-with=8\r\n"
                "Content-Length: 2\r\nConnection: close\r\n\r\n{}".encode()
            )

    def end(self):
        self._door.close()


@pytest.fixture
def dying(settings):
    found = Dying()
    settings.ELASTICSEARCH_URL, settings.SEARCH_SECONDS = found.url, 0.6
    elastic_index.client.cache_clear()
    yield found
    found.end()
    elastic_index.client.cache_clear()


@pytest.fixture
def engine(dying, monkeypatch):
    engine = GuardedBackend()
    monkeypatch.setattr(search, "backend", lambda: engine)
    return engine


@pytest.mark.parametrize("status", [429, 502, 503, 504, None], ids=lambda status: str(status or "reset"))
class TestADyingEngine:
    def test_is_asked_once_and_the_database_answers_within_a_second(self, engine, dying, status, make_offer, salma):
        dying.status = status
        make_offer(salma, "خياطة للمبتدئات", ["rukn:sewing"])
        started = time.monotonic()
        found = engine.find(Query(text="خياطة", lang="ar"))
        waited = time.monotonic() - started
        assert (found.is_basic, found.total) == (True, 1)
        assert dying.asked == 1
        assert waited < 1

    def test_holds_no_suggestion_up(self, engine, dying, status):
        dying.status = status
        started = time.monotonic()
        engine.suggest("خي")
        assert time.monotonic() - started < 1
        assert dying.asked == 1


def test_its_page_comes_within_a_second(engine, dying, make_offer, salma, client):
    make_offer(salma, "خياطة للمبتدئات", ["rukn:sewing"])
    for _ in range(3):
        engine.breaker.failed()  # nobody waits while pages get ready
    client.get("/find/?q=خياطة")
    engine.breaker.worked()
    started = time.monotonic()
    page = client.get("/find/?q=خياطة").content.decode()
    assert time.monotonic() - started < 1
    assert dying.asked == 1
    assert "خياطة للمبتدئات" in page


def test_a_probe_that_is_refused_is_an_answer(engine, dying):
    dying.status = 400
    for _ in range(3):
        engine.breaker.failed()
    with engine.breaker._lock:
        engine.breaker._probe_at = 0.0  # the rest is over
    assert engine.find(Query(text="خياطة", lang="ar")).is_basic
    assert dying.asked == 1
    assert not engine.breaker.is_open
