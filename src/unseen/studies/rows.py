"""Rows as a study needs them: the features, and beside them what each row is."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from unseen.data import Labels, Source, read_labels
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
        label_name: Its column.
        weights: Event weights, shape (N,); None without a weight column.
        protected: Values of the variable that is set apart, shape (N,), NaN where missing; None without.
        protected_name: Its column.
        beside: Columns that are looked at beside the score, (N,) numbers each, NaN where missing.

    """

    name: str
    table: pa.Table
    labels: Labels | None
    weights: Floats | None = None
    protected: Floats | None = None
    protected_name: str | None = None
    label_name: str | None = None
    beside: Mapping[str, Floats] = field(default_factory=dict)


def read_rows(
    source: Source,
    *,
    label: str | None = None,
    normal: Sequence[str] = (),
    known: Sequence[str] = (),
    drop: Sequence[str] = (),
    columns: Sequence[str] = (),
    weight: str | None = None,
    protect: str | None = None,
    beside: Sequence[str] = (),
) -> Rows:
    """Read all rows and set the columns that are no features apart: label, weight, protected, to drop.

    Of a folder of images the pixels are the features, and the sub-folder is the label where one is needed.
    Columns that weigh rows, as the source says, are features only where `columns` names them in full.

    Args:
        source: Where the rows are; of formats by column, only what is needed is read.
        label, normal, known: What each row is; of files opened by kind, the kind.
        drop, columns: Columns that are no features; patterns (`*`, `?`) of those that are, () for all others.
        weight, protect: Columns of event weights and of the protected variable.
        beside: Columns to look at beside the score; those that are features stay features.

    Raises:
        DataError: A column, pattern or label that is not there (the nearest is offered), or no feature left.
        ConfigError: One column given twice, or a label column where the rows are labelled by file.

    """
    if label is not None and source.label not in (None, label):
        raise ConfigError(
            f"the rows are labelled by file, and by column {label!r} too; leave out the kinds or the column"
        )
    label = label or source.label
    if label is None and normal and {"image", "kind"} <= set(source.columns):
        label = "kind"
    roles_of = {"label": label, "weight": weight, "protect": protect}
    apart = [name for name in roles_of.values() if name is not None]
    if len(set(apart)) < len(apart):
        twice = next(name for name in apart if apart.count(name) > 1)
        roles = " and ".join(role for role, name in roles_of.items() if name == twice)
        raise ConfigError(f"column {twice!r} is given twice, as {roles}; accepted: one use a column")
    for name in (*drop, *apart, *beside):
        if name not in source.columns:
            message = f"{source.name}: {unknown('column', name, source.columns)}"
            hint = " Or label the rows by file: KIND=PATH." if name == label and message.endswith(".") else ""
            raise DataError(message + hint)
    if label is None and (normal or known):
        raise DataError(
            f"{source.name}: labels are given, but not the column they stand in; name it with label=..., "
            f"one of: {', '.join(source.columns)}"
        )
    features = _chosen(source, columns, drop=drop, apart=apart)
    read = {*features, *apart, *beside}
    table = source.select([name for name in source.columns if name in read]).read()
    labels = None if label is None else _labels(table.column(label), label, normal, known)
    weights = None if weight is None else _numbers(table.column(weight), weight)
    if weights is not None:
        event_weights(weights, len(weights), what=f"{source.name}: weight column {weight!r}")
    protected = None if protect is None else _numbers(table.column(protect), protect)
    looked_at = {name: _numbers(table.column(name), name) for name in beside}
    rest = {*apart, *(name for name in beside if name not in features)}
    return Rows(source.name, _features(table, rest), labels, weights, protected, protect, label, looked_at)


def _chosen(source: Source, columns: Sequence[str], *, drop: Sequence[str], apart: Sequence[str]) -> set[str]:
    """Return the columns that are to be features."""
    chosen = set(source.columns)
    if columns:
        chosen = set()
        for pattern in columns:
            fitting = {name for name in source.columns if pattern == name or fnmatchcase(name, pattern)}
            if not fitting:
                raise DataError(f"{source.name}: {unknown('column or pattern', pattern, source.columns)}")
            chosen |= fitting
    # a simulated event's weights follow from what it is, and would give its kind away
    weighing = [name for name in source.weights if name in chosen and name not in (*columns, *drop, *apart)]
    if weighing:
        more = f" and {len(weighing) - 1} more" if len(weighing) > 1 else ""
        warnings.warn(
            f"column {weighing[0]!r}{more} weighs rows, so it is no feature; name the one to weigh with "
            "as weight=..., or name it among the columns to learn from",
            StudyNote,
            stacklevel=4,
        )
    return chosen - {*weighing, *drop, *apart}


def _numbers(column: pa.ChunkedArray, name: str) -> Floats:
    """Return a column as floats, missing values as NaN."""
    kind = column.type
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
        raise DataError(
            f"column {name!r} has type {kind}; a weight or a variable beside the score is a number a row"
        )
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
