"""Which values of a panel can be believed: not impossible ones, nor those of sensors that hang."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from unseen.series.filled import filled
from unseen.series.panel import HOUR, Panel, State

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

STUCK_SLOTS = 12
"""A value that does not move is suspect from this many slots on."""
UNLIKELY = 1e-6
"""Chance of a run below which the sensor is taken to hang."""
FAR = 3.0
"""Values above this many times the sensor's 99.9 % point are impossible."""
AT_ONCE = 256  # sensors looked at together: bounds the memory of a year of thousands


@dataclass(frozen=True, eq=False)
class Runs:
    """Runs of one value in a block of sensors.

    Attributes:
        sensor: Row of each run.
        start: First slot of each run.
        length: Slots of each run.
        zero: Whether the value is 0.

    """

    sensor: Ints
    start: Ints
    length: Ints
    zero: Bools

    def keep(self, which: Bools) -> Runs:
        """Keep some of the runs."""
        return Runs(self.sensor[which], self.start[which], self.length[which], self.zero[which])


def runs_of(values: Floats) -> Runs:
    """Find all runs of equal finite values, of one slot and more.

    >>> runs = runs_of(np.array([[5, 5, 0, 0, 0, np.nan, 5]], np.float32))
    >>> runs.start.tolist(), runs.length.tolist(), runs.zero.tolist()
    ([0, 2, 6], [2, 3, 1], [False, True, False])
    """
    sensors, slots = values.shape
    begins = np.ones((sensors, slots), bool)
    begins[:, 1:] = values[:, 1:] != values[:, :-1]  # NaN differs from itself
    starts = np.flatnonzero(begins.ravel())
    lengths = np.diff(np.append(starts, sensors * slots))
    value = values.ravel()[starts]
    known = np.isfinite(value)
    sensor, start = np.divmod(starts[known], max(slots, 1))
    return Runs(sensor, start, lengths[known], value[known] == 0)


def longest_runs(values: Floats) -> tuple[Ints, Ints]:
    """Slots of the longest run of zeros and of the longest of another value, each of shape (S,)."""
    found = np.zeros((2, len(values)), np.int64)
    for first in range(0, len(values), AT_ONCE):
        runs = runs_of(values[first : first + AT_ONCE])
        np.maximum.at(found, (1 - runs.zero.astype(np.int64), first + runs.sensor), runs.length)
    return found[0], found[1]


def suspects(values: Floats, hours: Ints) -> Runs:
    """Find runs of at least twelve slots that are too long for what this sensor does at these hours.

    A run of n slots that starts at t has the chance of all its steps, prod p(hour of t + i), i = 1 .. n - 1,
    where p is the share of slots in which the value stays as it is, counted by sensor, hour of day and
    whether it is zero, without the run itself: (stays + 2 q) / (slots + 2), q the share of zeros at that hour
    (of other values, a half). Quiet streets count zeros all night, and repeat them every night; a street
    that never did before has a broken sensor.

    Args:
        values: Shape (S, T).
        hours: Hour of the local day of each slot, shape (T,).

    """
    runs = runs_of(values)
    stays, slots = _repeats(values, hours)
    long = runs.keep(runs.length >= STUCK_SLOTS)
    passed = np.zeros((values.shape[1] + 1, 24), np.int32)
    passed[np.arange(1, len(passed)), hours] = 1
    passed = np.cumsum(passed, axis=0, dtype=np.int32)
    own = passed[long.start + long.length] - passed[long.start + 1]
    kind = long.zero.astype(np.int64)
    others = slots[long.sensor, kind] - own
    every = slots[long.sensor].sum(axis=1) - own
    usual = np.where(long.zero[:, None], (others + 1) / (every + 2), 0.5)
    chance = (stays[long.sensor, kind] - own + 2 * usual) / (others + 2)
    log = (own * np.log(chance)).sum(axis=1)
    return long.keep(log < np.log(UNLIKELY))


def _repeats(values: Floats, hours: Ints) -> tuple[Ints, Ints]:
    """How often a value stays and how often it could have, shape (S, 2, 24): other values, then zeros."""
    known = np.isfinite(values[:, 1:]) & np.isfinite(values[:, :-1])
    kind = (values[:, :-1] == 0) * 24 + hours[1:]
    place = kind + 48 * np.arange(len(values))[:, None]
    counts = [
        np.bincount(place[which], minlength=48 * len(values)).reshape(len(values), 2, 24)
        for which in (known & (values[:, 1:] == values[:, :-1]), known)
    ]
    return counts[0], counts[1]


def impossible(values: Floats, lowest: float) -> Bools:
    """Mark values below the lowest that can be, or three times above the sensor's 99.9 % point."""
    with np.errstate(invalid="ignore"):
        ordered = np.sort(values, axis=1)  # NaN come last
        known = np.isfinite(values).sum(axis=1)
        top = np.ceil(0.999 * np.maximum(known - 1, 0)).astype(np.int64)
        # without a thousand values the 99.9 % point is the largest, which is above no multiple of itself
        point = np.nan_to_num(ordered[np.arange(len(values)), top])
        return np.asarray((values < lowest) | ((values > FAR * point[:, None]) & (point[:, None] > 0)))


def marked(panel: Panel, *, lowest: float = 0.0, check_runs: bool = True) -> Panel:
    """Give a panel the states of its slots, and NaN to those that are not OK.

    Args:
        panel: Values as read; slots that have a state already keep it.
        lowest: Lowest value that can be.
        check_runs: Whether a value that does not move is suspect; not so of a coarse scale.

    >>> from unseen.series.calendar import Calendar
    >>> flow = np.random.default_rng(1).integers(50, 90, (1, 400)).astype(np.float32)
    >>> flow[0, 100:130], flow[0, 7] = 61, -4
    >>> panel = marked(Panel(flow, start=0, step=900, sensors=("a",), calendar=Calendar("UTC")))
    >>> [int((panel.states == state).sum()) for state in (State.STUCK, State.IMPOSSIBLE)]
    [30, 1]
    """
    values = np.array(panel.values, np.float32)
    states = np.zeros(values.shape, np.uint8) if panel.states is None else np.array(panel.states)
    hours = panel.calendar.local(panel.times).second // HOUR
    for first in range(0, len(values), AT_ONCE):
        rows = slice(first, first + AT_ONCE)
        block, marks = values[rows], states[rows]
        block[marks != State.OK] = np.nan
        marks[(marks == State.OK) & ~np.isfinite(block)] = State.MISSING
        drawn = filled(block)
        marks[drawn], block[drawn] = State.FILLED, np.nan
        wrong = impossible(block, lowest)
        marks[wrong], block[wrong] = State.IMPOSSIBLE, np.nan
        if check_runs:
            hang = _covered(suspects(block, hours), block.shape)
            marks[hang], block[hang] = State.STUCK, np.nan
    return replace(panel, values=values, states=states)


def _covered(runs: Runs, shape: tuple[int, ...]) -> Bools:
    """Slots that lie in one of the runs."""
    edges = np.zeros((shape[0], shape[1] + 1), np.int32)
    np.add.at(edges, (runs.sensor, runs.start), 1)
    np.add.at(edges, (runs.sensor, runs.start + runs.length), -1)
    return np.asarray(np.cumsum(edges[:, :-1], axis=1) > 0)
