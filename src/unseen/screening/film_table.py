"""Films listed in a table of paths, labels, sources, patients; divided so that no patient is on two sides."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unseen.data.fingerprint import word_hashes
from unseen.errors import DataError
from unseen.pictures.checks import Limits, check
from unseen.pictures.framing import Framing, framed
from unseen.pictures.reading import read_picture
from unseen.pictures.refusals import RefusedError
from unseen.screening.films import Films, FilmSets
from unseen.training.progress import tell

MOST_ROWS = 1_000_000
SHARES = {"train": 0.7, "val": 0.15}
WITHOUT_PATIENTS = (
    "no patient is known: films of one patient may be on both sides, which flatters every number"
)


@dataclass(frozen=True)
class Row:
    """One line of the table; `part` is empty where the table does not divide."""

    path: Path
    label: str
    source: str
    patient: str
    part: str


@dataclass(frozen=True, eq=False)
class Listed:
    """Films of a table, framed, with what the table says of each; `refused` are paths with the reason."""

    rows: tuple[Row, ...]
    films: Films
    refused: tuple[str, ...]

    def labelled(self, source: str | None = None) -> Films:
        """Return the films of one source, or all."""
        kept = np.array([source in (None, row.source) for row in self.rows], dtype=bool)
        return self.films.take(kept)


def read_table(path: Path, framing: Framing, limits: Limits, *, normal: str = "normal") -> Listed:
    """Read the films of a CSV file with columns path, label, and maybe source, patient, split.

    Paths are relative to the file. Films that are refused are left out and named. Every label but `normal` is
    the finding.

    Raises:
        DataError: No such columns, no films, or none of a class.

    """
    rows = _rows(path)
    if not any(row.label == normal for row in rows):
        words = ", ".join(sorted({row.label for row in rows})[:10])
        raise DataError(
            f"{path}: no film has the label {normal!r}; labels are {words}; name it with normal=..."
        )
    kept, pixels, refused = [], [], []
    for at, row in enumerate(rows):
        tell("films", at, len(rows))
        try:
            picture = read_picture(row.path)
            check(picture, framing, limits, photograph=picture.photograph)
            pixels.append(framed(picture, framing))
            kept.append(row)
        except RefusedError as error:
            refused.append(str(error))
    tell("films", len(rows), len(rows))
    if not kept:
        raise DataError(f"{path}: none of {len(rows)} films can be read; the first: {refused[0]}")
    findings = np.array([row.label != normal for row in kept], dtype=np.int64)
    return Listed(tuple(kept), Films(np.stack(pixels), findings), tuple(refused))


def divided(listed: Listed, *, patients: bool = True, normal: str = "normal") -> FilmSets:
    """Divide listed films as the table says, else by patient: 70 % train, 15 % validation, 15 % test.

    Args:
        listed: Films of a table.
        patients: False allows films whose patient is not known, with a note in every report.
        normal: Label of films without the finding.

    Raises:
        DataError: A patient in two parts, or none known.

    """
    if patients and not all(row.patient for row in listed.rows):
        raise DataError(
            "the table names no patient for some films, so films of one could be on both sides; add a column "
            "patient, or pass patients=False and see every report say so"
        )
    parts = _parts(listed.rows)
    _refuse_shared_patients(listed.rows, parts)
    sources = np.array([row.source for row in listed.rows])
    tests = {
        str(source): listed.films.take((parts == "test") & (sources == source))
        for source in np.unique(sources[parts == "test"])
    }
    words = sorted({row.label for row in listed.rows} - {normal})
    return FilmSets(
        listed.films.take(parts == "train"),
        listed.films.take(parts == "val"),
        tests,
        (normal, words[0] if len(words) == 1 else "finding"),
        () if patients else (WITHOUT_PATIENTS,),
    ).without_repeats()


def _rows(path: Path) -> list[Row]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            names = [name.strip().lower() for name in reader.fieldnames or ()]
            if len(set(names)) != len(names) or not {"path", "label"} <= set(names):
                raise DataError(
                    f"{path} has columns {', '.join(names) or 'none'}; accepted: path, label, and maybe "
                    "source, patient, split, each once"
                )
            reader.fieldnames = names
            rows = [_row(path, line, record) for line, record in enumerate(reader, 2)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} cannot be read as a CSV file in UTF-8: {error}") from error
    if not 0 < len(rows) <= MOST_ROWS:
        raise DataError(f"{path} lists {len(rows):,} films; accepted: 1 to {MOST_ROWS:,}")
    return rows


def _row(table: Path, line: int, record: dict[str, str | None]) -> Row:
    def cell(name: str) -> str:
        return (record.get(name) or "").strip()

    if not cell("path") or not cell("label"):
        raise DataError(f"{table}, line {line}: path or label is empty")
    if cell("split") not in ("", "train", "val", "test"):
        raise DataError(f"{table}, line {line}: split is {cell('split')!r}; accepted: train, val, test")
    place = table.parent / cell("path")
    return Row(place, cell("label"), cell("source") or "test", cell("patient"), cell("split"))


def _parts(rows: tuple[Row, ...]) -> NDArray[np.str_]:
    named = [row.part for row in rows]
    if all(named):
        return np.array(named)
    if any(named):
        raise DataError("the table divides some films and others not; fill the column split, or leave it out")
    keys = word_hashes([row.patient or str(row.path) for row in rows], 71).astype(np.float64) / 2.0**64
    edges = np.cumsum(list(SHARES.values()))
    return np.array(["train", "val", "test"])[np.searchsorted(edges, keys, side="right")]


def _refuse_shared_patients(rows: tuple[Row, ...], parts: NDArray[np.str_]) -> None:
    sides: dict[str, str] = {}
    for row, part in zip(rows, parts.tolist(), strict=True):
        if row.patient and sides.setdefault(row.patient, part) != part:
            raise DataError(f"a patient has films in {sides[row.patient]} and in {part}; give each one side")
