"""The days on which the clock on the wall is put on or back, and lines drawn over the hour left out."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from unseen.series.calendar import turns
from unseen.series.filled import straight
from unseen.series.panel import HOUR, Panel, State
from unseen.series.wall import Skipped

Bools = NDArray[np.bool_]
AROUND = 2 * HOUR  # before and after the change, where a line is looked for
ROUNDED = 0.5
SHARE, SHARE_OF_ONE = 0.5, 0.8
"""Sensors that must agree on a line: half of them, of single slots four fifths."""


@dataclass(frozen=True)
class Change:
    """One change of the clock.

    Attributes:
        moment: Second of UTC at which it happens.
        forward: Seconds by which the clock is put on; negative where it is put back.
        day: Local date.

    """

    moment: int
    forward: int
    day: dt.date


def changes_of(zone: str, first: int, last: int) -> tuple[Change, ...]:
    """Find the changes between two seconds of UTC.

    >>> [(str(one.day), one.forward) for one in changes_of("Europe/Madrid", 1483225200, 1514761200)]
    [('2017-03-26', 3600), ('2017-10-29', -3600)]
    """
    moments, offsets = turns(zone, first, last)
    return tuple(
        Change(moment, forward, dt.datetime.fromtimestamp(moment, ZoneInfo(zone)).date())
        for moment, forward in zip(moments.tolist(), np.diff(offsets).tolist(), strict=True)
    )


@dataclass(frozen=True, eq=False)
class Drawn:
    """A line that was drawn over about the hour which the clock skips in spring.

    Attributes:
        change: The change of the clock.
        late: Slots by which the line begins later than the hour left out; negative where earlier.
        sensors: Which sensors have it, shape (S,).
        slots: Slots of the panel it covers; those in the hour left out are no slots of it.

    """

    change: Change
    late: int
    sensors: Bools
    slots: tuple[int, ...]


def drawn_over(panel: Panel, skipped: tuple[Skipped, ...]) -> tuple[Drawn, ...]:
    """Look for lines of the length of the hour left out, near each change in spring.

    Args:
        panel: Values as read, before any state is given.
        skipped: What the file holds for the hours left out.

    """
    rows_of = {one.change: one.values for one in skipped}
    found = []
    for change in changes_of(panel.calendar.zone, panel.start, panel.start + panel.slots * panel.step):
        if change.forward > 0:
            one = _drawn(panel, change, rows_of.get(change.moment))
            if one is not None:
                found.append(one)
    return tuple(found)


def _drawn(panel: Panel, change: Change, between: NDArray[np.float32] | None) -> Drawn | None:
    count, middle = change.forward // panel.step, panel.slot(change.moment)
    reach = AROUND // panel.step
    before = range(max(middle - reach, 0), middle)
    after = range(middle, min(middle + reach + count, panel.slots))
    inside = 0 if between is None else between.shape[1]
    slots = [*before, *[-1] * inside, *after]  # in the order of the file
    parts = [panel.values[:, before.start : before.stop], panel.values[:, after.start : after.stop]]
    rows = np.concatenate(parts if between is None else [parts[0], between, parts[1]], axis=1)
    if count == 0 or rows.shape[1] < count + 2:
        return None
    lines = straight(rows, count, ROUNDED)
    votes = lines.mean(axis=0)
    late = np.arange(len(votes)) + 1 - len(before)
    best = int(np.lexsort((np.abs(late), -votes))[0])
    if votes[best] < (SHARE if count > 1 else SHARE_OF_ONE) or len(panel.sensors) * count < 3:
        return None
    covered = tuple(slot for slot in slots[best + 1 : best + 1 + count] if slot >= 0)
    return Drawn(change, int(late[best]), lines[:, best], covered)


def without(panel: Panel, drawn: tuple[Drawn, ...]) -> Panel:
    """Mark the slots of lines as FILLED."""
    if not any(one.slots for one in drawn):
        return panel
    states = np.zeros(panel.values.shape, np.uint8) if panel.states is None else panel.states.copy()
    for one in drawn:
        states[np.ix_(one.sensors, np.array(one.slots, np.int64))] = State.FILLED
    states[(states == State.OK) & ~np.isfinite(panel.values)] = State.MISSING
    return replace(panel, states=states)
