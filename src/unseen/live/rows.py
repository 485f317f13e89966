"""A detector of rows, such as flows, at work: batches are judged, sources of odd rows have alarms."""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from unseen.detectors.detector import Detector
from unseen.errors import ConfigError, DataError
from unseen.live.config import RowSettings, WatchSettings
from unseen.live.delivery import Delivery
from unseen.live.engine import Report
from unseen.live.schema import LEVELS
from unseen.live.store import Change, Closed, Outlook, Raise, Store
from unseen.live.words import Shown
from unseen.series.panel import State
from unseen.thresholds import RateBudget

Rows = list[dict[str, Any]]

EVERYBODY = "rows"
OTHERS = "others"
MOST_SOURCES = 10_000
REASONS = 3
SILENT_BATCHES = 3


@dataclass(frozen=True, eq=False)
class Odd:
    """An odd row: the place of its source, its p-value, and the row itself."""

    place: int
    p: float
    row: dict[str, Any]


@dataclass
class RowWatch:
    """Rows in, reports out; an alarm of a source is on until it has been quiet for some time.

    A row is odd where its p-value is at most the rate that spends the budget, alarms_per_day / rows_per_day.
    Rows, alarms and the place up to which a file was read are written in one transaction a batch.

    Args:
        settings: Of the watch.
        store: Where everything is kept.
        detector: What judges rows.

    """

    settings: WatchSettings
    store: Store
    detector: Detector
    rows: Rows = field(default_factory=list)
    place: int | None = None

    def __post_init__(self) -> None:
        self.told: RowSettings = self._told()
        self.budget = RateBudget(self.told.alarms_per_day, self.told.rows_per_day)
        self._vouched()
        self.places = {sensor.id: sensor.place for sensor in self.store.sensors()}
        self.on = dict(self.store.db.execute("SELECT sensor, id FROM alarm_log WHERE cleared IS NULL"))
        self.odd: dict[int, int] = {
            int(place): int(last) for place, last in json.loads(self.store.kept("odd") or "{}").items()
        }
        self.closed = self.store.last_slot()
        self._busy = self.closed or 0

    def take(self, delivery: Delivery) -> None:
        """Take in rows; those of a batch wait for its end."""
        if delivery.fault is not None:
            self.store.log(delivery.received, delivery.kind, delivery.fault)
        self.rows += delivery.rows or ()
        self.place = self.place if delivery.place is None else delivery.place
        if self.closed is None:
            self.closed = int(delivery.received // self.settings.step - 1) * self.settings.step
        poll = {"clock": delivery.received, "result": delivery.kind}
        self.store.write_setting("last_poll", json.dumps(poll))

    def advance(self, now: float) -> list[Report]:
        """Judge the rows that came, once the time of their batch is over."""
        if self.closed is None:
            return []
        slot = int(now // self.settings.step - 1) * self.settings.step
        return [self._close(slot, now)] if slot > self.closed else []

    def next_due(self) -> float | None:
        """When the batch is over."""
        return None if self.closed is None else self.closed + 2 * self.settings.step

    def finish(self, now: float) -> list[Report]:
        """Judge what has come since, at once."""
        if not self.rows:
            return []
        slot = max(
            int(now // self.settings.step) * self.settings.step, (self.closed or 0) + self.settings.step
        )
        return [self._close(slot, now)]

    def _told(self) -> RowSettings:
        if self.settings.rows is None:
            raise DataError("the settings name no detector; add [rows]")
        return self.settings.rows

    def _vouched(self) -> None:
        """Refuse a budget that would never raise an alarm: p-values do not get as small as its rate.

        Raises:
            ConfigError: The rate is below what the rows held out in training can vouch for.

        """
        least, count = self.detector.calibration_.least, len(self.detector.calibration_)
        if self.budget.rate < least:
            raise ConfigError(
                f"{self.told.alarms_per_day:g} alarms on {self.told.rows_per_day:g} rows is a rate of "
                f"{self.budget.rate:.2g}, and the {count:,} rows held out in training vouch for no less than "
                f"{least:.2g}; allow more alarms, or fit the detector on more rows"
            )

    def _close(self, slot: int, clock: float) -> Report:
        started = time.perf_counter()
        rows, self.rows = self.rows, []
        counts = Counter(self._sources(rows, int(clock)))
        found = self._judged(rows, clock)
        end = slot + self.settings.step
        raised, changes = self._alarms(found, end)
        if rows:
            self._busy = slot
        value = np.zeros(len(self.places), np.float32)
        for place, count in counts.items():
            value[place] = count
        kept = {"odd": json.dumps(self.odd).encode()}
        if self.place is not None:
            kept["place"] = str(self.place).encode()
        outlook = self._outlook(slot, end, {one.sensor for one in raised}, {one.alarm for one in changes})
        known = np.full(len(value), State.OK, np.uint8)
        closed = Closed(slot, value, known, clock, outlook, raised, changes, kept)
        numbers = self.store.commit(replace(closed, seconds=time.perf_counter() - started))
        self.closed = slot
        self.on |= {one.sensor: number for one, number in zip(raised, numbers, strict=True)}
        self.on = {place: n for place, n in self.on.items() if n not in {one.alarm for one in changes}}
        tiers = np.bincount(outlook.tier, minlength=len(Shown))
        words = {one.word: int(tiers[one]) for one in Shown}
        return Report(slot, tuple(numbers), words, len(counts), time.perf_counter() - started)

    def _sources(self, rows: Rows, since: int) -> list[int]:
        """Places of the sources of rows; new ones get theirs, as long as there is room."""
        names = [self._source(row) for row in rows]
        new = [name for name in dict.fromkeys(names) if name not in self.places]
        room = max(MOST_SOURCES - len(self.places), 0)
        if new:
            wanted = new[:room] + ([OTHERS] if len(new) > room else [])
            found = self.store.add_sensors([(name, name, None, None) for name in wanted], since=since)
            self.places = {sensor.id: sensor.place for sensor in found}
        return [self.places[name] if name in self.places else self.places[OTHERS] for name in names]

    def _source(self, row: dict[str, Any]) -> str:
        return EVERYBODY if self.told.source is None else str(row.get(self.told.source, EVERYBODY))[:200]

    def _judged(self, rows: Rows, clock: float) -> list[Odd]:
        """Odd rows; rows that the detector cannot read are found by halves, logged and left out."""
        if not rows:
            return []
        try:
            scores = self.detector.anomaly_score(pa.Table.from_pylist(rows))
        except (DataError, pa.ArrowException, TypeError, OverflowError) as error:
            if len(rows) == 1:
                self.store.log(clock, "content", f"a row was left out: {' '.join(str(error).split())[:300]}")
                return []
            half = len(rows) // 2
            return self._judged(rows[:half], clock) + self._judged(rows[half:], clock)
        p = self.detector.calibration_.p_values(scores)
        odd = np.flatnonzero(self.budget.decide(self.detector.calibration_, scores))
        places = self._sources([rows[row] for row in odd], int(clock))
        return [Odd(at, float(p[row]), rows[row]) for at, row in zip(places, odd, strict=True)]

    def _alarms(self, found: list[Odd], end: int) -> tuple[list[Raise], list[Change]]:
        worst: dict[int, Odd] = {}
        for one in found:
            self.odd[one.place] = end
            if one.place not in worst or one.p < worst[one.place].p:
                worst[one.place] = one
        raised = [self._raise(one, end) for place, one in sorted(worst.items()) if place not in self.on]
        changes = []
        for place, number in sorted(self.on.items()):
            if end - self.odd.get(place, 0) >= self.told.quiet:
                changes.append(Change(number, "cleared", end))
                changes.append(Change(number, "outcome", end, "unknown"))
                self.odd.pop(place, None)
        return raised, changes

    def _raise(self, one: Odd, end: int) -> Raise:
        model = self.told.detector.name
        return Raise(
            one.place, end, end, "red", one.p, None, None, None, self.budget.rate, model, self._why(one.row)
        )

    def _why(self, row: dict[str, Any]) -> str:
        """Name the features that make most of a row's score."""
        parts = self.detector.contributions(pa.Table.from_pylist([row]))
        values: NDArray[Any] = np.asarray(parts.values)[0]
        order = np.argsort(-values)[:REASONS]
        whole = values.sum()
        return ", ".join(f"{parts.names[i]} {values[i] / whole:.0%}" for i in order if values[i] > 0)

    def _outlook(self, slot: int, end: int, raised: set[int], cleared: set[int]) -> Outlook:
        sensors = len(self.places)
        nothing = np.full(sensors, np.nan, np.float32)
        alarm = np.zeros(sensors, bool)
        alarm[[place for place, number in self.on.items() if number not in cleared]] = True
        alarm[list(raised)] = True
        silent = slot - self._busy > max(self.told.quiet, SILENT_BATCHES * self.settings.step)
        tier = np.where(alarm, Shown.RED, Shown.NO_DATA if silent else Shown.GREEN).astype(np.uint8)
        bounds = np.full((sensors, 2), np.nan, np.float32)
        grid = np.full((sensors, len(LEVELS)), np.nan, np.float32)
        raw = np.empty((sensors, 0), np.float32)
        return Outlook(end, end, self.told.detector.name, nothing, grid, raw, bounds, nothing, tier, alarm)
