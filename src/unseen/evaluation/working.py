"""Working points of a search, with errors: what is lost at a stated catch, and caught at a stated loss."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from unseen.errors import ConfigError
from unseen.evaluation.ranking import LEAST_FALSE_ALARMS
from unseen.evaluation.resampling import (
    RESAMPLES,
    Drawn,
    Ranked,
    Sampled,
    Statistic,
    auc_statistic,
    sampled,
)
from unseen.evaluation.tally import Floats

TPRS = (0.3, 0.4, 0.5)
FPRS = (1e-2, 1e-3, 1e-4)
REJECTION_AT = 0.4
# -ln 0.05: no event seen excludes a mean above this at 95 %
NONE_LEFT = 3.0
# Largest normal scores among which ten drawn rows are found in any resample.
EDGE = 200


@dataclass(frozen=True)
class Lost:
    """False-alarm rate where a stated share of the anomalies is caught.

    Attributes:
        tpr: The stated share.
        fpr: Share of normal rows above that cut, with its bootstrap.
        normals: Effective number of normal rows behind it.

    >>> lost = Lost(0.4, Sampled(0.0, np.zeros(2)), 682.0)
    >>> lost.ranked, lost.rejection, str(lost.rejection_text)
    (False, 227.33333333333334, '> 227')

    """

    tpr: float
    fpr: Sampled
    normals: float

    @property
    def ranked(self) -> bool:
        """Whether ten or more normal rows pass: below, two scores must not be ordered by it."""
        return self.fpr.known and self.fpr.value * self.normals >= LEAST_FALSE_ALARMS * (1 - 1e-9)

    @property
    def bounded(self) -> bool:
        """Whether no normal row is left, so that there is a limit only."""
        return self.fpr.value == 0

    @property
    def rejection(self) -> float:
        """1 / FPR; where no normal row is left its lower limit at 95 %, n / 3."""
        return self.normals / NONE_LEFT if self.bounded else 1.0 / self.fpr.value

    @property
    def rejection_text(self) -> str:
        """The rejection as it is printed, a limit with its sign."""
        return f"> {self.rejection:,.0f}" if self.bounded else f"{self.rejection:,.3g}"

    def to_dict(self) -> dict[str, object]:
        """Return the numbers as JSON values."""
        return {
            "tpr": self.tpr,
            "fpr": self.fpr.to_dict(),
            "ranked": self.ranked,
            "rejection": self.rejection if math.isfinite(self.rejection) else None,
            "rejection_is_limit": self.bounded,
        }


@dataclass(frozen=True)
class Caught:
    """Share of the anomalies above the cut that at most a stated share of the normal rows passes.

    Attributes:
        fpr: The stated share.
        tpr: Share of anomalies above that cut, with its bootstrap; NaN where less than one normal row is
            expected above it.
        normals: Effective number of normal rows behind it.

    """

    fpr: float
    tpr: Sampled
    normals: float

    @property
    def ranked(self) -> bool:
        """Whether ten or more normal rows may pass: below, two scores must not be ordered by it."""
        return self.fpr * self.normals >= LEAST_FALSE_ALARMS * (1 - 1e-9)

    def to_dict(self) -> dict[str, object]:
        """Return the numbers as JSON values."""
        return {"fpr": self.fpr, "tpr": self.tpr.to_dict(), "ranked": self.ranked}


@dataclass(frozen=True)
class WorkingPoints:
    """What one kind is worth at the cuts a search would use.

    Attributes:
        auc: Area under the ROC curve.
        lost: FPR at each stated TPR, in the order asked for.
        caught: TPR at each stated FPR, in the order asked for.
        sic: Largest TPR / sqrt(FPR) with ten or more normal rows above the cut.
        rejection: FPR at the TPR of the rejection, 0.4.

    """

    auc: Sampled
    lost: tuple[Lost, ...]
    caught: tuple[Caught, ...]
    sic: Sampled
    rejection: Lost

    def to_dict(self) -> dict[str, object]:
        """Return the numbers as JSON values."""
        return {
            "auc": self.auc.to_dict(),
            "fpr_at_tpr": [lost.to_dict() for lost in self.lost],
            "tpr_at_fpr": [caught.to_dict() for caught in self.caught],
            "sic": self.sic.to_dict(),
            "rejection": self.rejection.to_dict(),
        }


def fpr_at_tpr(
    normal: ArrayLike,
    anomaly: ArrayLike,
    tpr: float,
    *,
    normal_weights: ArrayLike | None = None,
    anomaly_weights: ArrayLike | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
    stream: int = 0,
) -> Lost:
    """Share of normal rows at or above the highest cut that catches at least `tpr` of the anomalies.

    Args:
        normal, anomaly: (n,) and (m,) scores, higher is stranger.
        tpr: Share to catch, above 0 and at most 1.
        normal_weights, anomaly_weights: Event weights or None.
        resamples, seed, stream: As in `resampling.sampled`.

    Raises:
        DataError: As in `roc_auc`.
        ConfigError: `tpr` outside (0, 1].

    >>> fpr_at_tpr(range(10), [20, 7, 1], 0.5).fpr.value
    0.3

    """
    _share(tpr, "tpr")
    ranked = Ranked.of(normal, anomaly, normal_weights, anomaly_weights)
    (fpr,) = sampled(ranked, partial(_fpr, tpr), resamples=resamples, seed=seed, stream=stream)
    return Lost(tpr, fpr, ranked.normal_rows)


def working_points(
    normal: ArrayLike,
    anomaly: ArrayLike,
    *,
    tprs: Sequence[float] = TPRS,
    fprs: Sequence[float] = FPRS,
    normal_weights: ArrayLike | None = None,
    anomaly_weights: ArrayLike | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
    stream: int = 0,
) -> WorkingPoints:
    """Measure one kind against the normal rows at every working point, each with its bootstrap.

    Args:
        normal, anomaly: (n,) and (m,) scores, higher is stranger.
        tprs: Shares to catch, for the FPR there.
        fprs: Shares that may be lost, for the TPR there.
        normal_weights, anomaly_weights: Event weights or None.
        resamples, seed, stream: As in `resampling.sampled`; one seed pairs the scores of the same rows.

    Raises:
        DataError: As in `roc_auc`.
        ConfigError: A share outside (0, 1].

    >>> found = working_points(range(1000), range(985, 1005), seed=1)
    >>> [caught.ranked for caught in found.caught], found.caught[0].tpr.value
    ([True, False, False], 0.75)

    """
    for name, shares in (("tpr", tprs), ("fpr", fprs)):
        for share in shares:
            _share(share, name)
    ranked = Ranked.of(normal, anomaly, normal_weights, anomaly_weights)
    rows = ranked.normal_rows
    wanted = list(dict.fromkeys([*tprs, REJECTION_AT]))
    statistics: list[Statistic] = [auc_statistic, _best_sic, *(partial(_fpr, tpr) for tpr in wanted)]
    statistics += [partial(_tpr, fpr) for fpr in fprs]
    auc, sic, *rest = sampled(ranked, *statistics, resamples=resamples, seed=seed, stream=stream)
    lost = {tpr: Lost(tpr, fpr, rows) for tpr, fpr in zip(wanted, rest, strict=False)}
    return WorkingPoints(
        auc=auc,
        lost=tuple(lost[tpr] for tpr in tprs),
        caught=tuple(Caught(fpr, tpr, rows) for fpr, tpr in zip(fprs, rest[len(wanted) :], strict=True)),
        sic=sic,
        rejection=lost[REJECTION_AT],
    )


def _fpr(tpr: float, drawn: Drawn) -> Floats:
    """FPR of each resample at the highest anomaly score that catches enough, (b,)."""
    reached = drawn.reached[:, 1:]
    # 0.3 * 10 is 3.0000000000000004: give the comparison the rounding back
    enough = reached >= tpr * reached[:, -1:] * (1 - 1e-12)
    place = drawn.ranked.at_or_above[enough.argmax(1)]
    return np.asarray(drawn.tail[np.arange(len(place)), place] / drawn.tail[:, 0])


def _tpr(fpr: float, drawn: Drawn) -> Floats:
    """TPR of each resample above the lowest normal score that lets through no more than allowed, (b,)."""
    ranked, tail, reached = drawn.ranked, drawn.tail, drawn.reached
    if fpr * ranked.normal_rows < 1 - 1e-9:
        return np.full(len(tail), np.nan)
    starts = np.flatnonzero(np.r_[True, np.diff(ranked.normal) > 0])
    # the tails at the first of each group of equal scores, and beyond the last; falling
    at = tail[:, np.r_[starts, ranked.normal.size]]
    first = (at <= fpr * tail[:, :1] * (1 + 1e-12)).argmax(1)
    # an alarm is a score above the group before the first allowed one
    above = np.searchsorted(-ranked.anomaly, -ranked.normal[starts], side="left")
    passing = np.where(first > 0, above[first - 1], ranked.anomaly.size)
    return np.asarray(reached[np.arange(len(tail)), passing] / reached[:, -1])


def _best_sic(drawn: Drawn) -> Floats:
    """Largest TPR / sqrt(FPR) of each resample over cuts with ten or more normal rows above, (b,)."""
    ranked, tail, reached = drawn.ranked, drawn.tail, drawn.reached
    rows = ranked.normal_rows
    if rows < LEAST_FALSE_ALARMS:
        return np.full(len(tail), np.nan)
    # between two anomaly scores a lower cut only adds false alarms: the best cut is an anomaly score or the
    # tightest that is allowed, which lies among the largest normal scores in every resample
    edge = ranked.normal[-EDGE:] if ranked.normal_weights is None else ranked.normal
    cuts = np.union1d(edge, ranked.anomaly)
    false = tail[:, np.searchsorted(ranked.normal, cuts, side="left")] / tail[:, :1]
    caught = reached[:, np.searchsorted(-ranked.anomaly, -cuts, side="right")] / reached[:, -1:]
    allowed = false * rows >= LEAST_FALSE_ALARMS * (1 - 1e-9)
    root = np.sqrt(np.where(allowed, false, 1.0))
    return np.asarray(np.where(allowed, caught / root, 0.0).max(1))


def _share(value: float, name: str) -> None:
    if not 0 < value <= 1:
        raise ConfigError(f"{name} {value!r} is not a rate; accepted: above 0 and at most 1, such as 0.4.")
