"""When it is our fault: a number to tell us, one line in the log, and calm while the rows are away."""

import json
import logging
import re
from types import SimpleNamespace

import pytest
from django.db import OperationalError
from django.test import Client

from exchange.lib import logs
from exchange.watch import middleware


@pytest.fixture
def browser(db):
    return Client(raise_request_exception=False)


@pytest.fixture
def lines(monkeypatch):
    """Collect what is logged, as the JSON it would be in production."""
    monkeypatch.setenv("LOG_FORMAT", "json")
    found = []

    class Keep(logging.Handler):
        def emit(self, record):
            found.append(json.loads(self.format(record)))

    handler = Keep()
    handler.setFormatter(logs.formatter())
    root = logging.getLogger()
    root.addHandler(handler)
    before = root.level
    root.setLevel(logging.INFO)
    yield found
    root.removeHandler(handler)
    root.setLevel(before)


@pytest.fixture(autouse=True)
def _closed_breaker():
    middleware.database.worked()
    yield
    middleware.database.worked()


@pytest.fixture
def breaks(monkeypatch):
    """Make the help page fail."""
    from exchange import views

    def put(error):
        def fail(*_args, **_more):
            raise error

        monkeypatch.setattr(views, "render", fail)

    return put


def test_a_fault_shows_the_number_under_which_it_was_logged_once(browser, breaks, lines):
    breaks(ValueError("سرّ سلمى in the row of salma@example.org"))
    page = browser.get("/help/")
    shown = re.search(r"<code>(\w+)</code>", page.content.decode()).group(1)
    told = [line for line in lines if "exception" in line]
    assert page.status_code == 500
    assert len(told) == 1
    assert told[0]["request"] == shown
    assert told[0]["exception"].startswith("ValueError at ")
    assert "سرّ" not in json.dumps(lines, ensure_ascii=False)
    assert "salma@" not in json.dumps(lines)


def test_the_page_speaks_both_languages(browser, breaks):
    breaks(ValueError())
    text = browser.get("/help/").content.decode()
    assert "حدث خطأ عندنا" in text
    assert "Something went wrong on our side" in text


class TestRowsAway:
    def test_the_page_says_so_kindly_and_when_to_come_again(self, browser, breaks):
        breaks(OperationalError("connection refused"))
        page = browser.get("/help/")
        assert page.status_code == 503
        assert page["Retry-After"] == "5"
        assert "نعود بعد قليل" in page.content.decode()
        assert "We will be back" in page.content.decode()

    @pytest.mark.parametrize(("lang", "says"), [("ar", "حاول مرة أخرى"), ("en", "Try again in a moment")])
    def test_programs_are_told_in_json(self, browser, monkeypatch, lang, says):
        def fail(*_args, **_more):
            raise OperationalError("connection refused")

        monkeypatch.setattr("skills.filters.ListingFilter.__init__", fail)
        for _ in range(4):  # the fourth time nobody waits for the rows any more
            answer = browser.get("/api/listings/", headers={"accept-language": lang})
            assert answer.status_code == 503
            assert answer["Content-Type"] == "application/json"
            assert answer["Retry-After"] == "5"
            assert answer.json()["code"] == "away"
            assert says in answer.json()["text"]
        assert middleware.database.is_open

    def test_after_three_times_nobody_waits_but_health_is_told(self, browser, breaks, monkeypatch):
        breaks(OperationalError())
        for _ in range(3):
            browser.get("/help/")
        asked = []
        monkeypatch.setattr("exchange.views.help_page", lambda request: asked.append(1))
        assert browser.get("/help/").status_code == 503
        assert asked == []
        assert browser.get("/healthz").status_code == 200

    def test_it_opens_again_by_a_probe(self, client, db, monkeypatch):
        for _ in range(3):
            middleware.database.failed()
        monkeypatch.setattr(middleware.database, "_probe_at", 0.0)
        assert client.get("/find/").status_code == 200
        assert client.get("/find/").status_code == 200
        assert not middleware.database.is_open

    def test_a_page_that_asks_no_rows_does_not_close_it(self, client, db, monkeypatch):
        for _ in range(3):
            middleware.database.failed()
        monkeypatch.setattr(middleware, "connection", SimpleNamespace(connection=None))
        monkeypatch.setattr(middleware.database, "_probe_at", 0.0)
        client.get("/help/")
        assert middleware.database.is_open


class TestLines:
    def test_each_request_has_one_line_with_who_where_and_how_long(self, client_of, salma, make_offer, lines):
        offer = make_offer(salma, "خياطة", ["rukn:sewing"])
        browser = client_of(salma)
        lines.clear()
        browser.get(f"/listings/{offer.pk}/?q=canary", headers={"x-request-id": "0123456789abcdef0123456789abcdef"})
        (line,) = [line for line in lines if line["event"] == "request"]
        assert line["route"] == "/listings/<row:pk>/"
        assert (line["status"], line["method"], line["person"]) == (200, "GET", salma.pk)
        assert line["ms"] > 0
        assert line["request"] == "0123456789"
        assert "canary" not in json.dumps(line)

    def test_a_forged_number_is_replaced(self, client, db, lines):
        client.get("/help/", headers={"x-request-id": 'x" level="CRITICAL'})
        (line,) = [line for line in lines if line["event"] == "request"]
        assert re.fullmatch(r"[0-9a-f]{10}", line["request"])

    def test_refusals_are_told(self, client_of, yusuf, lines):
        client_of(yusuf).get("/desk/")
        told = [line for line in lines if line["event"] == "denied"]
        assert [(line["status"], line["person"]) for line in told] in ([(403, yusuf.pk)], [])
        strict = Client(enforce_csrf_checks=True)
        strict.post("/language/", {"lang": "en"})
        assert 403 in [line["status"] for line in lines if line["event"] == "denied"]
