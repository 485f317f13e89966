"""What a person asks of a table: its symmetries, one proposed, those of a column, what an orbit conserves."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from unseen.errors import ConfigError, DataError, unknown
from unseen.structure import Columns
from unseen.studies.structuring import put, table
from unseen.symmetry import (
    Conserved,
    Field,
    FunctionSymmetry,
    Generator,
    Symmetries,
    Tested,
    conserved,
    find,
    find_curved,
    judge,
    symmetry_of,
    transformation,
)

# A mean this far from the origin, in standard deviations: rotations about the mean are not linear maps.
OFF_CENTRE = 0.1
# Terms of a polynomial field below this share of its largest are not written out.
WRITTEN = 0.05
# Columns with fewer values than this share of the rows are rounded, and transformed copies are not.
ROUNDED = 0.05


@dataclass(frozen=True)
class Answer:
    """What was found, ready to be shown and written.

    Attributes:
        lines: For a reader, in order.
        notes: What a reader must know.
        values: Everything, as JSON values.
        tables: File name -> CSV.
        found: The symmetries, for figures; None of the other questions.

    """

    lines: tuple[str, ...]
    notes: tuple[str, ...]
    values: Mapping[str, object]
    tables: Mapping[str, str]
    found: Symmetries | None = None

    def write(self, folder: Path, name: str = "symmetry") -> list[str]:
        """Write JSON, tables and figures into a folder, each whole or not at all; return the names."""
        folder.mkdir(parents=True, exist_ok=True)
        put(folder / f"{name}.json", json.dumps(self.values, indent=1, ensure_ascii=False) + "\n")
        for file, text in self.tables.items():
            put(folder / file, text)
        drawn: list[str] = []
        if self.found is not None:
            from unseen.report.figures.symmetry import drawings

            for file, draw in drawings(self.found).items():
                put(folder / file, draw() + "\n")
                drawn.append(file)
        return [f"{name}.json", *self.tables, *drawn]


def discovered(read: Columns, name: str, *, curved: int = 0, seed: int = 0) -> Answer:
    """Find the linear symmetries of a table, or polynomial ones up to degree `curved`."""
    found = find_curved(read, curved, seed=seed) if curved else find(read, seed=seed)
    notes = [f"column {column!r} does not vary, and is left out" for column in found.constant]
    if not curved and (np.abs(read.mean) > OFF_CENTRE * read.scale).any():
        notes.append(
            "the columns do not have their mean at 0, and linear maps keep 0; "
            "--curved 1 looks about any centre"
        )
    if found.degree > 1 and found.generators:
        notes.append(
            "fields that keep a density are an infinite family once their degree is free; these are the ones "
            f"of degree {found.degree} or less"
        )
    lines = [f"{name}: {found.rows:,} rows", found.verdict]
    lines += [f"{column} follows: {column} = {words}" for column, words in found.followers.items()]
    if found.relations:
        lines.append(f"exact quadratic relations that symmetries must keep: {found.relations}")
    lines.append("z-scores, ascending: " + " ".join(f"{z:.2f}" for z in found.spectrum))
    for place, one in enumerate(found.generators, start=1):
        lines += _told(place, one, found.columns)
    if found.algebra is not None and found.low:
        state = "closed under commutators" if found.algebra.closed else "not closed under commutators"
        lines.append(f"algebra: {found.algebra.name}; {state} (outside: {found.algebra.outside:.2g})")
    spectrum = table(("direction", "z_score"), enumerate(found.spectrum, start=1))
    entries = [
        (place, one.name, term, column, value)
        for place, one in enumerate(found.generators, start=1)
        for column, row in zip(found.columns, one.field.coefficients.tolist(), strict=True)
        for term, value in zip(one.field.dictionary.labels(found.columns), row, strict=True)
    ]
    head = ("generator", "name", "term", "component", "coefficient_in_units_of_the_columns_sizes")
    tables = {"spectrum.csv": spectrum, "generators.csv": table(head, entries)}
    return Answer(tuple(lines), tuple(notes), symmetries_to_dict(found, name), tables, found)


def _told(place: int, one: Generator, columns: Sequence[str]) -> list[str]:
    if not one.sure:
        state = (
            f"not excluded; the rows fix it to {one.angle:.3f} rad (0.1 asked) and leave room for a "
            f"violation of {one.violation:.3f} a row (0.02 asked)"
        )
    else:
        word = "confirmed" if one.confirmed else "refuted"
        said = f": Q {one.tested.quality:+.4f} nats, z {one.tested.z:.1f}" if one.tested else ""
        state = f"{word} on held-out rows{said}"
    lines = [f"{place}. {one.name}", f"   {state}; direction known to {one.angle:.3g} rad"]
    if one.field.dictionary.linear:
        with np.printoptions(precision=3, suppress=True, linewidth=120, threshold=200):
            lines += [f"   {row}" for row in str(np.round(one.field.matrix, 4) + 0.0).splitlines()]
        return lines
    return lines + [f"   d {column} = {words}" for column, words in written(one.field, columns).items()]


def written(field: Field, columns: Sequence[str]) -> dict[str, str]:
    """Write a polynomial field in standardised columns, component by component."""
    labels = field.dictionary.labels(tuple(columns))
    least = WRITTEN * float(np.abs(field.coefficients).max())
    return {
        column: " ".join(
            f"{value:+.3f} {term}".replace(" 1", "") for value, term in zip(row, labels, strict=True)
            if abs(value) > least
        ) or "0"
        for column, row in zip(columns, field.coefficients.tolist(), strict=True)
    }  # fmt: skip


def symmetries_to_dict(found: Symmetries, name: str) -> dict[str, object]:
    """Everything as JSON values."""
    generators = [
        {
            "name": one.name,
            "confirmed": one.confirmed,
            "sure": one.sure,
            "angle": one.angle,
            "violation": one.violation,
            "held_out": one.tested.to_dict() if one.tested else None,
            "matrix": one.field.matrix.tolist() if one.field.dictionary.linear else None,
            "terms": list(one.field.dictionary.labels(found.columns)),
            "coefficients": one.field.coefficients.tolist(),
            "origin": one.field.origin.tolist(),
            "scale": one.field.scale.tolist(),
        }
        for one in found.generators
    ]
    return {
        "data": name,
        "rows": found.rows,
        "columns": list(found.columns),
        "followers": found.followers,
        "constant": list(found.constant),
        "degree": found.degree or 1,
        "verdict": found.verdict,
        "dimension": found.dimension,
        "at_least": found.low,
        "at_most": found.high,
        "quadratic_relations": found.relations,
        "z_scores": list(found.spectrum),
        "generators": generators,
        "algebra": vars(found.algebra) if found.algebra else None,
    }


def put_to_test(read: Columns, name: str, proposals: Sequence[str], *, seed: int = 0) -> Answer:
    """Test proposed transformations, each written as KIND:COLUMNS or KIND:COLUMNS=AMOUNT."""
    wanted = [transformation(text) for text in proposals]
    for one in wanted:
        for column in one.columns:
            if column in read.constant:
                raise DataError(
                    f"column {column!r} is {read.constant[column]:g} in every row; {one.name} has nothing to "
                    "be tested on"
                )
    found = judge(read.values, read.names, wanted, seed=seed)
    # signs and places leave the values of a column among those it takes
    moved = {
        column for one in wanted for column in one.columns if not one.name.startswith(("reflection", "swap"))
    }
    notes = [
        f"column {column!r} takes few values: copies that are moved off them betray themselves"
        for place, column in enumerate(read.names)
        if column in moved and len(np.unique(read.values[:, place])) < ROUNDED * len(read)
    ]
    lines = [f"{name}: {len(read):,} rows, {found[0].rows:,} of them held out"]
    lines += [_result(one) for one in found]
    if len(found) > 1:
        lines.append(f"p-values are corrected for {len(found)} tests (Bonferroni)")
    head = ("transformation", "quality_nats", "error", "z", "p_value", "broken")
    rows = [(one.name, one.quality, one.error, one.z, one.p_value, one.broken) for one in found]
    values = {"data": name, "rows": len(read), "tests": [one.to_dict() for one in found]}
    return Answer(tuple(lines), tuple(notes), values, {"tests.csv": table(head, rows)})


def _result(one: Tested) -> str:
    state = "broken" if one.broken else "no violation seen"
    return (
        f"{one.name}: {state} (Q {one.quality:+.4f} +- {one.error:.4f} nats, "
        f"z {one.z:.1f}, p {one.p_value:.2g})"
    )


def of_column(read: Columns, name: str, target: str, *, blocks: int = 1) -> Answer:
    """Find the linear maps of the other columns under which one column does not change."""
    if target not in read.names:
        raise ConfigError(unknown("column", target, read.names))
    place = read.names.index(target)
    names = [column for column in read.names if column != target]
    if not names:
        raise DataError(
            f"column {target!r} is the only one that varies; accepted: others that it follows from"
        )
    found = symmetry_of(np.delete(read.values, place, axis=1), read.values[:, place], names, blocks=blocks)
    return Answer(tuple(_of_lines(found, name, target)), (), _of_dict(found, name, target), {})


def _of_lines(found: FunctionSymmetry, name: str, target: str) -> list[str]:
    count = len(found.generators)
    lines = [
        f"{name}: {target} as a polynomial of degree {found.degree}, R^2 {found.r2:.6f} on held-out rows",
        f"{count or 'no'} linear symmetry generator{'s' * (count != 1)}: {found.algebra.name}",
        *(f"{place}. {words}" for place, words in enumerate(found.names, start=1)),
        "change of the function, ascending: "
        + " ".join(f"{value:.2g}" for value in found.spectrum[: count + 3]),
    ]
    if found.metric is not None:
        lines.append("metric g with L'g + gL = 0 for all of them, up to a factor:")
        lines += [f"   {row}" for row in str(np.round(found.metric, 4) + 0.0).splitlines()]
    return lines


def _of_dict(found: FunctionSymmetry, name: str, target: str) -> dict[str, object]:
    return {
        "data": name,
        "function": target,
        "columns": list(found.columns),
        "blocks": found.blocks,
        "degree": found.degree,
        "r2": found.r2,
        "generators": [
            {"name": words, "matrix": matrix.tolist()}
            for words, matrix in zip(found.names, found.generators, strict=True)
        ],
        "change": list(found.spectrum),
        "algebra": vars(found.algebra),
        "metric": None if found.metric is None else found.metric.tolist(),
    }


def of_orbit(read: Columns, name: str) -> Answer:
    """Count the conserved quantities of one orbit whose columns are its phase space."""
    found = conserved(read)
    values = {"data": name, **_orbit_dict(found)}
    shown = ", ".join(
        f"{one.estimator} {one.value:.2f} ({one.low:.2f} to {one.high:.2f})" for one in found.estimates
    )
    lines = [
        f"{name}: {len(read):,} points of a phase space of {found.phase_space}",
        f"dimension filled: {shown}",
    ]
    if found.conserved is None:
        lines.append(f"not enough data: {found.why}; conserved quantities are not counted")
    else:
        word = "quantity" if found.conserved == 1 else "quantities"
        lines.append(f"{found.conserved} conserved {word}: {found.phase_space} - {found.trajectory}")
    return Answer(tuple(lines), (), values, {})


def _orbit_dict(found: Conserved) -> dict[str, object]:
    return {**vars(found), "estimates": [one.to_dict() for one in found.estimates]}
