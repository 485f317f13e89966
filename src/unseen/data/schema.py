"""What the columns were in training, and the matrix of features they become."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from unseen.data.columns import column_names, is_number, plain
from unseen.data.kinds import (
    Category,
    Image,
    Input,
    Moment,
    Number,
    image_layout,
    is_image,
    is_moment,
    is_words,
    words_of,
)
from unseen.data.schema_file import inputs_from, record_of
from unseen.errors import ConfigError, DataError, nearest, unknown

Missing = Literal["error", "median"]
SPOILED = 0.02
"""Share of other words below which a column of text is held to be one of numbers with mistakes in it."""


@dataclass(frozen=True)
class Schema:
    """How named columns of mixed kinds become a float32 matrix of shape (N, D); fitted once, then fixed.

    | column | features |
    |---|---|
    | number | itself |
    | word, true/false | one-hot over the words of training, one for any other, one for missing |
    | date | hour and weekday, each as sine and cosine |
    | image (C, H, W) | its pixels |

    Rows are encoded one by one: neither their order nor the cut into batches changes a value.

    >>> import pyarrow as pa
    >>> table = pa.table({"bytes": [1.0, 2.0, 5.0], "service": ["http", "dns", "http"]})
    >>> schema = Schema.fit(table)
    >>> schema.features
    ('bytes', 'service=http', 'service=dns', 'service (other)')
    >>> schema.encode(pa.table({"service": ["ssh"], "bytes": [3.0]})).tolist()
    [[3.0, 0.0, 0.0, 1.0]]
    """

    inputs: tuple[Input, ...]

    @classmethod
    def fit(
        cls,
        table: pa.Table,
        *,
        exclude: Collection[str] = (),
        missing: Missing = "error",
        max_words: int = 64,
    ) -> Schema:
        """Learn the kinds, words and medians of the columns.

        Args:
            table: training rows.
            exclude: columns that are not input, such as the label.
            missing: `"error"` refuses numbers and dates that are missing or not finite; `"median"` fills
                numbers with the median of training, dates with the centre of their circles, and gives
                every column of words a feature for missing ones. A column of words with missing ones
                in training has that feature in either case.
            max_words: words of a column with a feature of their own, the most frequent ones (ties by
                name); rarer ones count as `other`.

        Raises:
            DataError: no rows, no columns, a column that is empty or of a type that is not accepted.
            ConfigError: `missing` or `max_words` is not accepted.

        """
        if missing not in ("error", "median"):
            raise ConfigError(unknown("missing", missing, ("error", "median")))
        if max_words < 1:
            raise ConfigError(f"max_words={max_words} is not accepted; accepted: 1 or more")
        if table.num_rows == 0:
            raise DataError("the training table holds no rows")
        table = plain(table.rename_columns(list(column_names(table.column_names, "the training table"))))
        for name in exclude:
            if name not in table.column_names:
                raise DataError(unknown("column to exclude", name, table.column_names))
        names = [name for name in table.column_names if name not in set(exclude)]
        if not names:
            raise DataError("no column is left to learn from: every column is excluded")
        schema = cls(tuple(_fit_input(name, table.column(name), missing, max_words) for name in names))
        for column in schema.inputs:
            column.check(table.column(column.name))
        return schema

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the input columns."""
        return tuple(column.name for column in self.inputs)

    @cached_property
    def features(self) -> tuple[str, ...]:
        """Names of the D features."""
        return tuple(feature for column in self.inputs for feature in column.features)

    @cached_property
    def owner(self) -> np.ndarray:
        """Index of the input column of each feature, int64 of shape (D,)."""
        return np.repeat(np.arange(len(self.inputs)), [column.width for column in self.inputs])

    @cached_property
    def binary(self) -> np.ndarray:
        """Whether a feature is one of a one-hot group, bool of shape (D,)."""
        flags: np.ndarray = np.array([column.binary for column in self.inputs], dtype=bool)[self.owner]
        return flags

    @property
    def shape(self) -> tuple[int, int, int] | None:
        """(C, H, W) where the only column is an image."""
        only = self.inputs[0]
        return only.shape if len(self.inputs) == 1 and isinstance(only, Image) else None

    def encode(self, batch: pa.Table) -> np.ndarray:
        """Return the features of rows, float32 of shape (N, D) in C order; extra columns are ignored.

        Raises:
            DataError: a column is missing or of another kind, a value is missing or not finite. Rows are
                counted from 0 within `batch`.

        """
        names = {str(name).strip(): index for index, name in enumerate(batch.column_names)}
        lost = [name for name in self.columns if name not in names]
        if lost:
            more = f" and {len(lost) - 1} more are" if len(lost) > 1 else " is"
            raise DataError(
                f"column {lost[0]!r}{more} missing; there are: {', '.join(list(names)[:20])}."
                f"{nearest(lost[0], names)}"
            )
        chosen = batch.select([names[name] for name in self.columns])
        return self._encode_plain(plain(chosen.rename_columns(list(self.columns))))

    def _encode_plain(self, table: pa.Table) -> np.ndarray:
        ends = np.cumsum([column.width for column in self.inputs])
        out = np.empty((table.num_rows, int(ends[-1])), dtype=np.float32)
        if not len(out):
            return out
        for column, end in zip(self.inputs, ends, strict=True):
            column.write(table.column(column.name), out[:, end - column.width : end])
        return out

    def to_dict(self) -> dict[str, Any]:
        """Return the schema as JSON-able values; `from_dict` is its inverse."""
        return record_of(self.inputs)

    @classmethod
    def from_dict(cls, record: object) -> Schema:
        """Rebuild a schema from `to_dict`.

        Raises:
            ModelFileError: the record is broken, hostile, or of a later version.

        """
        return cls(inputs_from(record))


def _fit_input(name: str, column: pa.ChunkedArray, missing: Missing, max_words: int) -> Input:
    kind = column.type
    if column.null_count == len(column):
        raise DataError(f"column {name!r} is missing in every row; leave it out with exclude")
    if is_image(kind):
        return Image(name, *image_layout(kind))
    if is_moment(kind):
        return Moment(name, missing == "median")
    if is_words(kind):
        return _fit_category(name, column, missing, max_words)
    if pt.is_integer(kind) or pt.is_floating(kind):
        return _fit_number(name, column, missing)
    raise DataError(
        f"column {name!r} has type {kind}; accepted: numbers, words, dates, images (C, H, W)."
        " Convert it, or leave it out with exclude"
    )


def _fit_number(name: str, column: pa.ChunkedArray, missing: Missing) -> Number:
    if missing == "error":
        return Number(name)
    values = column.to_numpy()
    finite = values[np.isfinite(values)]
    if not finite.size:
        raise DataError(f"column {name!r} has no finite value; leave it out with exclude")
    return Number(name, float(np.median(finite)))


def _fit_category(name: str, column: pa.ChunkedArray, missing: Missing, max_words: int) -> Category:
    counted = pc.value_counts(pc.drop_null(words_of(column))).to_pylist()
    _refuse_spoiled_numbers(name, [entry["values"] for entry in counted])
    ranked = sorted(counted, key=lambda entry: (-entry["counts"], entry["values"]))
    words = tuple(entry["values"] for entry in ranked[:max_words])
    return Category(name, words, missing == "median" or column.null_count > 0)


def _refuse_spoiled_numbers(name: str, words: list[str]) -> None:
    """Refuse a column of numbers that a few words have turned into text, which would be learned as words."""
    others = [word for word in words if not is_number(word)]
    if others and len(others) <= len(words) * SPOILED:
        raise DataError(
            f"column {name!r} is text, but {len(words) - len(others)} of its {len(words)} different words"
            f" are numbers (first other: {min(others)[:80]!r})."
            " Mend or drop these rows, or leave it out with exclude."
        )
