"""How much is gained by each further label: the detector told of few, of more, of all known rows."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from unseen.detectors.two_stage import TwoStage
from unseen.evaluation import Evaluation
from unseen.studies.judging import judge
from unseen.studies.rows import Rows


def label_budget(
    detector: TwoStage, known: pa.Table, kind: str, judged: Rows, counts: Sequence[int], *, seed: int = 0
) -> dict[int, Evaluation]:
    """Tell a fitted detector of the first 1, 5, ... rows of `known` and judge it each time.

    Budgets are nested; 0 is stage 1. The detector ends as it was told last, so let the last count be all.

    Args:
        detector: Fitted in this process, since a loaded one carries no rows to rehearse.
        known, kind: Known anomalies in the order they became known, and the name of their kind.
        judged: Labelled rows to judge by.
        counts: Numbers of labels, rising, each at most the number of known rows.

    """
    found: dict[int, Evaluation] = {}
    for count in counts:
        detector.fine_tune(known.slice(0, count), kinds=[kind] * count)
        result = judge(detector, judged, seed=seed)
        if not found and result.stage1 is not None:
            found[0] = result.stage1
        found[count] = result.joined
    return found
