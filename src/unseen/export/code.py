"""The fast part of a detector: the encoder of the small code, and how far a code lies from normal ones."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from unseen.detectors.two_stage import TwoStage
from unseen.errors import need
from unseen.export.assembly import about, assembled
from unseen.export.body import Code
from unseen.export.onnx import (
    Exported,
    Precision,
    Rows,
    check_precision,
    finish,
    golden_rows,
    shaped,
    write,
)
from unseen.export.parity import Parity, compared
from unseen.export.quantise import quantised
from unseen.export.runtime import Scorer, session
from unseen.export.samples import Samples, shared_out
from unseen.export.tail import RAW, Decision, Nodes, Voice, finished
from unseen.export.tracing import traced
from unseen.export.writing import aside, fit_place
from unseen.thresholds import Calibration

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Spread:
    """Codes of normal rows: d^2 = |(c - centre) whiten|^2 is the squared Mahalanobis distance of a code c.

    Attributes:
        centre, whiten: Shapes (Z,) and (Z, Z).
        calibration: d^2 of the rows this was learned from.

    """

    centre: Floats
    whiten: Floats
    calibration: Calibration

    @classmethod
    def fit(cls, codes: Floats) -> Spread:
        """Learn from codes (n, Z)."""
        centre = codes.mean(0)
        covariance = np.atleast_2d(np.cov(codes, rowvar=False))
        # a unit that never moves must not outweigh the others
        floor = 1e-6 * max(float(np.trace(covariance)) / len(covariance), 1e-12)
        whiten = np.linalg.cholesky(np.linalg.inv(covariance + floor * np.eye(len(covariance))))
        distances = np.square((codes - centre) @ whiten).sum(1)
        return cls(centre, whiten, Calibration.fit(distances))

    def scores(self, codes: Floats) -> Floats:
        """Evidence of the distance of codes (N, Z), shape (N,), nats."""
        distances = np.square((codes - self.centre) @ self.whiten).sum(1)
        return np.maximum(self.calibration.evidence(distances), 0.0)

    def tail(self, decision: Decision) -> Any:
        """Return the ONNX model from codes (N, Z) to the outputs."""
        nodes = Nodes()
        apart = nodes("Sub", RAW, nodes.table(self.centre))
        white = nodes("MatMul", apart, nodes.table(self.whiten))
        squared = nodes("ReduceSum", nodes("Mul", white, white), nodes.table([1], np.int64), keepdims=1)
        nodes.decide(decision, nodes.joined(decision, squared))
        return finished(nodes, columns=len(self.centre))


def export_code(
    detector: TwoStage,
    path: str | os.PathLike[str],
    *,
    precision: Precision = "fp32",
    samples: Samples | None = None,
) -> Exported:
    """Write the encoder of the small code alone as ONNX, as `export_onnx` writes the whole detector.

    The code is that which conditions a decoder, where there is one, else the mean of the posterior of the
    first network of stage 1. `raw` is the code (N, Z); the score is the evidence, in nats, of its Mahalanobis
    distance from the codes of background rows. It is another score than the detector's, and knows nothing of
    what was told.

    Args:
        detector: Fitted; an `AwareDetector`.
        path, precision: As in `export_onnx`.
        samples: Background rows, which centre, spread and p-values come from, at any precision.

    Raises:
        ModelFileError, ConfigError, DataError, MissingExtraError: As in `export_onnx`.

    """
    target = fit_place(path, ".onnx")
    rounded = check_precision(precision)
    module = Code(detector)
    body = traced(module, detector.input_shape, to=RAW)
    learned, background = shared_out(samples, detector.rate_, purpose="the part code")
    with aside(target) as folder:
        if rounded:
            body = quantised(body, precision, shaped(detector, learned), folder)
        spread = Spread.fit(_run(body, shaped(detector, learned), folder / "body.onnx"))
        voice = Voice(spread.calibration, 1.0)
        decision = Decision((voice,), (), np.inf, "Beyond", spread.calibration, detector.rate_)
        told = about(detector, decision, precision=precision, part="code")
        scorer = write(folder / target.name, assembled(body, spread.tail(decision), told))
        decision = replace(decision, calibration=Calibration.fit(scorer(background).score))
        told = about(detector, decision, precision=precision, part="code")
        scorer = write(folder / target.name, assembled(body, spread.tail(decision), told))
        assert samples is not None  # noqa: S101 - shared_out has refused that
        parity = _parity(detector, module, scorer, samples, learned, background)
        parity.gate(precision)
        return finish(target, scorer, parity, golden_rows(detector))


def _run(body: Any, rows: Rows, place: Path) -> Floats:
    onnx = need("onnx", extra="export", purpose="writing an ONNX file")
    onnx.save_model(body, place)
    return np.asarray(session(place).run([RAW], {"rows": rows})[0], dtype=np.float64)


def _parity(
    detector: TwoStage, module: Code, scorer: Scorer, samples: Samples, learned: Rows, background: Rows
) -> Parity:
    """Compare with the same score of the codes that torch computes."""

    def codes(rows: Rows) -> Floats:
        with torch.inference_mode():
            parts = np.array_split(shaped(detector, rows), -(-len(rows) // 1024))
            return np.concatenate([module(torch.from_numpy(part)).numpy() for part in parts])

    spread = Spread.fit(codes(learned))
    calibration = Calibration.fit(spread.scores(codes(background)))
    reference, found = spread.scores(codes(samples.rows)), scorer(samples.rows)
    decided = reference > calibration.score_at(detector.rate_)
    return compared(reference, found.score, decided=(decided, found.alarm), anomalous=samples.anomalous)
