"""A student: a network of a few thousand weights that learned what a detector would say.

The teacher's score, nats, is regressed by mean absolute error. The student has a calibration of its own, on
rows it did not learn from, so its p-values hold however badly it learned; what it then loses is power. It is
kept as the ONNX file it is exported to, and scored by `unseen.export.runtime.Scorer`.

Reference: CICADA, arXiv 2310.06047.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from unseen.detectors.two_stage import TwoStage
from unseen.errors import DataError
from unseen.export.assembly import about, assembled
from unseen.export.body import Prepare
from unseen.export.onnx import Exported, Rows, finish, golden_rows, scored, shaped, write
from unseen.export.parity import compared
from unseen.export.probes import probes
from unseen.export.tail import RAW, Decision, Voice, tail_model
from unseen.export.tracing import traced
from unseen.export.writing import aside, fit_place
from unseen.models.student import Small
from unseen.seeds import generator, seeded
from unseen.thresholds import Calibration
from unseen.training.distil import regress
from unseen.training.loop import Plan
from unseen.training.stages import Trace

Floats = NDArray[np.float64]

# Share of the background that the p-values rest on, and share of the rest that training is watched with.
CALIBRATED, WATCHED = 0.25, 0.15
LEAST = 200
PROBES = 256


class _Module(nn.Module):
    """Raw rows to the number of the student, (N, 1), float64."""

    def __init__(self, teacher: TwoStage, network: nn.Module) -> None:
        super().__init__()
        self.prepare = Prepare(teacher)
        self.networks = nn.ModuleList([network])
        self.eval()

    def forward(self, rows: Tensor) -> Tensor:
        return torch.as_tensor(self.networks[0](self.prepare(rows)).double())


@dataclass(frozen=True, eq=False)
class Student:
    """A small network that stands in for a detector.

    Attributes:
        teacher: What it learned from; its scaling is used.
        network: Scaled rows (N, *shape) to the guessed score, (N, 1).
        calibration: Guesses on background rows that took no part in learning.
        trace: Mean absolute error on watched rows, nats.

    """

    teacher: TwoStage
    network: nn.Module
    calibration: Calibration
    trace: Trace

    def anomaly_score(self, X: ArrayLike) -> Floats:
        """Evidence against "normal" by the student's own calibration, (N,), nats."""
        return self.score_encoded(np.asarray(self.teacher.encode(X), dtype=np.float32))

    def score_encoded(self, rows: Rows) -> Floats:
        """Evidence of rows that `teacher.encode` returned, (N,), nats."""
        return np.maximum(self.calibration.evidence(self._guesses(rows)), 0.0)

    def p_values(self, X: ArrayLike) -> Floats:
        """Conformal p-value of each row, (N,)."""
        rows = np.asarray(self.teacher.encode(X), dtype=np.float32)
        return self.calibration.p_values(self._guesses(rows))

    def export(self, path: str | os.PathLike[str]) -> Exported:
        """Write the student as ONNX with golden vectors, as `export_onnx` writes a detector; part "student".

        Raises:
            ModelFileError, ConfigError, MissingExtraError: As in `export_onnx`.

        """
        target = fit_place(path, ".onnx")
        teacher = self.teacher
        body = traced(_Module(teacher, self.network), teacher.input_shape, to=RAW)
        last = Calibration.fit(np.maximum(self.calibration.evidence(self.calibration.scores), 0.0))
        decision = Decision((Voice(self.calibration, 1.0),), (), math.inf, "Beyond", last, teacher.rate_)
        told = about(teacher, decision, precision="fp32", part="student")
        with aside(target) as folder:
            scorer = write(folder / target.name, assembled(body, tail_model(decision), told))
            rows = probes(teacher.scaler_, PROBES, math.prod(teacher.input_shape))
            found = scorer(rows)
            reference = np.maximum(self.calibration.evidence(self._guesses(rows)), 0.0)
            decided = (reference > last.score_at(teacher.rate_), found.alarm)
            parity = compared(reference, found.score, decided=decided)
            parity.gate("fp32")
            return finish(target, scorer, parity, golden_rows(teacher))

    def _guesses(self, rows: Rows) -> Floats:
        return _guesses(self.teacher, self.network, rows)


def distil(
    teacher: TwoStage,
    X: ArrayLike,
    *,
    also: ArrayLike | None = None,
    model: Small | None = None,
    plan: Plan | None = None,
    seed: int = 0,
) -> Student:
    """Teach a small network the score of a fitted detector.

    Args:
        teacher: Fitted.
        X: Background rows, best ones that the teacher did not learn from: a quarter calibrates the student.
        also: Further rows to learn the teacher's score on, anomalies or not; they need no label, and without
            any the student has seen little of what is strange.
        model: The network; None is `Small()`.
        plan: How long to train; None is 3,000 steps.
        seed: Same seed, same student.

    Raises:
        DataError: Fewer than 200 background rows, or rows that the teacher refuses.

    >>> from unseen import AwareDetector
    >>> rows = np.random.default_rng(0).normal(size=(900, 4))
    >>> teacher = AwareDetector(seed=0, learn=Plan(steps=50)).fit(rows[:400])
    >>> student = distil(teacher, rows[400:], also=4 * rows[400:], plan=Plan(steps=200))
    >>> bool(student.anomaly_score([[9, 9, -9, 9]]) > student.anomaly_score([[0, 0, 0, 0]]))
    True

    """
    background = np.asarray(teacher.encode(X), dtype=np.float32)
    others = None if also is None else np.asarray(teacher.encode(also), dtype=np.float32)
    return taught(teacher, background, others, model=model, plan=plan, seed=seed)


def taught(
    teacher: TwoStage,
    background: Rows,
    also: Rows | None = None,
    *,
    model: Small | None = None,
    plan: Plan | None = None,
    seed: int = 0,
) -> Student:
    """Do what `distil` does with rows that are encoded already, (N, D), float32."""
    if len(background) < LEAST:
        raise DataError(f"{len(background)} background rows came; a student needs {LEAST} or more")
    background = background[generator(seed, 13).permutation(len(background))]
    kept, rest = np.split(background, [max(2, round(CALIBRATED * len(background)))])
    if also is not None:
        rest = np.concatenate([rest, also])
        rest = rest[generator(seed, 14).permutation(len(rest))]
    targets = torch.from_numpy(scored(teacher, rest)).float()
    rows = _scaled(teacher, rest)
    with seeded(seed):
        network = (model or Small()).build(teacher.input_shape).eval()
    watched = max(2, round(WATCHED * len(rows)))
    trace = regress(
        network,
        rows[watched:],
        targets[watched:],
        rows[:watched],
        targets[:watched],
        plan=plan or Plan(steps=3000, rate=3e-3),
        seed=seed,
    )
    return Student(teacher, network, Calibration.fit(_guesses(teacher, network, kept)), trace)


def _scaled(teacher: TwoStage, rows: Rows) -> Tensor:
    return torch.from_numpy(shaped(teacher, teacher.scaler_.transform(rows)))


def _guesses(teacher: TwoStage, network: nn.Module, rows: Rows) -> Floats:
    with torch.inference_mode():
        parts = np.array_split(rows, max(1, -(-len(rows) // 2048)))
        found = [network(_scaled(teacher, part)).squeeze(1).double().numpy() for part in parts]
    return np.concatenate(found)
