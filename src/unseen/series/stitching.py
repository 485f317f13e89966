"""Panels laid over each other and put one after the other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from unseen.errors import DataError
from unseen.series.panel import Panel, State


def placed(panel: Panel, start: int, slots: int) -> Panel:
    """Put a panel into a longer or shorter span on the same grid."""
    values = np.full((len(panel.sensors), slots), np.nan, np.float32)
    states = np.full(values.shape, State.MISSING, np.uint8)
    shift = (panel.start - start) // panel.step
    inside = slice(max(shift, 0), min(shift + panel.slots, slots))
    there = slice(inside.start - shift, inside.stop - shift)
    values[:, inside] = panel.values[:, there]
    states[:, inside] = states_of(panel)[:, there]
    return replace(panel, values=values, states=states, start=start)


def states_of(panel: Panel) -> NDArray[np.uint8]:
    """States of a panel, given or not."""
    if panel.states is not None:
        return panel.states
    return np.where(np.isfinite(panel.values), State.OK, State.MISSING).astype(np.uint8)


def _same(old: Panel, new: Panel) -> None:
    for what in ("step", "start"):
        if getattr(old, what) != getattr(new, what):
            raise DataError(
                f"the history has slots of {old.step} s from {old.start} on, and slots of {new.step} s from "
                f"{new.start} on came; write them into a folder of their own"
            )
    if old.calendar.zone != new.calendar.zone:
        raise DataError(
            f"the history is of {old.calendar.zone}, and {new.calendar.zone} came; use another folder"
        )


def over(old: Panel, new: Panel) -> Panel:
    """Lay a month over another; its OK slots win, and its states where neither is OK but known."""
    _same(old, new)
    sensors = tuple(dict.fromkeys((*old.sensors, *new.sensors)))
    names = _names([old, new], sensors)
    old, new = _for_sensors(old, sensors), _for_sensors(new, sensors)
    mine, theirs = states_of(new), states_of(old)
    wins = (mine == State.OK) | ((theirs != State.OK) & (mine != State.MISSING))
    return replace(
        new,
        values=np.where(wins, new.values, old.values),
        states=np.where(wins, mine, theirs),
        places=_first(new.places, old.places),
        names=names,
    )


def _first(new: NDArray[np.float64] | None, old: NDArray[np.float64] | None) -> NDArray[np.float64] | None:
    if new is None or old is None:
        return old if new is None else new
    return np.where(np.isfinite(new), new, old)


def _for_sensors(panel: Panel, sensors: tuple[str, ...]) -> Panel:
    """Give a panel rows for these sensors, missing where it has none."""
    if panel.sensors == sensors:
        return panel
    place = {name: row for row, name in enumerate(panel.sensors)}
    rows = np.array([place.get(name, -1) for name in sensors])
    there = rows >= 0
    values = np.where(there[:, None], panel.values[rows], np.nan).astype(np.float32)
    states = np.where(there[:, None], states_of(panel)[rows], State.MISSING).astype(np.uint8)
    places = None if panel.places is None else np.where(there[:, None], panel.places[rows], np.nan)
    return replace(panel, values=values, states=states, places=places, names=None, sensors=sensors)


def joined(panels: list[Panel]) -> Panel:
    """Put months one after the other; months between that are not there are missing."""
    first, last = panels[0], panels[-1]
    slots = (last.start - first.start) // first.step + last.slots
    sensors = tuple(dict.fromkeys(name for panel in panels for name in panel.sensors))
    values = np.full((len(sensors), slots), np.nan, np.float32)
    states = np.full(values.shape, State.MISSING, np.uint8)
    places = None
    for panel in panels:
        if panel.step != first.step or (panel.start - first.start) % first.step:
            raise DataError(f"months of slots of {first.step} s and {panel.step} s do not make one panel")
        part = _for_sensors(panel, sensors)
        begin = (panel.start - first.start) // first.step
        values[:, begin : begin + panel.slots] = part.values
        states[:, begin : begin + panel.slots] = states_of(part)
        places = _first(part.places, places)
    return replace(
        last,
        values=values,
        states=states,
        start=first.start,
        sensors=sensors,
        places=places,
        names=_names(panels, sensors),
    )


def _names(panels: list[Panel], sensors: tuple[str, ...]) -> tuple[str, ...] | None:
    """Give the last name that panels have for each sensor; None where no panel has any."""
    known = {
        sensor: name
        for panel in panels
        if panel.names is not None
        for sensor, name in zip(panel.sensors, panel.names, strict=True)
    }
    return tuple(known.get(sensor, sensor) for sensor in sensors) if known else None


def trimmed(panel: Panel) -> Panel:
    """Leave out slots before the first and after the last of which anything is known."""
    known = np.flatnonzero((states_of(panel) != State.MISSING).any(axis=0))
    return panel.slice(int(known[0]), int(known[-1]) + 1) if len(known) else panel
