"""The state of a stream detector in a file: arrays alone, read without running anything."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import numpy as np

from unseen.errors import DataError
from unseen.streaming.detector import StreamDetector

MOST = 256_000_000


def save(detector: StreamDetector, path: Path) -> None:
    """Write the state of a detector, whole or not at all.

    Raises:
        DataError: The file cannot be written.

    """
    aside = path.with_name(path.name + ".tmp")
    try:
        with aside.open("wb") as file:
            np.savez(file, allow_pickle=False, **detector.state())
        os.replace(aside, path)
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror}") from error


def load(path: Path) -> StreamDetector:
    """Read a detector back; it goes on bit for bit.

    Raises:
        DataError: The file is absent, too large, or not the state of a stream detector.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     save(StreamDetector(warmup=100), Path(folder) / "state.npz")
    ...     load(Path(folder) / "state.npz").warmup
    100
    """
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
        if size > MOST:
            raise DataError(f"{path} holds {size:,} bytes; accepted: {MOST:,} at most")
        with np.load(path, allow_pickle=False) as arrays:
            state = dict(arrays)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path} is not the state of a stream detector: {error}") from error
    try:
        return StreamDetector.from_state(state)
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
