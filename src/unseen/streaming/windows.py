"""What the last few readings look like: level, spread and step, of the value and of what its hour leaves."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SHORT, LONG = 6, 24
"""Readings in the two windows: long enough for a mean to differ from a reading, short enough to be quick."""

NAMES = (
    *(f"value {what}" for what in ("high", "low")),
    *(f"mean of {n} {what}" for n in (SHORT, LONG) for what in ("high", "low")),
    *(f"spread of {n} {what}" for n in (SHORT, LONG) for what in ("high", "low")),
    "step",
    "off the hour",
    *(f"mean of {n} off the hour" for n in (SHORT, LONG)),
    *(f"spread of {n} off the hour" for n in (SHORT, LONG)),
    "step off the hour",
)
"""What each aspect is called, in the order in which `Windows.aspects` gives them."""


class Windows:
    """The last 24 readings of two views: the value, and the value minus the profile of its hour.

    An aspect is one number of these, larger where stranger: a mean over 1, 6 or 24 readings (and its
    negative, so that low is as strange as high; off the hour its absolute value), the standard deviation over
    6 or 24 (of the value, also its negative: a stream that falls still), and the absolute step from the
    reading before. Windows count readings, not seconds.

    >>> windows = Windows()
    >>> for value in range(24):
    ...     found = windows.aspects(float(value), 0.0)
    >>> dict(zip(NAMES, found.tolist()))["mean of 24 high"], dict(zip(NAMES, found.tolist()))["step"]
    (11.5, 1.0)
    """

    def __init__(self) -> None:
        self._views: Floats = np.full((2, LONG), np.nan)

    def aspects(self, value: float, residual: float) -> Floats:
        """Take one reading in; return its aspects, shape (17,), NaN where too little is known."""
        views = self._views
        views[:, :-1] = views[:, 1:]
        views[0, -1], views[1, -1] = value, residual
        last, step = views[:, -1], np.abs(views[:, -1] - views[:, -2])
        short, long = views[:, -SHORT:], views
        means = np.add.reduce(short, axis=1) / SHORT, np.add.reduce(long, axis=1) / LONG
        spreads = _spread(short, means[0]), _spread(long, means[1])
        found = np.empty(len(NAMES))
        found[0:6:2] = last[0], means[0][0], means[1][0]
        found[6:10:2] = spreads[0][0], spreads[1][0]
        found[1:10:2] = -found[0:10:2]
        found[10] = step[0]
        found[11:14] = np.abs([last[1], means[0][1], means[1][1]])
        found[14:17] = spreads[0][1], spreads[1][1], step[1]
        return found

    def state(self) -> dict[str, NDArray[np.generic]]:
        """Return the readings kept."""
        return {"windows.views": self._views.copy()}

    @classmethod
    def from_state(cls, state: Mapping[str, NDArray[np.generic]]) -> Windows:
        """Return the windows that gave a state."""
        found = cls()
        found._views[:] = state["windows.views"]
        return found


def _spread(readings: Floats, mean: Floats) -> Floats:
    apart = readings - mean[:, None]
    return np.asarray(np.sqrt(np.add.reduce(apart * apart, axis=1) / readings.shape[1]))
