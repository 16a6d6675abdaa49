"""What processes count for Prometheus. With `PROMETHEUS_MULTIPROC_DIR` the processes of one server count together."""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter("rukn_requests", "Requests answered", ["route", "method", "status"])
SECONDS = Histogram(
    "rukn_request_seconds",
    "How long answers took",
    ["route"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4),
)
SOCKETS = Gauge("rukn_open_sockets", "Open sockets of people talking", multiprocess_mode="livesum")
BREAKERS = Gauge(
    "rukn_breaker_open", "1 while a part is left alone after failures", ["part"], multiprocess_mode="livemax"
)
POOL = Gauge("rukn_database_pool", "Connections of the pool", ["state"], multiprocess_mode="livesum")
WEBHOOKS = Counter("rukn_webhooks", "Events that the payment service sent, by what became of them", ["result"])
