"""Golden vectors: made-up rows and what the exported file says of them, kept beside it to be checked again.

They are made up, not taken from data, so that a file can be handed on without handing on rows.
"""

from __future__ import annotations

import hashlib
import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from unseen.errors import ModelFileError
from unseen.export.runtime import Scorer, Scores

# Rows kept.
COUNT = 64
# How far scores may lie off, relative to the larger of 1 nat and the score: other processors round
# differently, and add up 8-bit numbers in other orders.
TOLERANCE = {"fp32": 1e-3, "fp16": 1e-2, "int8": 1e-1}


@dataclass(frozen=True)
class Verified:
    """An exported file that gave its golden vectors again.

    Attributes:
        path: The file.
        rows: Vectors checked.
        largest: Largest difference of a score, relative to the larger of 1 nat and the score.
        tolerance: What was allowed.

    """

    path: str
    rows: int
    largest: float
    tolerance: float


def golden_path(path: Path) -> Path:
    """Where the vectors of a file stand: model.onnx -> model.onnx.golden.npz."""
    return path.with_name(f"{path.name}.golden.npz")


def packed(rows: np.ndarray, found: Scores, model: bytes) -> bytes:
    """Return the vectors as the bytes of an NPZ file."""
    kept = io.BytesIO()
    np.savez_compressed(
        kept,
        rows=rows,
        raw=found.raw,
        score=found.score,
        p_value=found.p_value,
        alarm=found.alarm,
        threshold=found.threshold,
        sha256=np.array(hashlib.sha256(model).hexdigest()),
    )
    return kept.getvalue()


def verify(path: str | os.PathLike[str]) -> Verified:
    """Score the golden vectors of an exported ONNX file again.

    Raises:
        ModelFileError: The vectors are not there or are those of another file, or scores or decisions differ.

    """
    place = Path(path)
    scorer = Scorer(place)
    kept = _read(golden_path(place))
    if hashlib.sha256(place.read_bytes()).hexdigest() != str(kept["sha256"]):
        raise ModelFileError(f"{golden_path(place)} holds the vectors of another file than {place}")
    found = scorer(kept["rows"])
    size = np.maximum(1.0, np.abs(kept["score"]))
    off = np.abs(found.score - kept["score"]) / size
    tolerance = TOLERANCE[scorer.about["precision"]]
    largest = float(off.max())
    near = np.abs(kept["score"] - kept["threshold"]) <= tolerance * size
    changed = int(((found.alarm != kept["alarm"]) & ~near).sum())
    if not largest <= tolerance or changed:
        raise ModelFileError(
            f"{place}: golden scores differ by up to {largest:.2g} where {tolerance:g} is allowed, and "
            f"{changed} of {len(off)} decisions; this runtime does not compute what was exported"
        )
    return Verified(str(place), len(off), largest, tolerance)


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise ModelFileError(f"{path} is not there; it is written beside the exported file and goes with it")
    try:
        with np.load(path, allow_pickle=False) as kept:
            return {
                name: kept[name]
                for name in ("rows", "raw", "score", "p_value", "alarm", "threshold", "sha256")
            }
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise ModelFileError(f"{path} does not hold golden vectors: {error}") from error
