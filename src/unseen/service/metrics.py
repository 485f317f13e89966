"""What a server counts of its requests, in the text format of Prometheus."""

from __future__ import annotations

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST

__all__ = ["CONTENT_TYPE_LATEST", "OTHER", "HttpMetrics"]

OTHER = "other"
"""Label of paths that are not served: a scan of paths must not fill the memory with labels."""
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class HttpMetrics:
    """Requests by route and code, their time, how many run, and what was refused; memory is bounded.

    Every application has a registry of its own, to which others add what they count.

    >>> metrics = HttpMetrics()
    >>> metrics.observe("/score", 200, 0.004)
    >>> next(line for line in metrics.text().decode().splitlines() if "requests_total{" in line)
    'unseen_http_requests_total{code="200",route="/score"} 1.0'
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self.registry)
        self._requests = Counter(
            "unseen_http_requests", "Requests by route and code.", ("route", "code"), registry=self.registry
        )
        self._seconds = Histogram(
            "unseen_http_seconds",
            "Time from headers to the last byte of the answer.",
            ("route",),
            buckets=SECONDS,
            registry=self.registry,
        )
        self.in_flight = Gauge("unseen_http_in_flight", "Requests being answered.", registry=self.registry)

    def observe(self, route: str, code: int, seconds: float) -> None:
        """Count one request that is over."""
        self._requests.labels(route, str(code)).inc()
        self._seconds.labels(route).observe(seconds)

    def text(self) -> bytes:
        """Return everything that is registered, as Prometheus reads it."""
        return generate_latest(self.registry)
