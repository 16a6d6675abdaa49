"""Emit events inside the transaction that makes them true, and relay them to handlers at least once.

Why a table: a broker may lose what it holds, and an on-commit hook dies with its process; a row does neither
(docs/decisions, "News travels as rows").
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from celery import current_app
from django.db import connection, models, transaction
from django.db.models import Count, Min
from django.utils import timezone

from exchange.lib.breaker import Breaker
from exchange.outbox.models import Event, Handled, Job

log = logging.getLogger(__name__)

BELLS, LONG = "bells", "long"  # what must be quick, and what may take its time (re-matching, rebuilding)
MOST_TRIES = 6
FIRST_PAUSE_SECONDS = 5  # doubled with each failed try
LEASE_SECONDS = 30  # a relay that dies gives its events free after this
KEEP_DAYS = 7
HEARTBEAT, HEARTBEAT_SECONDS = "heartbeat", 10

_broker = Breaker(failures=1, rest_seconds=5.0, name="broker")


class Later(Exception):
    """Raised by a handler whose far side is away: the event waits, and the try is not counted."""

    def __init__(self, why: str, *, seconds: float = 2.0) -> None:
        super().__init__(why)
        self.seconds = seconds


@dataclass(frozen=True)
class Route:
    """One handler of an event. `many`: called outside a transaction with a list of events, for work that is
    idempotent by itself; otherwise called with one event, in one transaction with the note that it was handled."""

    handler: Callable[[Any], None]
    queue: str
    many: bool

    @property
    def name(self) -> str:
        """Dotted name of the handler."""
        return f"{self.handler.__module__}.{self.handler.__qualname__}"


_routes: dict[str, list[Route]] = defaultdict(list)


def on(*names: str, queue: str = BELLS, many: bool = False) -> Callable[[Callable[[Any], None]], Callable[[Any], None]]:
    """Register a handler for the named events. It must be idempotent and re-read the truth."""

    def register(handler: Callable[[Any], None]) -> Callable[[Any], None]:
        route = Route(handler, queue, many)
        for name in names:
            if route not in _routes[name]:
                _routes[name].append(route)
        return handler

    return register


def routes() -> dict[str, list[Route]]:
    """Give event name → its handlers, for the docs and `doctor`."""
    return {name: list(found) for name, found in sorted(_routes.items())}


def emit(name: str, subject: models.Model | int | str, **payload: Any) -> None:
    """Write that something happened, a row for each queue that hears of it.

    Must be called inside the transaction that makes it true. Handlers get only ids and re-read the rows, so
    `payload` holds hints, never the truth.
    """
    if not connection.in_atomic_block:
        raise RuntimeError(f"outbox.emit({name!r}) needs an open transaction")
    subject_id = str(subject.pk if isinstance(subject, models.Model) else subject)
    queues = queues_of(name)
    Event.objects.bulk_create(
        [Event(name=name, queue=queue, subject_id=subject_id, payload=payload) for queue in queues]
    )
    waiting = {hook[1] for hook in connection.run_on_commit}
    for queue in queues:
        if _WAKERS[queue] not in waiting:  # one bell for a transaction, however many events
            transaction.on_commit(_WAKERS[queue], robust=True)


def queues_of(name: str) -> list[str]:
    """Give the queues that hear of an event, for statements that write its rows themselves."""
    return sorted({route.queue for route in _routes.get(name, ())}) or [BELLS]


def relay(*, queue: str | None = None, limit: int = 200) -> int:
    """Hand waiting events to their handlers, oldest first. Returns how many were taken.

    A relay leases its events first (rows locked by another relay are skipped), so any number of relays may run and
    nothing is held open while handlers work. A failing event is tried again later and parked after `MOST_TRIES`;
    others go on.
    """
    events = _lease(queue, limit)
    groups: dict[tuple[str, str], list[Event]] = defaultdict(list)
    for event in events:
        groups[event.name, event.queue].append(event)
    for (name, heard_in), group in groups.items():
        _handle_group(group, [route for route in _routes.get(name, ()) if route.queue == heard_in])
    return len(events)


def retry_parked() -> int:
    """Give every parked event a fresh start. Returns how many."""
    return Event.objects.parked().update(parked_at=None, tries=0, due_at=timezone.now())


def forget_handled(*, now: datetime) -> int:
    """Delete events that were finished more than a week ago. Returns how many."""
    old = Event.objects.filter(finished_at__lt=now - timedelta(days=KEEP_DAYS))
    Handled.objects.filter(event__in=old).delete()
    return old.delete()[0]


def oldest_waiting_seconds() -> float:
    """Age in seconds of the oldest event still waiting; 0 when there is none."""
    oldest = Event.objects.unfinished().aggregate(at=Min("made_at"))["at"]
    return (timezone.now() - oldest).total_seconds() if oldest else 0.0


def waiting_by_queue() -> dict[str, int]:
    """Give how many events wait in each queue."""
    rows = Event.objects.unfinished().values("queue").annotate(count=Count("id")).values_list("queue", "count")
    return {BELLS: 0, LONG: 0, **dict(rows)}


def standing() -> dict[str, tuple[int, float]]:
    """Give queue → (events that wait, age of the oldest in seconds), in one query."""
    rows = Event.objects.unfinished().values("queue").annotate(count=Count("id"), oldest=Min("made_at"))
    now = timezone.now()
    found = {row["queue"]: (row["count"], (now - row["oldest"]).total_seconds()) for row in rows}
    return {BELLS: (0, 0.0), LONG: (0, 0.0), **found}


def standing_of(*, module: str) -> tuple[int, float]:
    """Give (events that wait for handlers of modules beginning so, age of the oldest in seconds)."""
    wanted = models.Q(pk__in=[])
    for name, found in _routes.items():
        for route in found:
            if route.handler.__module__.startswith(module):
                wanted |= models.Q(name=name, queue=route.queue)
    row = Event.objects.unfinished().filter(wanted).aggregate(count=Count("id"), oldest=Min("made_at"))
    return row["count"], (timezone.now() - row["oldest"]).total_seconds() if row["oldest"] else 0.0


def parked_count() -> int:
    """Give how many events failed too often and wait for somebody to look."""
    return Event.objects.parked().count()


def beat(*, now: datetime) -> None:
    """Note that the scheduler rang and a worker heard it."""
    claim_job(HEARTBEAT, every_seconds=HEARTBEAT_SECONDS, now=now)


def seconds_since_heartbeat() -> float:
    """Give how long ago scheduler and worker last did a job together; -1 when they never did."""
    at = Job.objects.filter(name=HEARTBEAT).values_list("ran_at", flat=True).first()
    return (timezone.now() - at).total_seconds() if at else -1.0


def claim_job(name: str, *, every_seconds: int, now: datetime) -> bool:
    """Whether this caller is the first to do a standing job in the present period; the row is the lock.

    Periods are counted from 1970 in UTC, so neither a leap over summer time nor two schedulers double one, and a
    sleep of days is made up for by one run.
    """
    period = int(now.timestamp()) // every_seconds
    Job.objects.bulk_create([Job(name=name, period=-1)], ignore_conflicts=True)
    return Job.objects.filter(name=name, period__lt=period).update(period=period, ran_at=now) == 1


def _lease(queue: str | None, limit: int) -> list[Event]:
    with transaction.atomic():
        waiting = Event.objects.waiting() if queue is None else Event.objects.waiting().filter(queue=queue)
        if connection.features.has_select_for_update_skip_locked:
            waiting = waiting.select_for_update(skip_locked=True)
        events = list(waiting[:limit])
        until = timezone.now() + timedelta(seconds=LEASE_SECONDS)
        Event.objects.filter(id__in=[event.pk for event in events]).update(due_at=until)
    return events


def _handle_group(events: list[Event], found: Sequence[Route]) -> None:
    """Do all handlers for events of one name; those that failed keep waiting."""
    left = events
    for route in found:
        left = _handle_together(left, route) if route.many else [each for each in left if _handle_one(each, route)]
    Event.objects.filter(id__in=[event.pk for event in left]).update(finished_at=timezone.now(), reason="")


def _handle_together(events: list[Event], route: Route) -> list[Event]:
    """Hand events over at once; when that fails, one by one, so that a bad one does not hold the others."""
    try:
        route.handler(events)
    except Later as wait:
        _wait(events, wait)
        return []
    except Exception as error:
        if len(events) > 1:
            return [event for event in events if _handle_together([event], route)]
        log.exception("A handler failed for an event")
        _postpone(events[0], f"{route.name}: {type(error).__name__}: {error}")
        return []
    return events


def _handle_one(event: Event, route: Route) -> bool:
    try:
        with transaction.atomic():
            _, is_new = Handled.objects.get_or_create(event=event, handler=route.name)
            if is_new:
                route.handler(event)
    except Later as wait:
        _wait([event], wait)
        return False
    except Exception as error:
        log.exception("A handler failed for an event")
        _postpone(event, f"{route.name}: {type(error).__name__}: {error}")
        return False
    return True


def _wait(events: list[Event], wait: Later) -> None:
    log.warning("Events wait: %s", wait)
    due_at = timezone.now() + timedelta(seconds=wait.seconds)
    Event.objects.filter(id__in=[event.pk for event in events]).update(due_at=due_at, reason=str(wait)[:2000])


def _postpone(event: Event, reason: str) -> None:
    tries = event.tries + 1
    now = timezone.now()
    Event.objects.filter(id=event.pk).update(
        tries=tries,
        reason=reason[:2000],
        due_at=now + timedelta(seconds=FIRST_PAUSE_SECONDS * 2 ** (tries - 1)),
        parked_at=now if tries >= MOST_TRIES else None,
    )


def _wake(queue: str) -> Callable[[], None]:
    """Give what rings the relay of one queue; a lost bell only means waiting for the next scheduled round."""

    def ring() -> None:
        if not _broker.may_try():
            return
        try:
            current_app.send_task(
                "exchange.outbox.tasks.relay_outbox", kwargs={"queue": queue}, queue=queue, ignore_result=True
            )
        except Exception:
            _broker.failed()
            log.warning("The broker could not be reached; the schedule will relay")
        else:
            _broker.worked()

    return ring


_WAKERS = {queue: _wake(queue) for queue in (BELLS, LONG)}
