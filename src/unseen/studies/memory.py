"""What a model remembers of the study that made it, so that later commands need not be told again."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import pyarrow as pa
from pydantic import TypeAdapter, ValidationError

from unseen.data import held_out
from unseen.data.fingerprint import row_hashes
from unseen.detectors.detector import Detector
from unseen.errors import DataError, ModelFileError

# Hashes kept of the training rows; enough to see that a file was trained on, too few to say more.
SKETCH = 256
SKETCH_SALT = 20_250_411


@dataclass(frozen=True)
class Memory:
    """Where the rows came from and which were kept back.

    Attributes:
        data: Name of the training data.
        label, normal, known: Label column, its normal kinds, and the kinds that were told.
        names: Column names given for a file without a header.
        share, salt: Rows were kept back where their salted hash falls below `share`; None where none were.
        weight, protect: Columns of the event weight and of the protected variable.
        sketch: The smallest hashes of the training rows, hexadecimal.

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

    def attach(self, detector: Detector) -> None:
        """Write this into the detector's notes, which a model file carries."""
        detector.notes_["study"] = asdict(self)

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


def sketch(table: pa.Table) -> tuple[str, ...]:
    """Smallest hashes of rows: the same rows give the same ones, whatever their order."""
    hashes = np.unique(row_hashes(table, SKETCH_SALT))[:SKETCH]
    return tuple(f"{value:016x}" for value in hashes.tolist())


def trained_on(memory: Memory, table: pa.Table) -> float:
    """Share of the remembered training rows that are among these rows, 0 to 1."""
    if not memory.sketch:
        return 0.0
    remembered = np.array([int(word, 16) for word in memory.sketch], dtype=np.uint64)
    return float(np.isin(remembered, row_hashes(table, SKETCH_SALT)).mean())
