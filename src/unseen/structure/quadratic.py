"""Quadratic relations on the span of the principal components, written over columns in few terms."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import qr

from unseen.seeds import generator
from unseen.structure.checked import Columns
from unseen.structure.relation import Relation
from unseen.structure.sparse import small_integers, sparse_basis

Floats = NDArray[np.float64]

# Column bases tried for the shortest form of the quadratic relations.
BASES = 40
# Products of all rows that are looked at; of more, every second, third, ... row.
MOST_NUMBERS = 20_000_000
# Rows by which the size of a product is judged while bases are compared.
SIZED = 2000


@dataclass(frozen=True)
class Span:
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
        step = max(1, len(self.found) * len(self.pairs[0]) // MOST_NUMBERS)
        components = self.found.standard[::step] @ self.vectors / np.sqrt(self.values)
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


def shortest(span: Span, null: Floats) -> list[Relation]:
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


def _column_bases(span: Span) -> list[NDArray[np.intp]]:
    """Return sets of r columns that span what all do; well conditioned, the first being the best so."""
    count = len(span.values)
    rng = generator(0, 62)
    found: dict[tuple[int, ...], NDArray[np.intp]] = {}
    for draw in range(BASES if len(span.found.names) > count else 1):
        weights = rng.uniform(0.05, 1.0, len(span.found.names)) if draw else np.ones(len(span.found.names))
        pivots = qr(span.vectors.T * weights, mode="economic", pivoting=True)[2][:count]
        found.setdefault(tuple(sorted(pivots.tolist())), np.sort(pivots))
    return list(found.values())


def _fitted(span: Span, products: Floats, chosen: NDArray[np.intp], support: NDArray[np.intp]) -> Relation:
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
