"""Scores and reasons as bytes, in the format that was asked for."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from unseen.service.requests import ARROW_STREAM, JSON
from unseen.studies.explaining import Explained
from unseen.studies.scoring import ALARM, P_VALUE, ROW, SCORE

Floats = NDArray[np.float64]
PARTS = "parts"


@dataclass(frozen=True)
class Answer:
    """Bytes of an answer and what they are."""

    body: bytes
    content_type: str = JSON


@dataclass(frozen=True)
class Scored:
    """What is said of the N rows of one request.

    Attributes:
        scores, p_values, alarms: Shape (N,); scores in nats.
        rate, threshold: False-alarm rate of the decisions, and the score above which a row raises an alarm.
        members: Names of the members, where what they added was asked for.
        added: What each added to the score, (N, M), nats.

    """

    scores: Floats
    p_values: Floats
    alarms: NDArray[np.bool_]
    rate: float
    threshold: float
    members: tuple[str, ...] = ()
    added: Floats | None = None

    def encoded(self, content_type: str) -> Answer:
        """Write this as JSON or as an Arrow stream."""
        return _as_arrow(self) if content_type == ARROW_STREAM else _as_json(self)


def _as_json(scored: Scored) -> Answer:
    columns: list[Sequence[Any]] = [
        range(len(scored.scores)),
        scored.scores.tolist(),
        scored.p_values.tolist(),
        scored.alarms.tolist(),
    ]
    names: tuple[str, ...] = (ROW, SCORE, P_VALUE, ALARM)
    if scored.added is not None:
        columns.append([dict(zip(scored.members, row, strict=True)) for row in scored.added.tolist()])
        names = (*names, PARTS)
    return Answer(
        _dumped(
            {
                "rows": len(scored.scores),
                "alarms": int(scored.alarms.sum()),
                "rate": scored.rate,
                "threshold": scored.threshold if math.isfinite(scored.threshold) else None,
                "results": [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)],
            }
        )
    )


def _as_arrow(scored: Scored) -> Answer:
    columns: dict[str, Any] = {
        ROW: np.arange(len(scored.scores)),
        SCORE: scored.scores,
        P_VALUE: scored.p_values,
        ALARM: scored.alarms,
    }
    if scored.added is not None:
        for name, column in zip(scored.members, scored.added.T, strict=True):
            columns[f"{PARTS}:{name}"] = np.ascontiguousarray(column)
    about = {"rate": repr(scored.rate), "threshold": repr(scored.threshold)}
    table = pa.table(columns).replace_schema_metadata(about)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return Answer(sink.getvalue().to_pybytes(), ARROW_STREAM)


def explained(rows: Sequence[Explained], rate: float, features: int) -> Answer:
    """Write reasons: of each row the `features` largest parts, and the sum of the others."""
    results = []
    for row in rows:
        record = row.to_dict()
        record["contributions"] = [vars(part) for part in row.parts[:features]]
        record["others"] = float(sum(part.amount for part in row.parts[features:]))
        results.append(record)
    return Answer(_dumped({"rows": len(rows), "rate": rate, "results": results}))


def _dumped(record: object) -> bytes:
    return json.dumps(record, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
