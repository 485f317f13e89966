"""A schema as plain values for a model file, and back, trusting nothing."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from typing import Any

from unseen.data.kinds import Category, Image, Input, Moment, Number
from unseen.errors import ModelFileError

VERSION = 1
MOST_COLUMNS = 100_000
MOST_FEATURES = 10_000_000
LONGEST_WORD = 10_000
LARGEST = sys.float_info.max
PIXELS = ("uint8", "float32")


def record_of(inputs: Sequence[Input]) -> dict[str, Any]:
    """Return the inputs as JSON-able values."""
    return {"version": VERSION, "columns": [_column(column) for column in inputs]}


def _column(column: Input) -> dict[str, Any]:
    record: dict[str, Any] = {"name": column.name, "kind": column.kind}
    if isinstance(column, Number):
        record["median"] = column.median
    elif isinstance(column, Category):
        record |= {"words": list(column.words), "missing": column.missing}
    elif isinstance(column, Moment):
        record["missing"] = column.missing
    elif isinstance(column, Image):
        record |= {"shape": list(column.shape), "pixel": column.pixel}
    return record


def inputs_from(record: object) -> tuple[Input, ...]:
    """Rebuild the inputs of a schema.

    Raises:
        ModelFileError: anything but what `record_of` of this or an earlier version writes.

    """
    fields = _fields(record, {"version", "columns"}, "schema")
    version = fields["version"]
    if version != VERSION or not isinstance(version, int) or isinstance(version, bool):
        raise ModelFileError(f"schema has version {version!r:.50}; this release reads version {VERSION}")
    columns = fields["columns"]
    if not isinstance(columns, list) or not 1 <= len(columns) <= MOST_COLUMNS:
        raise ModelFileError(f"schema must list 1 to {MOST_COLUMNS} columns")
    inputs = tuple(_input(column) for column in columns)
    if len({column.name for column in inputs}) < len(inputs):
        raise ModelFileError("schema has two columns of one name")
    if sum(column.width for column in inputs) > MOST_FEATURES:
        raise ModelFileError(f"schema has more than {MOST_FEATURES} features")
    return inputs


def _input(record: object) -> Input:
    kind = record.get("kind") if isinstance(record, dict) else None
    if not isinstance(kind, str) or kind not in _READERS:
        raise ModelFileError(f"schema has a column of kind {kind!r:.50}; accepted: {', '.join(_READERS)}")
    return _READERS[kind](record)


def _number(record: object) -> Input:
    fields = _fields(record, {"name", "kind", "median"}, "number column")
    median = fields["median"]
    if median is not None and (type(median) not in (int, float) or not -LARGEST <= median <= LARGEST):
        raise ModelFileError(f"schema: median {median!r:.50} is not a finite number")
    return Number(_word(fields["name"]), None if median is None else float(median))


def _category(record: object) -> Input:
    fields = _fields(record, {"name", "kind", "words", "missing"}, "category column")
    words = fields["words"]
    if not isinstance(words, list) or not 1 <= len(words) <= MOST_COLUMNS:
        raise ModelFileError(f"schema: a category must list 1 to {MOST_COLUMNS} words")
    known = tuple(_word(word) for word in words)
    if len(set(known)) < len(known):
        raise ModelFileError("schema: a category lists a word twice")
    return Category(_word(fields["name"]), known, _flag(fields["missing"]))


def _moment(record: object) -> Input:
    fields = _fields(record, {"name", "kind", "missing"}, "date column")
    return Moment(_word(fields["name"]), _flag(fields["missing"]))


def _image(record: object) -> Input:
    fields = _fields(record, {"name", "kind", "shape", "pixel"}, "image column")
    shape, pixel = fields["shape"], fields["pixel"]
    if not isinstance(shape, list) or len(shape) != 3 or not all(type(size) is int for size in shape):
        raise ModelFileError(f"schema: image shape {shape!r:.50} is not [C, H, W]")
    if min(shape) < 1 or max(shape) > MOST_FEATURES or math.prod(shape) > MOST_FEATURES:
        raise ModelFileError(f"schema: image shape {shape!r:.50} is out of range")
    if pixel not in PIXELS:
        raise ModelFileError(f"schema: pixel type {pixel!r:.50} is not known; accepted: {', '.join(PIXELS)}")
    return Image(_word(fields["name"]), (shape[0], shape[1], shape[2]), str(pixel))


_READERS: dict[str, Callable[[object], Input]] = {
    Number.kind: _number,
    Category.kind: _category,
    Moment.kind: _moment,
    Image.kind: _image,
}


def _fields(record: object, names: set[str], what: str) -> dict[str, Any]:
    if not isinstance(record, dict) or set(record) != names:
        raise ModelFileError(f"schema: a {what} must have exactly the fields {', '.join(sorted(names))}")
    return record


def _word(value: object) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_WORD:
        raise ModelFileError(f"schema: {value!r:.50} is not a name of at most {LONGEST_WORD} letters")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ModelFileError(f"schema: missing={value!r:.50} is not true or false")
    return value
