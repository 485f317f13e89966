"""The tables of ADBench, read from the folder of the data sets; nothing is downloaded or shipped."""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unseen.errors import ConfigError, DataError, nearest
from unseen.recipes.datasets import folder

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]

CLEAN = (
    "2_annthyroid", "6_cardio", "8_celeba", "10_cover", "11_donors", "12_fault", "17_InternetAds",
    "19_landsat", "20_letter", "23_mammography", "28_pendigits", "32_shuttle", "35_SpamBase", "40_vowels",
    "44_Wilt",
)  # fmt: skip
"""Sets with at least 1,000 rows: the only ones the published protocol does not copy rows of."""

SMALL = ("4_breastw", "18_Ionosphere", "29_Pima")
"""Sets whose rows the published protocol copies before the split; shown apart."""

QUICK = ("6_cardio", "12_fault", "20_letter", "40_vowels", "44_Wilt")
"""Small sets of `CLEAN`, for a run of minutes."""

DEVELOPMENT: frozenset[str] = frozenset(
    {"2_annthyroid", "8_celeba", "12_fault", "19_landsat", "28_pendigits", "35_SpamBase", "40_vowels"}
)
"""Sets that members and settings of our detector were chosen on; means over the others are printed apart.

Some of the others were looked at later: docs/benchmarks.md says when, and what it changed.
"""

_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, KeyError, OSError)


@dataclass(frozen=True)
class Table:
    """One set.

    Attributes:
        name: As its file is called, e.g. "6_cardio".
        rows: Shape (N, D), float64.
        labels: Shape (N,), 1 where anomalous.

    """

    name: str
    rows: Floats
    labels: Labels


def home(data: Path | None = None) -> Path:
    """Return the folder of the sets: `adbench` below the folder of the data sets."""
    return folder(data) / "adbench"


def available(data: Path | None = None) -> list[str]:
    """Return the names of the sets that are there, by number.

    Raises:
        DataError: There is none.

    """
    names = [path.stem for path in home(data).glob("*.npz")]
    if not names:
        raise DataError(
            f"{home(data)} has no sets; expected adbench/NAME.npz below the folder named with --data or "
            "UNSEEN_DATA"
        )
    return sorted(names, key=_order)


def _order(name: str) -> tuple[int, str]:
    number = name.partition("_")[0]
    return (int(number) if number.isdecimal() else 1_000_000, name)


def chosen(names: list[str] | None, data: Path | None = None) -> list[str]:
    """Return sets by name, with or without their number, each once; None takes `CLEAN` and `SMALL`.

    Raises:
        DataError: A set is not there.

    """
    if names is None:
        return [*CLEAN, *SMALL]
    if not names:
        raise ConfigError("no set was named; accepted: names such as 6_cardio or cardio")
    there = available(data)
    plain = {name.partition("_")[2]: name for name in there}
    found = [name if name in there else plain.get(name, "") for name in names]
    for asked, name in zip(names, found, strict=True):
        if not name:
            raise _absent(asked, data)
    return list(dict.fromkeys(found))


def _absent(name: str, data: Path | None) -> DataError:
    there = [path.stem for path in home(data).glob("*.npz")]
    return DataError(
        f"{home(data) / name}.npz is not there; expected adbench/{name}.npz below the folder named with "
        f"--data or UNSEEN_DATA.{nearest(name, there)}"
    )


def read(name: str, data: Path | None = None) -> Table:
    """Read one set. Integers become float64 before any arithmetic, and pickled objects are never loaded.

    Raises:
        DataError: The file is absent or broken, its rows are not finite numbers, or a label is neither 0
            nor 1.

    """
    path = home(data) / f"{name}.npz"
    if not path.is_file():
        raise _absent(name, data)
    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            rows, labels = file["X"], file["y"]
    except _BROKEN as error:
        raise DataError(
            f"{path} is not a sound set ({error}); accepted: NPZ with numbers X (N, D) and y (N,)"
        ) from error
    return Table(name, _rows(rows, path), _labels(labels, len(rows), path))


def _rows(rows: NDArray[np.generic], path: Path) -> Floats:
    if rows.ndim != 2 or rows.dtype.kind not in "biuf":
        raise DataError(f"{path}: X is {rows.dtype} of shape {rows.shape}; accepted: numbers (N, D)")
    wide = rows.astype(np.float64)
    if not np.isfinite(wide).all():
        row, column = np.argwhere(~np.isfinite(wide))[0]
        raise DataError(f"{path}: X has {wide[row, column]} in row {row}, column {column}; accepted: numbers")
    return wide


def _labels(labels: NDArray[np.generic], count: int, path: Path) -> Labels:
    if labels.shape != (count,) or labels.dtype.kind not in "biuf":
        raise DataError(
            f"{path}: y is {labels.dtype} of shape {labels.shape}; accepted: 0 or 1 a row, {count:,} rows"
        )
    strange = np.flatnonzero((labels != 0) & (labels != 1))
    if strange.size:
        raise DataError(
            f"{path}: y has {labels[strange[0]]} in row {strange[0]}; accepted: 0 (normal) and 1 (anomaly)"
        )
    return labels.astype(np.int64)
