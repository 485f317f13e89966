"""Which sensors' latest residuals say most about what a sensor will do next."""

from __future__ import annotations

import numpy as np

from unseen.forecasting.history import Floats, History, Ints
from unseen.seeds import generator

MOMENTS = 3_000
AT_ONCE = 256  # rows whose correlations with all others are computed together


def related(history: History, rows: Ints, among: Ints, count: int, *, horizon: int, seed: int = 0) -> Ints:
    """Choose `count` sensors for each row, most telling first; shape (R, count), -1 where there are too few.

    A sensor tells as much as its residual now correlates with what the row's residual at the target is
    beyond its own persistence, r(t + H) - rho r(t), with what both have in common now removed.

    Args:
        history: Residuals of `rows` and `among`.
        rows: Rows to find others for.
        among: Rows they may be.
        count: How many.
        horizon: Slots ahead.
        seed: Of the moments that are looked at, at most 3,000.

    """
    slots = history.panel.slots - horizon
    at = np.sort(generator(seed, 84).choice(slots, min(MOMENTS, slots), replace=False))
    others = _known(history.residual(among[:, None], at))
    found = np.full((len(rows), count), -1, np.int64)
    for first in range(0, len(rows), AT_ONCE):
        block = rows[first : first + AT_ONCE]
        now = _known(history.residual(block[:, None], at))
        new = _known(history.residual(block[:, None], at + horizon))
        strength = _partial(now, new, others)
        strength[block[:, None] == among] = -1
        strength[history.own[block][:, None] == history.own[among]] = -1
        order = np.argsort(-strength, axis=1, kind="stable")[:, :count]
        chosen = np.where(np.take_along_axis(strength, order, axis=1) > 0, among[order], -1)
        found[first : first + AT_ONCE, : chosen.shape[1]] = chosen
    return found


def _known(residuals: Floats) -> Floats:
    """Residuals about their mean, 0 where not known, of unit length."""
    filled = np.where(np.isfinite(residuals), residuals, np.nan)
    with np.errstate(invalid="ignore"):
        known = np.isfinite(filled).sum(axis=1, keepdims=True)
        mean = np.nansum(filled, axis=1, keepdims=True) / np.maximum(known, 1)
    centred = np.nan_to_num(filled - mean)
    length = np.sqrt((centred**2).sum(axis=1, keepdims=True))
    return np.asarray(centred / np.maximum(length, 1e-12), dtype=np.float32)


def _partial(now: Floats, new: Floats, others: Floats) -> Floats:
    """|corr(others, new | now)|, shape (R, S)."""
    own = (now * new).sum(axis=1, keepdims=True)
    shared = now @ others.T
    direct = new @ others.T
    left = np.sqrt(np.maximum((1 - own**2) * (1 - shared**2), 1e-6))
    return np.asarray(np.abs(direct - own * shared) / left)
