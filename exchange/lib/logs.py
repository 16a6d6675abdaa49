"""What processes write down: who did what and when, never what people wrote, and nothing that opens a door.

Plain lines for people (`LOG_FORMAT=plain`) or one JSON object a line (`json`), the same for Django, Celery, granian
and uvicorn. An exception is told by its kind and its place in the code; its words may quote a row, so these
stay out.
"""

import json
import logging
import os
import re
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

import structlog

Event = MutableMapping[str, Any]
ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]

KEPT_OUT = "[kept out]"
# Fields that are never written, whoever passes them:
PRIVATE = frozenset(
    [
        "authorization",
        "body",
        "code",
        "codes",
        "cookie",
        "cookies",
        "csrftoken",
        "data",
        "email",
        "form",
        "headers",
        "password",
        "payload",
        "phone",
        "q",
        "query",
        "query_string",
        "secret",
        "session",
        "sessionid",
        "subject",
        "text",
        "title",
        "token",
    ]
)
_SCRUBBED = (
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "[e-mail]"),
    (re.compile(r"(?i)\b(token|bearer|basic)\s+\S+"), r"\1 [secret]"),
    (re.compile(r"(?<=://)[^/@\s:]+:[^/@\s]+@"), "[secret]@"),
    (re.compile(r"\b(?![0-9a-f]{8}-[0-9a-f]{4}-)(?=\w*\d)(?=\w*[A-Za-z])[\w-]{24,}\b"), "[secret]"),  # no task number
    (re.compile(r"(?<!\d)\d{6}(?!\d)"), "[code]"),
    (re.compile(r"[\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufeff]+(?:\s+[\u0600-\u06ff]+)*"), "[words]"),
)
_UNTOUCHED = frozenset(("timestamp", "level", "logger", "request", "exception"))

_events = structlog.get_logger("rukn")


def tell(event: str, **fields: object) -> None:
    """Write down that something happened: `tell("sign_in", person=5)`. The names are listed in docs/operations.md."""
    _events.info(event, **fields)


def scrub(text: str) -> str:
    """Take e-mail addresses, codes, keys, passwords in addresses and Arabic words out of a text."""
    for pattern, instead in _SCRUBBED:
        text = pattern.sub(instead, text)
    return text


def redact(_logger: Any, _method: str, event: Event) -> Event:
    """Keep private fields out and scrub the rest (a structlog processor)."""
    for name, value in event.items():
        if name in PRIVATE:
            event[name] = KEPT_OUT
        elif isinstance(value, str) and name not in _UNTOUCHED:
            event[name] = scrub(value)
        elif isinstance(value, Mapping | list | tuple | set):
            event[name] = scrub(repr(value))
    return event


def place_of_exception(_logger: Any, _method: str, event: Event) -> Event:
    """Tell an exception by its kinds and the lines of code it passed (a structlog processor)."""
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    elif isinstance(info, BaseException):
        info = (type(info), info, info.__traceback__)
    if not info or info[1] is None:
        return event
    event["exception"] = _told(info)
    event["event"] = _without_words(str(event.get("event", "")), info[1])
    return event


def _told(info: ExcInfo) -> str:
    kinds, error = [], info[1]
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        state = getattr(error, "sqlstate", None)
        kinds.append(type(error).__name__ + (f" {state}" if state else ""))
        error = error.__cause__ or error.__context__  # type: ignore[assignment]
    frames = traceback.extract_tb(info[1].__traceback__)
    places = [f"{frame.filename.rsplit('site-packages/', 1)[-1]}:{frame.lineno} {frame.name}" for frame in frames]
    return " from ".join(kinds) + " at " + " > ".join(places[-12:])


def _without_words(text: str, error: BaseException) -> str:
    for words in sorted({repr(error), str(error), *(str(each) for each in error.args)}, key=len, reverse=True):
        if len(words) > 1:
            text = text.replace(words, KEPT_OUT)
    return text


def _line(_logger: Any, _method: str, event: Event) -> str:
    """Draw one line for people (the last structlog processor of the plain form)."""
    words = [str(event.pop("timestamp", "")), str(event.pop("level", "")).upper(), f"{event.pop('logger', '')}:"]
    words.append(str(event.pop("event", "")).replace("\n", " "))
    return " ".join([*words, *(f"{name}={value}" for name, value in event.items())])


def is_json() -> bool:
    """Whether this process was asked for JSON."""
    return os.environ.get("LOG_FORMAT", "plain") == "json"


class Plain(dict[str, Any]):
    """The fields of a line that hold only numbers and names of ours: nothing to scrub, and each page writes one."""


class Formatter(structlog.stdlib.ProcessorFormatter):
    """Draws every line through the processors; a `Plain` one at once."""

    is_json = False

    def format(self, record: logging.LogRecord) -> str:
        """Give the line."""
        if not isinstance(record.msg, Plain):
            return super().format(record)
        at = datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z")
        event = {**record.msg, "level": record.levelname.lower(), "logger": record.name, "timestamp": at}
        return json.dumps(event) if self.is_json else _line(None, "", event)


def formatter() -> Formatter:
    """Give the formatter of every handler; `logging` makes it by this name."""
    draw: Any = structlog.processors.JSONRenderer(ensure_ascii=False) if is_json() else _line
    found = Formatter(
        foreign_pre_chain=_SHARED,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            place_of_exception,
            redact,
            draw,
        ],
    )
    found.is_json = is_json()
    return found


_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
structlog.configure(
    processors=[structlog.stdlib.filter_by_level, *_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=True,
)
QUIET = ("celery.app.trace", "celery.beat", "celery.worker.strategy", "elastic_transport.transport", "django.request")


def configuration(level: str) -> dict[str, Any]:
    """Give the `logging` configuration of a process: one handler, standard error, everything through it."""
    ours: dict[str, Any] = {"handlers": [], "propagate": True}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"ours": {"()": "exchange.lib.logs.formatter"}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "ours"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            # Servers bring handlers of their own; theirs are taken away.
            **{name: {**ours, "level": level} for name in ("_granian", "uvicorn", "uvicorn.error")},
            **{name: {**ours, "level": "WARNING"} for name in ("uvicorn.access", "granian.access", *QUIET)},
            "django.request": {**ours, "level": "ERROR"},  # refusals have a line of their own
            "django": {**ours, "level": "WARNING"},
        },
    }
