"""What this process measures, for Prometheus: counted where it happens, served by `monitoring`.

Names follow Prometheus: a base unit (`_seconds`, `_bytes`), `_total` for counters. Labels have few values: the template
of a route, never an address, a person or an id.
"""

from functools import cache

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)

disable_created_metrics()  # the time of the first sample of each: nothing that anybody asks for
REGISTRY = CollectorRegistry()
"""All of them; not prometheus_client's own, to which any library may add."""

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

REQUESTS = Counter("doorstep_http_requests", "Requests answered.", ("method", "route", "status"), registry=REGISTRY)
REQUEST_SECONDS = Histogram(
    "doorstep_http_request_seconds", "From the first byte of a request to the end of its answer.", ("route",),
    buckets=_FAST, registry=REGISTRY,
)  # fmt: skip
COMMIT_SECONDS = Histogram(
    "doorstep_commit_seconds",
    "From the beginning of a transaction that writes until it is durable; several functions may share one.",
    buckets=_FAST, registry=REGISTRY,
)  # fmt: skip
COMMITTED = Counter("doorstep_commit_functions", "Functions that those transactions ran.", registry=REGISTRY)
RECORDS = Counter(
    "doorstep_records", "Records of phones: stored, sent again, or refused (and kept in quarantine).", ("outcome",),
    registry=REGISTRY,
)  # fmt: skip
ATTEMPTS = Counter(
    "doorstep_message_attempts", "Attempts to hand messages to gateways.", ("channel", "outcome"), registry=REGISTRY
)
WEBHOOK_ATTEMPTS = Counter("doorstep_webhook_attempts", "Attempts to deliver events.", ("outcome",), registry=REGISTRY)
CONNECTIONS = Gauge("doorstep_connections", "Open connections.", registry=REGISTRY)
DEFECTS = Counter("doorstep_defects", "Unexpected errors, each with a line in the log.", registry=REGISTRY)

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def count_request(method: str, route: str, status: int, seconds: float) -> None:
    """Count a request by the template of its route; status 0 where the client went away before an answer."""
    _requests(method if method in _METHODS else "other", route, status).inc()
    _request_seconds(route).observe(seconds)


@cache
def _requests(method: str, route: str, status: int) -> Counter:
    return REQUESTS.labels(method, route, str(status))


@cache
def _request_seconds(route: str) -> Histogram:
    return REQUEST_SECONDS.labels(route)


ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)
GCCollector(registry=REGISTRY)
