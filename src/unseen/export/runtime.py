"""Exported detectors with NumPy and ONNX Runtime alone: neither torch nor scikit-learn is loaded."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unseen.errors import DataError, ModelFileError, need, unknown

Floats = NDArray[np.float64]

# What marks files of this package, and the newest version of them that is read here.
FORMAT, FORMAT_VERSION = "unseen-onnx", 1
# Rows at a time, so that memory stays bounded.
BLOCK = 1024


@dataclass(frozen=True, eq=False)
class Scores:
    """What an exported detector says of N rows.

    Attributes:
        raw: Raw scores of its members, (N, M); the code (N, Z) of a part "code".
        score: Evidence against "normal", nats, (N,): higher is stranger.
        p_value: Share of normal rows expected to be as strange, (N,).
        alarm: Whether the score is above the threshold, (N,).
        threshold: That score; infinite where no alarm is ever raised.

    """

    raw: Floats
    score: Floats
    p_value: Floats
    alarm: NDArray[np.bool_]
    threshold: float


class Scorer:
    """An exported detector, ready to score.

    Args:
        path: ONNX file written by `unseen export`.
        threads: Threads that ONNX Runtime may use in one operation.

    Attributes:
        about: What the file says of itself: `features`, `shape`, `rate`, `precision`, `part`, ...

    Raises:
        ModelFileError: Not there, not ONNX, not written by unseen, or by a newer version.
        MissingExtraError: ONNX Runtime is not installed.

    """

    def __init__(self, path: str | os.PathLike[str], *, threads: int = 1) -> None:
        self.path = Path(path)
        self.session = session(self.path, threads=threads)
        self.about = described(self.session.get_modelmeta().custom_metadata_map, self.path)

    def __call__(self, rows: ArrayLike) -> Scores:
        """Score rows (N, D) or images (N, C, H, W) as they were before scaling.

        Raises:
            DataError: Rows of another width, or with values that are not finite.

        """
        values = self._checked(rows)
        blocks = [self._block(values[at : at + BLOCK]) for at in range(0, max(len(values), 1), BLOCK)]
        raw, score, p_value, threshold, alarm = (list(part) for part in zip(*blocks, strict=True))
        return Scores(
            np.concatenate(raw),
            np.concatenate(score),
            np.concatenate(p_value),
            np.concatenate(alarm),
            float(threshold[0]),
        )

    def encode(self, columns: Mapping[str, ArrayLike]) -> NDArray[np.float32]:
        """Turn named columns of numbers and words, (N,) each, into rows (N, D) as in training.

        Missing numbers (NaN) take the median of training where the detector was fitted to fill them. Dates
        and images are not encoded here: make their features before, or score with `unseen.load`.

        Raises:
            DataError: A column is missing or of a kind that is not encoded here.

        """
        schema = self.about["schema"]
        if schema is None:
            names = self.about["features"]
            return np.column_stack([np.asarray(_column(columns, name), dtype=np.float32) for name in names])
        return np.column_stack([_encoded(columns, record) for record in schema["columns"]])

    def _block(self, rows: NDArray[np.float32]) -> tuple[Any, ...]:
        return tuple(self.session.run(["raw", "score", "p_value", "threshold", "alarm"], {"rows": rows}))

    def _checked(self, rows: ArrayLike) -> NDArray[np.float32]:
        values = np.asarray(rows, dtype=np.float32)
        shape = tuple(self.about["shape"])
        if values.ndim < 2 or values[0:1].size != min(len(values), 1) * int(np.prod(shape)):
            raise DataError(f"rows of shape {values.shape} came; accepted: (N, {', '.join(map(str, shape))})")
        bad = np.isinf(values) if self.about["fills_missing"] else ~np.isfinite(values)
        if bad.any():
            row = int(bad.reshape(len(values), -1).any(1).argmax())
            raise DataError(f"row {row} has values that are not finite; accepted: finite numbers")
        return np.ascontiguousarray(values.reshape(len(values), *shape))


def session(path: Path, *, threads: int = 1) -> Any:
    """Open an ONNX file in ONNX Runtime, on the processor.

    Raises:
        ModelFileError: It is not there, or not a sound ONNX file.

    """
    ort = need("onnxruntime", extra="export", purpose=f"running {path.name}")
    if not path.is_file():
        raise ModelFileError(f"{path} is not there; write it with: unseen export MODEL --out {path.name}")
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its own exceptions share no base
        reason = " ".join(str(error).split())[:200]
        raise ModelFileError(f"{path} is not a sound ONNX file: {reason}") from error


def described(metadata: Mapping[str, str], path: Path) -> dict[str, Any]:
    """Return the metadata of an exported detector, decoded.

    Raises:
        ModelFileError: The file was not written by `unseen export`, or by a newer version.

    """
    if metadata.get("format") != FORMAT:
        raise ModelFileError(f"{path} was not written by unseen export; accepted: files that were")
    found: dict[str, Any] = {}
    for key, value in metadata.items():
        try:
            found[key] = json.loads(value)
        except ValueError:
            found[key] = value
    if found.get("format_version") != FORMAT_VERSION:
        raise ModelFileError(
            f"{path} has format version {found.get('format_version')}; this release reads {FORMAT_VERSION}: "
            "upgrade unseen"
        )
    return found


def _column(columns: Mapping[str, ArrayLike], name: str) -> NDArray[Any]:
    if name not in columns:
        raise DataError(unknown("column", name, columns))
    return np.asarray(columns[name])


def _encoded(columns: Mapping[str, ArrayLike], record: Mapping[str, Any]) -> NDArray[np.float32]:
    values = _column(columns, record["name"])
    if record["kind"] == "number":
        return _numbers(values, record)
    if record["kind"] == "category":
        return _words(values, record["words"], missing=record["missing"], name=record["name"])
    raise DataError(
        f"column {record['name']!r} is of kind {record['kind']}, which is not encoded here; "
        "accepted: numbers and words"
    )


def _numbers(values: NDArray[Any], record: Mapping[str, Any]) -> NDArray[np.float32]:
    found = values.astype(np.float64)
    wrong = ~np.isfinite(found)
    if wrong.any() and record["median"] is None:
        raise DataError(
            f"column {record['name']!r} has {int(wrong.sum())} rows that are not finite "
            f"(first: row {int(wrong.argmax())}). Drop or fill them."
        )
    found = np.where(wrong, 0.0 if record["median"] is None else record["median"], found)
    limit = float(np.finfo(np.float32).max)
    return found.clip(-limit, limit).astype(np.float32)[:, None]


def _words(values: NDArray[Any], words: Sequence[str], *, missing: bool, name: str) -> NDArray[np.float32]:
    places = {word: place for place, word in enumerate(words)}
    gone = np.array([value is None for value in values.tolist()])
    if gone.any() and not missing:
        raise DataError(f"column {name!r} has {int(gone.sum())} missing words, but training had none")
    spelled = ["true" if v is True else "false" if v is False else str(v) for v in values.tolist()]
    index = np.array([places.get(word, len(words)) for word in spelled], dtype=np.intp)
    index[gone] = len(words) + 1
    out = np.zeros((len(values), len(words) + 1 + missing), dtype=np.float32)
    out[np.arange(len(values)), index] = 1.0
    return out
