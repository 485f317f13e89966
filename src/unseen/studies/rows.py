"""Rows as a study needs them: the features, and beside them what each row is."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from unseen.data import Labels, Source, open_source, read_labels
from unseen.data.kinds import is_image
from unseen.errors import ConfigError, DataError, unknown
from unseen.evaluation import event_weights

Floats = NDArray[np.float64]

# Columns of these names are rarely features; a study without labels says so.
LIKE_LABELS = {"y", "label", "labels", "class", "kind", "target", "attack", "attack type", "category"}


class StudyNote(UserWarning):
    """Something the user should know about how the rows were read; the message is one sentence."""


@dataclass(frozen=True)
class Rows:
    """Features of every row, and their labels where there are any.

    Attributes:
        name: What a person calls the data.
        table: The columns that are features.
        labels: What each row is; None without a label column.
        weights: Event weights, shape (N,); None without a weight column.
        protected: Values of the variable that is set apart, shape (N,), NaN where missing; None without.
        protected_name: Its column.

    """

    name: str
    table: pa.Table
    labels: Labels | None
    weights: Floats | None = None
    protected: Floats | None = None
    protected_name: str | None = None


def open_rows(path: str, names: Sequence[str] = ()) -> Source:
    """Open data; `names` are column names for files without a header, or files that list them.

    Each of `names` is a file (one name a line; what follows a comma is ignored) or names joined by commas.

    Raises:
        DataError: The data, or a file of names, cannot be read.

    """
    found = [name for part in names for name in _named(part)]
    return open_source(path, names=found or None)


def read_rows(
    source: Source,
    *,
    label: str | None = None,
    normal: Sequence[str] = (),
    known: Sequence[str] = (),
    drop: Sequence[str] = (),
    weight: str | None = None,
    protect: str | None = None,
) -> Rows:
    """Read all rows and set the columns that are no features apart: label, weight, protected, to drop.

    Of a folder of images the pixels are the features, and the sub-folder is the label where one is needed.

    Raises:
        DataError: A column or label that is not there (the nearest is offered), or no feature left.

    """
    if label is None and normal and {"image", "kind"} <= set(source.columns):
        label = "kind"
    beside = {"label": label, "weight": weight, "protect": protect}
    apart = [name for name in beside.values() if name is not None]
    if len(set(apart)) < len(apart):
        raise ConfigError(f"one column is given twice, as {' and '.join(n for n, c in beside.items() if c)}")
    for name in (*drop, *apart):
        if name not in source.columns:
            raise DataError(f"{source.name}: {unknown('column', name, source.columns)}")
    if label is None and (normal or known):
        raise DataError(
            f"{source.name}: labels are given, but not the column they stand in; name it with label=..., "
            f"one of: {', '.join(source.columns)}"
        )
    table = source.read()
    labels = None if label is None else _labels(table.column(label), label, normal, known)
    weights = None if weight is None else _numbers(table.column(weight), weight)
    if weights is not None:
        event_weights(weights, len(weights), what=f"{source.name}: weight column {weight!r}")
    protected = None if protect is None else _numbers(table.column(protect), protect)
    return Rows(source.name, _features(table, {*apart, *drop}), labels, weights, protected, protect)


def _numbers(column: pa.ChunkedArray, name: str) -> Floats:
    """Return a column as floats, missing values as NaN."""
    kind = column.type
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
        raise DataError(f"column {name!r} has type {kind}; a weight or protected variable is a number a row")
    filled = pc.fill_null(column.cast(pa.float64()), float("nan"))
    return np.asarray(filled.to_numpy(), dtype=np.float64)


def _labels(column: pa.ChunkedArray, label: str, normal: Sequence[str], known: Sequence[str]) -> Labels:
    words = _words(column)
    chosen = [_resolved(names, words, label) for names in (normal, known)]
    return read_labels(column, normal=chosen[0], known=chosen[1], column=label)


def _features(table: pa.Table, apart: set[str]) -> pa.Table:
    images = [field.name for field in table.schema if is_image(field.type)]
    kept = [name for name in images or table.column_names if name not in apart]
    if not kept:
        raise DataError("no column is left to learn from: every column is set apart or dropped")
    return table.select(kept)


def mention_labels(rows: Rows) -> None:
    """Warn of a feature that is called like a label, where no label column was named."""
    for name in rows.table.column_names if rows.labels is None else ():
        if name.strip().lower() in LIKE_LABELS:
            warnings.warn(
                f"column {name!r} is taken as a feature; if it says what a row is, name it as the label "
                "or drop it",
                StudyNote,
                stacklevel=3,
            )


def _words(column: pa.ChunkedArray) -> set[str]:
    if not pa.types.is_string(column.type):
        return set()
    return {str(word).strip() for word in pc.unique(column).to_pylist() if word is not None}


def _resolved(names: Sequence[str], words: set[str], label: str) -> list[str]:
    """Cut joined names at commas; take a first word for the only label that begins with it, and say so.

    >>> _resolved(["DoS,DDoS"], {"DoS", "DDoS", "Web, other"}, "kind")
    ['DoS', 'DDoS']
    >>> _resolved(["Web, other"], {"DoS", "DDoS", "Web, other"}, "kind")
    ['Web, other']
    """
    found: list[str] = []
    for given in names:
        parts = [given] if given in words else [part.strip() for part in given.split(",") if part.strip()]
        found += [_meant(part, words, label) for part in parts]
    return found


def _meant(name: str, words: set[str], label: str) -> str:
    if name in words or not words:
        return name
    start = name.casefold()
    close = [w for w in words if w.casefold() == start or w.casefold().startswith(start + " ")]
    if len(close) != 1:
        return name
    warnings.warn(f"label {name!r} is read as {close[0]!r} of column {label!r}", StudyNote, stacklevel=6)
    return close[0]


def _named(part: str) -> list[str]:
    place = Path(part)
    if not place.is_file():
        if place.suffix in (".csv", ".txt") or "/" in part:
            raise DataError(
                f"{part} does not exist; names are a file with one name a line, or joined by commas"
            )
        return [name.strip() for name in part.split(",") if name.strip()]
    try:
        lines = place.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise DataError(f"{part} is not a text file of column names") from error
    names = [line.split(",")[0].strip() for line in lines if line.strip()]
    if len(names) == 1 and "," in "".join(lines):
        return [name.strip() for name in lines[0].split(",")]
    return names
