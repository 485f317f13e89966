"""Which rows are kept apart: by content, group, time, kind of anomaly and label budget."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from unseen.data.fingerprint import row_hashes, word_hashes
from unseen.errors import ConfigError, DataError
from unseen.seeds import generator


@dataclass(frozen=True)
class Split:
    """Rows to learn from and rows to judge by: two bool masks of shape (N,) without a common row."""

    train: np.ndarray
    test: np.ndarray


@dataclass(frozen=True)
class KindFold:
    """Kinds of anomaly a detector is told of, and kinds that are kept from it."""

    told: tuple[str, ...]
    unseen: tuple[str, ...]


@dataclass(frozen=True)
class Budget:
    """Rows whose label is told, int64 in ascending order; `count` of them."""

    count: int
    rows: np.ndarray


def held_out(rows: pa.Table | np.ndarray, share: float, salt: int) -> np.ndarray:
    """Choose about `share` of the rows by what they hold, as a bool mask of shape (N,).

    A row is held out where a 64-bit hash of its values, salted, falls below share x 2^64. So duplicates
    are on one side, whatever the order of rows, the batch they come in or the order of named columns;
    with another salt the choice is another. -0.0 counts as 0.0, every missing value as the same.

    Args:
        rows: a table, or numbers of shape (N, ...).
        share: above 0 and below 1.
        salt: any integer, such as a seed.

    Raises:
        ConfigError: `share` is out of range.

    >>> rows = np.array([[1.0, 2.0], [3.0, 4.0], [1.0, 2.0]])
    >>> mask = held_out(rows, 0.5, salt=0)
    >>> bool(mask[0] == mask[2])
    True

    """
    return row_hashes(rows, salt) < _limit(share)


def by_group(groups: Any, share: float, salt: int) -> Split:
    """Keep about `share` of the groups apart, each with all its rows (a host, a patient, an event).

    Raises:
        ConfigError: `share` is out of range.
        DataError: all groups fall on one side, as with very few of them.

    """
    names = np.asarray(groups).astype(np.str_)
    unique, inverse = np.unique(names, return_inverse=True)
    test = (word_hashes(unique.tolist(), salt) < _limit(share))[inverse]
    if test.all() or not test.any():
        raise DataError(
            f"{len(unique)} groups fall on one side of the split; use another salt or more groups"
        )
    return Split(~test, test)


def by_time(times: Any, share: float, *, gap: float | np.timedelta64 = 0) -> Split:
    """Judge by the latest `share` of the rows, learn from what came before.

    Rows of one moment stay together. `gap`, in the unit of `times`, drops the rows that close before
    the test rows begin, so that windows which overlap them teach nothing.

    Raises:
        ConfigError: `share` is out of range, or `gap` is negative.
        DataError: a time is missing, or all rows are of one moment.

    """
    _limit(share)
    moments = _moments(times)
    if gap < type(gap)(0):
        raise ConfigError(f"gap={gap} is not accepted; accepted: 0 or more")
    start = np.sort(moments)[min(len(moments) - 1, int(np.ceil(len(moments) * (1 - share))))]
    test = moments >= start
    train = moments < start - gap if gap else ~test
    if not train.any():
        raise DataError(
            f"no row is left to learn from: all {len(moments)} rows are too close to the test rows"
        )
    return Split(train, test)


def leave_one_kind_out(kinds: Any, *, normal: Sequence[str]) -> Iterator[KindFold]:
    """Keep each kind of anomaly from the detector in turn and tell it of all others.

    Raises:
        DataError: fewer than two kinds are there.

    >>> [fold.unseen for fold in leave_one_kind_out(["ok", "scan", "DoS"], normal=["ok"])]
    [('DoS',), ('scan',)]

    """
    anomalies = _anomalies(kinds, normal)
    for left in anomalies:
        yield KindFold(tuple(kind for kind in anomalies if kind != left), (left,))


def tell_one_kind(kinds: Any, *, normal: Sequence[str]) -> Iterator[KindFold]:
    """Tell the detector of each kind of anomaly in turn and keep all others from it.

    Raises:
        DataError: fewer than two kinds are there.

    >>> [fold.told for fold in tell_one_kind(["ok", "scan", "DoS"], normal=["ok"])]
    [('DoS',), ('scan',)]

    """
    for fold in leave_one_kind_out(kinds, normal=normal):
        yield KindFold(fold.unseen, fold.told)


def nested_labels(rows: Any, counts: Sequence[int], seed: int, *, kinds: Any = None) -> tuple[Budget, ...]:
    """Draw label budgets that contain each other: the 5 labels are among the 10.

    Curves over the number of labels then show what more labels add, not another draw.

    Args:
        rows: indices of the rows that may be told, in any order.
        counts: sizes of the budgets.
        seed: draws the order.
        kinds: kind of each of `rows`; where given, kinds take turns, so that every budget has as many
            of each as there are.

    Raises:
        DataError: a budget is larger than the number of rows, or a row comes twice.
        ConfigError: a count is negative.

    >>> [budget.count for budget in nested_labels([4, 8, 9], [1, 3], seed=0)]
    [1, 3]

    """
    indices = np.asarray(rows, dtype=np.int64)
    if len(np.unique(indices)) < len(indices):
        raise DataError("a row comes twice among the rows that may be told")
    for count in counts:
        if count < 0:
            raise ConfigError(f"a budget of {count} labels is not accepted; accepted: 0 or more")
        if count > len(indices):
            raise DataError(f"a budget of {count} labels is more than the {len(indices)} rows there are")
    by_index = np.argsort(indices)
    words = np.asarray(["" for _ in indices] if kinds is None else kinds).astype(np.str_)
    if len(words) != len(indices):
        raise DataError(f"{len(words)} kinds were given for {len(indices)} rows")
    order = by_index[generator(seed).permutation(len(indices))]
    drawn = indices[order][np.argsort(_turns(words[order]), kind="stable")]
    return tuple(Budget(count, np.sort(drawn[:count])) for count in counts)


def _moments(times: Any) -> np.ndarray:
    moments = np.asarray(times)
    if moments.dtype.kind not in "iufM" or not moments.size:
        raise DataError(f"{moments.size} times of type {moments.dtype}; accepted: numbers or datetime64")
    missing = np.flatnonzero(np.isnat(moments) if moments.dtype.kind == "M" else np.isnan(moments))
    if missing.size:
        raise DataError(f"{missing.size} times are missing (first: row {missing[0]})")
    return moments


def _turns(words: np.ndarray) -> np.ndarray:
    """Return how many rows of the same kind come before each row."""
    turns = np.empty(len(words), dtype=np.int64)
    for word in np.unique(words):
        same = words == word
        turns[same] = np.arange(same.sum())
    return turns


def _anomalies(kinds: Any, normal: Sequence[str]) -> list[str]:
    names = np.unique(np.asarray(kinds).astype(np.str_)).tolist()
    anomalies = [str(name) for name in names if name not in set(normal)]
    if len(anomalies) < 2:
        raise DataError(
            "leaving a kind out needs at least two kinds of anomaly; there are: "
            + (", ".join(anomalies) or "none")
        )
    return anomalies


def _limit(share: float) -> np.uint64:
    """Return share x 2^64."""
    if not 0 < share < 1:
        raise ConfigError(f"share={share} is not accepted; accepted: above 0 and below 1")
    return np.uint64(int(share * 2.0**64))
