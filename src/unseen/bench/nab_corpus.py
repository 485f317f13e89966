"""The series of the Numenta Anomaly Benchmark, with the windows in which an alarm counts as found."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import os
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unseen.errors import ConfigError, DataError, unknown

Floats = NDArray[np.float64]

FILE = "timeseries/nab_data_labels.zip"
_WINDOWS = "labels/combined_windows.json"
_LARGEST = 64_000_000
PROBATION, MOST_PROBATION = 0.15, 750


@dataclass(frozen=True)
class Series:
    """One series of the corpus.

    Attributes:
        name: Folder and file, as the corpus has it.
        times: Seconds of the naive stamps, shape (N,).
        values: Shape (N,).
        windows: First and last reading of each window, in order.
        half: 0 or 1, by a hash of the file: settings were looked for on half 0 alone.

    """

    name: str
    times: Floats
    values: Floats
    windows: tuple[tuple[int, int], ...]
    half: int

    @property
    def category(self) -> str:
        """Its folder."""
        return self.name.partition("/")[0]

    @property
    def probation(self) -> int:
        """Readings that are not judged: 15 % of the series, 750 at most."""
        return min(math.floor(PROBATION * len(self.values)), MOST_PROBATION)


def home(data: Path | None = None) -> Path:
    """Return the archive in a folder of data sets, by default that of `UNSEEN_DATA`.

    Raises:
        DataError: It is not there.

    """
    folder = data or Path(os.environ.get("UNSEEN_DATA") or Path(__file__).parents[4] / "shared" / "data")
    path = folder / FILE
    if not path.is_file():
        raise DataError(f"{path} does not exist; --data or UNSEEN_DATA names the folder that holds {FILE}")
    return path


def read(data: Path | None = None) -> list[Series]:
    """Read every series, by name.

    Raises:
        DataError: The archive is absent, broken, or a window does not begin and end at a reading.

    """
    path = home(data)
    try:
        with zipfile.ZipFile(path) as archive:
            windows = json.loads(_member(archive, _WINDOWS))
            return [
                _series(name, _member(archive, f"data/{name}"), windows[name]) for name in sorted(windows)
            ]
    except (zipfile.BadZipFile, KeyError, OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise DataError(f"{path} is not an archive of the benchmark: {error}") from error


def chosen(series: list[Series], words: list[str] | None) -> list[Series]:
    """Return the series whose name holds one of the words; all of them for None.

    Raises:
        ConfigError: A word is in no name.

    >>> made = [Series("realTraffic/speed_1.csv", np.zeros(1), np.zeros(1), (), 0)]
    >>> [one.name for one in chosen(made, ["traffic"])]
    ['realTraffic/speed_1.csv']
    """
    if words is None:
        return series
    for word in words:
        if not any(word.lower() in one.name.lower() for one in series):
            raise ConfigError(unknown("series", word, dict.fromkeys(one.category for one in series)))
    return [one for one in series if any(word.lower() in one.name.lower() for word in words)]


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).file_size > _LARGEST:
        raise DataError(f"{name} of {archive.filename} holds more than {_LARGEST:,} bytes")
    return archive.read(name)


def _series(name: str, content: bytes, windows: list[list[str]]) -> Series:
    rows = list(csv.reader(io.StringIO(content.decode("utf-8"))))[1:]
    try:
        times = [_seconds(row[0]) for row in rows]
        values = np.array([float(row[1]) for row in rows])
        places = [(times.index(_seconds(first)), times.index(_seconds(last))) for first, last in windows]
    except (ValueError, IndexError) as error:
        raise DataError(f"{name} of the benchmark cannot be read: {error}") from error
    half = int(hashlib.sha256(content).hexdigest(), 16) % 2
    return Series(name, np.array(times), values, tuple(sorted(places)), half)


def _seconds(stamp: str) -> float:
    return datetime.fromisoformat(stamp).replace(tzinfo=UTC).timestamp()
