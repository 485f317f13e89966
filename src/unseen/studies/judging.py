"""Judge a detector on labelled rows: what it was told of and what it never saw, apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from unseen.data.labels import UNLABELLED
from unseen.detectors.two_stage import TwoStage
from unseen.errors import DataError
from unseen.evaluation import Evaluation, FalseAlarms, evaluate, event_weights, false_alarms
from unseen.studies.fitting import silence
from unseen.studies.memory import Among, recall, trained_on
from unseen.studies.rows import Rows
from unseen.studies.scoring import inputs_of, matrix_of
from unseen.studies.sculpting import Sculpted, sculpted
from unseen.training.progress import tell

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
BATCH = 65_536
# Kinds with fewer rows are shown, but a mean over kinds should not hang on them.
FEW = 10


@dataclass(frozen=True)
class Judged:
    """Scores of labelled rows and what they are worth.

    Attributes:
        places: Row numbers in the data, shape (N,); the rows that were judged.
        table: Features of these rows.
        kinds, normal: Kind of each row, and whether it is normal, shape (N,).
        scores, unaided: Joined score, and that of stage 1 alone, shape (N,), nats.
        p_values: Conformal p-values, shape (N,).
        raised: Whether the row raises an alarm, shape (N,).
        joined, stage1: How well either score ranks, kind by kind; `stage1` is None where nothing was told.
        alarms: False alarms on these normal rows against the stated rate.
        fresh: Whether none of these rows is known to have taken part in training.
        warnings: What a reader must know, one sentence each.
        weights: Event weights, shape (N,); None where all rows count alike.
        mass: What the alarms do to the protected variable; None without one.
        beside: Columns that were read to be looked at beside the score, shape (N,) each.

    """

    places: NDArray[np.int64]
    table: pa.Table
    kinds: NDArray[np.str_]
    normal: Bools
    scores: Floats
    unaided: Floats
    p_values: Floats
    raised: Bools
    joined: Evaluation
    stage1: Evaluation | None
    alarms: FalseAlarms
    fresh: bool
    warnings: tuple[str, ...]
    weights: Floats | None = None
    mass: Sculpted | None = None
    beside: Mapping[str, Floats] = field(default_factory=dict)

    @property
    def gains(self) -> Mapping[str, float]:
        """AUC of the joined score minus that of stage 1, by kind; negative where telling did harm."""
        if self.stage1 is None:
            return {}
        before = {kind.kind: kind.measures.auc.value for kind in self.stage1.kinds}
        return {kind.kind: kind.measures.auc.value - before[kind.kind] for kind in self.joined.kinds}

    def to_dict(self) -> dict[str, object]:
        """Return the numbers as JSON values."""
        return {
            "rows": len(self.scores),
            "weighted": self.weights is not None,
            "false_alarms": {
                "stated": self.alarms.stated,
                "normal_rows": self.alarms.rows,
                "alarms": self.alarms.alarms,
                "realised": self.alarms.realised.to_dict(),
                "holds": self.alarms.holds,
            },
            "joined": self.joined.to_dict(),
            "stage1": None if self.stage1 is None else self.stage1.to_dict(),
            "gain_auc": {kind: round(gain, 6) for kind, gain in self.gains.items()},
            "sculpting": None if self.mass is None else self.mass.to_dict(),
            "warnings": list(self.warnings),
        }


def judge(detector: TwoStage, rows: Rows, *, only: Bools | None = None, seed: int = 0) -> Judged:
    """Score labelled rows and measure every kind of anomaly against the normal rows.

    Told are the kinds that the detector was told of in training; rows without a label are left out.

    Judged are the rows of the mask `only`, shape (N,), or all; `seed` is that of the bootstrap.

    Raises:
        DataError: No labels, or no normal or no anomalous row to judge by.

    """
    if rows.labels is None:
        raise DataError(f"{rows.name}: judging needs labels; name the label column and the normal labels")
    labels = rows.labels
    chosen = labels.kinds != UNLABELLED
    if UNLABELLED in labels.normal:
        chosen[:] = True
    if only is not None:
        chosen &= only
    table, kinds = rows.table.filter(pa.array(chosen)), labels.kinds[chosen]
    normal = labels.y[chosen] == 0
    told = sorted(set(detector.known_kinds_) & set(kinds[~normal].tolist()))
    scores, unaided = _scores(detector, table)
    overlap = _overlap(detector, table)
    places = np.flatnonzero(chosen)
    p_values = detector.calibration_.p_values(scores)
    weights = _weights(rows, chosen)
    rank = partial(evaluate, normal=normal, told=told, seed=seed, least_rows=FEW, weights=weights)
    joined = rank(scores, kinds)
    stage1 = rank(unaided, kinds) if detector.stage2_ else None
    return Judged(
        places=places,
        table=table,
        kinds=kinds,
        normal=normal,
        scores=scores,
        unaided=unaided,
        p_values=p_values,
        raised=scores > -detector.offset_,
        joined=joined,
        stage1=stage1,
        alarms=false_alarms(
            p_values[normal],
            levels=(detector.rate_,),
            weights=None if weights is None else weights[normal],
        )[0],
        fresh=overlap is None,
        warnings=tuple(_doubts(detector, overlap, places, told)),
        weights=weights,
        mass=_mass(rows, chosen, normal, scores, unaided if detector.stage2_ else None, weights, seed),
        beside={name: values[chosen] for name, values in rows.beside.items()},
    )


def _weights(rows: Rows, chosen: Bools) -> Floats | None:
    """Return the weights of the judged rows; None where they are all equal."""
    if rows.weights is None:
        return None
    return event_weights(rows.weights[chosen], int(chosen.sum()), what=f"{rows.name}: the weight")


def _mass(
    rows: Rows,
    chosen: Bools,
    normal: Bools,
    scores: Floats,
    unaided: Floats | None,
    weights: Floats | None,
    seed: int,
) -> Sculpted | None:
    if rows.protected is None or rows.protected_name is None:
        return None
    values = rows.protected[chosen]
    return sculpted(rows.protected_name, values, normal, scores, unaided, weights, seed=seed)


def held_out_of(detector: TwoStage, rows: Rows) -> Bools:
    """Mask of the rows that were kept back when the detector was trained, shape (N,).

    Raises:
        DataError: The model kept no rows back, or a feature column is missing.

    """
    names = inputs_of(detector)
    lost = [name for name in names if name not in rows.table.column_names]
    if lost:
        raise DataError(f"{rows.name}: column {lost[0]!r} is missing, which the model was trained on")
    return recall(detector).kept_back(rows.table.select(list(names)))


def _scores(detector: TwoStage, table: pa.Table) -> tuple[Floats, Floats]:
    """Return the joined and the unaided score of each row, read in batches."""
    joined, unaided = [], []
    for start in range(0, table.num_rows, BATCH):
        part = matrix_of(detector, table.slice(start, BATCH))
        joined.append(detector.anomaly_score(part))
        unaided.append(detector.stage1_score(part))
        tell("scoring", min(start + BATCH, table.num_rows), table.num_rows)
    return (np.concatenate(joined), np.concatenate(unaided)) if joined else (np.empty(0), np.empty(0))


def _overlap(detector: TwoStage, table: pa.Table) -> Among | None:
    """Return which of these rows are known to be training rows; None where none is."""
    names = inputs_of(detector)
    among = trained_on(detector, table.select(list(names))) if names else None
    return among if among is not None and len(among.rows) else None


def _doubts(
    detector: TwoStage, overlap: Among | None, places: NDArray[np.int64], told: list[str]
) -> list[str]:
    """Say what weakens the judgement."""
    doubts = []
    if overlap is not None:
        count, first = len(overlap.rows), places[overlap.rows[0]]
        share = "" if overlap.complete else f", about {count / overlap.told:.1%} of all"
        doubts.append(
            f"{count:,} of {overlap.told:,} rows were among the training rows (first: row {first}){share}, "
            "so the numbers flatter the model; judge on rows it has not seen"
        )
    silent = sorted(set(detector.known_kinds_) - set(told))
    if silent and detector.stage2_:
        doubts.append(f"no row is of the told {'kinds' if len(silent) > 1 else 'kind'} {', '.join(silent)}")
    if silence(detector):
        doubts.append(f"no alarm is ever raised: {silence(detector)}")
    return doubts
