"""Export a model from its file, with sample rows from another, and time what was written."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
from scipy.stats import spearmanr

from unseen.data.labels import UNLABELLED
from unseen.detectors.two_stage import TwoStage
from unseen.errors import ConfigError, DataError, unknown
from unseen.export.c import ExportedC, export_c
from unseen.export.code import export_code
from unseen.export.latency import Timed, timed
from unseen.export.onnx import Exported, Precision, export_onnx
from unseen.export.qonnx import ExportedQonnx, export_qonnx
from unseen.export.runtime import Scorer
from unseen.export.samples import Samples
from unseen.export.student import taught
from unseen.studies.judging import held_out_of
from unseen.studies.loading import labelled_rows
from unseen.studies.scoring import matrix_of

# What can be written, and the suffix of each.
TARGETS = {"onnx": ".onnx", "onnx-fp16": ".onnx", "onnx-int8": ".onnx", "c": ".h", "qonnx": ".onnx"}
# What is written as a folder, an app, by `unseen.phone`.
WEB = ("web", "web-int8")
PARTS = ("full", "code", "student")
# Sample rows used; more would take long and say no more.
MOST = 20_000


@dataclass(frozen=True)
class Result:
    """What was written; how long it takes, where ONNX Runtime can run it.

    Attributes:
        written, timed: As named.
        follows: Rank correlation of a student with its teacher on all samples; None where nothing was taught.

    """

    written: Exported | ExportedC | ExportedQonnx
    timed: Timed | None
    follows: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        latency = None if self.timed is None else self.timed.to_dict()
        follows = {} if self.follows is None else {"follows": self.follows}
        return {**self.written.to_dict(), "latency": latency, **follows}


def check_target(to: str, part: str, out: str | os.PathLike[str] | None, model: Path) -> Path:
    """Return where an export goes: beside nothing else, under the model's own name unless one is given.

    Raises:
        ConfigError: A target or part that is not known, or that do not go together.

    """
    if to not in (*TARGETS, *WEB):
        raise ConfigError(unknown("target", to, (*TARGETS, *WEB)))
    if part not in PARTS:
        raise ConfigError(unknown("part", part, PARTS))
    if part == "code" and to in ("c", "qonnx"):
        raise ConfigError(f"part code goes with onnx, onnx-fp16 and onnx-int8; {to} came")
    if part == "student" and to != "onnx":
        raise ConfigError(f"part student goes with onnx; {to} came")
    if part != "full" and to in WEB:
        raise ConfigError(f"an app holds the whole detector, part full; {part} came")
    if out is not None:
        return Path(out)
    if to in WEB:
        return Path(f"{model.stem}-app")
    kind = to.removeprefix("onnx") if part == "full" else f"-{part}{to.removeprefix('onnx')}"
    return Path(f"{model.stem}{'-qonnx' if to == 'qonnx' else kind if to != 'c' else ''}{TARGETS[to]}")


def read_samples(
    detector: TwoStage,
    data: str | Sequence[str],
    *,
    label: str | None = None,
    normal: Sequence[str] | None = None,
    known: Sequence[str] | None = None,
    names: Sequence[str] | None = None,
    held_out: bool = False,
) -> Samples:
    """Read sample rows: normal rows and unlabelled ones are background, rows of other labels anomalies.

    Raises:
        DataError: The data cannot be read, or has other columns than the model.

    """
    rows = labelled_rows(detector, data, label=label, normal=normal, known=known, names=names)
    kept = held_out_of(detector, rows) if held_out else np.ones(rows.table.num_rows, dtype=bool)
    anomalous = None
    if rows.labels is not None:
        kept &= rows.labels.kinds != UNLABELLED
        anomalous = rows.labels.y != 0
    places = np.flatnonzero(kept)
    if not places.size:
        raise DataError(f"{rows.name}: no sample row is left")
    places = places[np.linspace(0, len(places) - 1, min(MOST, len(places))).astype(np.intp)]
    table = rows.table.take(places)
    return Samples.of(detector, matrix_of(detector, table), None if anomalous is None else anomalous[places])


def write_export(
    detector: TwoStage, to: str, place: Path, *, part: str = "full", samples: Samples | None = None
) -> Result:
    """Write a detector as `to` says, and time it.

    Raises:
        UnseenError: As the exports do.

    """
    if to == "c":
        return Result(export_c(detector, place, samples=samples), None)
    if to == "qonnx":
        return Result(export_qonnx(detector, place, samples=samples), None)
    if part == "student":
        return _student(detector, place, samples)
    precision = cast(Precision, to.removeprefix("onnx").lstrip("-") or "fp32")
    write = export_onnx if cast(Literal["full", "code"], part) == "full" else export_code
    written = write(detector, place, precision=precision, samples=samples)
    return Result(written, timed(Scorer(place)))


def _student(detector: TwoStage, place: Path, samples: Samples | None) -> Result:
    """Teach a small network the score, on background and on labelled anomalies where there are some."""
    if samples is None:
        raise ConfigError("part student learns from rows the detector has not seen; give them with --samples")
    also = samples.rows[samples.anomalous] if samples.anomalous is not None else None
    student = taught(detector, samples.background, also)
    written = student.export(place)
    guessed, told = (
        student.score_encoded(samples.rows),
        detector.score_encoded(samples.rows),
    )
    return Result(written, timed(Scorer(place)), float(spearmanr(told, guessed).statistic))
