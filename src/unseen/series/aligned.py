"""Panels of different sources on the same slots."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from unseen.errors import DataError
from unseen.series.panel import Panel, State


def coarser(panel: Panel, step: int) -> Panel:
    """Join slots to longer ones: the mean where all of them are there, else missing.

    Raises:
        DataError: The longer slot is no multiple of the shorter.

    >>> from unseen.series.calendar import Calendar
    >>> values = np.array([[1, 3, 5, np.nan]], np.float32)
    >>> quarter = Panel(values, start=0, step=1800, sensors=("a",), calendar=Calendar("UTC"))
    >>> coarser(quarter, 3600).values.tolist()
    [[2.0, nan]]
    """
    if step == panel.step:
        return panel
    if step % panel.step:
        raise DataError(f"slots of {panel.step} s do not make slots of {step} s; give both the same length")
    count = step // panel.step
    second = int(panel.calendar.local(panel.start).second)
    skip = -(second // panel.step) % count
    whole = (panel.slots - skip) // count
    if whole < 1:
        raise DataError(f"{panel.slots} slots of {panel.step} s do not make one of {step} s")
    blocks = panel.values[:, skip : skip + whole * count].reshape(len(panel.sensors), whole, count)
    means = blocks.mean(axis=2, dtype=np.float64).astype(np.float32)
    states = np.where(np.isfinite(means), State.OK, State.MISSING).astype(np.uint8)
    return replace(panel, values=means, states=states, start=panel.start + skip * panel.step, step=step)


def together(panels: list[Panel]) -> list[Panel]:
    """Cut panels to the span they share, in slots of the longest of their lengths.

    Raises:
        DataError: They share no slot, or their slots do not begin at the same moments.

    """
    step = max(panel.step for panel in panels)
    joined = [coarser(panel, step) for panel in panels]
    start = max(panel.start for panel in joined)
    end = min(panel.start + panel.slots * step for panel in joined)
    if end <= start:
        raise DataError(f"the files share no hour: {' and '.join(panel.span() for panel in panels)}")
    if any((start - panel.start) % step for panel in joined):
        raise DataError("slots do not begin at the same moments; are the clocks of both files right?")
    return [panel.slice(panel.slot(start), panel.slot(end - step) + 1) for panel in joined]
