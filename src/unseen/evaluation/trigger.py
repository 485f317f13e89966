"""A score as a trigger: a threshold from an allowed rate, what it catches, and what another trigger has."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unseen.errors import ConfigError, DataError
from unseen.evaluation.intervals import Estimate, clopper_pearson
from unseen.evaluation.kinds import Bools, sides
from unseen.evaluation.ranking import LEAST_FALSE_ALARMS
from unseen.evaluation.tails import ParetoTail
from unseen.evaluation.tally import Floats, score_column

Method = Literal["rows", "pareto"]
INPUT_RATE = 40e3
_UNITS = {"": 1.0, "hz": 1.0, "khz": 1e3, "mhz": 1e6, "ghz": 1e9}
_FREQUENCY = re.compile(r"\s*([0-9.+\-eE]+?)\s*([kMG]?Hz)?\s*", re.IGNORECASE)


def hertz(given: str | float) -> float:
    """Read a rate, a number of Hz or a text with its unit: Hz, kHz, MHz or GHz.

    Raises:
        ConfigError: Not a rate above 0.

    >>> hertz("40 kHz"), hertz("100 Hz"), hertz("1.5e-3 MHz"), hertz(750)
    (40000.0, 100.0, 1500.0, 750.0)
    >>> hertz("40 kps")
    Traceback (most recent call last):
    ...
    unseen.errors.ConfigError: rate '40 kps' came; accepted: a number above 0 with Hz, kHz, MHz or GHz, such \
as '40 kHz'

    """
    match = _FREQUENCY.fullmatch(str(given))
    try:
        value = math.nan if match is None else float(match[1]) * _UNITS[(match[2] or "").lower()]
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise ConfigError(
            f"rate {given!r} came; accepted: a number above 0 with Hz, kHz, MHz or GHz, such as '40 kHz'"
        )
    return value


def in_hertz(value: float) -> str:
    """Write a rate with the unit that keeps it short.

    >>> in_hertz(40e3), in_hertz(117.3), in_hertz(0.0)
    ('40 kHz', '117 Hz', '0 Hz')
    """
    for unit, size in (("GHz", 1e9), ("MHz", 1e6), ("kHz", 1e3)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value:.3g} Hz"


@dataclass(frozen=True)
class RateCut:
    """A threshold that lets a stated share of the background pass.

    Attributes:
        threshold: An alarm is a score above it.
        share: Share of the background that it was set for.
        realised: Share that passes it, with its 95 % interval.
        method: "rows", a quantile of the background rows, or "pareto", a tail fitted to the largest of them.
        rows: Background rows.

    """

    threshold: float
    share: float
    realised: Estimate
    method: Method
    rows: int


def cut_at_rate(
    background: ArrayLike, share: float, *, method: Method = "rows", seed: int = 0, level: float = 0.95
) -> RateCut:
    """Set the threshold that at most a share of the background passes.

    With "rows" it is the (1 - share) quantile, a score of a background row, and the interval of the realised
    share is the exact binomial one of the rows above it. At least ten rows must pass: from fewer, the rate is
    not known to a factor of two. "pareto" fits the tail instead and goes beyond the last row.

    Args:
        background: (n,) scores of background rows that took no part in training, higher is stranger.
        share: Share that may pass, between 0 and 1.
        method: "rows" or "pareto".
        seed: Of the bootstrap of a fitted tail.
        level: Of the interval.

    Raises:
        ConfigError: A share or method that is not accepted.
        DataError: Fewer than ten expected rows above the cut without a fitted tail, or too few for the fit.

    >>> found = cut_at_rate(range(1000), 0.05)
    >>> found.threshold, found.realised.value
    (949.0, 0.05)

    """
    if not 0 < share < 1:
        raise ConfigError(f"share {share!r} of the background came; accepted: above 0 and below 1")
    column = score_column(background, "background")
    if method == "pareto":
        tail = ParetoTail.fit(column, seed=seed)
        if share <= tail.share:
            threshold = tail.score_at(share)
            return RateCut(threshold, share, tail.share_above(threshold, level), "pareto", column.size)
    elif method != "rows":
        raise ConfigError(f"method {method!r} came; accepted: rows, pareto")
    expected = share * column.size
    if expected < LEAST_FALSE_ALARMS * (1 - 1e-9):
        raise DataError(
            f"a share of {share:.2g} is {expected:.1f} of {column.size:,} background rows, too few to know a "
            f"rate; accepted: {LEAST_FALSE_ALARMS / column.size:.2g} or more, "
            f"{LEAST_FALSE_ALARMS / share:,.0f} background rows, or a fitted tail (pareto)"
        )
    ordered = np.sort(column)
    threshold = float(ordered[column.size - 1 - math.floor(expected * (1 + 1e-12))])
    passing = int((column > threshold).sum())
    return RateCut(threshold, share, clopper_pearson(passing, column.size, level=level), "rows", column.size)


@dataclass(frozen=True)
class Shared:
    """What two triggers of one rate have in common, of the background or of one kind, as shares of its rows.

    Attributes:
        only: Passes this score alone (its pure part).
        both: Passes both.
        other: Passes the other trigger alone.

    """

    only: float
    both: float
    other: float

    @property
    def either(self) -> float:
        """Passes one of the two, or both."""
        return self.only + self.both + self.other


@dataclass(frozen=True)
class Beside:
    """Another trigger of equal rate: its name, its cut, and what is shared, by kind and of the background."""

    name: str
    cut: RateCut
    background: Shared
    kinds: Mapping[str, Shared]


@dataclass(frozen=True)
class TriggerView:
    """One score as a trigger.

    Attributes:
        input_rate: Hz that arrive.
        alarm_rate: Hz that may pass.
        cut: The threshold behind it.
        efficiency: Share of each kind that passes, with its exact 95 % interval at this threshold.
        beside: Other triggers of equal rate.

    """

    input_rate: float
    alarm_rate: float
    cut: RateCut
    efficiency: Mapping[str, Estimate]
    beside: tuple[Beside, ...] = ()

    @property
    def rate(self) -> Estimate:
        """Background rate in Hz above the threshold, with its interval."""
        found = self.cut.realised
        return Estimate(*(self.input_rate * part for part in (found.value, found.low, found.high)))

    def to_dict(self) -> dict[str, object]:
        """Return the numbers as JSON values; rates in Hz."""
        return {
            "input_rate_hz": self.input_rate,
            "alarm_rate_hz": self.alarm_rate,
            "threshold": self.cut.threshold,
            "method": self.cut.method,
            "background_rows": self.cut.rows,
            "rate_hz": self.rate.to_dict(),
            "efficiency": {kind: found.to_dict() for kind, found in self.efficiency.items()},
            "beside": [
                {
                    "trigger": one.name,
                    "threshold": one.cut.threshold,
                    "background_hz": {
                        part: self.input_rate * share for part, share in _parts(one.background).items()
                    },
                    "efficiency": {kind: _parts(shared) for kind, shared in one.kinds.items()},
                }
                for one in self.beside
            ],
        }


def _parts(shared: Shared) -> dict[str, float]:
    return {"pure": shared.only, "shared": shared.both, "other": shared.other, "either": shared.either}


def trigger_view(
    scores: ArrayLike,
    kinds: Sequence[object] | NDArray[np.generic],
    *,
    normal: str | int | Bools | None,
    alarm_rate: str | float,
    input_rate: str | float = INPUT_RATE,
    beside: Mapping[str, ArrayLike] | None = None,
    method: Method = "rows",
    seed: int = 0,
) -> TriggerView:
    """Say what a score catches as a trigger of a stated rate.

    The threshold is the (1 - f) quantile of the normal rows, f = alarm_rate / input_rate; these must be rows
    that took no part in training, and stand for what arrives.

    Args:
        scores: (n,) numbers, higher is stranger.
        kinds: (n,) a name a row.
        normal: What marks a background row, as in `evaluate`.
        alarm_rate: Background that may pass, Hz or a text such as "100 Hz".
        input_rate: What arrives, Hz or a text such as "40 kHz".
        beside: Other trigger variables of these rows, (n,) each, high passes; cut at the same rate.
        method: "rows", or "pareto" for a fitted tail; see `cut_at_rate`.
        seed: Of the bootstrap of a fitted tail.

    Raises:
        ConfigError: Rates that are none, or an alarm rate that is not below the input rate.
        DataError: As in `evaluate` and `cut_at_rate`.

    >>> view = trigger_view(range(1010), ["qcd"] * 1000 + ["suep"] * 10, normal="qcd", alarm_rate="400 Hz")
    >>> view.rate.value, view.efficiency["suep"].value
    (400.0, 1.0)

    """
    arriving, allowed = hertz(input_rate), hertz(alarm_rate)
    if allowed >= arriving:
        raise ConfigError(
            f"an alarm rate of {in_hertz(allowed)} came where {in_hertz(arriving)} arrive; accepted: less"
        )
    column = score_column(scores, "all")
    is_normal, rows_of = sides(kinds, normal, column.size)
    cut = cut_at_rate(column[is_normal], allowed / arriving, method=method, seed=seed)
    passes = column > cut.threshold
    efficiency = {name: clopper_pearson(int(passes[rows].sum()), rows.size) for name, rows in rows_of.items()}
    others = []
    for name, values in (beside or {}).items():
        other = score_column(values, name)
        if other.shape != column.shape:
            raise DataError(
                f"trigger {name!r} has {other.size} rows, the score {column.size}; give one a row"
            )
        their = cut_at_rate(other[is_normal], allowed / arriving, method=method, seed=seed)
        also = other > their.threshold
        shared = {kind: _shared(passes[rows], also[rows]) for kind, rows in rows_of.items()}
        others.append(Beside(name, their, _shared(passes[is_normal], also[is_normal]), shared))
    return TriggerView(arriving, allowed, cut, efficiency, tuple(others))


def _shared(one: Bools, other: Bools) -> Shared:
    return Shared(float((one & ~other).mean()), float((one & other).mean()), float((other & ~one).mean()))


@dataclass(frozen=True)
class RateCurve:
    """Efficiency of one kind against the background rate, (k,) each, the rate rising.

    Only where ten or more background rows pass.
    """

    rate: Floats
    efficiency: Floats


def rate_curve(
    background: ArrayLike, signal: ArrayLike, *, input_rate: str | float = INPUT_RATE, points: int = 120
) -> RateCurve:
    """Trace the efficiency of a kind against the background rate.

    Raises:
        DataError: As in `roc_auc`.

    >>> rate_curve(range(100), [99.5, 50.5], input_rate="1 kHz").efficiency[0].item()
    0.5

    """
    low, high = np.sort(score_column(background, "background")), np.sort(score_column(signal, "signal"))
    arriving = hertz(input_rate)
    if low.size < 2 * LEAST_FALSE_ALARMS:
        return RateCurve(np.empty(0), np.empty(0))
    passing = np.unique(np.geomspace(LEAST_FALSE_ALARMS, low.size - 1, points).round().astype(int))
    cuts = low[low.size - 1 - passing]
    rate = arriving * (low.size - np.searchsorted(low, cuts, side="right")) / low.size
    caught = (high.size - np.searchsorted(high, cuts, side="right")) / high.size
    enough = rate >= arriving * LEAST_FALSE_ALARMS / low.size * (1 - 1e-9)
    return RateCurve(rate[enough], caught[enough])
