"""Values that nobody measured: straight lines drawn over gaps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]

WHOLE = 0.95
"""Share of whole numbers from which on a sensor is taken to count."""


def filled(values: Floats) -> Bools:
    """Mark straight lines through fractions, of sensors that count in whole numbers.

    Slots whose second difference is zero within float precision lie on the line of their neighbours. A run of
    them is marked where one of its values is no whole number: counts do not do that, interpolation does.
    Lines of a whole slope stay unseen, and so do all in sensors whose values are fractions anyway.

    Args:
        values: Shape (S, T), NaN where missing.

    >>> filled(np.array([[40, 12, 30, 28.5, 27, 25.5, 24, 31, 18, *range(90)]], np.float32))[0, :9].tolist()
    [False, False, False, True, True, True, False, False, False]
    """
    known = np.isfinite(values)
    fraction = known & (values != np.round(values))
    counts = fraction.sum(axis=1) <= (1 - WHOLE) * known.sum(axis=1)
    on_line = np.zeros(values.shape, bool)
    if values.shape[1] > 2:
        wide = values.astype(np.float64)
        with np.errstate(invalid="ignore"):
            bend = np.abs(wide[:, 2:] - 2 * wide[:, 1:-1] + wide[:, :-2])
            # two roundings of float32 on either side
            on_line[:, 1:-1] = bend <= 1e-3 + 5e-7 * np.abs(wide[:, 1:-1])
    return np.asarray(_runs_with(on_line, fraction & on_line) & counts[:, None])


def _runs_with(inside: Bools, wanted: Bools) -> Bools:
    """Keep the runs of `inside` that hold one of `wanted`."""
    starts = inside.copy()
    starts[:, 1:] &= ~inside[:, :-1]
    run = np.cumsum(starts.ravel()).reshape(inside.shape)
    kept = np.zeros(int(run[-1, -1]) + 1 if run.size else 1, bool)
    kept[run[wanted]] = True
    return np.asarray(kept[run] & inside)


def straight(rows: Floats, count: int, slack: float) -> Bools:
    """Mark where `count` values in a row lie on the line between the two around them.

    Args:
        rows: Shape (S, N).
        count: Values on the line.
        slack: How far from it they may lie: half a unit where they were rounded.

    Returns:
        Shape (S, N - count - 1): True at j where the values j + 1 to j + count lie on the line from j to
        j + count + 1, which is not level.

    """
    windows = np.lib.stride_tricks.sliding_window_view(rows, count + 2, axis=1).astype(np.float64)
    share = np.linspace(0.0, 1.0, count + 2)
    ends = windows[..., :1], windows[..., -1:]
    line = ends[0] + share * (ends[1] - ends[0])
    with np.errstate(invalid="ignore"):
        near = (np.abs(windows - line) <= slack).all(axis=-1)
        return np.asarray(near & (np.abs(ends[1] - ends[0])[..., 0] > slack))
