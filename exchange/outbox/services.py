"""Emit events inside the transaction that makes them true, and relay them to handlers at least once.

Why a table: a broker may lose what it holds, and an on-commit hook dies with its process; a row does neither
(docs/decisions, "News travels as rows").
"""

import logging
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

from celery import current_app
from django.conf import settings
from django.db import connection, models, transaction
from django.db.models import Case, Count, F, Min, Q, Value, When
from django.utils import timezone

from exchange.lib.breaker import Breaker
from exchange.outbox.models import Event, Handled, Job

log = logging.getLogger(__name__)

BELLS, LONG = "bells", "long"  # what must be quick, and what may take its time (re-matching, rebuilding)
MOST_TRIES = 6
FIRST_PAUSE_SECONDS = 5  # doubled with each failed try
LEASE_SECONDS = 30  # a relay that dies gives its events free after this; doubled with each worker an event saw die
DIED = "its worker died six times"
UNKNOWN = "no process of this version knows this news"
UNKNOWN_SECONDS, UNKNOWN_HOURS = 5.0, 24  # how soon it is looked at again, how long a newer version is waited for
KEEP_DAYS = 7
HEARTBEAT = "heartbeat"

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
_unheard: set[str] = set()


def on(*names: str, queue: str = BELLS, many: bool = False) -> Callable[[Callable[[Any], None]], Callable[[Any], None]]:
    """Register a handler for the named events. It must be idempotent and re-read the truth."""

    def register(handler: Callable[[Any], None]) -> Callable[[Any], None]:
        route = Route(handler, queue, many)
        for name in names:
            if route not in _routes[name]:
                _routes[name].append(route)
        return handler

    return register


def unheard(*names: str) -> None:
    """Name events of this version that nobody hears (yet): they are finished at once.

    Any other event without a handler is of another version, and waits for a process that knows it.
    """
    _unheard.update(names)


def known() -> set[str]:
    """Give the names of all events of this version."""
    return {name for name, found in _routes.items() if found} | _unheard


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
    others go on. One whose worker died is tried alone, so that the next death is nobody else's.
    """
    taken = 0
    while taken < limit:
        lease = _Lease.take(queue, limit - taken)
        groups: dict[tuple[str, str], list[Event]] = defaultdict(list)
        for event in lease.events:
            groups[event.name, event.queue].append(event)
        for (name, heard_in), group in groups.items():
            _handle_group(lease, group, name, heard_in)
        taken += len(lease.events)
        if not lease.is_of_suspect:
            break
    return taken


def retry_parked() -> int:
    """Give every parked event a fresh start; one that workers died of is tried alone again. Returns how many."""
    deaths = Case(When(deaths__gt=0, then=Value(1)), default=Value(0))
    return Event.objects.parked().update(parked_at=None, tries=0, deaths=deaths, due_at=timezone.now())


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
    Job.objects.bulk_create(
        [Job(name=HEARTBEAT, ran_at=now)], update_conflicts=True, unique_fields=["name"], update_fields=["ran_at"]
    )


def seconds_since_heartbeat() -> float:
    """Give how long ago scheduler and worker last did a job together; -1 when they never did."""
    at = Job.objects.filter(name=HEARTBEAT).values_list("ran_at", flat=True).first()
    return (timezone.now() - at).total_seconds() if at else -1.0


def do_job(name: str, *, every_seconds: int, now: datetime, work: Callable[[], object]) -> bool:
    """Do a standing job once in each period, however many schedulers ask. Whether this caller did it.

    The row is the lock: begun by one caller, noted as done after the work. One that failed is free at once; one whose
    worker died is so after a period or the longest time of a task, whichever is shorter. Periods are counted from 1970
    in UTC, so neither a leap over summer time nor two schedulers double one, and days of sleep are made up for by one
    run.
    """
    period = int(now.timestamp()) // every_seconds
    lease = timedelta(seconds=min(every_seconds, settings.CELERY_TASK_TIME_LIMIT))
    Job.objects.bulk_create([Job(name=name, period=-1)], ignore_conflicts=True)
    free = Q(begun_at=None) | Q(begun_at__lte=now - lease)
    if not Job.objects.filter(free, name=name, period__lt=period).update(begun_at=now):
        return False
    own = Job.objects.filter(name=name, begun_at=now)
    try:
        work()
    except BaseException:
        own.update(begun_at=None)
        raise
    own.update(period=period, ran_at=now, begun_at=None)
    return True


class _Lease:
    """The events a relay has taken, until a moment that moves on while it works: only a dead relay loses them."""

    def __init__(self, events: list[Event], seconds: float) -> None:
        self.events = events
        self._seconds = seconds
        self._begin()

    def _begin(self) -> None:
        self._until = timezone.now() + timedelta(seconds=self._seconds)

    @property
    def is_of_suspect(self) -> bool:
        """Whether it holds a single event, of which a worker may have died."""
        return bool(self.events and self.events[0].deaths)

    @classmethod
    def take(cls, queue: str | None, limit: int) -> "_Lease":
        """Lease the oldest waiting events: those together that no worker died of, or one that it did.

        Each counts a death now, and is given it back when its worker says how it went. `deaths` of the events in
        hand are those before.
        """
        with transaction.atomic():
            waiting = Event.objects.waiting() if queue is None else Event.objects.waiting().filter(queue=queue)
            if connection.features.has_select_for_update_skip_locked:
                waiting = waiting.select_for_update(skip_locked=True)
            found = list(waiting[:limit])
            if dead := [event.pk for event in found if event.deaths >= MOST_TRIES]:
                log.error("Events are parked, because their workers died six times")
                Event.objects.filter(id__in=dead).update(parked_at=timezone.now(), reason=DIED)
                found = [event for event in found if event.deaths < MOST_TRIES]
            suspects = found[:1] if found and found[0].deaths else []
            lease = cls(
                suspects or list(takewhile(lambda event: not event.deaths, found)),
                LEASE_SECONDS * 2 ** (suspects[0].deaths if suspects else 0),
            )
            Event.objects.filter(id__in=[event.pk for event in lease.events]).update(
                due_at=lease._until, deaths=F("deaths") + 1
            )
        return lease

    def hold(self) -> None:
        """Take more time for what is still to be done, when a third of it has passed."""
        if self._until - timezone.now() > timedelta(seconds=self._seconds * 2 / 3):
            return
        # What was postponed, or leased by somebody else since, is due at another moment.
        held = Event.objects.filter(id__in=[event.pk for event in self.events], due_at=self._until)
        self._begin()
        held.update(due_at=self._until)


def _handle_group(lease: _Lease, events: list[Event], name: str, heard_in: str) -> None:
    """Do all handlers for events of one name; those that failed keep waiting."""
    found = [route for route in _routes.get(name, ()) if route.queue == heard_in]
    if not found and not (name in known() and heard_in in queues_of(name)):
        _wait_for_another_version(events)
        return
    left = events
    for route in found:
        if route.many:
            lease.hold()
            left = _handle_together(left, route)
        else:
            left = [each for each in left if _handle_one(lease, each, route)]
    Event.objects.filter(id__in=[event.pk for event in left]).update(
        finished_at=timezone.now(), parked_at=None, reason=""
    )


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


def _handle_one(lease: _Lease, event: Event, route: Route) -> bool:
    lease.hold()
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
    Event.objects.filter(id__in=[event.pk for event in events]).update(
        due_at=due_at, reason=str(wait)[:2000], deaths=_told(events[0])
    )


def _wait_for_another_version(events: list[Event]) -> None:
    """Leave events to a newer process; what nobody took within a day is shown to whoever runs the city."""
    too_late = timezone.now() - timedelta(hours=UNKNOWN_HOURS)
    parted: dict[bool, list[Event]] = {True: [], False: []}
    for event in events:
        parted[event.made_at < too_late].append(event)
    if parted[False]:
        _wait(parted[False], Later(UNKNOWN, seconds=UNKNOWN_SECONDS))
    Event.objects.filter(id__in=[event.pk for event in parted[True]]).update(
        parked_at=timezone.now(), reason=UNKNOWN, deaths=0
    )


def _told(event: Event) -> int:
    """Give the deaths of an event whose worker has said how it went: none, but a suspect stays one."""
    return min(event.deaths, 1)


def _postpone(event: Event, reason: str) -> None:
    tries = event.tries + 1
    now = timezone.now()
    Event.objects.filter(id=event.pk).update(
        tries=tries,
        reason=reason[:2000],
        due_at=now + timedelta(seconds=FIRST_PAUSE_SECONDS * 2 ** (tries - 1)),
        parked_at=now if tries >= MOST_TRIES else None,
        deaths=_told(event),
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
