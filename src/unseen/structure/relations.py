"""Exact relations among columns: linear ones, and quadratic ones on the span that the linear ones leave."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import qr

from unseen.seeds import generator
from unseen.structure.checked import Columns
from unseen.structure.sparse import NOTHING, equation, small_integers, sparse_basis
from unseen.structure.spectrum import NO_DIRECTION

Floats = NDArray[np.float64]

# Singular values of scaled products below these shares of the largest are relations (double, single digits).
NO_PRODUCT, NO_PRODUCT_SINGLE = 1e-6, 1e-5
# Products of more directions than this are not looked at: their number grows with the square.
MOST_DIRECTIONS = 40
# Column bases tried for the shortest form of the quadratic relations.
BASES = 40
# Rows by which the size of a product is judged while bases are compared.
SIZED = 2000


@dataclass(frozen=True)
class Relation:
    """One relation sum_i c_i term_i = constant that all rows fulfil.

    Attributes:
        terms: Columns, or products of two.
        coefficients: c_i in the units of the columns; the largest term has the size 1.
        constant: Right-hand side.
        integers: Small integers in the proportion of the coefficients, where they fit within 1e-3.
        residual: Root mean square of what is left, as a share of the largest term.

    """

    terms: tuple[str, ...]
    coefficients: tuple[float, ...]
    constant: float
    integers: tuple[int, ...] | None
    residual: float

    def __str__(self) -> str:
        """Write it as an equation."""
        return equation(self.terms, np.array(self.coefficients), self.constant)

    def to_dict(self) -> dict[str, object]:
        """Plain values."""
        return {"equation": str(self), **vars(self)}


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
    span = _Span(found, vectors[:, kept], values[kept])
    singular, null = span.null_space(limit)
    return Relations(directions, tuple(linear), tuple(_quadratic(span, null)), values, singular)


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


@dataclass(frozen=True)
class _Span:
    """The principal components c of the columns, and how products of them become products of columns.

    Attributes:
        found: The columns.
        vectors, values: Their eigenvectors (D, r) and eigenvalues (r,) that are no linear relations.

    """

    found: Columns
    vectors: Floats
    values: Floats

    @cached_property
    def pairs(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Places (i, j), i <= j, of the products of {1, c_1 .. c_r}; (0, 0) is the constant."""
        return np.triu_indices(len(self.values) + 1)

    def null_space(self, limit: float) -> tuple[Floats, Floats]:
        """Singular values over the largest (M,), and the null vectors as symmetric forms (k, r+1, r+1)."""
        components = self.found.standard @ self.vectors / np.sqrt(self.values)
        products = self.products(components)
        scale = np.sqrt((products**2).mean(axis=0))
        _, singular, right = np.linalg.svd(np.linalg.qr(products / scale, mode="r"))
        singular = singular / singular[0]
        return singular, self._forms(right[singular < limit] / scale)

    def products(self, columns: Floats) -> Floats:
        """Products of {1, columns}, shape (N, M)."""
        wide = np.column_stack([np.ones(len(columns)), columns])
        return np.asarray(wide[:, self.pairs[0]] * wide[:, self.pairs[1]])

    def _forms(self, rows: Floats) -> Floats:
        forms = np.zeros((len(rows), len(self.values) + 1, len(self.values) + 1))
        forms[:, self.pairs[0], self.pairs[1]] = rows / 2
        return forms + forms.transpose(0, 2, 1)

    def in_columns(self, forms: Floats, chosen: NDArray[np.intp]) -> Floats:
        """Coefficients (k, M) of the same forms over products of r chosen columns in their own units."""
        own = np.linalg.inv(self.vectors[chosen] * np.sqrt(self.values))
        turn = np.eye(len(self.values) + 1)
        turn[1:, 1:] = own / self.found.scale[chosen]
        turn[1:, 0] = -turn[1:, 1:] @ self.found.mean[chosen]
        turned = turn.T @ forms @ turn
        twice = np.where(self.pairs[0] == self.pairs[1], 1.0, 2.0)
        return np.asarray(turned[:, self.pairs[0], self.pairs[1]] * twice)


def _quadratic(span: _Span, null: Floats) -> list[Relation]:
    """Write the null forms over the columns in which they are shortest."""
    if not len(null):
        return []
    some = span.found.values[:: max(1, len(span.found) // SIZED)]
    best: tuple[tuple[int, ...], NDArray[np.intp], Floats] | None = None
    for chosen in _column_bases(span):
        sizes = np.sqrt((span.products(some[:, chosen]) ** 2).mean(axis=0))
        rows = sparse_basis(span.in_columns(null, chosen) * sizes, draws=60)
        lengths = np.count_nonzero(rows, axis=1)
        # of bases that are as short, the one with the shortest single relations, of the first columns
        order = int(lengths.sum()), *sorted(lengths.tolist()), int(chosen.sum())
        if best is None or order < best[0]:
            best = order, chosen, rows
    if best is None:
        return []
    _, chosen, rows = best
    products = span.products(span.found.values[:, chosen])
    return [_fitted(span, products, chosen, np.flatnonzero(row)) for row in rows]


def _column_bases(span: _Span) -> list[NDArray[np.intp]]:
    """Return sets of r columns that span what all do; well conditioned, the first being the best so."""
    count = len(span.values)
    rng = generator(0, 62)
    found: dict[tuple[int, ...], NDArray[np.intp]] = {}
    for draw in range(BASES if len(span.found.names) > count else 1):
        weights = rng.uniform(0.05, 1.0, len(span.found.names)) if draw else np.ones(len(span.found.names))
        pivots = qr(span.vectors.T * weights, mode="economic", pivoting=True)[2][:count]
        found.setdefault(tuple(sorted(pivots.tolist())), np.sort(pivots))
    return list(found.values())


def _fitted(span: _Span, products: Floats, chosen: NDArray[np.intp], support: NDArray[np.intp]) -> Relation:
    """Fit the one relation among products of the given support anew, which brings lost digits back."""
    used = products[:, support]
    sizes = np.sqrt((used**2).mean(axis=0))
    weights = np.linalg.svd(np.linalg.qr(used / sizes, mode="r"))[2][-1]
    coefficients = weights / sizes
    first, second = span.pairs[0][support], span.pairs[1][support]
    left = used @ coefficients
    free = (first == 0) & (second == 0)
    constant = -float(coefficients[free].sum())
    coefficients, first, second = coefficients[~free], first[~free], second[~free]
    lead = coefficients[np.argmax(np.abs(coefficients))]
    names = ["", *(span.found.names[place] for place in chosen)]
    return Relation(
        tuple(_product(names[one], names[other]) for one, other in zip(first, second, strict=True)),
        tuple((coefficients / lead).tolist()),
        constant / float(lead),
        small_integers(coefficients / lead),
        float(np.sqrt((left**2).mean()) / np.abs(weights).max()),
    )


def _product(one: str, other: str) -> str:
    """Name the product of two columns, of which the first may be 1, with an empty name."""
    return f"{one}^2" if one == other else f"{one} {other}".strip()
