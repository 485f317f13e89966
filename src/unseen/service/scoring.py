"""The work of the service: from the bytes of many requests to one pass of the detector, and back."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from unseen.detectors.two_stage import TwoStage
from unseen.errors import UnseenError
from unseen.service.answers import Answer, Scored, explained
from unseen.service.columns import Sizes, columns_of
from unseen.service.problems import Problem
from unseen.service.requests import Rows, ToExplain, ToScore
from unseen.studies.explaining import explain_rows
from unseen.studies.scoring import ALARM, P_VALUE, ROW, SCORE, matrix_of
from unseen.thresholds import FalseAlarmRate

Floats = NDArray[np.float64]
# Called with features (N, D), scores (N,) and alarms (N,) of rows that were scored.
Watch = Callable[[NDArray[np.floating], Floats, NDArray[np.bool_]], None]

# Rows scored at a time: between two blocks another thread may have its turn.
BLOCK = 4096


class Scorer:
    """Answers requests with a detector; many small ones in one pass, which costs little more than one.

    A row's score does not depend on the rows beside it, so requests get the bits they would get alone.
    """

    def __init__(self, detector: TwoStage, sizes: Sizes, watch: Watch | None = None) -> None:
        self.detector = detector
        self.columns = columns_of(detector)
        self._sizes = sizes
        self._watch = watch

    def score(self, requests: Sequence[ToScore]) -> list[Answer | Problem]:
        """Answer each request, or say what is wrong with it."""
        answers: list[Answer | Problem | None] = [None] * len(requests)
        read: dict[int, tuple[pa.Table, NDArray[np.floating]]] = {}
        for place, request in enumerate(requests):
            try:
                read[place] = self._read(request.rows, self._sizes.rows)
            except Problem as problem:
                answers[place] = problem
        scores = self._scores([features for _, features in read.values()])
        for (place, (table, features)), found in zip(read.items(), scores, strict=True):
            answers[place] = self._answer(requests[place], table, features, found)
        return [answer for answer in answers if answer is not None]

    def explain(self, request: ToExplain) -> Answer:
        """Name the features that make each row strange, as `unseen explain` does.

        Raises:
            Problem: The rows are not what the detector was trained on.

        """
        table, features = self._read(request.rows, self._sizes.explained)
        (scores,) = self._scores([features])
        _refuse_infinite(scores)
        rate, _, alarms = self._decided(scores, request.rate)
        p_values = self.detector.calibration_.p_values(scores)
        result = pa.table({ROW: np.arange(len(scores)), SCORE: scores, P_VALUE: p_values, ALARM: alarms})
        return explained(explain_rows(self.detector, result, table), rate, request.features)

    def _read(self, rows: Rows, most: int) -> tuple[pa.Table, NDArray[np.floating]]:
        table = rows.table(self.columns, self._sizes, most)
        try:
            return table, self.detector.encode(matrix_of(self.detector, table))
        except (UnseenError, pa.ArrowException, ValueError, OverflowError) as error:
            raise Problem(422, str(error)) from error

    def _scores(self, parts: Sequence[NDArray[np.floating]]) -> list[Floats]:
        """Score several matrices (n_i, D) in one go, shape (n_i,) each."""
        if not parts:
            return []
        rows = np.concatenate(parts)
        scores = np.concatenate(
            [self.detector.score_encoded(rows[at : at + BLOCK]) for at in range(0, len(rows), BLOCK)]
        )
        return np.split(scores, np.cumsum([len(part) for part in parts])[:-1])

    def _answer(
        self, request: ToScore, table: pa.Table, features: NDArray[np.floating], scores: Floats
    ) -> Answer | Problem:
        try:
            _refuse_infinite(scores)
        except Problem as problem:
            return problem
        p_values = self.detector.calibration_.p_values(scores)
        rate, threshold, alarms = self._decided(scores, request.rate)
        if self._watch is not None:
            self._watch(features, scores, alarms)
        found = Scored(scores, p_values, alarms, rate, threshold)
        if request.parts == "members":
            heard = self.detector.voices(matrix_of(self.detector, table))
            found = Scored(scores, p_values, alarms, rate, threshold, heard.names, heard.added)
        return found.encoded(request.answer)

    def _decided(self, scores: Floats, rate: float | None) -> tuple[float, float, NDArray[np.bool_]]:
        """Rate, threshold in nats, and a decision a row, at the rate asked for or that of the model."""
        calibration = self.detector.calibration_
        stated = self.detector.rate_ if rate is None else FalseAlarmRate(rate).rate
        threshold = calibration.score_at(stated)
        return stated, threshold, scores > threshold


def _refuse_infinite(scores: Floats) -> None:
    bad = ~np.isfinite(scores)
    if bad.any():
        raise Problem(
            422,
            f"row {int(bad.argmax())} holds numbers so large that its score is not finite; drop it",
        )
