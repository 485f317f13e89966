"""From a column of labels to what a detector needs: normal, known anomaly, or left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from unseen.data.columns import is_number
from unseen.errors import ConfigError, DataError, nearest

UNLABELLED = "unlabelled"
"""The kind of a row whose label is missing."""


@dataclass(frozen=True)
class Labels:
    """What each row is, in the words of the file and in the numbers of a detector.

    `y` is int8 of shape (N,): 0 normal, 1 known anomaly, -1 left out of training. `kinds` is text of
    shape (N,), `counts` the rows of each kind, most first.
    """

    y: np.ndarray
    kinds: np.ndarray
    counts: Mapping[str, int]
    normal: tuple[str, ...]
    known: tuple[str, ...]

    @property
    def unseen(self) -> tuple[str, ...]:
        """Kinds a detector is told nothing of, most rows first."""
        return tuple(kind for kind in self.counts if kind not in (*self.normal, *self.known, UNLABELLED))


def read_labels(
    values: Any, *, normal: Sequence[str], known: Sequence[str] = (), column: str = "label"
) -> Labels:
    """Sort rows into normal, known anomalies and the rest, by the names of their kinds.

    Args:
        values: one label a row: words, numbers or true/false, of any array type. Numbers are compared
            as written (1, '1' and 1.0 are one kind). Missing labels are of the kind 'unlabelled'; to
            train on them as normal rows, name it in `normal`.
        normal: kinds that are normal, at least one.
        known: kinds that the detector is told of.
        column: what the labels are called in errors.

    Raises:
        DataError: a name that no row has (the nearest is offered), or no labels at all.
        ConfigError: no normal kind, or one that is also known as an anomaly.

    >>> labels = read_labels(["ok", "DoS", None, "scan"], normal=["ok"], known=["DoS"])
    >>> labels.y.tolist(), labels.unseen
    ([0, 1, -1, -1], ('scan',))
    >>> read_labels(["Normal Traffic", "DoS"], normal=["Normal"], column="Attack Type")
    Traceback (most recent call last):
    ...
    unseen.errors.DataError: label 'Normal' is not in column 'Attack Type' (values: DoS, Normal Traffic). \
Did you mean 'Normal Traffic'?

    """
    kinds = _words(values, column)
    counts = _counts(kinds)
    numeric = all(is_number(kind) for kind in counts if kind != UNLABELLED)
    normal_kinds = _names(normal, numeric)
    known_kinds = _names(known, numeric)
    if not normal_kinds:
        raise ConfigError(f"no normal label is given; column {column!r} has {_listed(counts)}")
    for kind in (*normal_kinds, *known_kinds):
        if kind not in counts:
            close = nearest(kind, counts) or _containing(kind, counts)
            raise DataError(f"label {kind!r} is not in column {column!r} (values: {_listed(counts)}).{close}")
    for kind in known_kinds:
        if kind in normal_kinds:
            raise ConfigError(f"label {kind!r} is given both as normal and as a known anomaly")
    y = np.full(len(kinds), -1, dtype=np.int8)
    y[np.isin(kinds, normal_kinds)] = 0
    y[np.isin(kinds, known_kinds)] = 1
    return Labels(y, kinds, MappingProxyType(counts), normal_kinds, known_kinds)


def count_labels(values: Any, *, column: str = "label") -> dict[str, int]:
    """Return how many rows are of each kind, most first; `values` and faults as in `read_labels`.

    >>> count_labels([1.0, 2, 2, None])
    {'2': 2, '1': 1, 'unlabelled': 1}
    """
    return _counts(_words(values, column))


def _words(values: Any, column: str) -> np.ndarray:
    """Return one word a row; whole numbers without a decimal point."""
    array = _arrow(values, column)
    if not len(array):
        raise DataError(f"column {column!r} holds no labels")
    if pt.is_floating(array.type) or pt.is_integer(array.type):
        array = _numbers_as_words(array)
    try:
        words = pc.utf8_trim_whitespace(array.cast(pa.string()))
    except pa.ArrowException as error:
        raise DataError(
            f"column {column!r} has type {array.type}; accepted as labels: words, numbers, true/false"
        ) from error
    filled = pc.fill_null(words, UNLABELLED)
    return np.asarray(filled.to_numpy(zero_copy_only=False), dtype=np.str_)


def _arrow(values: Any, column: str) -> pa.Array:
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    try:
        array = pa.array(values, from_pandas=True)
    except (pa.ArrowException, TypeError) as error:
        raise DataError(
            f"column {column!r} mixes kinds of labels ({' '.join(str(error).split())}); make them all words"
        ) from error
    return array.dictionary_decode() if pt.is_dictionary(array.type) else array


def _numbers_as_words(array: pa.Array) -> pa.Array:
    """Write each distinct number once: '1' for 1.0, '1.5' for 1.5; nan is a missing label."""
    encoded = array.cast(pa.float64(), safe=False).dictionary_encode()
    words = [None if number != number else _number_word(number) for number in encoded.dictionary.to_pylist()]
    return pa.array(words, pa.string()).take(encoded.indices)


def _number_word(number: float) -> str:
    return str(int(number)) if number.is_integer() else repr(number)


def _names(names: Iterable[object], numeric: bool) -> tuple[str, ...]:
    """Return the names asked for as they are written in the column."""
    if isinstance(names, str):
        names = (names,)
    words = [str(name).strip() for name in names]
    if numeric:
        words = [_number_word(float(word)) if is_number(word) else word for word in words]
    return tuple(dict.fromkeys(words))


def _counts(kinds: np.ndarray) -> dict[str, int]:
    names, counts = np.unique(kinds, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    return {str(names[index]): int(counts[index]) for index in order}


def _listed(counts: Mapping[str, int]) -> str:
    names = list(counts)
    return ", ".join(names[:12]) + (f", ... {len(names) - 12} more" if len(names) > 12 else "")


def _containing(kind: str, counts: Mapping[str, int]) -> str:
    """Offer the commonest kind that contains the name, where none is spelled alike."""
    found = [name for name in counts if kind.lower() in name.lower()]
    return f" Did you mean {found[0]!r}?" if found else ""
