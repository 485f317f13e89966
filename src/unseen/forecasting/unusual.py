"""How unusual what came is, given its forecast: conformal p-values by scores of days held back."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unseen.forecasting.history import Floats


def p_values(scores: Floats, held: Floats) -> NDArray[np.float64]:
    """Give p = (1 + #{held >= score}) / (n + 1) of scores (S, T), by those held back (S, N); NaN stays NaN.

    Reference: Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World (2005), chapter 2.

    >>> p_values(np.array([[0.5, 9.0]]), np.array([[0.0, 1.0, 2.0]])).tolist()
    [[0.75, 0.25]]
    """
    found = np.full(scores.shape, np.nan)
    for row, (mine, kept) in enumerate(zip(scores, held, strict=True)):
        known = np.sort(kept[np.isfinite(kept)])
        above = len(known) - np.searchsorted(known, mine, side="left")
        found[row] = np.where(np.isfinite(mine), (1 + above) / (len(known) + 1), np.nan)
    return found


def strangeness(scores: Floats, held: Floats) -> Floats:
    """Give -ln p, and beyond all scores held back as much more as the score is more; shape (S, T)."""
    most = np.nanmax(held, axis=1, initial=-1.0)[:, None]
    return np.asarray(-np.log(p_values(scores, held)) + np.maximum(scores - most, 0), dtype=np.float32)


def pooled(held: Floats, every: Floats) -> Floats:
    """Give sensors (S, N) without a score held back those of every sensor together, evenly."""
    none = ~np.isfinite(held).any(axis=1)
    if none.any():
        pool = np.sort(every[np.isfinite(every)])
        held = held.copy()
        held[none] = pool[np.linspace(0, len(pool) - 1, held.shape[1]).astype(np.int64)]
    return held
