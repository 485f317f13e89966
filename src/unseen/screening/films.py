"""Labelled films to learn from and to judge by, with their sources; no patient on two sides."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unseen.data.fingerprint import row_hashes
from unseen.errors import DataError

Pixels = NDArray[np.float32]
Findings = NDArray[np.int64]

SIDES = (28, 64, 128, 224)
MOST_BYTES = 1 << 32
PARTS = ("train", "val", "test")
PUBLISHED = {"train": (1214, 3494), "val": (135, 389), "test": (234, 390)}
"""Films without and with pneumonia in PneumoniaMNIST; altered copies of it circulate."""


@dataclass(frozen=True, eq=False)
class Films:
    """N labelled films.

    Attributes:
        pixels: Grey values in [0, 1], (N, 1, S, S).
        findings: 1 where the film shows the finding, else 0, (N,).

    Raises:
        DataError: Shapes or values that do not fit.

    """

    pixels: Pixels
    findings: Findings

    def __post_init__(self) -> None:
        shape = self.pixels.shape
        if len(shape) != 4 or shape[1] != 1 or shape[2] != shape[3] or shape[2] not in SIDES:
            accepted = f"(N, 1, S, S) with S one of {', '.join(map(str, SIDES))}"
            raise DataError(f"films of shape {shape} came; accepted: {accepted}")
        if self.findings.shape != shape[:1] or not set(np.unique(self.findings)) <= {0, 1}:
            raise DataError(
                f"{len(self.findings)} labels for {shape[0]} films came; accepted: 0 or 1 for each"
            )
        if shape[0] and not (
            np.isfinite(self.pixels).all() and 0 <= self.pixels.min() <= self.pixels.max() <= 1
        ):
            raise DataError("films with values outside of [0, 1] came; divide 8-bit values by 255")

    def __len__(self) -> int:
        return len(self.pixels)

    @property
    def counts(self) -> tuple[int, int]:
        """Films without and with the finding."""
        return int((self.findings == 0).sum()), int((self.findings == 1).sum())

    def take(self, places: NDArray[np.intp] | NDArray[np.bool_]) -> Films:
        """Return the films at these places."""
        return Films(self.pixels[places], self.findings[places])


@dataclass(frozen=True, eq=False)
class FilmSets:
    """Films divided.

    Attributes:
        train, validation: To learn from; to choose and to measure the base record on.
        tests: Source -> films that took no part.
        labels: Names of "no finding" and of the finding.
        notes: What a reader must know of the division.

    """

    train: Films
    validation: Films
    tests: Mapping[str, Films]
    labels: tuple[str, str] = ("normal", "finding")
    notes: tuple[str, ...] = field(default=())

    def without_repeats(self) -> FilmSets:
        """Leave out validation and test films that are films of training too, to the bit."""
        known = set(_hashes(self.train))
        notes = list(self.notes)

        def fresh(name: str, films: Films) -> Films:
            kept = np.array([one not in known for one in _hashes(films)], dtype=bool)
            if not kept.all():
                notes.append(f"{int((~kept).sum())} films of {name} are films of training too: left out")
            return films.take(kept)

        validation = fresh("validation", self.validation)
        tests = {name: fresh(name, films) for name, films in self.tests.items()}
        return replace(self, validation=validation, tests=tests, notes=tuple(notes))


def _hashes(films: Films) -> list[int]:
    return [int(one) for one in row_hashes(films.pixels.reshape(len(films), -1), 0)] if len(films) else []


def read_medmnist(path: Path, *, allow_other: bool = False) -> FilmSets:
    """Read films from a NPZ file with `train_images`, `train_labels`, `val_...` and `test_...`.

    Args:
        path: The file.
        allow_other: Takes files whose counts are not those of PneumoniaMNIST.

    Raises:
        DataError: Another kind of file, or other counts.

    """
    parts = _arrays(path)
    found = {name: _part(path, name, parts) for name in PARTS}
    counts = {name: films.counts for name, films in found.items()}
    if counts != PUBLISHED and not allow_other:
        told = ", ".join(f"{name} {a} + {b}" for name, (a, b) in counts.items())
        known = ", ".join(f"{name} {a} + {b}" for name, (a, b) in PUBLISHED.items())
        raise DataError(
            f"{path}: films without + with the finding are {told}, those of PneumoniaMNIST {known}; altered "
            "copies circulate. Where this is another set, say so with allow_other=True"
        )
    labels = ("normal", "pneumonia") if counts == PUBLISHED else ("normal", "finding")
    return FilmSets(found["train"], found["val"], {"test": found["test"]}, labels).without_repeats()


def _arrays(path: Path) -> dict[str, NDArray[np.uint8]]:
    names = [f"{part}_{what}" for part in PARTS for what in ("images", "labels")]
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > MOST_BYTES:
            raise DataError(f"{path} unpacks to {size >> 20:,} MB; accepted: {MOST_BYTES >> 20:,} MB")
        with np.load(path, allow_pickle=False) as kept:
            missing = [name for name in names if name not in kept]
            if missing:
                raise DataError(f"{path} misses {', '.join(missing)}; accepted: a NPZ file with these arrays")
            return {name: kept[name] for name in names}
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from error
    except (zipfile.BadZipFile, ValueError, EOFError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path} is not a NPZ file of films: {error}") from error


def _part(path: Path, name: str, parts: Mapping[str, NDArray[np.uint8]]) -> Films:
    images, labels = parts[f"{name}_images"], parts[f"{name}_labels"].reshape(-1)
    if images.dtype != np.uint8 or images.ndim != 3:
        raise DataError(f"{path}: {name}_images is {images.dtype} {images.shape}; accepted: uint8 (N, S, S)")
    if len(labels) != len(images) or labels.dtype.kind not in "ui":
        raise DataError(f"{path}: {name}_labels does not fit {len(images)} images; accepted: 0 or 1 for each")
    return Films(images[:, None].astype(np.float32) / np.float32(255), labels.astype(np.int64))
