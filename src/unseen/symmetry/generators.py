"""Symmetries that nobody proposed: the fields whose flow leaves the density of the rows as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from unseen.errors import DataError
from unseen.seeds import generator
from unseen.structure import Columns
from unseen.symmetry.algebra import Algebra, algebra
from unseen.symmetry.dictionary import LINEAR, Dictionary, Field
from unseen.symmetry.moments import moments
from unseen.symmetry.naming import described, planes_first
from unseen.symmetry.nullity import Judged, judged
from unseen.symmetry.proposed import LEAST_ROWS, Tested, judge
from unseen.symmetry.span import Span, span
from unseen.symmetry.support import tangent
from unseen.symmetry.transformations import Transformation

Floats = NDArray[np.float64]

# A direction is a symmetry only if the rows exclude a violation of this signal-to-noise squared a row: one
# that 50 rows would show at one standard error.
VIOLATION = 0.02
# ... and if the half it is found on fixes it to this angle, rad over the rows.
ANGLE = 0.1
# Time of a flow on the held-out half, uniform within +- this; 1 is a turn by 1 rad.
TIME, TIME_CURVED = 1.0, 0.5
# Rows far outside stand for flows that leave every bound, in root mean squares.
FAR_AWAY = 30.0
MOST_FIELDS = 256


@dataclass(frozen=True)
class Generator:
    """One generator.

    Attributes:
        name: What it does, to which columns.
        field: v, fitted on all rows; `field.matrix` is L where it is linear.
        angle: Standard error of its direction, rad over the rows, on the half it was confirmed from.
        violation: What violation the rows do not exclude (95 %), signal-to-noise squared a row.
        sure: Whether both are small enough to speak of a symmetry.
        tested: Of the same generator found on one half, the test on the other; None where not sure.

    """

    name: str
    field: Field
    angle: float
    violation: float
    sure: bool
    tested: Tested | None

    @property
    def confirmed(self) -> bool:
        """Whether it is sure and the held-out half does not speak against it."""
        return self.sure and self.tested is not None and not self.tested.broken


@dataclass(frozen=True)
class Symmetries:
    """What was found.

    Attributes:
        columns: Leading columns, d of them; `followers` are linear functions of these.
        constant: Columns that do not vary and took no part.
        degree: Highest degree of the fields looked at; 0 stands for linear maps about the origin.
        relations: Exact quadratic relations that every symmetry has to keep.
        rows: How many rows.
        spectrum: z-score of each direction, ascending: root of its statistic over what noise gives; about 1
            for a symmetry.
        generators: Candidates that the rows do not speak against.
        algebra: What the confirmed ones span (of linear maps).

    """

    columns: tuple[str, ...]
    followers: dict[str, str]
    constant: tuple[str, ...]
    degree: int
    relations: int
    rows: int
    spectrum: tuple[float, ...]
    generators: tuple[Generator, ...]
    algebra: Algebra | None

    @property
    def low(self) -> int:
        """Dimension that is sure."""
        return sum(one.confirmed for one in self.generators)

    @property
    def high(self) -> int:
        """Dimension that the rows do not exclude."""
        return sum(one.confirmed or not one.sure for one in self.generators)

    @property
    def dimension(self) -> int | None:
        """Dimension of the symmetry; None where the rows are not enough to tell."""
        return self.low if self.low == self.high else None

    @property
    def verdict(self) -> str:
        """Say it in a sentence."""
        if self.dimension is None:
            return f"not enough data: between {self.low} and {self.high} generators agree with these rows"
        kind = "linear" if self.degree == 0 else f"polynomial (degree {self.degree})"
        refuted = len(self.generators) - self.dimension
        rest = f"; {refuted} more refuted by the held-out half" if refuted else ""
        return f"{self.dimension or 'no'} {kind} symmetry generator{'s' * (self.dimension != 1)}{rest}"


def find(found: Columns, *, seed: int = 0) -> Symmetries:
    """Find the linear maps x -> exp(tL) x that leave the density of the rows as it is.

    E[grad phi . Lx] = 0 for random smooth phi, linear in L, solved by the generalised method of moments on
    the span of the data and tangent to its exact relations; the number of solutions is that which a chi2
    test does not reject. Each is found again on one half and tested on the other.

    Args:
        found: Checked columns.
        seed: Of functions, halves and tests.

    Raises:
        DataError: Too few rows for the number of columns.

    >>> from unseen.structure import columns
    >>> rows = np.random.default_rng(0).normal(size=(4000, 2)) * [1.0, 2.0]
    >>> seen = find(columns(rows, ["x", "y"]))
    >>> seen.dimension, seen.algebra.name
    (1, 'so(2)')

    """
    with threadpool_limits(limits=1):
        return _found(found, LINEAR, seed)


def find_curved(found: Columns, degree: int, *, seed: int = 0) -> Symmetries:
    """Find polynomial fields v whose flow keeps the density, of the lowest degree that has any.

    Degree 1 adds shifts to linear maps: symmetries about another centre. A warning that is not small print:
    fields that keep a density are an infinite family once their degree is free (f(h) v with v, for every h
    that v conserves). What is found is what this dictionary holds.
    """
    with threadpool_limits(limits=1):
        seen = _found(found, Dictionary(0, 1), seed)
        for more in range(2, degree + 1):
            if seen.high:
                break
            seen = _found(found, Dictionary(0, more), seed)
    return seen


def _found(found: Columns, dictionary: Dictionary, seed: int) -> Symmetries:
    space = span(found, centred=not dictionary.linear)
    _refuse(len(found), space, dictionary)
    basis, relations = tangent(space.white, dictionary, single=found.single)
    whole = judged(moments(space.white, dictionary, basis, seed=seed))
    count = whole.fields.shape[1]
    made: list[Generator] = []
    if count:
        one, other = np.array_split(generator(seed, 84).permutation(len(found)), 2)
        half = space.taken(one)
        part = judged(moments(half.white, dictionary, basis, seed=seed), count=count)
        made = _generators(space, dictionary, basis, (whole, part))
        made = _confirmed(made, space.taken(other), _fields(space, dictionary, basis @ part.fields), seed)
    maps = [one.field.matrix for one in made if one.confirmed] if dictionary.linear else []
    linear = [np.linalg.solve(space.root, one @ space.root) for one in maps]
    return Symmetries(
        space.names,
        space.followers,
        tuple(found.constant),
        0 if dictionary.linear else dictionary.most,
        relations,
        len(found),
        tuple(np.sqrt(whole.excess).tolist()),
        tuple(made),
        algebra(linear) if dictionary.linear else None,
    )


def _refuse(rows: int, space: Span, dictionary: Dictionary) -> None:
    width = len(space.names)
    fields = width * dictionary.size(width)
    least = max(LEAST_ROWS, 60 * fields)
    if rows < least:
        raise DataError(
            f"{rows:,} rows came for {width} independent columns ({fields} unknowns); finding "
            f"symmetries needs {least:,} or more"
        )
    if fields > MOST_FIELDS:
        raise DataError(
            f"{width} independent columns have {fields} unknowns at this degree; accepted: {MOST_FIELDS} or "
            "fewer. Take fewer columns, or a lower degree"
        )


def _fields(space: Span, dictionary: Dictionary, coefficients: Floats) -> list[Field]:
    """Turn coefficients (d q, m) in coordinates of unit size into readable fields on the columns."""
    size = np.sqrt((space.rows**2).mean(axis=0))
    shape = (len(size), -1)
    if dictionary.linear:
        inverse = np.linalg.inv(space.root)
        maps = [space.root @ column.reshape(shape) @ inverse for column in coefficients.T]
        maps = planes_first(maps, size)
        return [_linear(space, matrix, size) for matrix in maps]
    few = space.rows[:: max(1, len(space.rows) // 4000)]
    white = np.linalg.solve(space.root, few.T).T
    terms, target = dictionary.terms(few / size), dictionary.terms(white)
    made = []
    for column in coefficients.T:
        values = target @ column.reshape(shape).T @ space.root / size
        fitted = np.linalg.lstsq(terms, values, rcond=None)[0].T
        made.append(Field(dictionary, fitted * np.sqrt(2.0), space.origin, size))
    return made


def _linear(space: Span, matrix: Floats, size: Floats) -> Field:
    """Give a matrix the speed of a turn by 1 rad a unit of time: mean of |v|^2 is 2 in units of size 1."""
    white = np.linalg.solve(space.root, matrix @ space.root)
    faster = matrix * np.sqrt(2.0) / np.linalg.norm(white)
    return Field(LINEAR, faster * size / size[:, None], space.origin, size)


def _generators(
    space: Span, dictionary: Dictionary, basis: Floats, found: tuple[Judged, Judged]
) -> list[Generator]:
    whole, part = found
    # basis vectors are mixtures of the candidates, so that all of them are sure or none is
    angle, violation = float(part.angle.max()), float(whole.violation.max())
    sure = violation <= VIOLATION and angle <= ANGLE
    fields = _fields(space, dictionary, basis @ whole.fields)
    made = []
    for place, field in enumerate(fields):
        name = (
            described(field.matrix, space.names, field.scale) if dictionary.linear else f"field {place + 1}"
        )
        made.append(Generator(name, field, angle, violation, sure, None))
    return made


def _confirmed(made: list[Generator], held: Span, fields: Sequence[Field], seed: int) -> list[Generator]:
    """Test on held-out rows what the other rows gave for each generator."""
    if not all(one.sure for one in made):
        return made
    tested = judge(
        held.rows + held.origin,
        held.names,
        [_flow(one.name, held.names, field) for one, field in zip(made, fields, strict=True)],
        seed=seed,
    )
    return [replace(one, tested=seen) for one, seen in zip(made, tested, strict=True)]


def _flow(name: str, names: tuple[str, ...], field: Field) -> Transformation:
    longest = TIME if field.dictionary.linear else TIME_CURVED

    def act(rows: Floats, random: np.random.Generator) -> Floats:
        moved = field.flow(rows, random.uniform(-longest, longest, len(rows)))
        bound = FAR_AWAY * field.scale
        return np.clip(np.nan_to_num(moved - field.origin, nan=FAR_AWAY), -bound, bound) + field.origin

    return Transformation(f"exp(tL), {name}", names, act)
