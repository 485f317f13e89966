"""A stable 64-bit hash of what each row holds, whatever machine, order or batch it comes in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.types as pt

from unseen.data.columns import image_values, plain
from unseen.errors import DataError

MISSING = np.uint64(0x9E3779B97F4A7C15)


def row_hashes(rows: pa.Table | np.ndarray, salt: int) -> np.ndarray:
    """Return uint64 hashes of shape (N,): h = mix(sum over columns of mix(value + key of column)).

    The sum makes the order of named columns irrelevant; the keys, from the column name, keep equal
    values in different columns apart. `mix` is the finaliser of splitmix64 (Steele, Lea and Flood 2014).

    Raises:
        DataError: values of a type that cannot be hashed.

    """
    parts = _table_columns(rows) if isinstance(rows, pa.Table) else _array_columns(np.asarray(rows))
    total = np.zeros(rows.num_rows if isinstance(rows, pa.Table) else len(rows), dtype=np.uint64)
    for name, bits in parts:
        total += _mix(bits + _key(name))
    return _mix(total + _key(str(salt)))


def word_hashes(words: Sequence[str], salt: int) -> np.ndarray:
    """Return a uint64 hash of each word."""
    return _mix(np.array([_key(word) for word in words], dtype=np.uint64) + _key(str(salt)))


def _table_columns(table: pa.Table) -> Iterator[tuple[str, np.ndarray]]:
    table = plain(table)
    for name in table.column_names:
        yield from _column(name, table.column(name))


def _column(name: str, column: pa.ChunkedArray) -> Iterator[tuple[str, np.ndarray]]:
    kind = column.type
    if isinstance(kind, pa.FixedShapeTensorType):
        for index, bits in _array_columns(image_values(column)):
            yield f"{name}[{index}]", bits
    elif pt.is_floating(kind):
        yield name, _float_bits(column.to_numpy())
    elif pt.is_string(kind) or pt.is_boolean(kind):
        yield name, _word_bits(column.cast(pa.string()))
    elif pt.is_timestamp(kind):
        stamps = column.cast(pa.timestamp("ns", kind.tz)).cast(pa.int64())
        bits = stamps.fill_null(0).to_numpy().view(np.uint64)
        yield name, np.where(column.is_null().to_numpy(), MISSING, bits)
    else:
        raise DataError(f"column {name!r} has type {kind}, by which rows cannot be told apart; leave it out")


def _array_columns(array: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    if array.dtype.kind not in "biuf":
        raise DataError(f"rows of type {array.dtype} cannot be told apart; accepted: numbers or a table")
    flat = array.reshape(len(array), -1)
    for index in range(flat.shape[1]):
        yield str(index), _float_bits(flat[:, index])


def _float_bits(values: np.ndarray) -> np.ndarray:
    """Return the bits of float64 values; one zero, one nan."""
    numbers = values.astype(np.float64) + 0.0
    return np.where(np.isnan(numbers), MISSING, numbers.view(np.uint64))


def _word_bits(column: pa.ChunkedArray) -> np.ndarray:
    encoded = column.combine_chunks().dictionary_encode()
    keys = np.array([*(_key(word) for word in encoded.dictionary.to_pylist()), MISSING], dtype=np.uint64)
    bits: np.ndarray = keys[encoded.indices.fill_null(len(keys) - 1).to_numpy()]
    return bits


def _key(word: str) -> np.uint64:
    digest = hashlib.blake2b(word.encode(), digest_size=8).digest()
    return np.uint64(int.from_bytes(digest, "little"))


def _mix(bits: Any) -> np.ndarray:
    with np.errstate(over="ignore"):
        bits = np.asarray(bits, dtype=np.uint64)
        bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed: np.ndarray = bits ^ (bits >> np.uint64(31))
    return mixed
