"""What a model remembers of the study that made it, so that later commands need not be told again."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from unseen.data import held_out
from unseen.data.fingerprint import row_hashes
from unseen.detectors.detector import Detector
from unseen.errors import DataError, ModelFileError

Hashes = NDArray[np.uint64]

# Hashes kept of the training rows: all of most data sets, half a megabyte at most.
SKETCH = 65_536
FIRST_SKETCH = 256
ROWS = "training rows"
SKETCH_SALT = 20_250_411


@dataclass(frozen=True)
class Remembered:
    """What is kept of the rows a detector is trained on.

    Attributes:
        hashes: The smallest hashes of distinct rows, rising, shape (at most `SKETCH`,).
        repeated: Rows that hold what an earlier one holds.

    """

    hashes: Hashes
    repeated: int


@dataclass(frozen=True)
class Memory:
    """Where the rows came from and which were kept back.

    Attributes:
        data: Name of the training data.
        label, normal, known: Label column, its normal kinds, and the kinds that were told.
        names: Column names given for a file without a header.
        share, salt: Rows were kept back where their salted hash falls below `share`; None where none were.
        weight, protect: Columns of the event weight and of the protected variable.
        sketch: The smallest hashes of the training rows, hexadecimal, where the model is of a first build.

    """

    data: str
    label: str | None = None
    normal: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    share: float | None = None
    salt: int = 0
    weight: str | None = None
    protect: str | None = None
    sketch: tuple[str, ...] = ()

    def attach(self, detector: Detector, rows: Remembered) -> None:
        """Write this, and which rows were trained on, into the notes, which a model file carries."""
        detector.notes_["study"] = asdict(self)
        detector.notes_[ROWS] = rows.hashes

    def kept_back(self, table: pa.Table) -> np.ndarray:
        """Mask of the rows that were kept back from training, shape (N,).

        Raises:
            DataError: No rows were kept back.

        """
        if self.share is None:
            raise DataError(
                "this model was trained on every row of its data, so none are held out; "
                "fit it with a hold-out share, e.g. 0.3"
            )
        return held_out(table, self.share, self.salt)


def recall(detector: Detector) -> Memory:
    """Return what a detector remembers; nothing is remembered by one that was fitted in other ways.

    Raises:
        ModelFileError: The notes do not make sense.

    """
    notes = getattr(detector, "notes_", {}).get("study")
    if notes is None:
        return Memory("")
    try:
        return TypeAdapter(Memory).validate_python(notes)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "study"
        raise ModelFileError(f"the model's notes on its study are broken: {place}: {first['msg']}") from error


def remember(table: pa.Table) -> Remembered:
    """Sketch the rows a detector is trained on: the same rows give the same sketch, whatever their order."""
    hashes = np.sort(row_hashes(table, SKETCH_SALT))
    new = np.ones(len(hashes), dtype=bool)
    new[1:] = hashes[1:] != hashes[:-1]
    distinct = hashes[new]
    return Remembered(distinct[:SKETCH], repeated=len(hashes) - len(distinct))


@dataclass(frozen=True)
class Among:
    """Which of some rows a detector was trained on.

    Attributes:
        rows: Those that are known to be, rising.
        told: Rows of which it can be told: all, unless there were more training rows than are remembered.
        total: Rows that were looked up.

    """

    rows: NDArray[np.int64]
    told: int
    total: int

    @property
    def complete(self) -> bool:
        """Whether it can be told of every row."""
        return self.told == self.total


def trained_on(detector: Detector, table: pa.Table) -> Among:
    """Look rows up among those a detector was trained on.

    The k smallest hashes of the training rows are a fair sample of them (bottom-k sketch, Cohen and Kaplan
    2007). A row whose hash is not above the largest of the k is told for sure, but for a chance of n / 2^64.
    """
    known, most = _remembered(detector)
    if not len(known):
        return Among(np.empty(0, np.int64), 0, table.num_rows)
    hashes = row_hashes(table, SKETCH_SALT)
    # a sketch that is not full holds every training row
    told = int((hashes <= known[-1]).sum()) if len(known) >= most else len(hashes)
    return Among(np.flatnonzero(np.isin(hashes, known)), told, len(hashes))


def _remembered(detector: Detector) -> tuple[Hashes, int]:
    """Return the sketch, rising, and how many hashes it has where it is full."""
    found = getattr(detector, "notes_", {}).get(ROWS)
    if found is None:
        words = recall(detector).sketch
        return np.array([int(word, 16) for word in words], dtype=np.uint64), FIRST_SKETCH
    sound = isinstance(found, np.ndarray) and found.dtype == np.uint64 and found.ndim == 1
    if not sound or len(found) > SKETCH or (found[1:] <= found[:-1]).any():
        raise ModelFileError(
            f"the model's notes on its study are broken: {ROWS} are no rising hashes of rows"
        )
    return found, SKETCH
