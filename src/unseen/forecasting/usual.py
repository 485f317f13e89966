"""What is usual for a sensor, from a long history or from a few days of its own."""

from __future__ import annotations

import numpy as np

from unseen.forecasting.history import Floats, Usual
from unseen.series.panel import Panel
from unseen.series.profile import Profile

SCALE = 0.25
"""Residuals are measured in this share of a sensor's standard deviation, which makes them of order one."""
LEAST_DAYS = 1.0


def learned(panel: Panel) -> Usual:
    """Profile and scale of every sensor of a panel of many weeks."""
    profile = Profile.fit(panel)
    return Usual(profile.mean, profile.sd, profile.count, scales(panel))


def scales(panel: Panel) -> Floats:
    """Give the unit of the residuals of each sensor: a quarter of the standard deviation of its values; shape (S,).

    NaN with less than a day of values, or where all are the same.
    """
    found = np.full(len(panel.sensors), np.nan, np.float32)
    for row, values in enumerate(panel.values):
        known = values[np.isfinite(values)]
        if len(known) >= LEAST_DAYS * panel.a_day:
            spread = SCALE * float(known.std(dtype=np.float64))
            found[row] = spread if spread > 0 else np.nan
    return found


def floor(panel: Panel) -> float:
    """Return the least that a forecast may say: 0 where no value of the panel is below, as of counts."""
    return 0.0 if all(not (values < 0).any() for values in panel.values) else -np.inf
