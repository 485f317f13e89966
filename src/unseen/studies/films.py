"""What a person does with films: train a screener from a file, make the record of a source, screen files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from unseen.errors import ConfigError, DataError, ModelFileError
from unseen.persist.strict_json import parse
from unseen.pictures.checks import Limits, check
from unseen.pictures.decode import Picture
from unseen.pictures.framing import Framing, framed
from unseen.pictures.reading import read_picture
from unseen.pictures.refusals import RefusedError
from unseen.screening.film_table import divided, read_table
from unseen.screening.films import PARTS, Films, FilmSets, Pixels, read_medmnist
from unseen.screening.graph import Rounding
from unseen.screening.outcome import Outcome
from unseen.screening.records import Record
from unseen.screening.screener import Screener
from unseen.training.progress import tell

UNREADABLE = {"empty-file", "not-a-picture", "broken", "too-many-pixels"}
"""Reasons of files that could not be read at all, rather than pictures that are no films."""
MOST_TOLD = 2000


@dataclass(frozen=True)
class Reading:
    """How films are read.

    Attributes:
        allow_other: Takes a NPZ file whose counts are not those of PneumoniaMNIST.
        patients: Whether a table must name the patient of every film.
        normal: Label of films without the finding, in a table.
        size: Side that films of a table are framed to, pixels.

    """

    allow_other: bool = False
    patients: bool = True
    normal: str = "normal"
    size: int = 28


def framing_of(size: int) -> Framing:
    """How a film becomes a row of side `size`."""
    return Framing(channels=1, height=size, width=size, trim=True, crop=True, unit=1.0)


def read_sets(path: Path, reading: Reading) -> tuple[FilmSets, tuple[str, ...]]:
    """Read films to train on: a MedMNIST file, or a table of paths; and what was refused.

    Raises:
        DataError: Neither, or not sound.

    """
    if path.suffix.lower() == ".npz":
        return read_medmnist(path, allow_other=reading.allow_other), ()
    listed = read_table(path, framing_of(reading.size), Limits(), normal=reading.normal)
    return divided(listed, patients=reading.patients, normal=reading.normal), listed.refused


def read_labelled(path: Path, screener: Screener, *, part: str, normal: str) -> tuple[Films, tuple[str, ...]]:
    """Read labelled films of one source, a part of a MedMNIST file or a table of paths; and what was refused.

    Raises:
        DataError: Neither, or not sound.

    """
    if path.suffix.lower() != ".npz":
        listed = read_table(path, screener.framing, screener.limits, normal=normal)
        return listed.films, listed.refused
    if part not in PARTS:
        raise ConfigError(f"part {part!r} came; accepted: {', '.join(PARTS)}")
    sets = read_medmnist(path, allow_other=True)
    films = {"train": sets.train, "val": sets.validation, "test": sets.tests["test"]}[part]
    return films, ()


def read_rounding(path: Path, screener: Screener, normal: str) -> Rounding:
    """Read films for an export in 8 bits: train and val of a MedMNIST file, else two halves of a table.

    Raises:
        DataError: Neither, not sound, or one label only.

    """
    if path.suffix.lower() == ".npz":
        sets = read_medmnist(path, allow_other=True)
        return Rounding(sets.train, sets.validation)
    films, _ = read_labelled(path, screener, part="", normal=normal)
    half = np.arange(len(films)) % 2 == 0
    return Rounding(films.take(half), films.take(~half))


def read_card(path: Path) -> dict[str, Any]:
    """Read the content of the page about the model.

    Raises:
        DataError: Not there, or not a JSON object.

    """
    try:
        found = parse(path.read_bytes(), what=str(path))
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    except ModelFileError as error:
        raise DataError(f"{path} is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise DataError(f"{path} holds no JSON object; unseen xray evaluate --card writes one")
    return found


def read_told(given: Sequence[str], size: int) -> dict[str, Pixels]:
    """Read pictures that are no films, each KIND=FOLDER; at most `MOST_TOLD` of a kind.

    Raises:
        DataError: A folder without pictures.
        ConfigError: Not of this form.

    """
    told = {}
    for one in given:
        kind, equals, path = one.partition("=")
        if not (kind and equals and path):
            raise ConfigError(f"{one!r} came; accepted: KIND=FOLDER of pictures that are no films")
        told[kind] = _folder(Path(path), size)
    return told


def _folder(folder: Path, size: int) -> Pixels:
    """Frame the pictures below a folder as films are framed; files that are no pictures are passed over."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())[:MOST_TOLD]
    rows = []
    for at, file in enumerate(files):
        tell(f"pictures of {folder.name}", at, len(files))
        try:
            rows.append(framed(read_picture(file), framing_of(size)))
        except RefusedError:
            continue
    if not rows:
        raise DataError(f"{folder} holds no picture that can be read; accepted: a folder of pictures")
    return np.stack(rows)


@dataclass(frozen=True)
class Screened:
    """A file and the answer; `said` is the sentence of a refusal by the file checks."""

    file: str
    outcome: Outcome
    said: str = ""

    @property
    def unreadable(self) -> bool:
        """Whether the file could not be read at all."""
        return self.outcome.reason in UNREADABLE


def screen_files(
    screener: Screener, files: Sequence[Path], *, record: Record | None = None, photograph: bool = False
) -> Iterator[Screened]:
    """Answer for each file; whatever a file holds, the others are answered for too."""
    for file in files:
        try:
            picture = read_picture(file)
            photo = photograph or picture.photograph
            outcome, said = screen_picture(screener, picture, record=record, photograph=photo), ""
        except RefusedError as error:
            outcome, said = Outcome("refused", error.reason), str(error)
        except OSError as error:
            raise DataError(f"{file} cannot be read: {error.strerror}") from error
        yield Screened(str(file), outcome, said)


def screen_picture(
    screener: Screener, picture: Picture, *, record: Record | None = None, photograph: bool = False
) -> Outcome:
    """Answer for one picture.

    Raises:
        RefusedError: The file checks refuse it.

    """
    check(picture, screener.framing, screener.limits, photograph=photograph)
    rows = framed(picture, screener.framing)[None]
    return screener.screen(rows, record=record, photograph=photograph)[0]
