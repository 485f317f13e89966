"""Do the p-values hold what they state? The realised false-alarm rate on fresh normal rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from unseen.errors import ConfigError, DataError
from unseen.evaluation.intervals import Estimate, share_interval
from unseen.evaluation.tally import Floats, score_column
from unseen.evaluation.weights import effective_number, event_weights


@dataclass(frozen=True)
class FalseAlarms:
    """Stated against realised false-alarm rate on normal rows that took no part in the fit.

    Attributes:
        stated: the rate asked for; an alarm is `p <= stated`.
        rows: normal rows looked at.
        alarms: rows that raised an alarm.
        realised: alarms / rows with its Clopper-Pearson interval; with weights, the share of the weight.
        effective: rows of equal weight that these are worth (Kish); None where nothing is weighted.

    """

    stated: float
    rows: int
    alarms: int
    realised: Estimate
    effective: float | None = None

    @property
    def holds(self) -> bool:
        """Whether the stated rate lies inside the interval of the realised one."""
        return self.realised.low <= self.stated <= self.realised.high

    @property
    def too_many(self) -> bool:
        """Whether there are more alarms than the stated rate explains; the harmful direction."""
        return self.realised.low > self.stated


def false_alarms(
    p_values: ArrayLike,
    *,
    levels: Sequence[float] = (0.1, 0.01, 0.001),
    confidence: float = 0.99,
    weights: ArrayLike | None = None,
) -> tuple[FalseAlarms, ...]:
    """Count alarms among the p-values of fresh normal rows, at each stated level.

    Args:
        p_values: (n,) p-values of normal rows, in [0, 1].
        levels: stated false-alarm rates.
        confidence: of the Clopper-Pearson intervals.
        weights: (n,) event weights, or None.

    Raises:
        DataError: a p-value is NaN or outside [0, 1], there is none, or weights are refused.
        ConfigError: a level outside (0, 1).

    >>> [a.alarms for a in false_alarms(np.linspace(0.001, 1, 1000))]
    [100, 10, 1]

    """
    column = _p_column(p_values)
    events = event_weights(weights, column.size)
    return tuple(_at(column, _rate(level), confidence, events) for level in levels)


@dataclass(frozen=True)
class CalibrationCurve:
    """Realised against stated rate at log-spaced levels, (k,) each, with a Clopper-Pearson band."""

    stated: Floats
    realised: Floats
    low: Floats
    high: Floats
    rows: int


def calibration_curve(
    p_values: ArrayLike, *, points: int = 60, confidence: float = 0.99, weights: ArrayLike | None = None
) -> CalibrationCurve:
    """Trace the realised rate from one expected alarm (1 / n) up to a rate of 1.

    Raises:
        DataError: as in `false_alarms`.

    >>> curve = calibration_curve(np.linspace(0.001, 1, 1000))
    >>> bool(np.allclose(curve.realised, curve.stated, atol=0.001))
    True

    """
    column = _p_column(p_values)
    stated = np.geomspace(1 / max(column.size, 2), 1.0, points)
    events = event_weights(weights, column.size)
    found = [_at(column, float(level), confidence, events).realised for level in stated]
    return CalibrationCurve(
        stated=stated,
        realised=np.array([e.value for e in found]),
        low=np.array([e.low for e in found]),
        high=np.array([e.high for e in found]),
        rows=column.size,
    )


def expected_alarms(stated: float, *, rows: int, held_out: int, confidence: float = 0.99) -> Estimate:
    """Range of the realised rate that a valid conformal threshold from `held_out` normals explains.

    The threshold itself is drawn: with `k = floor(stated (held_out + 1))` the true rate follows
    Beta(k, held_out + 1 - k), so the alarms among `rows` fresh normals are beta-binomial. With few held-out
    rows this range is much wider than the binomial one, and the wider one is the fair test.

    Raises:
        ConfigError: `stated` outside (0, 1), or fewer than one row.

    Reference: Vovk, Conditional validity of inductive conformal predictors, ACML 2012.

    >>> str(expected_alarms(0.01, rows=10_000, held_out=1000))
    '0.010 [0.003, 0.020]'

    """
    _rate(stated)
    if rows < 1 or held_out < 1:
        raise ConfigError(f"rows={rows}, held_out={held_out}; both need to be 1 or more.")
    # The same rounding guard as in a conformal p-value: 0.1 * 10 is one whole rank.
    k = int(np.floor(stated * (held_out + 1) + 1e-9))
    if k == 0:
        return Estimate(0.0, 0.0, 0.0)
    law = stats.betabinom(rows, k, held_out + 1 - k)
    low, high = law.ppf([(1 - confidence) / 2, (1 + confidence) / 2])
    return Estimate(k / (held_out + 1), float(low) / rows, float(high) / rows)


def _at(column: Floats, level: float, confidence: float, weights: Floats | None) -> FalseAlarms:
    # p-values are ratios of counts; 1e-9 gives back what rounding takes at an exact tie with the level.
    raised = column <= level * (1 + 1e-9)
    return FalseAlarms(
        stated=level,
        rows=column.size,
        alarms=int(np.count_nonzero(raised)),
        realised=share_interval(raised, weights, level=confidence),
        effective=None if weights is None else effective_number(weights),
    )


def _p_column(p_values: ArrayLike) -> Floats:
    column = score_column(p_values, "p-value")
    outside = (column < 0) | (column > 1)
    if outside.any():
        first = int(np.argmax(outside))
        raise DataError(f"p-value of row {first} is {column[first]}; p-values lie in [0, 1].")
    return column


def _rate(level: float) -> float:
    if not 0 < level < 1:
        raise ConfigError(
            f"level {level!r} is not a false-alarm rate; accepted: between 0 and 1, such as 0.01."
        )
    return level
