"""The record of an alarm: what was expected when it was raised, and what became of it."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import ArrayLike


class Outcome(StrEnum):
    """Whether what an alarm warned of came."""

    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class AlarmRecord:
    """One alarm, from its raise to its outcome; moments are seconds of UTC.

    Attributes:
        id: Number in the log, given once.
        sensor: Identifier of the sensor.
        name: Name of the sensor, to show.
        issued: End of the last slot that was known.
        target: Begin of the slot that is warned of.
        tier: "red".
        p: Probability of that tier; of rows that a detector scored, their p-value.
        forecast: Expected value; None where there is none.
        low: Lower end of its interval of 90 %.
        high: Upper end.
        threshold: Value from which on the tier is reached.
        raised: What the clock said when it was raised.
        model: What made the forecast.
        cleared: End of the slot after which it was cleared; None while it is on.
        acknowledged: What the clock said when a person first acknowledged it.
        acknowledged_by: Who that was.
        note: What they said.
        outcome: What came; None while that is not known.
        why: What makes it odd, where a detector of rows says so.

    """

    id: int
    sensor: str
    name: str
    issued: int
    target: int
    tier: str
    p: float
    forecast: float | None
    low: float | None
    high: float | None
    threshold: float | None
    raised: float
    model: str
    cleared: int | None = None
    acknowledged: float | None = None
    acknowledged_by: str | None = None
    note: str | None = None
    outcome: Outcome | None = None
    why: str | None = None

    def as_row(self, zone: str) -> dict[str, object]:
        """Write it with times that people read: ISO 8601 in UTC, and by the clock of the zone.

        >>> target = 1496276400
        >>> record = AlarmRecord(1, "a", "A", target - 1200, target, "red", 0.6, 9, 5, 12, 8, target, "m")
        >>> row = record.as_row("Europe/Madrid")
        >>> row["issued"], row["issued_local"], row["cleared"]
        ('2017-06-01T00:00:00Z', '2017-06-01 02:00', None)
        """
        clock = ZoneInfo(zone)
        return {
            "id": self.id,
            "sensor": self.sensor,
            "name": self.name,
            "issued": utc(self.issued),
            "issued_local": local(self.issued, clock),
            "target": utc(self.target),
            "target_local": local(self.target, clock),
            "tier": self.tier,
            "p": self.p,
            "forecast": self.forecast,
            "low": self.low,
            "high": self.high,
            "threshold": self.threshold,
            "raised": utc(self.raised),
            "cleared": None if self.cleared is None else utc(self.cleared),
            "cleared_local": None if self.cleared is None else local(self.cleared, clock),
            "acknowledged": None if self.acknowledged is None else utc(self.acknowledged),
            "acknowledged_by": self.acknowledged_by,
            "note": self.note,
            "outcome": None if self.outcome is None else self.outcome.value,
            "model": self.model,
            "why": self.why or None,
        }


def utc(moment: float) -> str:
    """Write a second of UTC by ISO 8601, as in "2017-06-01T00:00:00Z"."""
    return dt.datetime.fromtimestamp(moment, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def local(moment: float, zone: ZoneInfo) -> str:
    """Write a second of UTC as the clock of a zone shows it, to the minute."""
    return dt.datetime.fromtimestamp(moment, zone).strftime("%Y-%m-%d %H:%M")


def outcome(values: ArrayLike, thresholds: ArrayLike) -> Outcome:
    """Judge an alarm by the slots it warned of, first target to last.

    Args:
        values: What was measured there, NaN where nothing was.
        thresholds: Value from which on the tier is reached, same shape.

    >>> outcome([1.0, 9.0], [8.0, 8.0]).value, outcome([float("nan")], [8.0]).value
    ('true', 'unknown')
    """
    measured = np.asarray(values, dtype=np.float64)
    known = np.isfinite(measured)
    if not known.any():
        return Outcome.UNKNOWN
    reached = measured[known] >= np.broadcast_to(np.asarray(thresholds, np.float64), measured.shape)[known]
    return Outcome.TRUE if reached.any() else Outcome.FALSE


def as_csv(records: Iterable[AlarmRecord], zone: str) -> str:
    """Write records as CSV with a header; text that a spreadsheet would run is made harmless."""
    rows = [record.as_row(zone) for record in records]
    columns = list(AlarmRecord(0, "", "", 0, 0, "", 0.0, None, None, None, None, 0.0, "").as_row(zone))
    sheet = io.StringIO()
    writer = csv.DictWriter(sheet, fieldnames=columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _harmless(value) for name, value in row.items()} for row in rows)
    return sheet.getvalue()


def _harmless(value: object) -> object:
    """Names and notes come from outside; a leading =, +, - or @ would be a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
