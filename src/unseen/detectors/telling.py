"""What was told, added to what was learned unaided, at a price in false alarms: in three ways.

`Beyond`, the default: with e1 the unaided evidence and e_m the evidence of each told member (nats), the
joined score is

    s = e1 + sum_m max(0, e_m - c).

It is never below e1, so at every threshold t each kind of anomaly is caught at least as often as unaided:
TPR(s > t) >= TPR(e1 > t). The price is paid by normal rows, and can be measured on held-out ones: c is the
smallest handicap at which, at every threshold from the strangest of them to the median,

    #(s > t) <= #(e1 > t) / (1 - trust).

On these n rows, then, TPR(joined, a) >= TPR(unaided, (1 - trust) a) for kinds nobody has told of, and kinds
that resemble what was told gain. It is a statement about these rows, not a bound for fresh ones: at a rate a
it rests on a n of them, which also set the scale of the evidence. Measured on fresh rows with trust 0.1 and
500 to 1,300 watched rows, normal rows above a threshold grew 1.2 times at 1e-2 and 2 to 3 times at 1e-3,
where 1.11 is asked for. Where the normal traffic itself drifts towards what was told, the price rises
further.

`Leading` lets what was told lead, for labels that are a sample of all anomalies. `Shared` gives what was told
a fixed share of the false alarms instead, and lets it speak alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from unseen.detectors.committee import Member, explain, join
from unseen.evaluation.tally import tail_sum

Floats = NDArray[np.float64]
Weights = Floats | None


@dataclass(frozen=True)
class Beyond:
    """Add to the unaided evidence whatever told evidence lies beyond a handicap measured on normal rows.

    s = e1 + sum_m max(0, e_m - c). It favours the kinds that were told of: two weak hints add up to a strong
    one. The handicap is as small as the held-out rows allow.
    """

    keeps: ClassVar[float] = 1.0

    def handicap(self, unaided: Floats, told: Sequence[Floats], trust: float, weights: Weights) -> float:
        """Return `handicap_for` these rows."""
        return handicap_for(unaided, told, trust, weights)

    def extras(self, unaided: Floats, told: Sequence[Floats], handicap: float) -> list[Floats]:
        """Return what each told member adds to each row, (N,) each, nats."""
        return [np.maximum(evidence - handicap, 0.0) for evidence in told]


@dataclass(frozen=True)
class Shared:
    """Let the told evidence speak in place of the unaided where it is stronger by a fixed handicap.

    s = max(e1, max_m e_m - ln M - c) for M told members, c = ln((1 - trust) / trust): weighted Bonferroni
    with the share `trust` of the false alarms for what was told. Where e is calibrated the price holds at
    every rate by construction, TPR(joined, a) >= TPR(unaided, (1 - trust) a), and what was told keeps
    TPR(joined, a) >= TPR(told, trust a) on every kind, told or not. Take it, with a trust up to 0.5, where
    being told of one kind is expected to help with others, as among the resonances of one search.

    Reference: Genovese, Roeder and Wasserman, Biometrika 93 (2006) 509 (weighted p-values).

    """

    keeps: ClassVar[float] = 1.0

    def handicap(self, unaided: Floats, told: Sequence[Floats], trust: float, weights: Weights) -> float:
        """Return c; infinite where nothing was told."""
        return math.log((1.0 - trust) / trust) if told else math.inf

    def extras(self, unaided: Floats, told: Sequence[Floats], handicap: float) -> list[Floats]:
        """Return what each told member adds to each row, (N,) each, nats: the strongest one, or nothing."""
        strongest = np.argmax(told, axis=0)
        lead = np.max(told, axis=0) - math.log(len(told)) - handicap - unaided
        return [np.where(strongest == place, np.maximum(lead, 0.0), 0.0) for place in range(len(told))]


@dataclass(frozen=True)
class Leading:
    """Let the told evidence lead: s = mean_m e_m + e1 / 10 for M told members.

    For labels that are a sample of all anomalies there are, hidden among the unlabelled rows: what stage 1
    learned from those rows is then no better a judge than the labels. Nothing is promised for kinds that
    resemble nothing that was told.
    """

    keeps: ClassVar[float] = 0.1

    def handicap(self, unaided: Floats, told: Sequence[Floats], trust: float, weights: Weights) -> float:
        """Return 0: what was told speaks freely; infinite where nothing was told."""
        return 0.0 if told else math.inf

    def extras(self, unaided: Floats, told: Sequence[Floats], handicap: float) -> list[Floats]:
        """Return what each told member adds to each row, (N,) each, nats."""
        return [evidence / len(told) for evidence in told]


Joining = Beyond | Shared | Leading


def add_told(unaided: Floats, told: Sequence[Floats], handicap: float, joining: Joining) -> Floats:
    """Return s for unaided evidence (N,) and the evidence of each told member, all (N,), nats.

    >>> add_told(np.array([1.0, 1.0]), [np.array([2.0, 7.0])], 4.0, Beyond()).tolist()
    [1.0, 4.0]
    >>> add_told(np.array([1.0, 1.0]), [np.array([2.0, 7.0])], 4.0, Shared()).tolist()
    [1.0, 3.0]
    """
    if not told:
        return unaided.copy()
    total = joining.keeps * unaided
    for extra in joining.extras(unaided, told, handicap):
        total += extra
    return total


def handicap_for(unaided: Floats, told: Sequence[Floats], trust: float, weights: Weights = None) -> float:
    """Return the smallest handicap of `Beyond` whose price on held-out normal rows stays within `trust`.

    Args:
        unaided, told: Evidence of held-out normal rows, shape (n,) each.
        trust: Largest share of the false alarms that may be due to telling, between 0 and 1.
        weights: Event weights of these rows, shape (n,), above 0; false alarms are then weights, not rows.

    Returns:
        c in nats; infinite where no told evidence can be afforded (too few rows).

    """
    high = max((float(evidence.max()) for evidence in told), default=0.0)
    low = 0.0
    weights = np.ones(len(unaided)) if weights is None else weights
    if not told or not _affordable(unaided, told, high, trust, weights):
        return math.inf
    for _ in range(40):
        middle = 0.5 * (low + high)
        if _affordable(unaided, told, middle, trust, weights):
            high = middle
        else:
            low = middle
    return high


def _affordable(
    unaided: Floats, told: Sequence[Floats], handicap: float, trust: float, weights: Floats
) -> bool:
    """Whether the joined score crosses no threshold more often than the price allows."""
    order = np.argsort(unaided, kind="stable")
    ordered, tails = unaided[order], tail_sum(weights[order])
    joined = add_told(unaided, told, handicap, Beyond())
    joined_order = np.argsort(joined, kind="stable")
    joined, joined_tails = joined[joined_order], tail_sum(weights[joined_order])
    limits = ordered[_median_place(tails) : -1]  # down to the median row
    above = tails[np.searchsorted(ordered, limits, side="right")]
    raised = joined_tails[np.searchsorted(joined, limits, side="right")]
    return bool((raised * (1.0 - trust) <= above + 1e-9 * tails[0] / len(ordered)).all())


def _median_place(tails: Floats) -> int:
    """Place of the median row by weight, among rows in rising order with the weights `tails` from each on."""
    n = len(tails) - 1
    reached = int(np.searchsorted(-tails, -0.5 * tails[0], side="left"))
    return max(0, min(reached, n - 1) - 1)


def explain_told(
    stage1: Sequence[Member],
    stage2: Sequence[Member],
    handicap: float,
    x: Tensor,
    features: Sequence[str],
    joining: Joining,
) -> tuple[tuple[str, ...], Floats]:
    """Names and parts (N, M) of the joined score: those of stage 1, plus each told member's own."""
    names, parts = explain(stage1, x, features)
    parts = parts * (joining.keeps if stage2 else 1.0)
    evidence = [member.own_evidence(x) for member in stage2]
    extras = joining.extras(join(stage1, x), evidence, handicap) if stage2 else []
    for member, extra in zip(stage2, extras, strict=True):
        own_names = member.reader.names(features)
        missing = [name for name in own_names if name not in names]
        names = (*names, *missing)
        parts = np.pad(parts, ((0, 0), (0, len(missing))))
        raised = np.flatnonzero(extra > 0)
        if raised.size:
            own = member.reader.parts(x[raised])
            total = own.sum(1, keepdims=True)
            shares = np.where(total > 0, own / np.maximum(total, 1e-300), 1.0 / own.shape[1])
            columns = np.array([names.index(name) for name in own_names])
            parts[raised[:, None], columns] += shares * extra[raised, None]
    return names, parts
