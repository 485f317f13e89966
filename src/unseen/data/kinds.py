"""The four kinds of input column and how each becomes features."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from unseen.data.columns import image_values
from unseen.errors import DataError

FLOAT32_MAX = float(np.finfo(np.float32).max)
DAY = 86_400 * 10**9
ADVICE = 'Drop or fill them, or pass missing="median".'


@dataclass(frozen=True)
class Input(ABC):
    """One input column as it was seen in training; it writes its features into a matrix."""

    name: str
    kind: ClassVar[str]

    @property
    @abstractmethod
    def features(self) -> tuple[str, ...]:
        """Names of the features, in order."""

    @property
    def width(self) -> int:
        """Number of features."""
        return len(self.features)

    @property
    def binary(self) -> bool:
        """Whether the features are 0 or 1 only."""
        return False

    @abstractmethod
    def write(self, column: pa.ChunkedArray, out: np.ndarray) -> None:
        """Write the features of a column into `out`, float32 of shape (N, width).

        Raises:
            DataError: a type or a value that was not trained for.

        """

    def check(self, column: pa.ChunkedArray) -> None:
        """Raise what `write` would raise."""
        self.write(column, np.empty((len(column), self.width), dtype=np.float32))

    def mistyped(self, column: pa.ChunkedArray, holds: str) -> DataError:
        """Say that a column is of another kind than in training."""
        return DataError(
            f"column {self.name!r} holds {describe(column.type)}; the model was trained on {holds}"
        )


@dataclass(frozen=True)
class Number(Input):
    """A number, as it is; `median` takes the place of missing ones where it is given.

    Finite values beyond the range of float32 are set to its largest, 3.4e38: such a row must be
    scored as the strangest there is rather than stop a stream or be filled as if it were missing.
    """

    median: float | None = None
    kind: ClassVar[str] = "number"

    @property
    def features(self) -> tuple[str, ...]:
        """The name of the column."""
        return (self.name,)

    def write(self, column: pa.ChunkedArray, out: np.ndarray) -> None:
        """Cast to float32; look closer only where something is not finite."""
        values = self.values(column)
        with np.errstate(over="ignore", invalid="ignore"):
            out[:, 0] = values
        if not np.isfinite(out).all():
            out[:, 0] = self._repaired(values)

    def values(self, column: pa.ChunkedArray) -> np.ndarray:
        """Return the column as float64 with nan where it is missing."""
        if pt.is_string(column.type) and column.null_count < len(column):
            word = pc.drop_null(column)[0].as_py()
            raise DataError(
                f"column {self.name!r} holds text (first: {word[:80]!r}); the model was trained on numbers."
                " Read it as numbers, or drop the rows with other words."
            )
        numeric = pt.is_integer(column.type) or pt.is_floating(column.type)
        if not numeric and column.null_count < len(column):
            raise self.mistyped(column, "numbers")
        if not numeric:
            return np.full(len(column), np.nan)
        values: np.ndarray = column.to_numpy()
        return values

    def _repaired(self, values: np.ndarray) -> np.ndarray:
        wrong = ~np.isfinite(values)
        if wrong.any() and self.median is None:
            rows = np.flatnonzero(wrong)
            raise DataError(
                f"column {self.name!r} has {rows.size} row{'s' * (rows.size > 1)} that"
                f" {'are' if rows.size > 1 else 'is'} not finite (first: row {rows[0]}). {ADVICE}"
            )
        filled = np.where(wrong, 0.0 if self.median is None else self.median, values)
        return filled.clip(-FLOAT32_MAX, FLOAT32_MAX)


@dataclass(frozen=True)
class Category(Input):
    """A word, one-hot: a feature per word of training, one for any other, one for a missing one.

    `missing` is whether there is a feature for missing words.
    """

    words: tuple[str, ...] = ()
    missing: bool = False
    kind: ClassVar[str] = "category"

    @property
    def features(self) -> tuple[str, ...]:
        """`service=http`, ..., `service (other)`, `service (missing)`."""
        tail = ("other", "missing") if self.missing else ("other",)
        return (*(f"{self.name}={word}" for word in self.words), *(f"{self.name} ({word})" for word in tail))

    @property
    def width(self) -> int:
        """Number of features."""
        return len(self.words) + 1 + self.missing

    @property
    def binary(self) -> bool:
        """One-hot features are 0 or 1."""
        return True

    def write(self, column: pa.ChunkedArray, out: np.ndarray) -> None:
        """Set one feature of each row to 1."""
        if not is_words(column.type) and column.null_count < len(column):
            raise self.mistyped(column, f"words ({', '.join(self.words[:3])}, ...)")
        if column.null_count and not self.missing:
            row = int(np.flatnonzero(column.is_null().to_numpy())[0])
            raise DataError(
                f"column {self.name!r} has {column.null_count} missing words (first: row {row}), but training"
                f" had none. {ADVICE}"
            )
        place = pc.index_in(words_of(column), value_set=pa.array(self.words, pa.string()), skip_nulls=True)
        index = pc.fill_null(place, len(self.words)).to_numpy()
        if column.null_count:
            index = np.where(column.is_null().to_numpy(), len(self.words) + 1, index)
        out[:] = 0.0
        out[np.arange(len(out)), index] = 1.0


@dataclass(frozen=True)
class Moment(Input):
    """A date, as hour of the day and day of the week on two circles.

    sin and cos of 2 pi h / 24 (h in hours with fractions, in the zone of the column) and of
    2 pi d / 7 (d = 0 on Monday). Never the absolute time: a detector would find tomorrow strange. A
    missing date is the centre of both circles, where `missing` allows it.
    """

    missing: bool = False
    kind: ClassVar[str] = "date"

    @property
    def features(self) -> tuple[str, ...]:
        """`time.hour.sin`, `time.hour.cos`, `time.weekday.sin`, `time.weekday.cos`."""
        return tuple(
            f"{self.name}.{cycle}.{part}" for cycle in ("hour", "weekday") for part in ("sin", "cos")
        )

    def write(self, column: pa.ChunkedArray, out: np.ndarray) -> None:
        """Place each moment on the two circles."""
        if not is_moment(column.type) and column.null_count < len(column):
            raise self.mistyped(column, "dates")
        if column.null_count and not self.missing:
            row = int(np.flatnonzero(column.is_null().to_numpy())[0])
            raise DataError(
                f"column {self.name!r} has {column.null_count} missing dates (first: row {row}). {ADVICE}"
            )
        gone = column.is_null().to_numpy()
        if gone.all():
            out[:] = 0.0
            return
        clock = pc.local_timestamp(column) if pt.is_timestamp(column.type) and column.type.tz else column
        stamps = clock.cast(pa.timestamp("ns")).cast(pa.int64()).fill_null(0).to_numpy()
        days, rest = np.divmod(stamps, DAY)
        for start, turn in ((0, rest / DAY), (2, (days + 3) % 7 / 7)):  # 1970-01-01 was a Thursday
            out[:, start] = np.sin(2 * np.pi * turn)
            out[:, start + 1] = np.cos(2 * np.pi * turn)
        out[gone] = 0.0


@dataclass(frozen=True)
class Image(Input):
    """An image of shape (C, H, W), pixel by pixel in C order, with the values it is stored with."""

    shape: tuple[int, int, int] = (1, 1, 1)
    pixel: str = "uint8"
    kind: ClassVar[str] = "image"

    @property
    def features(self) -> tuple[str, ...]:
        """`image[0,0,0]`, `image[0,0,1]`, ...: channel, row, column."""
        return tuple(f"{self.name}[{c},{h},{w}]" for c, h, w in np.ndindex(*self.shape))

    @property
    def width(self) -> int:
        """Number of pixels times channels."""
        return int(np.prod(self.shape))

    def check(self, column: pa.ChunkedArray) -> None:
        """Look at the pixels only where they may be not finite."""
        if self.pixel != "uint8" or column.null_count:
            super().check(column)

    def write(self, column: pa.ChunkedArray, out: np.ndarray) -> None:
        """Copy the pixels."""
        if not is_image(column.type):
            raise self.mistyped(column, f"images of shape {self.shape}")
        shape, pixel = image_layout(column.type)
        if (shape, pixel) != (self.shape, self.pixel):
            raise DataError(
                f"column {self.name!r} holds images of shape {shape} in {pixel}; the model was trained on"
                f" {self.shape} in {self.pixel}"
            )
        if column.null_count:
            raise DataError(f"column {self.name!r} has {column.null_count} missing images; drop these rows")
        out[:] = image_values(column).reshape(len(out), -1)
        if pixel != "uint8" and not np.isfinite(out).all():
            row = int(np.flatnonzero(~np.isfinite(out).all(axis=1))[0])
            raise DataError(f"column {self.name!r}: the image of row {row} has pixels that are not finite")


def is_words(kind: pa.DataType) -> bool:
    """Whether a type is text, a dictionary of text, or true/false."""
    return bool(
        pt.is_boolean(kind) or pt.is_string(kind) or pt.is_large_string(kind) or pt.is_dictionary(kind)
    )


def is_moment(kind: pa.DataType) -> bool:
    """Whether a type is a date or a timestamp."""
    return bool(pt.is_timestamp(kind) or pt.is_date(kind))


def is_image(kind: pa.DataType) -> bool:
    """Whether a type is a tensor of three axes."""
    return isinstance(kind, pa.FixedShapeTensorType) and len(kind.shape) == 3


def image_layout(kind: pa.DataType) -> tuple[tuple[int, int, int], str]:
    """Return (C, H, W) and the name of the pixel type."""
    order: Sequence[int] = kind.permutation or (0, 1, 2)
    c, h, w = (int(kind.shape[axis]) for axis in order)
    return (c, h, w), str(kind.value_type).replace("float", "float32").replace("halffloat32", "float16")


def words_of(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column of words as plain strings."""
    return column if pt.is_string(column.type) else column.cast(pa.string())


def describe(kind: pa.DataType) -> str:
    """Say what a type holds, for a person."""
    tests: tuple[tuple[Any, str], ...] = (
        (is_words, "words"),
        (is_moment, "dates"),
        (is_image, "images"),
        (lambda k: pt.is_integer(k) or pt.is_floating(k), "numbers"),
    )
    return next((text for test, text in tests if test(kind)), f"values of type {kind}")
