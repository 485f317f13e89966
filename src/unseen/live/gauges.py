"""What a watch has to say to Prometheus: read from the store when it is asked."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from unseen.errors import UnseenError
from unseen.live.clock import Clock
from unseen.live.health import health
from unseen.live.store import Store

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Metric

SINGLE = {
    "unseen_watch_last_poll_age_seconds": ("last_poll_age", "Seconds since the feed was last asked."),
    "unseen_watch_last_slot_age_seconds": ("last_slot_age", "Seconds since the end of the last closed slot."),
    "unseen_watch_clock_offset_seconds": ("clock_offset", "Receipt minus the newest stamp of the feed."),
    "unseen_watch_slot_seconds": (
        "slot_seconds_taken",
        "Time from the close of the last slot to its commit.",
    ),
    "unseen_watch_sensors": ("sensors", "Sensors ever seen."),
    "unseen_watch_with_data_ratio": ("with_data", "Share of sensors with a value in the last slot."),
}


class StoreGauges(Collector):
    """Gauges of a store, collected anew at every question."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock

    def register(self, registry: CollectorRegistry) -> None:
        """Stand among what a registry collects."""
        registry.register(self)

    def describe(self) -> list[Metric]:
        """Name nothing before the first question, so that registering does not open the store."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Read the store; where that fails, say so by `unseen_watch_up`."""
        try:
            with Store(self._path, read_only=True) as store:
                state = health(store, now=self._clock.now())
                on = store.db.execute("SELECT count(*) FROM alarm_log WHERE cleared IS NULL").fetchone()[0]
                raised = store.db.execute("SELECT count(*) FROM alarms").fetchone()[0]
        except (sqlite3.Error, UnseenError):
            yield GaugeMetricFamily("unseen_watch_up", "Whether the store can be read.", 0)
            return
        yield GaugeMetricFamily("unseen_watch_up", "Whether the store can be read.", 1)
        for name, (key, meaning) in SINGLE.items():
            if state[key] is not None:
                yield GaugeMetricFamily(name, meaning, float(state[key]))
        yield GaugeMetricFamily("unseen_watch_alarms_on", "Alarms that are on.", on)
        yield GaugeMetricFamily("unseen_watch_alarms_raised", "Alarms ever raised.", raised)
        for name, key, label in (
            ("unseen_watch_streets", "tiers", "tier"),
            ("unseen_watch_feed_events_day", "errors", "kind"),
        ):
            family = GaugeMetricFamily(name, f"Counts by {label}.", labels=(label,))
            for word, count in state[key].items():
                family.add_metric((word,), count)
            yield family
