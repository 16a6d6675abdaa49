"""What Prometheus reads: what this server counted, and how the installation stands, asked of the rows when it asks."""

import logging
import os
import time
from collections.abc import Iterator
from hmac import compare_digest
from pathlib import Path

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from prometheus_client import REGISTRY as OWN
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from exchange.ledger.services import audit
from exchange.lib import breaker
from exchange.lib.counters import BREAKERS, POOL
from exchange.outbox import services as outbox
from exchange.watch import health

log = logging.getLogger(__name__)
SAMPLE_SECONDS = 5.0
_sampled_at = 0.0


def is_allowed(*, authorization: str, address: str, forwarded: str) -> bool:
    """Whether this asker may read the metrics: by METRICS_TOKEN, or without one from this machine and no proxy."""
    if settings.METRICS_TOKEN:
        return compare_digest(authorization.encode(), f"Bearer {settings.METRICS_TOKEN}".encode())
    return not forwarded and address in ("127.0.0.1", "::1")


def sample(*, now: float | None = None) -> None:
    """Note how breakers and the pool of this process stand, at most every few seconds; cheap enough for any request."""
    global _sampled_at
    now = time.monotonic() if now is None else now
    if now - _sampled_at < SAMPLE_SECONDS:
        return
    _sampled_at = now
    for name, each in breaker.named.items():
        BREAKERS.labels(name).set(each.is_open)
    pool = getattr(connection, "pool", None)
    if pool:
        stats = pool.get_stats()
        POOL.labels("open").set(stats.get("pool_size", 0))
        POOL.labels("free").set(stats.get("pool_available", 0))
        POOL.labels("waiting").set(stats.get("requests_waiting", 0))


def text(*, whole: bool = True) -> bytes:
    """Give the metrics of this server; `whole` adds what the rows and the broker say."""
    sample()
    registry = OWN
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if folder or whole:
        registry = CollectorRegistry()
        if folder:
            _forget_dead(Path(folder))
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        else:
            registry.register(OWN)
        if whole:
            registry.register(Standing())
    return generate_latest(registry)


def _forget_dead(folder: Path) -> None:
    """Take away what ended processes showed as their present state; what they counted stays."""
    for file in folder.glob("gauge_live*_*.db"):
        pid = file.stem.rsplit("_", 1)[-1]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            mark_process_dead(int(pid), str(folder))  # type: ignore[no-untyped-call]


class Standing:
    """How the installation stands now: outbox, index lag, queues, scheduler. A part that is away is told as such."""

    def describe(self) -> list[Metric]:
        """Name nothing beforehand, so that registering asks no database."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Ask the rows, then the broker, then the search engine."""
        up = GaugeMetricFamily("rukn_part_up", "1 when the part answered this question", labels=["part"])
        rows: list[Metric] = []
        try:
            rows += self._rows()
        except DatabaseError:
            up.add_metric(["database"], 0)
        else:
            up.add_metric(["database"], 1)
        if settings.REDIS_URL:
            try:
                rows += self._queues()
            except (redis.RedisError, OSError):
                up.add_metric(["redis"], 0)
            else:
                up.add_metric(["redis"], 1)
        if settings.ELASTICSEARCH_URL:
            up.add_metric(["search"], health.search_answers())
        yield up
        yield from rows

    def _rows(self) -> list[Metric]:
        length = GaugeMetricFamily("rukn_outbox_events", "Events that wait to be handled", labels=["queue"])
        age = GaugeMetricFamily("rukn_outbox_oldest_seconds", "Age of the oldest waiting event", labels=["queue"])
        for queue, (count, seconds) in outbox.standing().items():
            length.add_metric([queue], count)
            age.add_metric([queue], seconds)
        parked = GaugeMetricFamily("rukn_outbox_parked", "Events that failed too often", value=outbox.parked_count())
        count, seconds = outbox.standing_of(module="search.")
        looked = audit.last()
        return [
            length, age, parked,
            GaugeMetricFamily(
                "rukn_ledger_faults", "What the last nightly look at the ledger found wrong (-1: none yet)",
                value=looked.faults if looked else -1,
            ),
            GaugeMetricFamily("rukn_index_waiting", "News the search index has not taken yet", value=count),
            GaugeMetricFamily("rukn_index_lag_seconds", "Age of the oldest of it", value=seconds),
            GaugeMetricFamily(
                "rukn_scheduler_seconds", "Since scheduler and worker last did a job together (-1: never)",
                value=outbox.seconds_since_heartbeat(),
            ),
        ]  # fmt: skip

    def _queues(self) -> list[Metric]:
        queued = GaugeMetricFamily("rukn_queue_length", "Tasks waiting in Redis", labels=["queue"])
        for queue in settings.CELERY_TASK_QUEUES:
            queued.add_metric([queue], float(health.redis_client().llen(queue)))
        return [queued]
