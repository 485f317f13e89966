"""Of the judged rows, what each member of a detector said: normal rows, told and unseen kinds apart."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from unseen.detectors.ensemble import CommitteeDetector
from unseen.detectors.two_stage import TwoStage
from unseen.report.content import Heard, WhoSaid
from unseen.studies.joining import joined_by
from unseen.studies.judging import Judged
from unseen.studies.scoring import matrix_of

# Rows of a kind that are asked about, spread evenly over all of it.
ROWS = 2_000
NO_TRAINING = (
    "There is no training curve and there are no latent units to show: the members of a committee are fitted "
    "in one pass, and what they keep are rows, densities and trees."
)


def who_said(detector: TwoStage, judged: Judged) -> WhoSaid | None:
    """Return the mean evidence of each member by kind; None for a detector of one member.

    Means are over 2,000 rows of a kind at most, and weighted where the rows are.
    """
    if len(detector.stage1_) + len(detector.stage2_) < 2:
        return None
    told = set(detector.known_kinds_)
    names = np.unique(judged.kinds[~judged.normal]).tolist()
    groups = [("normal rows", "normal", judged.normal)]
    groups += [
        (kind, "told" if kind in told else "unseen", (judged.kinds == kind) & ~judged.normal)
        for kind in sorted(names, key=lambda kind: (kind not in told, kind))
    ]
    heard = []
    for kind, role, mask in groups:
        places = _spread(np.flatnonzero(mask))
        if not len(places):
            continue
        found = detector.voices(matrix_of(detector, judged.table.take(pa.array(places))))
        weights = None if judged.weights is None else judged.weights[places]
        if weights is not None and not weights.any():
            continue
        means = np.average(found.evidence, axis=0, weights=weights)
        heard.append(Heard(kind, role, int(mask.sum()), tuple(float(mean) for mean in means)))
    members = (*detector.stage1_, *detector.stage2_)
    return WhoSaid(tuple(member.name for member in members), len(detector.stage2_), tuple(heard))


def inside(detector: TwoStage) -> tuple[str, ...]:
    """Say what a reader should know of a committee; nothing of other models."""
    if not isinstance(detector, CommitteeDetector):
        return ()
    joined = joined_by(detector)
    first = () if joined is None else (f"{joined.sentence[:1].upper()}{joined.sentence[1:]}.",)
    return (*first, NO_TRAINING)


def _spread(places: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return at most `ROWS` of these places, evenly spread."""
    if len(places) <= ROWS:
        return places
    return places[np.linspace(0, len(places) - 1, ROWS).astype(np.intp)]
