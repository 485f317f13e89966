"""Runs of red slots and of alarms, and which of them met in time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]

MOST_LEAD = 3_600
"""Seconds; an alarm that was on for longer before an episode is credited with no more."""


@dataclass(frozen=True, eq=False)
class Spans:
    """Runs of slots, E of them.

    Attributes:
        sensor: Row of each run.
        first: Slot it begins with.
        last: Slot it ends with, included.

    """

    sensor: Ints
    first: Ints
    last: Ints

    def __len__(self) -> int:
        return len(self.sensor)

    def keep(self, which: Flags) -> Spans:
        """Those that are flagged, shape (E,)."""
        return Spans(self.sensor[which], self.first[which], self.last[which])

    def within(self, flags: Flags) -> Flags:
        """Say which runs lie wholly in flagged slots (S, N), shape (E,)."""
        return np.asarray(_count(flags, self.sensor, self.first, self.last) == self.last - self.first + 1)

    def touching(self, flags: Flags) -> Flags:
        """Say which runs have a flagged slot (S, N), shape (E,)."""
        return np.asarray(_count(flags, self.sensor, self.first, self.last) > 0)


def spans(flags: Flags, *, bridge: int = 0, least: int = 1) -> Spans:
    """Find runs of True.

    Args:
        flags: Shape (S, N).
        bridge: Gaps of so many slots between two runs are closed.
        least: Slots a run must have, its closed gaps counted.

    >>> found = spans(np.array([[0, 1, 0, 1, 0, 0, 1]], bool), bridge=1, least=2)
    >>> found.first.tolist(), found.last.tolist()
    ([1], [3])
    """
    padded = np.pad(np.asarray(flags, np.int8), ((0, 0), (1, 1)))
    change = np.diff(padded, axis=1)
    sensor, first = np.nonzero(change == 1)
    last = np.nonzero(change == -1)[1] - 1
    begins = np.ones(len(sensor), np.bool_)
    begins[1:] = (sensor[1:] != sensor[:-1]) | (first[1:] - last[:-1] - 1 > bridge)
    ends = np.ones(len(sensor), np.bool_)
    ends[:-1] = begins[1:]
    joined = Spans(sensor[begins], first[begins], last[ends])
    return joined.keep(joined.last - joined.first + 1 >= least)


@dataclass(frozen=True)
class Windows:
    """How alarms and episodes are matched.

    Attributes:
        ahead: Slots between the last slot known when an alarm is issued and the slot it speaks of.
        before: Slots before an episode in which an alarm counts as its warning.
        near: Slots before an episode in which an alarm is not false.
        bridge: Gap of slots that does not end an episode.
        least: Slots an episode must have.

    """

    ahead: int
    before: int = 2
    near: int = 4
    bridge: int = 1
    least: int = 2


@dataclass(frozen=True, eq=False)
class Matched:
    """Episodes and alarm runs of a replay.

    Attributes:
        episodes: Runs of red slots.
        lead: Shape (E,), slots from the first issue of the alarm to the start of the episode, negative where
            it came after; NaN where there was none.
        alarms: Runs of slots for which the alarm was on.
        false: Shape (A,), whether a run met no episode.

    """

    episodes: Spans
    lead: NDArray[np.float64]
    alarms: Spans
    false: Flags


def match(red: Flags, on: Flags, step: int, windows: Windows) -> Matched:
    """Set alarms beside what came.

    An episode is a run of red slots; it is detected if the alarm is on at an issue time from `before` slots
    before its start to its last slot but one. Its lead runs from the first such issue, followed back as long
    as the alarm was on without a break, but for an hour at most. An alarm run is false if none of its issue
    times lies in [start - near, end] of an episode.

    Args:
        red: Shape (S, N), whether slots were red.
        on: Shape (S, N), whether the alarm was on *for* these slots, that is, issued `ahead` slots before.
        step: Seconds a slot.
        windows: How they are matched.

    """
    episodes = spans(red, bridge=windows.bridge, least=windows.least)
    alarms = spans(on)
    return Matched(
        episodes, _leads(episodes, on, step, windows), alarms, _false(episodes, alarms, red.shape, windows)
    )


def _leads(episodes: Spans, on: Flags, step: int, windows: Windows) -> NDArray[np.float64]:
    on = np.pad(on, ((0, 0), (0, windows.ahead)))  # issues at the end, of slots that never came
    slots = on.shape[1]
    place = np.arange(slots)
    # of each slot the next one for which the alarm is on, and the first of the run it is in
    following = np.minimum.accumulate(np.where(on, place, slots)[:, ::-1], axis=1)[:, ::-1]
    fresh = on & ~np.pad(on, ((0, 0), (1, 0)))[:, :-1]
    since = np.maximum.accumulate(np.where(fresh, place, 0), axis=1)
    begin = np.maximum(episodes.first - windows.before + windows.ahead, 0)
    end = episodes.last - 1 + windows.ahead
    met = following[episodes.sensor, begin]
    found = met <= end
    run = since[episodes.sensor, np.minimum(met, slots - 1)]
    lead = np.minimum(episodes.first - (run - windows.ahead), MOST_LEAD / step)
    return np.where(found, lead, np.nan)


def _false(episodes: Spans, alarms: Spans, shape: tuple[int, int], windows: Windows) -> Flags:
    """Flag runs whose issue times, `ahead` slots before those alarmed, touch no episode."""
    rows, slots = shape
    edges = np.zeros((rows, slots + windows.ahead + 1), np.int64)  # shifted by `ahead`
    begin = np.maximum(episodes.first - windows.near + windows.ahead, 0)
    np.add.at(edges, (episodes.sensor, begin), 1)
    np.add.at(edges, (episodes.sensor, episodes.last + windows.ahead + 1), -1)
    near = np.cumsum(edges, axis=1) > 0
    return ~alarms.touching(near)


def _count(flags: Flags, sensor: Ints, first: Ints, last: Ints) -> Ints:
    total = np.pad(np.cumsum(flags, axis=1, dtype=np.int64), ((0, 0), (1, 0)))
    return np.asarray(total[sensor, last + 1] - total[sensor, first])
