"""A judgement as files: the numbers as JSON, every judged row as CSV."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from unseen.errors import DataError
from unseen.studies.judging import Judged
from unseen.studies.scoring import ALARM, P_VALUE, ROW, SCORE
from unseen.studies.sinks import sink_to


def write_judged(judged: Judged, folder: Path, more: Mapping[str, object] | None = None) -> None:
    """Write `evaluation.json` and `scores.csv` (one line a judged row) into a folder.

    `more` are further JSON values for the first, columns read beside the score go into the second.

    Raises:
        DataError: The folder cannot be written.

    """
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise DataError(f"{folder} cannot be made: {error.strerror}") from error
    weights = {} if judged.weights is None else {"weight": judged.weights}
    taken = {ROW, "kind", SCORE, "stage1_score", P_VALUE, ALARM, *weights}
    beside = {name: values for name, values in judged.beside.items() if name not in taken}
    rows = pa.table(
        {
            ROW: judged.places,
            "kind": pa.array(judged.kinds.tolist()),
            SCORE: judged.scores,
            "stage1_score": judged.unaided,
            P_VALUE: judged.p_values,
            ALARM: judged.raised,
            **weights,
            **beside,
        }
    )
    with sink_to(folder / "scores.csv") as sink:
        sink.write(rows)
        sink.close({})
    aside = folder / "evaluation.json.tmp"
    aside.write_text(json.dumps({**judged.to_dict(), **(more or {})}, indent=2), encoding="utf-8")
    os.replace(aside, folder / "evaluation.json")
