"""What is said of a latent code: measures, counts, associations, and the notes that go with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unseen.detectors.aware import AwareDetector
from unseen.latent.association import Association
from unseen.latent.reading import Reading
from unseen.latent.scan import Scan
from unseen.latent.traverse import Traversal
from unseen.studies.embedding import Embedding

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Told:
    """How the code changed when the model was told of anomalies, unit by unit.

    Attributes:
        ratio: rho in the second network, shape (Z,).
        same: Correlation of the means before and after over the same rows, shape (Z,); NaN of a unit that
            does not vary. Stage 2 starts from stage 1, so that units keep their places.

    """

    ratio: Floats
    same: Floats


@dataclass(frozen=True, eq=False)
class CodeStudy:
    """All that is said of a code.

    Attributes:
        data, rows: Name of the data, and how many rows the units were measured on.
        detector: The model.
        reading: Measures of the units.
        embedding: The counts beside those of the data.
        association: Units against features; None where there is none, and `silent` says why.
        told: What being told changed; None where nothing was told.
        paths: Units that count, moved over their quantiles, most relevant first.
        features: Names of what moves with them.
        scan: Fits of the same network over betas and seeds; None where none were asked for.

    """

    data: str
    rows: int
    detector: AwareDetector
    reading: Reading
    embedding: Embedding
    association: Association | None
    silent: str
    told: Told | None
    paths: tuple[Traversal, ...]
    features: tuple[str, ...]
    scan: Scan | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know, one sentence each."""
        return tuple(_notes(self.reading, self.embedding, self.association))


def _notes(reading: Reading, embedding: Embedding, association: Association | None) -> list[str]:
    notes = []
    if embedding.warning:
        notes.append(embedding.warning)
    if embedding.cut_off:
        notes.append(embedding.cut_off)
    if embedding.refused:
        notes.append(f"no intrinsic dimension: {embedding.refused}")
    if embedding.constant:
        notes.append(
            f"never changes, so takes no part in ranks and dimensions: {_shortly(embedding.constant)}"
        )
    if embedding.counted and embedding.dimensions:
        shown = _shortly(embedding.counted)
        notes.append(
            f"counted numbers are spread between their steps before dimensions are estimated: {shown}"
        )
    if not reading.relevance.spread:
        notes.append("the code has no spread, so there are no rho and no KL; units are judged by the decoder")
    if association is not None and association.dropped:
        left_out = [f"{name!r}, which {why}" for name, why in association.dropped.items()]
        notes.append(f"left out of the associations: {_shortly(left_out)}")
    return notes


def _shortly(names: Sequence[str], most: int = 4) -> str:
    """Name the first few, and count the rest.

    >>> _shortly(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
