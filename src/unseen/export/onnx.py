"""One ONNX file from raw rows to score, p-value and alarm, checked against the detector before it appears."""

from __future__ import annotations

import math
import os
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from unseen.detectors.classifying import Classifying
from unseen.detectors.members import SpreadReader
from unseen.detectors.stored import bank_of
from unseen.detectors.two_stage import TwoStage
from unseen.errors import ConfigError, need, unknown
from unseen.export.assembly import about, assembled, decision_of
from unseen.export.body import Body
from unseen.export.golden import COUNT, golden_path, packed
from unseen.export.parity import DIFFERENCE_OF_CLASSES, DIFFERENCE_OF_NEIGHBOURS, Parity, compared
from unseen.export.probes import probes
from unseen.export.quantise import WAYS, quantised
from unseen.export.runtime import Scorer
from unseen.export.samples import Samples, shared_out
from unseen.export.tail import RAW, Decision, tail_model
from unseen.export.ties import TieWarning, said, tied
from unseen.export.tracing import traced
from unseen.export.writing import aside, fit_place, publish
from unseen.thresholds import Calibration

Floats = NDArray[np.float64]
Rows = NDArray[np.float32]
Precision = Literal["fp32", "fp16", "int8"]

# Made-up rows that an export is compared on.
PROBES = 256


@dataclass(frozen=True)
class Exported:
    """What was written, and what the check of it found.

    Attributes:
        path, golden: The file and its golden vectors.
        precision, part: As asked for.
        bytes: Size of the file.
        threshold, rate: Score above which an alarm is raised, and the false-alarm rate it stands for.
        calibration_rows: Background rows the p-values rest on.
        parity: How the file agrees with the detector.

    """

    path: str
    golden: str
    precision: str
    part: str
    bytes: int
    threshold: float
    rate: float
    calibration_rows: int
    parity: Parity

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        threshold = self.threshold if math.isfinite(self.threshold) else None
        return {**vars(self), "threshold": threshold, "parity": self.parity.to_dict()}


def export_onnx(
    detector: TwoStage,
    path: str | os.PathLike[str],
    *,
    precision: Precision = "fp32",
    samples: Samples | None = None,
) -> Exported:
    """Write a fitted detector as one ONNX file, with golden vectors beside it.

    The graph takes `rows` as they are before scaling, float32: (N, D), the encoded features of a table, or
    (N, C, H, W). It gives `raw` (N, M), the raw scores of the members; `score` (N,), nats; `p_value` (N,);
    `threshold`, one number; `alarm` (N,). A row that is not finite gets no alarm: refuse it before, as
    `unseen.export.runtime.Scorer` does.

    Args:
        detector: Fitted.
        path: File to write, `*.onnx`; an older one is replaced.
        precision: "fp32"; "fp16" or "int8" for the networks alone, which needs `samples`: some background
            rows set the ranges, the others give the p-values anew, since those of the detector are not those
            of its rounded networks. Where 8 bits fail the check, other `WAYS` to them are tried.
        samples: Background rows that took no part in training, and labelled anomalies where there are some.

    Warns:
        TieWarning: Without samples, where many learned rows are equally far from each other.

    Raises:
        ModelFileError: The place is not fit, or the file does not agree with the detector; then nothing is
            written.
        ConfigError: A detector that cannot be exported, or not in this precision.
        DataError: Too few background rows.
        MissingExtraError: The extra "export" is not installed.

    """
    target = fit_place(path, ".onnx")
    if check_precision(precision):
        refuse_without_networks(detector, precision)
        shared_out(samples, detector.rate_, purpose=f"precision {precision}")  # refused before long work
    body = traced(Body(detector), detector.input_shape, to=RAW)
    with aside(target) as folder:
        build = _Build(detector, body, precision, samples, folder / target.name)
        for way in WAYS if precision == "int8" else WAYS[:1]:
            scorer, parity = build.once(way)
            if not parity.fault(precision):
                break
        ties = tied((*detector.stage1_, *detector.stage2_))
        parity.gate(precision, allowed=_allowed(detector), why=said(ties) if ties else "")
        if ties and samples is None:
            warnings.warn(f"{said(ties)}; or compare on your own rows, as samples", TieWarning, stacklevel=2)
        return finish(target, scorer, parity, golden_rows(detector))


@dataclass(frozen=True, eq=False)
class _Build:
    """The pieces of one export, and the place aside where it is written."""

    detector: TwoStage
    body: Any
    precision: Precision
    samples: Samples | None
    place: Path

    def once(self, way: tuple[float, bool]) -> tuple[Scorer, Parity]:
        """Write the file, in one of the ways to 8 bits where these are asked for, and compare it."""
        decision = decision_of(self.detector)
        body = self.body
        if self.precision != "fp32":
            ranges, background = shared_out(
                self.samples, decision.rate, purpose=f"precision {self.precision}"
            )
            rows = shaped(self.detector, ranges)
            body = quantised(body, self.precision, rows, self.place.parent, way=way)
            scores = self._written(body, decision)(background).score
            decision = replace(decision, calibration=Calibration.fit(scores))
        scorer = self._written(body, decision)
        made_up = self.precision == "fp32" or self.samples is None
        return scorer, _parity(self.detector, scorer, self.samples, made_up=made_up)

    def _written(self, body: Any, decision: Decision) -> Scorer:
        told = about(self.detector, decision, precision=self.precision, part="full")
        return write(self.place, assembled(body, tail_model(decision), told))


def _allowed(detector: TwoStage) -> float | None:
    """Largest difference of scores in single precision, where it is not the usual one."""
    around = any(isinstance(member.reader, SpreadReader) for member in detector.stage2_)
    if around or bank_of(detector.stage1_) is not None:
        return DIFFERENCE_OF_NEIGHBOURS
    classifies = any(isinstance(member.reader, Classifying) for member in detector.stage1_)
    return DIFFERENCE_OF_CLASSES if classifies else None


def check_precision(precision: str) -> bool:
    """Whether a precision rounds the networks.

    Raises:
        ConfigError: It is not known.

    """
    if precision not in get_args(Precision):
        raise ConfigError(unknown("precision", precision, get_args(Precision)))
    return precision != "fp32"


def refuse_without_networks(detector: TwoStage, precision: str) -> None:
    """Refuse to round the networks of a detector that has none.

    Raises:
        ConfigError: It has none.

    """
    members = (*detector.stage1_, *detector.stage2_)
    if not any(hasattr(member.reader, "networks") for member in members):
        raise ConfigError(
            f"precision {precision} rounds networks, and {type(detector).__name__} has none; accepted: fp32"
        )


def write(place: Path, model: Any) -> Scorer:
    """Write an ONNX model and open it.

    Raises:
        ModelFileError: ONNX Runtime does not take it.

    """
    onnx = need("onnx", extra="export", purpose="writing an ONNX file")
    onnx.checker.check_model(model)
    onnx.save_model(model, place)
    return Scorer(place)


def finish(target: Path, scorer: Scorer, parity: Parity, rows: Rows) -> Exported:
    """Write the golden vectors, give both files their names, and say what was written."""
    found = scorer(rows)
    kept = scorer.path.with_name("golden.npz")
    kept.write_bytes(packed(rows, found, scorer.path.read_bytes()))
    exported = Exported(
        path=str(target),
        golden=str(golden_path(target)),
        precision=scorer.about["precision"],
        part=scorer.about["part"],
        bytes=scorer.path.stat().st_size,
        threshold=found.threshold,
        rate=scorer.about["rate"],
        calibration_rows=scorer.about["calibration_rows"],
        parity=parity,
    )
    publish({kept: golden_path(target), scorer.path: target})
    return exported


def golden_rows(detector: TwoStage) -> Rows:
    """Made-up rows of the golden vectors, other ones than those compared on."""
    return shaped(detector, probes(detector.scaler_, COUNT, math.prod(detector.input_shape), seed=1))


def shaped(detector: TwoStage, rows: Rows) -> Rows:
    """Return encoded rows (N, D) in the shape the graph takes."""
    return rows.reshape(len(rows), *detector.input_shape)


def _parity(detector: TwoStage, scorer: Scorer, samples: Samples | None, *, made_up: bool) -> Parity:
    """Compare on the samples, and on made-up rows; these say little of rounded networks, so not there."""
    parts = [] if samples is None else [samples.rows]
    if made_up:
        parts.append(probes(detector.scaler_, PROBES, math.prod(detector.input_shape)))
    rows = np.concatenate(parts)
    anomalous = None if samples is None or samples.anomalous is None else samples.anomalous
    found = scorer(rows)
    reference = scored(detector, rows)
    return compared(
        reference,
        found.score,
        decided=(reference > -detector.offset_, found.alarm),
        anomalous=anomalous,
    )


def scored(detector: TwoStage, rows: Rows, batch: int = 4096) -> Floats:
    """Anomaly score of encoded rows (N, D) by the detector itself, (N,)."""
    return np.concatenate(
        [detector.score_encoded(rows[at : at + batch]) for at in range(0, len(rows), batch)]
    )
