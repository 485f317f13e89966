"""How well each column follows from others: R^2 on held-out rows, by a linear fit and by boosted trees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression
from threadpoolctl import threadpool_limits

from unseen.errors import DataError
from unseen.seeds import generator
from unseen.structure.checked import Columns

Floats = NDArray[np.float64]

# Rows used at most: R^2 to two digits needs no more, and trees take time.
MOST_ROWS = 5000


@dataclass(frozen=True)
class Predicted:
    """R^2 = 1 - error / variance of one column on held-out rows.

    Attributes:
        name: The column.
        linear, trees: R^2; at most 1, below 0 where worse than the mean.

    """

    name: str
    linear: float
    trees: float

    def to_dict(self) -> dict[str, object]:
        """Plain values."""
        return dict(vars(self))


def from_the_others(found: Columns, *, seed: int = 0) -> tuple[Predicted, ...]:
    """R^2 of each column from all others, held out.

    Raises:
        DataError: Fewer than 2 columns or 20 rows.

    >>> from unseen.structure.checked import columns
    >>> x, y = np.random.default_rng(0).normal(size=(2, 400))
    >>> [round(one.linear) for one in from_the_others(columns(np.column_stack([x, y, x - y])))]
    [1, 1, 1]

    """
    if len(found.names) < 2:
        raise DataError("1 column came; R^2 from the others needs 2 or more")
    inputs = {name: np.delete(found.standard, place, axis=1) for place, name in enumerate(found.names)}
    return _predicted(found.names, found.standard, inputs, seed)


def from_inputs(inputs: Floats, targets: Columns, *, seed: int = 0) -> tuple[Predicted, ...]:
    """R^2 of each column of `targets` from the same `inputs` (N, K), such as the means of latent units."""
    if len(inputs) != len(targets):
        raise DataError(f"{len(inputs)} rows of inputs came for {len(targets)}; accepted: as many")
    return _predicted(targets.names, targets.standard, dict.fromkeys(targets.names, inputs), seed)


def _predicted(
    names: Sequence[str], values: Floats, inputs: Mapping[str, Floats], seed: int
) -> tuple[Predicted, ...]:
    if len(values) < 20:
        raise DataError(f"{len(values)} rows came; R^2 on held-out rows needs 20 or more")
    order = generator(seed, 63).permutation(len(values))[:MOST_ROWS]
    held_out, learn = np.split(order, [len(order) // 3])
    found = []
    # on a few thousand rows a second thread of the trees costs more than it brings
    with threadpool_limits(1):
        for place, name in enumerate(names):
            x, y = inputs[name], values[:, place]
            models = (LinearRegression(), HistGradientBoostingRegressor(max_iter=60, random_state=seed))
            scores = [
                float(model.fit(x[learn], y[learn]).score(x[held_out], y[held_out])) for model in models
            ]
            found.append(Predicted(name, *scores))
    return tuple(found)
