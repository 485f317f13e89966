"""Exact relations among columns: linear ones, and quadratic ones on the span that the linear ones leave."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unseen.structure.checked import Columns
from unseen.structure.quadratic import Span, shortest
from unseen.structure.relation import Relation
from unseen.structure.sparse import NOTHING, small_integers, sparse_basis
from unseen.structure.spectrum import NO_DIRECTION

Floats = NDArray[np.float64]

# Singular values of scaled products below these shares of the largest are relations (double, single digits).
NO_PRODUCT, NO_PRODUCT_SINGLE = 1e-6, 1e-5
# Products of more directions than this are not looked at: their number grows with the square.
MOST_DIRECTIONS = 40


@dataclass(frozen=True)
class Relations:
    """The relations of one set.

    Attributes:
        rank: Directions in which the columns vary.
        linear: Columns that are constant, then combinations of columns that are.
        quadratic: Relations of second order that do not follow from the linear ones.
        eigenvalues: Of the standardised columns, largest first, shape (D,).
        singular: Singular values of the scaled products over the largest, shape (M,); empty where products
            were not looked at.
        note: Why products were not looked at; None where they were.

    """

    rank: int
    linear: tuple[Relation, ...]
    quadratic: tuple[Relation, ...]
    eigenvalues: Floats
    singular: Floats
    note: str | None = None

    @property
    def gap(self) -> tuple[float, float]:
        """Largest singular value that is a relation, and the smallest that is none; NaN where there is none.

        A clear relation has orders of magnitude between the two.
        """
        count = len(self.quadratic)
        below = float(self.singular[-count]) if count else float("nan")
        above = float(self.singular[-count - 1]) if len(self.singular) > count else float("nan")
        return below, above


def relations(found: Columns, *, tolerance: float | None = None) -> Relations:
    """Find the relations of checked columns.

    Linear: eigenvectors of the standardised columns with eigenvalue below 1e-8. Quadratic: the null space of
    the products {1, c_i, c_i c_j} of the remaining principal components, each scaled to a root mean square
    of 1, with singular values below `tolerance` of the largest. Both are shown by vectors of few terms.

    Args:
        found: Columns, by `unseen.structure.columns`.
        tolerance: Share of the largest singular value; None takes 1e-6, or 1e-5 for single precision.

    >>> from unseen.structure.checked import columns
    >>> x, v = np.random.default_rng(0).normal(size=(2, 400))
    >>> seen = relations(columns(np.column_stack([x, v, 0.5 * v**2 + 2 * x**2]), ["x", "v", "E"]))
    >>> seen.rank, [str(one) for one in seen.linear + seen.quadratic]
    (3, ['2 E - 4 x^2 - v^2 = 0'])

    """
    values, vectors = np.linalg.eigh(found.standard.T @ found.standard / len(found))
    order = np.argsort(-values)
    values, vectors = values[order], vectors[:, order]
    kept = values >= NO_DIRECTION
    linear = [Relation((name,), (1.0,), value, (1,), 0.0) for name, value in found.constant.items()]
    linear += _linear(found, vectors[:, ~kept].T)
    limit = tolerance or (NO_PRODUCT_SINGLE if found.single else NO_PRODUCT)
    directions = int(kept.sum())
    note = _too_many(directions, len(found))
    if note is not None:
        return Relations(directions, tuple(linear), (), values, np.empty(0), note)
    span = Span(found, vectors[:, kept], values[kept])
    singular, null = span.null_space(limit)
    return Relations(directions, tuple(linear), tuple(shortest(span, null)), values, singular)


def _too_many(directions: int, rows: int) -> str | None:
    products = (directions + 1) * (directions + 2) // 2
    if directions > MOST_DIRECTIONS:
        return f"{directions} directions: quadratic relations are looked for among {MOST_DIRECTIONS} at most"
    if rows < 2 * products:
        return f"{rows:,} rows: quadratic relations of {directions} directions need {2 * products:,}"
    return None


def _linear(found: Columns, null: Floats) -> list[Relation]:
    """Relations sum_j c_j x_j = constant from null vectors of the standardised columns, shape (k, D)."""
    made = []
    for row in sparse_basis(null):
        used = np.flatnonzero(row)
        # least squares on the columns that take part: digits that mixing with other relations cost come back
        weights = np.linalg.svd(found.standard[:, used], full_matrices=False)[2][-1]
        coefficients = weights / found.scale[used]
        coefficients /= coefficients[np.argmax(np.abs(coefficients))]
        sizes = np.abs(coefficients) * np.sqrt((found.values[:, used] ** 2).mean(axis=0))
        total = found.values[:, used] @ coefficients
        constant = _settled(float(total.mean()), sizes.max())
        made.append(
            Relation(
                tuple(found.names[place] for place in used),
                tuple(coefficients.tolist()),
                constant,
                small_integers(coefficients),
                float(np.sqrt(((total - constant) ** 2).mean()) / sizes.max()),
            )
        )
    return made


def _settled(constant: float, size: float) -> float:
    """Return 0 for a constant that is rounding beside terms of `size`."""
    return 0.0 if abs(constant) < NOTHING * size else constant
