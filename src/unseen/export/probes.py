"""Made-up rows to compare programs on: as far apart as real ones, since a model file holds no row."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unseen.data.scale import AnyScaler, Pixels, Quantiles, Scaler
from unseen.seeds import generator

Rows = NDArray[np.float32]


def probes(scaler: AnyScaler, count: int, width: int, *, seed: int = 0) -> Rows:
    """Return rows (count, width) that the scaler spreads over, and a little beyond, what is normal."""
    random = generator(seed, 11)
    if isinstance(scaler, Scaler):
        scaled = random.normal(size=(count, width)) * _sizes(random, count)
        values = scaled * scaler.width + scaler.centre
        far = np.sign(values) * np.expm1(np.minimum(np.abs(values), 60.0))
        return np.where(scaler.logarithmic, far, values).astype(np.float32)
    if isinstance(scaler, Quantiles):
        places = random.uniform(0, len(scaler.knots) - 1, size=(count, width))
        columns = [np.interp(p, np.arange(len(k)), k) for p, k in zip(places.T, scaler.knots.T, strict=True)]
        beyond = random.normal(size=(count, width)) * scaler.width * (_sizes(random, count) > 2)
        return (np.column_stack(columns) + beyond).astype(np.float32)
    top = scaler.top if isinstance(scaler, Pixels) else 30.0
    lit = random.random((count, width)) < random.uniform(0.01, 0.9, size=(count, 1))
    return np.asarray(lit * top * random.random((count, width)) ** 3, dtype=np.float32)


def _sizes(random: np.random.Generator, count: int) -> NDArray[np.float64]:
    """Most rows are about normal, every eighth is four times as far out, (count, 1)."""
    return np.where(np.arange(count) % 8 == 7, 4.0, 1.0 + 0.2 * random.random(count))[:, None]
