"""A panel made ready to learn from: what is usual, who is related, which windows may be drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from unseen.errors import DataError
from unseen.forecasting.drawing import Windowed
from unseen.forecasting.history import History, Ints, Usual
from unseen.forecasting.inputs import AROUND, CITY_SENSORS, DAYS, UNKNOWN, Reader
from unseen.forecasting.related import related
from unseen.forecasting.usual import Weeks, from_few_days, learned, stacked
from unseen.seeds import generator
from unseen.series.panel import Panel

SHORT_ROWS = 256
"""Sensors, at most, that are shown a second time with a short history."""
SHORT_DAYS = (2, 28)
GAPPY = 0.25
"""Share of slots whose windows have gaps, so that gaps are known from training."""


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """What networks learn from.

    Attributes:
        windowed: Windows to draw.
        reader: What reads them.
        held_back: Slots (N,) kept for calibration; their targets are not among the windows.
        usual: Of S sensors.
        neighbours: Shape (S, K), places among the S sensors.

    """

    windowed: Windowed
    reader: Reader
    held_back: Ints
    usual: Usual
    neighbours: Ints


def training_set(panel: Panel, *, horizon: int, neighbours: int, held_back: int, seed: int) -> TrainingSet:
    """Prepare a panel.

    Args:
        panel: S sensors, three weeks at least; a sensor without values is left out.
        horizon: Slots ahead.
        neighbours: Related sensors shown of each sensor.
        held_back: Slots at the end that are kept for calibration.
        seed: Of short histories, gaps, and moments looked at.

    Raises:
        DataError: No sensor with a day of values that differ.

    """
    usual, sensors = learned(panel), np.arange(len(panel.sensors))
    good = np.flatnonzero(np.isfinite(usual.scale))
    if not len(good):
        raise DataError("no sensor of the panel has a day of values that differ; there is nothing to learn")
    spans = _short_spans(panel, good, held_back, seed)
    short = sensors[-1] + 1 + np.arange(len(spans))
    weeks = Weeks.of(usual)
    parts = [usual] + [_short(panel, weeks, row, span) for row, span in spans]
    own = np.concatenate([sensors, [row for row, _ in spans]]).astype(np.int64)
    leave = np.arange(len(own)) < len(sensors)
    history = History(panel, stacked(parts), own, horizon + int(AROUND.max()), leave)
    beside = [related(history, sensors, good, neighbours, horizon=horizon, seed=seed)]
    for row, (_, span) in zip(short, spans, strict=True):
        beside.append(_related_then(history, row, city_of(good), neighbours, span, horizon, seed))
    embedding = np.where(leave, np.arange(len(own)) + 1, UNKNOWN)
    reader = Reader(
        history, horizon, embedding, np.concatenate(beside), city_of(good), gaps=_gaps(panel.slots, seed)
    )
    allowed = np.zeros(panel.slots, bool)
    allowed[DAYS * panel.a_day : panel.slots - horizon - held_back] = True
    skip = {int(row): span for row, (_, span) in zip(short, spans, strict=True)}
    last = np.arange(max(panel.slots - horizon - held_back, 0), panel.slots - horizon)
    return TrainingSet(Windowed(reader, good, short, allowed, skip), reader, last, usual, beside[0])


def city_of(rows: Ints) -> Ints:
    """Rows that stand for the city: all, or as many as make its mean sure."""
    return rows[:: max(1, len(rows) // CITY_SENSORS)]


def _short_spans(panel: Panel, good: Ints, held_back: int, seed: int) -> list[tuple[int, range]]:
    """For some sensors a few days that stand for all there is of them; at least two sensors are needed."""
    if len(good) < 2:
        return []
    rng = generator(seed, 85)
    chosen = np.sort(rng.permutation(good)[:SHORT_ROWS])
    spans = []
    for row in chosen:
        length = int(rng.integers(*SHORT_DAYS, endpoint=True)) * panel.a_day
        length = min(length, (panel.slots - held_back) // 4)
        first = int(rng.integers(0, panel.slots - held_back - length))
        spans.append((int(row), range(first, first + length)))
    return spans


def _short(panel: Panel, weeks: Weeks, row: int, span: range) -> Usual:
    """Take what is usual for a sensor from these days of it and the other sensors."""
    few = panel.slice(span.start, span.stop).select([panel.sensors[row]])
    return from_few_days(few, weeks, without=row)


def _related_then(
    history: History, row: int, among: Ints, count: int, span: range, horizon: int, seed: int
) -> Ints:
    """Related sensors as they look in a few days."""
    then = History(
        history.panel.slice(span.start, span.stop), history.usual, history.own, history.ahead, history.leave
    )
    return related(then, np.array([row]), among, count, horizon=horizon, seed=seed)


def _gaps(slots: int, seed: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    rng = generator(seed, 86)
    return np.where(rng.random(slots) < GAPPY, rng.random(slots), 0.0)
