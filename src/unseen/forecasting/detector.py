"""`ForecastDetector`: one model for every sensor of a network, and how unusual what came is."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from torch import nn

from unseen.errors import ConfigError, DataError
from unseen.forecasting.conformal import Conformal, Pairs, Rolling, follow
from unseen.forecasting.forecaster import LEVELS, Floats, Ints, Slots, as_forecasts, as_slots, slots_ahead
from unseen.forecasting.history import History
from unseen.forecasting.inputs import AROUND, Reader
from unseen.forecasting.knowing import Known, clusters
from unseen.forecasting.learning import Schedule, learn, quantiles_of
from unseen.forecasting.networks import Lstm, Stid
from unseen.forecasting.training_set import TrainingSet, city_of, training_set
from unseen.forecasting.unusual import p_values, pooled, strangeness
from unseen.forecasting.usual import floor
from unseen.seeds import seeded
from unseen.series.calendar import Calendar
from unseen.series.forecasts import Forecasts
from unseen.series.panel import Panel

LONGEST = 12 * 60
"""Minutes ahead at most: the day before the target must be over when the forecast is issued."""
LEAST_DAYS = 21
AT_ONCE = 65_536  # windows that are read and passed at once
HELD_BACK = 500_000  # windows held back that are scored, at most: every n-th slot of a city
PAIRED = Pairs(LEVELS)


@dataclass(frozen=True)
class Trained:
    """What a detector was trained on: S sensors, slots of `step` seconds from `first` to `last`, UTC."""

    first: int
    last: int
    step: int
    calendar: Calendar
    sensors: int


class ForecastDetector:
    """Forecasts every sensor of a network some minutes ahead, and says how unusual what came is.

    One model for all sensors: networks are given the residuals of the last slots, days and weeks from what
    is usual, those of related sensors and of the whole city, the profile, the calendar and the sensor's
    identity, and return quantiles, whose mean over the networks is the forecast. Quantiles are widened by
    what two weeks held back from training ask for (`unseen.forecasting.conformal`). A sensor that was not in
    training is forecast from a day of its own values on.

    Args:
        minutes: How far ahead, at most 12 hours.
        members: Networks, `Stid` or `Lstm`, whose quantiles are averaged.
        schedule: How they learn.
        neighbours: Related sensors that are shown of each sensor.
        held_back_days: Days at the end of training that are kept for calibration.
        conformal: How intervals follow the outcomes (`rolling`, `calibrated`).
        seed: Of all that is random; same seed, same bits.

    Reference: Shao et al., CIKM 2022 (STID); Romano, Patterson and Candes, NeurIPS 2019 (CQR).

    >>> from unseen.series.calendar import Calendar
    >>> hours = np.arange(24 * 35)
    >>> noise = np.random.default_rng(0).normal(size=(2, len(hours)))
    >>> flow = (100 + 50 * np.sin(hours / 24 * 2 * np.pi) + noise).astype(np.float32)
    >>> panel = Panel(flow, start=0, step=3600, sensors=("a", "b"), calendar=Calendar("UTC"))
    >>> detector = ForecastDetector(members=(Stid(width=32, each=4),), schedule=Schedule(least_steps=100))
    >>> forecasts = detector.fit(panel).forecast(panel, range(800, 830))
    >>> bool(np.abs(forecasts.quantile(0.5) - flow[:, 801:831]).mean() < 5)
    True
    """

    def __init__(
        self,
        *,
        minutes: float = 30,
        members: Sequence[Stid | Lstm] = (Stid(dropout=0.1),),
        schedule: Schedule | None = None,
        neighbours: int = 8,
        held_back_days: int = 14,
        conformal: Conformal | None = None,
        seed: int = 0,
    ) -> None:
        self.minutes = minutes
        self.members = members
        self.schedule = schedule
        self.neighbours = neighbours
        self.held_back_days = held_back_days
        self.conformal = conformal
        self.seed = seed

    networks_: list[nn.Module]
    known_: Known
    trained_: Trained
    floor_: float

    @property
    def horizon(self) -> int:
        """Slots ahead, known once fitted."""
        return slots_ahead(self.minutes, self.trained_.step)

    def fit(self, panel: Panel, train: tuple[dt.date, dt.date] | None = None) -> Self:
        """Learn from a panel, or from its slots between two local dates, both included.

        Raises:
            DataError: Fewer than three weeks beside the days held back, or nothing to learn from.
            ConfigError: A setting out of its bounds.

        """
        part, made = self.prepared(panel, train)
        return self.finished(
            part, made, [self.network(part, made, place) for place in range(len(self.members))]
        )

    def prepared(
        self, panel: Panel, train: tuple[dt.date, dt.date] | None = None
    ) -> tuple[Panel, TrainingSet]:
        """First step of `fit`: the slots to learn from, made ready; the same wherever it is done.

        Raises:
            DataError: Fewer than three weeks beside the days held back, or nothing to learn from.
            ConfigError: A setting out of its bounds.

        """
        self._check()
        part = panel if train is None else panel.between(*train)
        held = self.held_back_days * part.a_day
        if part.slots - held < LEAST_DAYS * part.a_day:
            raise DataError(
                f"{part.slots / part.a_day:.1f} days came ({part.span()}); accepted: {LEAST_DAYS} beside the "
                f"{self.held_back_days} that are held back"
            )
        horizon = slots_ahead(self.minutes, part.step)
        return part, training_set(
            part, horizon=horizon, neighbours=self.neighbours, held_back=held, seed=self.seed
        )

    def network(self, part: Panel, made: TrainingSet, place: int) -> nn.Module:
        """Second step: learn one of the members; each depends on the seed and its place alone."""
        network = self.blank(made.reader.width, len(part.sensors), part.a_day, place)
        what = f"network {place + 1} of {len(self.members)}"
        learn(network, made.windowed, self.schedule or Schedule(), seed=self.seed * 1000 + place, what=what)
        return network

    def blank(self, width: int, sensors: int, a_day: int, place: int) -> nn.Module:
        """Return one of the members before it has learnt."""
        with seeded(self.seed * 1000 + place):
            return self.members[place].build(width, sensors, a_day)

    def finished(self, part: Panel, made: TrainingSet, networks: list[nn.Module]) -> Self:
        """Last step: take the networks, and calibrate on the days held back."""
        self.networks_, self.floor_ = networks, floor(part)
        last = part.start + (part.slots - 1) * part.step
        self.trained_ = Trained(part.start, last, part.step, part.calendar, len(part.sensors))
        self.known_ = self._calibrated(part, made)
        return self

    def _check(self) -> None:
        if not self.minutes <= LONGEST:
            raise ConfigError(f"{self.minutes} minutes ahead came; accepted: at most {LONGEST}")
        if not self.members:
            raise ConfigError("no member came; accepted: one network or more, such as members=(Stid(),)")
        for name, least in (("neighbours", 0), ("held_back_days", 1)):
            if getattr(self, name) < least:
                raise ConfigError(f"{name} {getattr(self, name)!r} came; accepted: {least} or more")

    def _calibrated(self, panel: Panel, made: TrainingSet) -> Known:
        """Score the days held back, choose margins by them, and score what they leave."""
        sensors = len(panel.sensors)
        thin = max(1, sensors * len(made.held_back) // HELD_BACK)
        slots = made.held_back[::thin]
        history = made.reader.history
        reader = Reader(
            history, made.reader.horizon, np.arange(sensors) + 1, made.neighbours,
            made.reader.city,
        )  # fmt: skip
        quantiles = self._quantiles(reader, np.arange(sensors), slots)
        values = panel.values[:, slots + reader.horizon]
        rolling = Rolling(self._conformal(), LEVELS, step=panel.step, clusters=clusters(made.usual.scale))
        rolling.warm(np.repeat(PAIRED.scores_of(quantiles, values), thin, axis=2))
        margins = rolling.margins()
        # what is left over begins the margins that follow the outcomes
        scores = PAIRED.scores_of(PAIRED.widened(quantiles, margins), values)
        return Known(panel.sensors, made.usual, np.arange(sensors) + 1, made.neighbours, margins, scores)

    def _conformal(self) -> Conformal:
        return self.conformal or Conformal()

    def forecast(self, panel: Panel, slots: Slots) -> Forecasts:
        """Forecast slot t + horizon for every t of `slots`, all sensors of the panel, in one pass.

        Only values up to and including slot t are used for t. A sensor that is not known is taken up with
        what the panel has of it up to the first of the slots (`adopt`); with less than a day of values its
        forecasts are NaN.

        Raises:
            DataError: The panel has slots of another length or another zone than in training.

        """
        asked = as_slots(panel, slots)
        known = self._among(panel, int(asked.min()) + 1)
        quantiles = self._quantiles(self._reader(panel, known), np.arange(len(panel.sensors)), asked)
        wide = np.maximum(PAIRED.widened(quantiles, known.margins), np.float32(self.floor_))
        return as_forecasts(panel, asked, self.horizon, wide)

    def rolling(self, panel: Panel, conformal: Conformal | None = None) -> Rolling:
        """Give margins for the sensors of a panel, beginning with the days held back from training.

        Args:
            panel: Whose sensors.
            conformal: How they follow the outcomes; as the detector's where not given.

        """
        known = self._among(panel, panel.slots)
        groups = clusters(known.usual.scale)
        rolling = Rolling(conformal or self._conformal(), LEVELS, step=panel.step, clusters=groups)
        thin = round(self.held_back_days * panel.a_day / max(1, known.scores.shape[2]))
        rolling.warm(np.repeat(known.scores, max(1, thin), axis=2))
        return rolling

    def calibrated(self, panel: Panel, slots: Slots) -> Forecasts:
        """Forecast rising slots, each widened by the outcomes of the days before it, from training on."""
        asked = as_slots(panel, slots)
        forecasts = self.forecast(panel, asked)
        return follow(self.rolling(panel), forecasts, came(panel, asked + self.horizon))

    def without(self, sensors: Sequence[str]) -> Self:
        """Return a detector that does not know some sensors, as if they had never been there.

        What others were shown of them is left out too; the networks stay as they are.
        """
        other = copy.copy(self)
        other.known_ = self.known_.of([name for name in self.known_.sensors if name not in set(sensors)])
        return other

    def adopt(self, history: Panel) -> Self:
        """Return a detector that knows the sensors of a panel too, from these days on, without training.

        Sensors that are known stay as they are. Of the others profile and scale come from their own days,
        leaning on the weeks of known sensors; with less than a day of values a sensor stays unknown.

        Raises:
            DataError: The panel has slots of another length or another zone than in training.

        """
        self.refuse_other(history)
        other = copy.copy(self)
        other.known_ = self.known_.with_new(history, horizon=self.horizon, seed=self.seed)
        return other

    def p_values(self, panel: Panel) -> NDArray[np.float64]:
        """Conformal p-value of what came in each slot, given its forecast; shape (S, T).

        p = (1 + #{scores held back >= score}) / (n + 1), the score being how far outside of the 90 %
        interval a value lies in units of its width. NaN where there is no value or no forecast.
        """
        return p_values(*self._edge_scores(panel))

    def anomaly_score(self, panel: Panel) -> Floats:
        """Give -ln p of what came in each slot, shape (S, T), nats; higher is stranger.

        Beyond all scores held back it goes on rising with the score, so that the strangest rank by how far
        they lie outside. A sensor that is not known has NaN; take it up with `adopt` first.
        """
        return strangeness(*self._edge_scores(panel))

    def _edge_scores(self, panel: Panel) -> tuple[Floats, Floats]:
        """Scores of the 90 % interval in all slots (S, T), and of those held back (S, N)."""
        edge, horizon = PAIRED.edge, self.horizon
        forecasts = self.forecast(panel, np.arange(panel.slots - horizon))
        found = np.full(panel.shape, np.nan, np.float32)
        found[:, horizon:] = PAIRED.scores_of(forecasts.quantiles, panel.values[:, horizon:])[:, edge]
        return found, pooled(self._among(panel, 1).scores[:, edge], self.known_.scores[:, edge])

    def refuse_other(self, panel: Panel) -> None:
        """Refuse a panel of other slots or another zone than in training.

        Raises:
            DataError: It is one.

        """
        trained = self.trained_
        if panel.step != trained.step:
            raise DataError(
                f"slots of {panel.step} s came; the model was trained on slots of {trained.step} s: "
                "read the series with those, or fit again"
            )
        if panel.calendar.zone != trained.calendar.zone:
            raise DataError(
                f"the zone {panel.calendar.zone} came; the model was trained in {trained.calendar.zone}: "
                "read the series with that zone, or fit again"
            )

    def _among(self, panel: Panel, first: int) -> Known:
        """Find what is known of the sensors of a panel, of new ones from its first slots."""
        self.refuse_other(panel)
        mine = set(self.known_.sensors)
        if any(name not in mine for name in panel.sensors):
            return self.adopt(panel.slice(0, first)).known_.of(panel.sensors)
        return self.known_.of(panel.sensors)

    def _reader(self, panel: Panel, known: Known) -> Reader:
        rows = np.arange(len(panel.sensors))
        ahead = self.horizon + int(AROUND.max())
        history = History(panel, known.usual, rows, ahead, np.zeros(len(rows), bool))
        good = np.flatnonzero(np.isfinite(known.usual.scale))
        return Reader(history, self.horizon, known.embedding, known.neighbours, city_of(good))

    def _quantiles(self, reader: Reader, rows: Ints, slots: Ints) -> Floats:
        """Quantiles (S, N, Q) in the unit of the sensors; NaN for a row of which too little is known."""
        found = np.full((len(rows), len(slots), len(LEVELS)), np.nan, np.float32)
        good = np.flatnonzero(np.isfinite(reader.history.usual.scale[rows]))
        for part in _blocks(len(slots), len(good)):
            at = slots[part]
            windows = reader.read(np.repeat(rows[good], len(at)), np.tile(at, len(good)))
            raw = np.mean([quantiles_of(one, windows).numpy() for one in self.networks_], axis=0)
            values = windows.base[:, None] + windows.scale[:, None] * raw
            found[good, part] = values.reshape(len(good), len(at), -1)
        return found


def came(panel: Panel, slots: Ints) -> Floats:
    """Values at slots (S, N), NaN after the end of the panel."""
    inside = slots < panel.slots
    return np.where(inside, panel.values[:, np.where(inside, slots, 0)], np.float32(np.nan))


def _blocks(slots: int, rows: int) -> Iterator[slice]:
    at_once = max(1, AT_ONCE // max(1, rows))
    yield from (slice(first, min(first + at_once, slots)) for first in range(0, slots, at_once))
