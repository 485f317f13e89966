"""Does an exported file say what the detector says? Measured on every export, which fails where not."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from unseen.errors import ModelFileError
from unseen.evaluation import roc_auc

Floats = NDArray[np.float64]

# Largest difference of a score over the range of scores, single precision: reconstructions; classifiers,
# where nearly equal logits cancel; of neighbours, whose smallest distances the package has to three digits.
DIFFERENCE, DIFFERENCE_OF_CLASSES, DIFFERENCE_OF_NEIGHBOURS = 1e-4, 1e-3, 1e-2
# Least rank correlation, and most points of AUROC lost or gained.
RANKS = {"fp16": 0.999, "int8": 0.99}
POINTS = 0.5


@dataclass(frozen=True)
class Parity:
    """How an exported file agrees with the detector it came from.

    Attributes:
        rows: Rows compared, made-up ones and samples.
        largest: Largest difference of scores, over the range of the detector's scores.
        spearman: Rank correlation of the scores.
        changed: Share of decisions that differ.
        points: 100 times the AUROC of the file less that of the detector; None without labelled anomalies.

    """

    rows: int
    largest: float
    spearman: float
    changed: float
    points: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        return asdict(self)

    def gate(self, precision: str, *, allowed: float | None = None, why: str = "") -> None:
        """Refuse what has drifted too far.

        Raises:
            ModelFileError: It has; the message says by how much, what was allowed, and `why`.

        """
        fault = self.fault(precision, allowed=allowed)
        if fault:
            raise ModelFileError(
                f"the {precision} export does not say what the detector says: {fault}; "
                + (f"{why}; " if why else "")
                + "nothing is written"
            )

    def fault(self, precision: str, *, allowed: float | None = None) -> str:
        """Say what has drifted too far; empty where nothing has."""
        if precision == "fp32":
            allowed = DIFFERENCE if allowed is None else allowed
            if self.largest <= allowed:
                return ""
            return f"scores differ by {self.largest:.2g} of their range, where {allowed:g} is allowed"
        if not self.spearman >= RANKS[precision]:
            return f"ranks correlate at {self.spearman:.4f}, where {RANKS[precision]} is asked for"
        if self.points is not None and not abs(self.points) <= POINTS:
            return f"AUROC changes by {self.points:+.2f} points, where {POINTS} is allowed"
        return ""


def compared(
    reference: Floats,
    found: Floats,
    *,
    decided: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    anomalous: NDArray[np.bool_] | None = None,
) -> Parity:
    """Compare scores (N,) of the detector and of its export, and their decisions.

    Args:
        reference, found: Scores of the same rows.
        decided: Decisions of the detector, and of the export, (N,) each.
        anomalous: Which of the first rows are anomalies, (n,) with n <= N; None where no labels came.

    >>> import numpy as np
    >>> one = np.array([0.0, 1.0, 2.0])
    >>> compared(one, one + [0.0, 0.1, 0.0], decided=(one > 1, one > 1)).largest
    0.05

    """
    spread = float(np.ptp(reference))
    if np.ptp(reference) == 0 or np.ptp(found) == 0:
        ranks = float(np.ptp(reference) == np.ptp(found))
    else:
        ranks = float(spearmanr(reference, found).statistic)
    points = None
    if anomalous is not None and anomalous.any() and not anomalous.all():
        auc = [
            roc_auc(s[: len(anomalous)][~anomalous], s[: len(anomalous)][anomalous])
            for s in (found, reference)
        ]
        points = 100.0 * (auc[0] - auc[1])
    return Parity(
        rows=len(reference),
        largest=round(float(np.abs(found - reference).max()) / max(spread, 1e-300), 12),
        spearman=ranks,
        changed=float((decided[0] != decided[1]).mean()),
        points=points,
    )
