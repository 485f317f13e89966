"""What the service counts of rows, alarms, its queue and drift, for Prometheus."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric

from unseen.service.drift import Drift

# Columns with a line of their own in /metrics; /drift has all.
MOST_COLUMNS = 200


class Counting:
    """Rows and alarms that went by, requests that wait, and how many were scored together."""

    def __init__(self, registry: CollectorRegistry, drift: Drift) -> None:
        self._drift = drift
        self._rows = Counter("unseen_rows", "Rows scored.", registry=registry)
        self._alarms = Counter("unseen_alarms", "Rows that raised alarms.", registry=registry)
        self._waiting = Gauge("unseen_queue_requests", "Requests that wait for a thread.", registry=registry)
        self._together = Histogram(
            "unseen_batch_requests",
            "Requests scored in one pass.",
            buckets=(1, 2, 4, 8, 16, 32, 64, 128),
            registry=registry,
        )
        registry.register(_Drifting(drift))

    def watch_queue(self, length: Callable[[], int]) -> None:
        """Show the length of the queue whenever the metrics are read."""
        self._waiting.set_function(length)

    def together(self, requests: int) -> None:
        """Count requests that are scored in one pass."""
        self._together.observe(requests)

    def see(
        self, features: NDArray[np.floating], scores: NDArray[np.float64], alarms: NDArray[np.bool_]
    ) -> None:
        """Count rows that were scored, and watch them: features (N, D), scores (N,), alarms (N,)."""
        self._rows.inc(len(scores))
        self._alarms.inc(int(alarms.sum()))
        self._drift.see(features, scores, alarms)


class _Drifting:
    """Drift as it stands when the metrics are read."""

    def __init__(self, drift: Drift) -> None:
        self._drift = drift

    def collect(self) -> Iterator[Metric]:
        report = self._drift.report()
        since, windows = report["since_start"], report["windows"]
        named = {
            "unseen_drifting": ("1 where drift is seen, see /drift.", float(report["drifting"])),
            "unseen_drift_bet_log10": ("Evidence of drift since the start, log10.", since["log10"]),
            "unseen_drift_bet_alarm_log10": ("Where that is an alarm.", since["alarm_at_log10"]),
            "unseen_drift_windows_judged": ("Windows compared with training.", windows["judged"]),
            "unseen_drift_windows_drifted": ("Windows that differed.", windows["drifted"]),
        }
        for name, (text, value) in named.items():
            yield GaugeMetricFamily(name, text, value=value)
        latest = windows["latest"]
        if latest is None:
            return
        yield GaugeMetricFamily(
            "unseen_drift_score_distance",
            "Population stability index of the scores of the latest window, nats.",
            value=latest["distance"],
        )
        distances = GaugeMetricFamily(
            "unseen_drift_column_distance", "Distance of a column from training, nats.", labels=("column",)
        )
        for column in latest["columns"][:MOST_COLUMNS]:
            distances.add_metric([column["column"]], column["distance"])
        yield distances
