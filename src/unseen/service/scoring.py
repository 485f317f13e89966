"""The work of the service: from the bytes of many requests to one pass of the detector, and back."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from unseen.detectors.two_stage import TwoStage
from unseen.errors import UnseenError
from unseen.service.answers import Answer, Scored, explained
from unseen.service.columns import Sizes, columns_of
from unseen.service.problems import Problem
from unseen.service.requests import ToExplain, ToScore
from unseen.studies.explaining import explain_rows
from unseen.studies.scoring import ALARM, P_VALUE, ROW, SCORE, matrix_of
from unseen.thresholds import FalseAlarmRate

Floats = NDArray[np.float64]
Features = NDArray[np.floating]
# Called with features (N, D), scores (N,) and alarms (N,) of rows that were scored.
Watch = Callable[[Features, Floats, NDArray[np.bool_]], None]

# Rows scored at a time: between two blocks another thread may have its turn.
BLOCK = 4096
# Numbers the rows of a request may become, 256 MiB: a byte that stands for a word becomes 64 numbers.
MOST_NUMBERS = 1 << 26


@dataclass(frozen=True)
class _Pass:
    """Features (N, D) of rows, and their scores (N,)."""

    features: Features
    scores: Floats


class Scorer:
    """Answers requests with a detector; many small ones in one pass, which costs little more than one.

    A row's score does not depend on the rows beside it, so requests get the bits they would get alone.

    Attributes:
        columns: What the detector reads.
        sizes: Bounds on one request; of very wide rows fewer are taken.

    """

    def __init__(self, detector: TwoStage, sizes: Sizes, watch: Watch | None = None) -> None:
        self.detector = detector
        self.columns = columns_of(detector)
        room = max(1, MOST_NUMBERS // math.prod(detector.input_shape))
        self.sizes = replace(sizes, rows=min(sizes.rows, room), explained=min(sizes.explained, room))
        self._watch = watch

    def score(self, requests: Sequence[ToScore]) -> list[Answer | Problem]:
        """Answer each request, or say what is wrong with it."""
        answers: list[Answer | Problem | None] = [None] * len(requests)
        tables: dict[int, pa.Table] = {}
        for place, request in enumerate(requests):
            try:
                tables[place] = request.rows.table(self.columns, self.sizes, self.sizes.rows)
            except Problem as problem:
                answers[place] = problem
        for places, pass_ in self._passes(tables, answers):
            said = self._answered([requests[place] for place in places], [tables[p] for p in places], pass_)
            for place, answer in zip(places, said, strict=True):
                answers[place] = answer
        return [answer for answer in answers if answer is not None]

    def explain(self, request: ToExplain) -> Answer:
        """Name the features that make each row strange, as `unseen explain` does.

        Raises:
            Problem: The rows are not what the detector was trained on.

        """
        table = request.rows.table(self.columns, self.sizes, self.sizes.explained)
        scores = self._pass(table).scores
        _refuse_infinite(scores)
        rate, _, alarms = self._decided(scores, request.rate)
        p_values = self.detector.calibration_.p_values(scores)
        result = pa.table({ROW: np.arange(len(scores)), SCORE: scores, P_VALUE: p_values, ALARM: alarms})
        return explained(explain_rows(self.detector, result, table), rate, request.features)

    def _passes(
        self, tables: Mapping[int, pa.Table], answers: list[Answer | Problem | None]
    ) -> Iterator[tuple[list[int], _Pass]]:
        """Yield requests with the pass that scores them: all in one go, or one by one if that fails.

        Columns cost much more than rows, so tables are joined first. What is refused gets its answer.
        """
        places = list(tables)
        if len(places) > 1 and len({tables[place].schema for place in places}) == 1:
            try:
                yield places, self._pass(pa.concat_tables(tables.values()))
                return
            except Problem:
                pass  # one of them is not right, which is found below
        for place in places:
            try:
                alone = self._pass(tables[place])
            except Problem as problem:
                answers[place] = problem
            else:
                yield [place], alone

    def _pass(self, table: pa.Table) -> _Pass:
        """Encode and score rows, block by block.

        Raises:
            Problem: The detector refuses them.

        """
        try:
            rows = self.detector.encode(matrix_of(self.detector, table))
            parts = [self.detector.score_encoded(rows[at : at + BLOCK]) for at in range(0, len(rows), BLOCK)]
        except (UnseenError, pa.ArrowException, ValueError, OverflowError) as error:
            raise Problem(422, str(error)) from error
        return _Pass(rows, np.concatenate(parts))

    def _answered(
        self, requests: Sequence[ToScore], tables: Sequence[pa.Table], pass_: _Pass
    ) -> list[Answer | Problem]:
        """Answer requests whose rows went through one pass, one after the other."""
        features, scores = pass_.features, pass_.scores
        ends = np.cumsum([table.num_rows for table in tables])
        alarms, answers = np.zeros(len(scores), dtype=bool), list[Answer | Problem]()
        for request, table, end in zip(requests, tables, ends, strict=True):
            mine = slice(end - table.num_rows, end)
            try:
                found = self._scored(request, table, scores[mine])
                alarms[mine] = found.alarms
                answers.append(found.encoded(request.answer))
            except Problem as problem:
                answers.append(problem)
        if self._watch is not None:
            sound = np.isfinite(scores)
            self._watch(features[sound], scores[sound], alarms[sound])
        return answers

    def _scored(self, request: ToScore, table: pa.Table, scores: Floats) -> Scored:
        _refuse_infinite(scores)
        p_values = self.detector.calibration_.p_values(scores)
        rate, threshold, alarms = self._decided(scores, request.rate)
        found = Scored(scores, p_values, alarms, rate, threshold)
        if request.parts == "members":
            heard = self.detector.voices(matrix_of(self.detector, table))
            found = replace(found, members=heard.names, added=heard.added)
        return found

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
