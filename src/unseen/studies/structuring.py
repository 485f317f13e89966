"""What binds the columns of a table: rank, intrinsic dimension, relations, and what follows from what."""

from __future__ import annotations

import csv
import io
import json
import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from unseen.data import Source
from unseen.data.columns import kind_name
from unseen.errors import DataError
from unseen.structure import (
    Columns,
    Dimension,
    Predicted,
    Relations,
    columns,
    dimensions,
    from_the_others,
    refuse_dimension,
    relations,
)
from unseen.studies.rows import read_rows
from unseen.training.progress import tell

Floats = NDArray[np.float64]

# Rows that distances and R^2 are taken on; relations are looked for among more.
ROWS, ROWS_OF_RELATIONS = 10_000, 50_000
# Estimates above this fall short of the dimension by more than their interval says.
SURE = 10.0
# Columns of which R^2 is taken: each takes a forest of all others.
MOST_PREDICTED = 60


@dataclass(frozen=True)
class Structure:
    """What was found in a table.

    Attributes:
        name: What a person calls the data.
        rows: Read.
        names: Columns that vary.
        constant: Columns that do not, with their values.
        relations: Rank, exact relations and the spectrum behind them.
        dimensions: Estimates of the intrinsic dimension; empty where none was asked for.
        predicted: R^2 of each column from the others.
        notes: What a reader must know, a sentence each.

    """

    name: str
    rows: int
    names: tuple[str, ...]
    constant: dict[str, float]
    relations: Relations
    dimensions: tuple[Dimension, ...]
    predicted: tuple[Predicted, ...]
    notes: tuple[str, ...]

    @property
    def dimension(self) -> float:
        """Median of the estimates; NaN without any."""
        return median(one.value for one in self.dimensions) if self.dimensions else math.nan

    @property
    def warning(self) -> str | None:
        """Return what to say where rank and intrinsic dimension differ by more than half of one."""
        if not abs(self.relations.rank - self.dimension) > 0.5:
            return None
        return (
            f"rank {self.relations.rank} and intrinsic dimension {self.dimension:.1f} differ: the rows are "
            "bent, or lie near fewer directions. The active units of a VAE count directions that embed the "
            "rows, not numbers that tell them apart"
        )

    def to_dict(self) -> dict[str, object]:
        """Return everything as JSON values."""
        found = self.relations
        below, above = (None if math.isnan(value) else value for value in found.gap)
        return {
            "data": self.name,
            "rows": self.rows,
            "columns": list(self.names),
            "constant": self.constant,
            "pca_rank": found.rank,
            "eigenvalues": found.eigenvalues.tolist(),
            "intrinsic_dimension": [one.to_dict() for one in self.dimensions],
            "warning": self.warning,
            "linear": [one.to_dict() for one in found.linear],
            "quadratic": [one.to_dict() for one in found.quadratic],
            "largest_singular_value_of_a_relation": below,
            "smallest_singular_value_of_none": above,
            "r2_from_the_others": [one.to_dict() for one in self.predicted],
            "notes": list(self.notes),
        }

    def write(self, folder: Path) -> None:
        """Write `structure.json` and tables as CSV into a folder, each whole or not at all."""
        folder.mkdir(parents=True, exist_ok=True)
        put(folder / "structure.json", json.dumps(self.to_dict(), indent=1, ensure_ascii=False) + "\n")
        found = self.relations
        spectrum = enumerate(found.eigenvalues.tolist(), start=1)
        put(folder / "spectrum.csv", table(("direction", "eigenvalue"), spectrum))
        named = [(one.estimator, one.value, one.low, one.high, one.rows) for one in self.dimensions]
        put(folder / "dimension.csv", table(("estimator", "dimension", "low", "high", "rows"), named))
        both = [("linear", one) for one in found.linear] + [("quadratic", one) for one in found.quadratic]
        lines = [
            (number, kind, term, value, one.constant, str(one))
            for number, (kind, one) in enumerate(both, start=1)
            for term, value in zip(one.terms, one.coefficients, strict=True)
        ]
        head = ("relation", "kind", "term", "coefficient", "right_hand_side", "equation")
        put(folder / "relations.csv", table(head, lines))
        rows = [(one.name, one.linear, one.trees) for one in self.predicted]
        put(folder / "predicted.csv", table(("column", "r2_linear", "r2_trees"), rows))


def read_columns(
    source: Source, *, chosen: Sequence[str] = (), drop: Sequence[str] = (), label: str | None = None
) -> Columns:
    """Read the columns of a table that are to be measured.

    Args:
        source: Where the rows are.
        chosen, drop, label: Patterns of the columns to look at (all where empty), columns to leave out.

    Raises:
        DataError: Columns of words or images, numbers that are not finite, or nothing that varies.

    """
    read = read_rows(source, label=label, drop=drop, columns=chosen)
    return columns(matrix_of(read.table), read.table.column_names)


def look(
    found: Columns,
    name: str,
    *,
    rows: int = ROWS,
    tolerance: float | None = None,
    dimension: bool = True,
    seed: int = 0,
) -> Structure:
    """Measure the structure of columns.

    Args:
        found: By `read_columns`, or `unseen.structure.columns`.
        name: What a person calls the data.
        rows: Most rows for distances and R^2, drawn at random.
        tolerance: Share of the largest singular value below which a product relation is one; None takes
            1e-6, or 1e-5 where the file holds single precision.
        dimension: Whether to estimate the intrinsic dimension, which refuses small tables.
        seed: Of the draws.

    Raises:
        DataError: Too few rows, or too many that repeat others.

    """
    some = found.sample(rows, seed)
    notes = _of_constants(found)
    estimates: tuple[Dimension, ...] = ()
    if dimension:
        refuse_dimension(some)
        notes += _of_distances(some)
        tell("intrinsic dimension", 0, 1)
        estimates = dimensions(some.smoothed(seed).standard)
        if median(one.value for one in estimates) > SURE:
            notes.append(f"intrinsic dimensions above {SURE:g} are estimated too low; read them as bounds")
    tell("relations", 0, 1)
    bound = relations(found.sample(ROWS_OF_RELATIONS, seed), tolerance=tolerance)
    notes += [bound.note] if bound.note else []
    tell("R^2", 0, 1)
    predicted: tuple[Predicted, ...] = ()
    if len(found.names) > MOST_PREDICTED:
        notes.append(f"{len(found.names)} columns: R^2 is taken of {MOST_PREDICTED} at most; choose some")
    elif len(found.names) > 1 and len(some) >= 20:
        predicted = from_the_others(some, seed=seed)
    return Structure(
        name, len(found), found.names, dict(found.constant), bound, estimates, predicted, tuple(notes)
    )


def matrix_of(table: pa.Table) -> Floats:
    """Return the columns of a table as numbers, true and false as 1 and 0, missing values as NaN.

    Raises:
        DataError: A column of words, dates or images.

    """
    for field in table.schema:
        kind = kind_name(field.type)
        if kind not in ("number", "true/false"):
            raise DataError(
                f"column {field.name!r} holds {kind}; accepted: numbers. Name what to drop, or what to keep"
            )
    parts = [table.column(name).cast(pa.float64()).to_numpy() for name in table.column_names]
    return np.column_stack(parts)


def _of_constants(found: Columns) -> list[str]:
    fixed = list(found.constant.items())
    notes = [f"column {name!r} is {value:g} in every row, and left out" for name, value in fixed[:5]]
    return notes + ([f"{len(fixed) - 5} more columns are constant, and left out"] if len(fixed) > 5 else [])


def _of_distances(found: Columns) -> list[str]:
    notes = []
    if found.repeated:
        notes.append(f"{found.repeated:.1%} of the rows repeat others; distances use one of each")
    if found.counted:
        more = f" and {len(found.counted) - 1} more" if len(found.counted) > 1 else ""
        notes.append(
            f"column {found.counted[0]!r}{more} counts in whole numbers; noise of +-0.5 was added before "
            "distances were taken"
        )
    return notes


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Write rows under a head as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue()


def put(path: Path, text: str) -> None:
    """Write a file aside, then rename it."""
    aside = path.with_name(path.name + ".tmp")
    aside.write_text(text, encoding="utf-8")
    os.replace(aside, path)
