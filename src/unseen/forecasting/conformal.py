"""Intervals that cover what they state: quantiles widened by how far recent outcomes lay outside of them.

NumPy only, one slot at a time; a batch is the same steps in a loop.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unseen.errors import ConfigError, DataError
from unseen.series.calendar import DAY
from unseen.series.forecasts import Forecasts
from unseen.series.panel import HOUR

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

PAIRS = ((0.01, 0.99), (0.05, 0.95), (0.1, 0.9), (0.25, 0.75))
"""Intervals that are made honest; quantiles between them move along."""
YOUNG_DAYS = 7
SMALLEST = 1e-6


class Alphas(Protocol):
    """Decides which share of outcomes may lie outside, from which did."""

    def renewed(self, alpha: Floats, stated: Floats, missed: Floats) -> Floats:
        """Return the shares (S, P) to use next; `missed` is 1 or 0, NaN where no outcome is known."""


@dataclass(frozen=True)
class Stated:
    """The share that is stated, always: rolling conformal quantile regression."""

    def renewed(self, alpha: Floats, stated: Floats, missed: Floats) -> Floats:
        """Return what is stated."""
        return stated


@dataclass(frozen=True)
class Adaptive:
    """alpha <- alpha + rate (stated - missed): adaptive conformal inference.

    Args:
        rate: Step.

    Reference: Gibbs and Candes, NeurIPS 2021, equation 2.

    """

    rate: float = 0.005

    def renewed(self, alpha: Floats, stated: Floats, missed: Floats) -> Floats:
        """Make one step where an outcome is known."""
        moved = alpha + np.float32(self.rate) * (stated - missed)
        return np.where(np.isfinite(missed), moved, alpha)


@dataclass(frozen=True)
class Conformal:
    """How intervals are made honest.

    Scores of a pair of quantiles are e = max(q_low - y, y - q_high) / (q_high - q_low); both move outward by
    the ceil((n + 1)(1 - alpha)) / n quantile of the scores of the last days, times their distance. A sensor
    with less than a week of scores takes those of its cluster.

    Args:
        days: How long outcomes are kept.
        renew_hours: How often margins are computed anew.
        alphas: `Stated()` or `Adaptive()`; the latter computes margins anew at every slot.

    Raises:
        ConfigError: A time that is not above 0.

    Reference: Romano, Patterson and Candes, NeurIPS 2019 (CQR); scores by width: Sesia and Candes, Stat 9
    (2020) e261.

    """

    days: float = 14.0
    renew_hours: float = 1.0
    alphas: Alphas = Stated()

    def __post_init__(self) -> None:
        for name in ("days", "renew_hours"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"{name} {getattr(self, name)!r} came; accepted: above 0")


class Pairs:
    """The pairs of quantiles that are made honest, among the levels of a grid.

    Args:
        levels: Shape (Q,), every level of `PAIRS` that reaches into the grid among them.

    Raises:
        ConfigError: One end of a pair is missing.

    """

    def __init__(self, levels: NDArray[np.float64]) -> None:
        self.levels = np.asarray(levels, np.float64)
        ends = [(self._place(low), self._place(high)) for low, high in PAIRS if low in self.levels]
        self.low, self.high = (np.array(side, np.int64) for side in zip(*ends, strict=True))
        self.stated = np.array([1 - (self.levels[b] - self.levels[a]) for a, b in ends], np.float32)
        ticks = self.levels[np.concatenate([self.low, self.high[::-1]])]
        self._between = np.stack([np.interp(self.levels, ticks, one) for one in np.eye(len(ticks))])

    def _place(self, level: float) -> int:
        found = np.flatnonzero(np.isclose(self.levels, level))
        if not len(found):
            raise ConfigError(f"level {level} came; accepted: one of {', '.join(map(str, self.levels))}")
        return int(found[0])

    @property
    def edge(self) -> int:
        """Place of the 90 % interval among the pairs."""
        return int(np.argmin(np.abs(self.stated - 0.1)))

    def scores_of(self, quantiles: Floats, values: Floats) -> Floats:
        """Scores (S, P, N) of quantiles (S, N, Q) and what came (S, N)."""
        low, high = quantiles[..., self.low], quantiles[..., self.high]
        value = np.asarray(values, np.float32)[..., None]
        scores = np.maximum(low - value, value - high) / np.maximum(high - low, SMALLEST)
        return np.asarray(scores.transpose(0, 2, 1), dtype=np.float32)

    def widened(self, quantiles: Floats, margins: Floats) -> Floats:
        """Move every pair of quantiles outward; those between move in proportion to the pairs around them.

        Args:
            quantiles: Shape (S, Q) or (S, N, Q).
            margins: Shape (S, P), in units of the distance between the quantiles of a pair.

        """
        by = margins if quantiles.ndim == 2 else margins[:, None]
        moved = np.maximum(quantiles[..., self.high] - quantiles[..., self.low], 0) * by
        shifts = np.concatenate([-moved, moved[..., ::-1]], axis=-1) @ self._between
        return ordered(quantiles + shifts)


class Rolling:
    """Conformal margins of S sensors that follow the outcomes, slot by slot.

    Args:
        settings: How.
        levels: Levels of the quantiles (Q,), every pair among them.
        step: Seconds a slot.
        clusters: Shape (S,), group of each sensor.

    >>> levels = np.array([0.05, 0.5, 0.95])
    >>> rolling = Rolling(Conformal(), levels, step=3600, clusters=[0])
    >>> narrow = np.array([[-1.0, 0.0, 1.0]], np.float32)
    >>> draws = np.random.default_rng(0).normal(size=500)
    >>> for slot, value in enumerate(draws):
    ...     wide = rolling.issue(slot * 3600, narrow)
    ...     rolling.outcome(slot * 3600, [value])
    >>> bool(1.4 < wide[0, 2] < 1.9)
    True
    """

    def __init__(
        self, settings: Conformal, levels: NDArray[np.float64], *, step: int, clusters: ArrayLike
    ) -> None:
        self.settings, self.levels, self.step = settings, np.asarray(levels, np.float64), step
        self.clusters = np.asarray(clusters, np.int64)
        self.pairs = Pairs(self.levels)
        sensors = len(self.clusters)
        stated = self.pairs.stated
        self._stated = np.broadcast_to(stated, (sensors, len(stated)))
        self._window = round(settings.days * DAY / step)
        self._scores = np.full((sensors, len(stated), self._window), np.nan, np.float32)
        self._next = 0
        self._alpha = self._stated.copy()
        self._margins = np.zeros((sensors, len(stated)), np.float32)
        self._renewed = -1
        self._pending: dict[int, tuple[Floats, Floats]] = {}

    @property
    def adaptive(self) -> bool:
        """Whether margins follow every outcome."""
        return not isinstance(self.settings.alphas, Stated)

    def issue(self, target: int, quantiles: Floats) -> Floats:
        """Widen quantiles (S, Q) of the slot that begins at `target`; remember them until it is over."""
        due = int(target // round(self.settings.renew_hours * HOUR))
        if due != self._renewed or self.adaptive:
            self._renewed, self._margins = due, self.margins()
        raw = np.asarray(quantiles, np.float32)
        self._pending[target] = (raw, self._margins)
        return self.widened(raw)

    def outcome(self, target: int, values: ArrayLike) -> None:
        """Learn what came (S,), NaN where nothing did; older forecasts without an outcome are forgotten."""
        known = self._pending.pop(target, None)
        self._pending = {time: kept for time, kept in self._pending.items() if time > target}
        if known is None:
            return
        raw, margins = known
        value = np.asarray(values, np.float32)[:, None]
        scores = self.pairs.scores_of(raw[:, None], value)[..., 0]
        missed = np.where(np.isfinite(scores), (scores > margins).astype(np.float32), np.float32(np.nan))
        self._alpha = self.settings.alphas.renewed(self._alpha, self._stated, missed)
        self._keep(scores)

    def warm(self, scores: Floats) -> None:
        """Begin with scores (S, P, N) of slots held back from training, oldest first."""
        for place in range(scores.shape[2]):
            self._keep(scores[:, :, place])

    def _keep(self, scores: Floats) -> None:
        self._scores[:, :, self._next] = scores
        self._next = (self._next + 1) % self._window

    def margins(self) -> Floats:
        """Margins (S, P) by the scores kept now, in units of the distance between the quantiles of a pair."""
        known = np.isfinite(self._scores[:, 0]).sum(axis=1)
        old = known * self.step >= YOUNG_DAYS * DAY
        margins = np.zeros_like(self._margins)
        if old.any():
            margins[old] = conformal_quantile(self._scores[old], 1 - self._alpha[old])
        for cluster in np.unique(self.clusters[~old]):
            members = self.clusters == cluster
            pool = self._scores[members].transpose(1, 0, 2).reshape(1, margins.shape[1], -1)
            shares = 1 - self._alpha[~old & members]
            if np.isfinite(pool).any():
                margins[~old & members] = np.concatenate(
                    [conformal_quantile(pool, one[None]) for one in shares]
                )
        return margins

    def widened(self, quantiles: Floats, margins: Floats | None = None) -> Floats:
        """Move quantiles (S, Q) or (S, N, Q) outward by margins (S, P), those of now where none are given."""
        return self.pairs.widened(quantiles, self._margins if margins is None else margins)

    def scores_of(self, quantiles: Floats, values: Floats) -> Floats:
        """Scores (S, P, N) of quantiles (S, N, Q) and what came (S, N)."""
        return self.pairs.scores_of(quantiles, values)

    def state(self) -> dict[str, NDArray[np.generic]]:
        """Return all that it has learned as arrays, pending forecasts included."""
        times = sorted(self._pending)
        raw = [self._pending[time][0] for time in times]
        used = [self._pending[time][1] for time in times]
        return {
            "scores": self._scores.copy(),
            "next": np.array([self._next, self._renewed], np.int64),
            "alpha": self._alpha.copy(),
            "margins": self._margins.copy(),
            "pending": np.array(times, np.int64),
            "pending.raw": np.array(raw, np.float32).reshape(
                len(times), len(self.clusters), len(self.levels)
            ),
            "pending.margins": np.array(used, np.float32).reshape(len(times), *self._margins.shape),
        }

    def restore(self, state: Mapping[str, NDArray[np.generic]]) -> None:
        """Go on from a state.

        Raises:
            DataError: It is one of other sensors, levels or days.

        """
        for name, mine in self.state().items():
            if not name.startswith("pending") and (name not in state or state[name].shape != mine.shape):
                raise DataError(f"a conformal state whose {name!r} does not fit; it needs shape {mine.shape}")
        self._scores = np.array(state["scores"], np.float32)
        self._next, self._renewed = (int(number) for number in state["next"])
        self._alpha, self._margins = (np.array(state[name], np.float32) for name in ("alpha", "margins"))
        parts = (state["pending"], state["pending.raw"], state["pending.margins"])
        self._pending = {
            int(time): (np.array(raw, np.float32), np.array(margins, np.float32))
            for time, raw, margins in zip(*parts, strict=True)
        }


def conformal_quantile(scores: Floats, shares: Floats) -> Floats:
    """Return the ceil((n + 1) share) / n quantile of scores (S, P, N), NaN left out, for shares (S, P).

    >>> conformal_quantile(np.arange(1, 20, dtype=np.float32)[None, None], np.array([[0.9]])).tolist()
    [[18.0]]
    """
    count = np.isfinite(scores).sum(axis=2)
    rank = np.ceil((count + 1) * np.clip(shares, 0, 1) - 1e-6).astype(np.int64)
    place = np.clip(rank, 1, np.maximum(count, 1)) - 1
    inside = np.sort(scores, axis=2)  # NaN comes last
    return np.take_along_axis(inside, place[..., None], axis=2)[..., 0]


def ordered(quantiles: NDArray[np.floating]) -> Floats:
    """Stop quantiles (..., Q) that moved past each other where they met."""
    return np.maximum.accumulate(quantiles, axis=-1).astype(np.float32)


def follow(rolling: Rolling, forecasts: Forecasts, values: ArrayLike) -> Forecasts:
    """Make a batch of forecasts honest, in the order of time, each from outcomes known when it was issued.

    Args:
        rolling: Where to begin; it has followed all of the batch afterwards.
        forecasts: S sensors at N moments, rising.
        values: Shape (S, N), what came at the targets.

    Raises:
        DataError: Moments do not rise.

    """
    if (np.diff(forecasts.target) <= 0).any():
        raise DataError("forecasts whose moments do not rise; sort them by time")
    came = np.asarray(values, np.float32)
    ends = forecasts.target + rolling.step
    quantiles, fed = np.empty_like(forecasts.quantiles), 0
    for place, (issued, target) in enumerate(zip(forecasts.issued, forecasts.target, strict=True)):
        while ends[fed] <= issued:
            rolling.outcome(int(forecasts.target[fed]), came[:, fed])
            fed += 1
        quantiles[:, place] = rolling.issue(int(target), forecasts.quantiles[:, place])
    return replace(forecasts, quantiles=quantiles)
