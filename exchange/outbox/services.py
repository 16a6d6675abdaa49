"""Emit events inside the transaction that makes them true, and relay them to handlers at least once.

Why a table: a broker may lose what it holds, and an on-commit hook dies with its process; a row does neither
(docs/decisions, "News travels as rows").
"""

import logging
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from celery import current_app
from django.db import connection, models, transaction
from django.utils import timezone

from exchange.outbox.models import Event, Handled

log = logging.getLogger(__name__)

MOST_TRIES = 6
FIRST_PAUSE_SECONDS = 5  # doubled with each failed try

Handler = Callable[[Event], None]
_handlers: dict[str, list[Handler]] = defaultdict(list)


def on(*names: str) -> Callable[[Handler], Handler]:
    """Register a handler for the named events. It must be idempotent and re-read the truth."""

    def register(handler: Handler) -> Handler:
        for name in names:
            if handler not in _handlers[name]:
                _handlers[name].append(handler)
        return handler

    return register


def routes() -> dict[str, list[str]]:
    """Give event name → dotted names of its handlers, for the docs and `doctor`."""
    return {name: [_name(handler) for handler in handlers] for name, handlers in sorted(_handlers.items())}


def emit(name: str, subject: models.Model | int | str, **payload: Any) -> Event:
    """Write that something happened. Must be called inside the transaction that makes it true.

    Handlers get only ids and re-read the rows, so `payload` holds hints, never the truth.
    """
    if not connection.in_atomic_block:
        raise RuntimeError(f"outbox.emit({name!r}) needs an open transaction")
    subject_id = subject.pk if isinstance(subject, models.Model) else subject
    event = Event.objects.create(name=name, subject_id=str(subject_id), payload=payload)
    transaction.on_commit(_wake, robust=True)
    return event


def relay(*, limit: int = 200) -> int:
    """Hand waiting events to their handlers, oldest first. Returns how many events were finished.

    Each handler works in its own transaction together with its `Handled` row, so a crash repeats at most the one
    in flight. After `MOST_TRIES` failures the event is parked with its reason; others go on.
    """
    finished = 0
    for event_id in list(Event.objects.waiting().values_list("id", flat=True)[:limit]):
        finished += _relay_one(event_id)
    return finished


def retry_parked() -> int:
    """Give every parked event a fresh start. Returns how many."""
    return Event.objects.exclude(parked_at=None).update(parked_at=None, tries=0, due_at=timezone.now())


def oldest_waiting_seconds() -> float:
    """Age in seconds of the oldest event still waiting; 0 when there is none."""
    made_at = Event.objects.filter(finished_at=None, parked_at=None).order_by("id").values_list("made_at", flat=True)
    oldest = made_at.first()
    return (timezone.now() - oldest).total_seconds() if oldest else 0.0


def _relay_one(event_id: int) -> bool:
    event = Event.objects.filter(id=event_id, finished_at=None, parked_at=None).first()
    if event is None:
        return False
    for handler in _handlers.get(event.name, ()):
        try:
            _handle(event, handler)
        except Exception as error:
            log.exception("A handler failed for an event")
            _postpone(event, f"{_name(handler)}: {type(error).__name__}: {error}")
            return False
    Event.objects.filter(id=event_id).update(finished_at=timezone.now(), reason="")
    return True


@transaction.atomic
def _handle(event: Event, handler: Handler) -> None:
    Event.objects.select_for_update().get(id=event.pk)  # two relays do one event once; SQLite: BEGIN IMMEDIATE
    _, is_new = Handled.objects.get_or_create(event=event, handler=_name(handler))
    if is_new:
        handler(event)


def _postpone(event: Event, reason: str) -> None:
    tries = event.tries + 1
    now = timezone.now()
    Event.objects.filter(id=event.pk).update(
        tries=tries,
        reason=reason[:2000],
        due_at=now + timedelta(seconds=FIRST_PAUSE_SECONDS * 2 ** (tries - 1)),
        parked_at=now if tries >= MOST_TRIES else None,
    )


def _name(handler: Handler) -> str:
    return f"{handler.__module__}.{handler.__qualname__}"


def _wake() -> None:
    """Ring the relay by its name; a lost bell only means waiting for the next scheduled round."""
    try:
        current_app.send_task("exchange.outbox.tasks.relay_outbox", ignore_result=True)
    except Exception:
        log.warning("The broker could not be reached; the schedule will relay", exc_info=True)
