"""What people write, and what opens doors, is in no log: canaries through every door."""

import json
import logging
import re
import uuid

import pytest
from django.core import mail

from exchange.chat import services as chat
from exchange.lib import logs

CANARIES = ("كناري", "canaryword")


@pytest.fixture
def written(monkeypatch):
    """Collect every line of every logger, in both forms."""
    found = []

    def keep(form):
        monkeypatch.setenv("LOG_FORMAT", form)
        handler = logging.Handler()
        handler.setFormatter(logs.formatter())
        handler.emit = lambda record: found.append(handler.format(record))
        return handler

    handlers = [keep("json"), keep("plain")]
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.DEBUG)
    loggers = [logging.getLogger(name) for name in logs.configuration("INFO")["loggers"]]
    levels = [each.level for each in loggers]
    for handler in handlers:
        root.addHandler(handler)
    for each in loggers:
        each.setLevel(logging.INFO)
    yield found
    for handler in handlers:
        root.removeHandler(handler)
    for each, level in zip(loggers, levels, strict=True):
        each.setLevel(level)
    root.setLevel(before)


@pytest.mark.django_db(transaction=True)
def test_words_codes_and_addresses_are_in_no_log(
    client, client_of, salma, yusuf, make_offer, relay, written, monkeypatch
):
    offer = make_offer(salma, "كناري للمبتدئات", ["rukn:sewing"], body="canaryword كناري طويل")
    browser = client_of(yusuf)
    browser.get("/find/?q=canaryword")
    browser.get("/find/?q=كناري")
    browser.post(f"/listings/{offer.pk}/hello/", {"body": "كناري canaryword"})
    talk = chat.open_conversation(subject="كناري", subject_lang="ar", people=[salma, yusuf])
    chat.send(conversation_id=talk.pk, sender=salma, client_id=uuid.uuid4(), body="canaryword كناري")
    with monkeypatch.context() as broken:  # a handler that fails, quoting a row

        def fail(*_args, **_more):
            raise ValueError("كناري canaryword of salma@example.org")

        broken.setattr("exchange.outbox.services._routes", {"message.sent": [_route(fail)]})
        relay_once()
    client.post("/enter/", {"email": "new-canaryword@example.org"})
    code = re.search(r"\d{6}", mail.outbox[-1].body).group(0) if mail.outbox else "314159"
    client.post("/enter/code/", {"code": "271828"})
    client.post("/enter/code/", {"code": code})
    client.get("/metrics", headers={"authorization": "Bearer canaryword-token"})
    all_lines = "\n".join(written)
    assert '"event": "request"' in all_lines
    assert "A handler failed" in all_lines
    for canary in (*CANARIES, "salma@example.org", code, "271828"):
        assert canary not in all_lines, [line for line in written if canary in line][:2]


def _route(handler):
    from exchange.outbox.services import Route

    return Route(handler, "bells", many=False)


def relay_once():
    from exchange.outbox import services as outbox

    outbox.relay()


class TestRedact:
    def test_private_fields_are_kept_out(self):
        event = logs.redact(None, "", {"event": "x", "body": "words", "code": "123456", "person": 5})
        assert event == {"event": "x", "body": logs.KEPT_OUT, "code": logs.KEPT_OUT, "person": 5}

    @pytest.mark.parametrize(
        ("text", "left"),
        [
            ("mail to salma.h+1@mail.example.org failed", "mail to [e-mail] failed"),
            ("Authorization: Token abc-def", "Authorization: Token [secret]"),
            ("cannot reach postgres://rukn:hunter2@db:5432/rukn", "cannot reach postgres://[secret]@db:5432/rukn"),
            ("code 123456 for 12 people in 1234567 ms", "code [code] for 12 people in 1234567 ms"),
            ("code ١٢٣٤٥٦", "code [code]"),
            ("title خياطة للمبتدئات is long", "title [words] is long"),
            ("key 8f14e45fceea167a5a36dedd4bea2543", "key [secret]"),
        ],
    )
    def test_texts_are_scrubbed(self, text, left):
        assert logs.scrub(text) == left

    def test_an_exception_is_told_by_kind_and_place_not_by_its_words(self):
        try:
            try:
                raise KeyError("canaryword")
            except KeyError as error:
                raise ValueError("canaryword again") from error
        except ValueError as error:
            event = logs.place_of_exception(None, "", {"event": f"Task failed: {error!r}", "exc_info": error})
        assert event["event"] == f"Task failed: {logs.KEPT_OUT}"
        assert event["exception"].startswith("ValueError from KeyError at ")
        assert "test_logs.py" in event["exception"]
        assert "canaryword" not in json.dumps(event)

    def test_a_line_stays_one_line(self, written):
        logging.getLogger("library").warning("first\nlevel=CRITICAL second")
        assert all("\n" not in line for line in written)
