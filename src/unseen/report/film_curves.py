"""Lines and bins of a screener's figures, from what it said of labelled films."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unseen.evaluation import roc_curve
from unseen.evaluation.decisions import after_referring
from unseen.evaluation.reliability import reliability
from unseen.report.figures.films import Line, Spread
from unseen.screening.judging import Seen, own_label

Floats = NDArray[np.float64]

STATED = np.linspace(0.70, 0.995, 60)
SHARES = np.linspace(0.0, 0.5, 51)
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def roc_line(seen: Seen, threshold: float) -> Line:
    """Trace the ROC curve, with the point of the frozen threshold."""
    curve = roc_curve(*seen.sides)
    normal, finding = seen.sides
    return Line(
        curve.fpr, curve.tpr, (float((normal >= threshold).mean()), float((finding >= threshold).mean()))
    )


def bins(chance: Floats, findings: NDArray[np.int64]) -> tuple[Floats, Floats, Floats]:
    """Mean probability, share with the finding and films of each bin, (15,) each."""
    found = reliability(chance, findings)
    return found.said, found.came, found.slots.astype(np.float64)


def coverage_line(p_values: Floats, findings: NDArray[np.int64], label: int) -> Line:
    """Trace the share of films of a class whose set holds their label, over the share stated."""
    mine = findings == label
    held = [own_label(p_values > 1 - stated, findings)[mine].mean() for stated in STATED]
    return Line(STATED, np.array(held))


def referring_line(chance: Floats, findings: NDArray[np.int64]) -> Line:
    """Trace the errors among the films kept, over the share of the least certain that is referred."""
    right = (chance >= 0.5) == (findings == 1)
    return Line(SHARES, 1 - after_referring(np.abs(chance - 0.5), right, SHARES))


def spread(scores: Floats, refuse: float, *, film: bool = False) -> Spread:
    """Gate scores of one kind as quantiles, with the share that is refused."""
    low, first, middle, third, high = (float(v) for v in np.quantile(scores, QUANTILES))
    return Spread((low, first, middle, third, high), float((scores >= refuse).mean()), film)
