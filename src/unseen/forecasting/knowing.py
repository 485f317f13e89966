"""What a forecaster knows of each sensor, by its identifier: kept, taken apart, and joined by new ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from unseen.forecasting.history import Floats, History, Ints, Usual
from unseen.forecasting.inputs import UNKNOWN
from unseen.forecasting.related import related
from unseen.forecasting.usual import Weeks, from_few_days, stacked
from unseen.series.panel import Panel


@dataclass(frozen=True, eq=False)
class Known:
    """What a detector knows of S sensors.

    Attributes:
        sensors: S identifiers.
        usual: Profile and scale.
        embedding: Shape (S,), row of the embedding; 0 for a sensor that was not in training.
        neighbours: Shape (S, K), places of related sensors in `sensors`, -1 where there is none.
        margins: Shape (S, P), by which quantiles are widened, in units of their distance.
        scores: Shape (S, P, N), scores of the days held back after that; NaN where there are none.

    """

    sensors: tuple[str, ...]
    usual: Usual
    embedding: Ints
    neighbours: Ints
    margins: Floats
    scores: Floats

    def of(self, sensors: Sequence[str]) -> Known:
        """Keep some sensors, in that order; what is not kept is no neighbour any more."""
        places = {name: place for place, name in enumerate(self.sensors)}
        rows = np.array([places[name] for name in sensors], np.int64)
        back = np.full(len(self.sensors) + 1, -1, np.int64)  # the last is that of no neighbour
        back[rows] = np.arange(len(rows))
        return Known(
            tuple(sensors),
            self.usual.take(rows),
            self.embedding[rows],
            back[self.neighbours[rows]],
            self.margins[rows],
            self.scores[rows],
        )

    def with_new(self, history: Panel, *, horizon: int, seed: int) -> Known:
        """Add the sensors of a panel that are not known yet, with what it has of them."""
        known = set(self.sensors)
        new = [name for name in history.sensors if name not in known]
        if not new:
            return self
        sensors = self.sensors + tuple(new)
        usual = stacked([self.usual, from_few_days(history.select(new), Weeks.of(self.usual))])
        neighbours = self._related(history, sensors, usual, horizon, seed)
        middle = np.repeat(np.median(self.margins, axis=0)[None], len(new), axis=0).astype(np.float32)
        none = np.full((len(new), *self.scores.shape[1:]), np.nan, np.float32)
        return Known(
            sensors,
            usual,
            np.concatenate([self.embedding, np.full(len(new), UNKNOWN)]),
            np.concatenate([self.neighbours, neighbours]),
            np.concatenate([self.margins, middle]),
            np.concatenate([self.scores, none]),
        )

    def _related(
        self, history: Panel, sensors: tuple[str, ...], usual: Usual, horizon: int, seed: int
    ) -> Ints:
        """Related sensors of the new ones, among the known ones that the panel has."""
        places = {name: place for place, name in enumerate(history.sensors)}
        own = np.array([places.get(name, -1) for name in sensors], np.int64)
        rows, count = np.arange(len(self.sensors), len(sensors)), self.neighbours.shape[1]
        known = np.flatnonzero((own[: len(self.sensors)] >= 0) & np.isfinite(self.usual.scale))
        if not len(known) or history.slots <= horizon:
            return np.full((len(rows), count), -1, np.int64)
        every = History(history, usual, own, horizon, np.zeros(len(own), bool))
        return related(every, rows, known, count, horizon=horizon, seed=seed)


def clusters(scale: Floats) -> Ints:
    """Group sensors into quiet, middling and busy ones, who share scores while one is young."""
    known = np.where(np.isfinite(scale), scale, 0)
    return np.searchsorted(np.quantile(known, [1 / 3, 2 / 3]), known)
