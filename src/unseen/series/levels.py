"""One number an hour for a whole network: how the sensors of a panel are joined."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unseen.errors import DataError
from unseen.series.panel import Panel

Floats = NDArray[np.float64]
STEADY = 0.85
"""Share of slots from which on a sensor belongs to the fixed panel, unless sensors are named."""


@dataclass(frozen=True, eq=False)
class Level:
    """How much traffic there is in the network.

    Attributes:
        values: Shape (T,), NaN where it cannot be said.
        sensors: Those that were joined.
        how: In words.
        dropped: Slots left out because not all of the sensors were there.
        warning: What is wrong with this way of joining; empty for the fixed panel.

    """

    values: Floats
    sensors: tuple[str, ...]
    how: str
    dropped: int
    warning: str = ""


def steady(panel: Panel) -> tuple[str, ...]:
    """Sensors that are there in nearly all slots.

    Raises:
        DataError: None is.

    """
    there = np.isfinite(panel.values).mean(axis=1) >= STEADY
    found = tuple(name for name, good in zip(panel.sensors, there, strict=True) if good)
    if not found:
        best = np.isfinite(panel.values).mean(axis=1).max()
        raise DataError(
            f"no sensor is there in {STEADY:.0%} of the slots (the best in {best:.0%}); name the sensors"
        )
    return found


def fixed(panel: Panel) -> Level:
    """Mean of z-scores over slots at which every sensor is there: no jump where one starts or stops."""
    return _joined(panel, len(panel.sensors), "z-scored mean, all of them present")


def mean_of_present(panel: Panel) -> Level:
    """Mean of the z-scores that are there; it shifts a little where sensors of another rhythm drop out."""
    words = "the panel changes as sensors start and stop; z-scores make that small, not nothing"
    return _joined(panel, 1, "z-scored mean of those present", words)


def sum_of_present(panel: Panel) -> Level:
    """Sum of whatever reports: it jumps as sensors start and stop, which looks like association."""
    known = np.isfinite(panel.values)
    sums = np.where(known.any(axis=0), np.nansum(panel.values, axis=0, dtype=np.float64), np.nan)
    counts = known.sum(axis=0)
    words = (
        f"the sum is over {int(counts[counts > 0].min())} to {int(counts.max())} sensors as they come and "
        "go: its jumps are those of the panel, and correlations with it are inflated"
    )
    return Level(sums, panel.sensors, "sum of those present", int((counts == 0).sum()), words)


def _joined(panel: Panel, least: int, how: str, warning: str = "") -> Level:
    values = panel.values.astype(np.float64)
    known = np.isfinite(values)
    count = known.sum(axis=1, keepdims=True)
    if (count < 2).any():
        name = panel.sensors[int(np.argmin(count[:, 0]))]
        raise DataError(f"sensor {name!r} has fewer than two values; leave it out")
    values[~known] = 0.0
    mean = values.sum(axis=1, keepdims=True) / count
    centred = np.where(known, values - mean, 0.0)
    sd = np.sqrt((centred**2).sum(axis=1, keepdims=True) / count)
    scored = centred / np.where(sd > 0, sd, 1.0)
    there = known.sum(axis=0)
    level = np.where(there >= least, scored.sum(axis=0) / np.maximum(there, 1), np.nan)
    return Level(level, panel.sensors, how, int((there < least).sum()), warning)
