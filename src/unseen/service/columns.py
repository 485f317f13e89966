"""The columns a detector reads, and how they are described to a client."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from unseen.data.kinds import Category, Image, Input, Moment, Number
from unseen.detectors.detector import LARGEST
from unseen.detectors.two_stage import TwoStage
from unseen.errors import ConfigError

Fragment = dict[str, Any]


@dataclass(frozen=True)
class Sizes:
    """Bounds on the rows of one request.

    Attributes:
        rows: Rows scored in one request.
        explained: Rows explained in one request.
        columns: Columns of the rows, those that are not read included.

    Raises:
        ConfigError: One of them is below 1.

    """

    rows: int = 65_536
    explained: int = 1_000
    columns: int = 10_000

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value < 1:
                raise ConfigError(f"{name} {value!r} came; accepted: 1 or more")


def columns_of(detector: TwoStage) -> tuple[Input, ...]:
    """Return the columns a detector reads: those of its schema, or the numbers of the array it was fitted on.

    >>> import numpy as np, unseen
    >>> detector = unseen.CommitteeDetector(seed=0).fit(np.random.default_rng(0).normal(size=(60, 2)))
    >>> [column.name for column in columns_of(detector)]
    ['x0', 'x1']
    """
    if detector.schema_ is not None:
        return detector.schema_.inputs
    fill = getattr(detector, "fill_", None)
    return tuple(
        Number(name, None if fill is None else float(fill[place]))
        for place, name in enumerate(detector.feature_names())
    )


def allows_missing(column: Input) -> bool:
    """Whether a value of this column may be missing."""
    return (isinstance(column, Number) and column.median is not None) or bool(
        getattr(column, "missing", False)
    )


def about(column: Input) -> Fragment:
    """Say what a column holds."""
    found: Fragment = {"name": column.name, "kind": column.kind, "may_be_missing": allows_missing(column)}
    if isinstance(column, Category):
        found["words"] = list(column.words)
    if isinstance(column, Image):
        found.update(shape=list(column.shape), pixel=column.pixel)
    return found


def cell_schema(column: Input, *, bounded: bool = False) -> Fragment:
    """Return the JSON schema of one value; `bounded` numbers are those that are refused beyond 1e30.

    >>> cell_schema(Number("bytes"))
    {'type': 'number'}
    >>> cell_schema(Category("service", ("http", "dns"), missing=True))["type"]
    ['string', 'boolean', 'null']
    """
    if isinstance(column, Image):
        return _image_schema(column)
    types = {"number": ["number"], "category": ["string", "boolean"], "date": ["string"]}[column.kind]
    kinds = [*types, "null"] if allows_missing(column) else types
    found: Fragment = {"type": kinds if len(kinds) > 1 else kinds[0]}
    if isinstance(column, Number) and bounded:
        found.update(minimum=-LARGEST, maximum=LARGEST)
    if isinstance(column, Moment):
        found.update(format="date-time", description="ISO 8601, also without a zone; the clock counts")
    if isinstance(column, Category):
        found.update(description=f"known words: {', '.join(column.words[:10])}", examples=[*column.words[:3]])
    return found


def rows_schema(columns: Sequence[Input], sizes: Sizes, *, most: int, bounded: bool) -> Fragment:
    """Return the JSON schema of a body: a list of rows by column name.

    An object of columns as lists is taken as well. JSON schema cannot say that lists are of one length, so
    this form is told of in words.
    """
    cells = {column.name: cell_schema(column, bounded=bounded) for column in columns}
    row = {
        "type": "object",
        "properties": cells,
        "required": list(cells),
        "maxProperties": sizes.columns,
    }
    return {"type": "array", "items": row, "minItems": 1, "maxItems": most}


def _image_schema(column: Image) -> Fragment:
    pixel: Fragment = {"type": "number"}
    if column.pixel == "uint8":
        pixel = {"type": "integer", "minimum": 0, "maximum": 255}
    for length in reversed(column.shape):
        pixel = {"type": "array", "items": pixel, "minItems": length, "maxItems": length}
    return pixel
