"""Exact quadratic relations of the rows: a symmetry must keep them, so its field is tangent to them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unseen.structure.relations import MOST_DIRECTIONS, NO_PRODUCT, NO_PRODUCT_SINGLE
from unseen.symmetry.dictionary import Dictionary

Floats = NDArray[np.float64]

# Rows looked at: a relation holds on all rows or on none.
LOOKED_AT = 4000
# Mean squares of terms below this share of the largest: they vanish on the rows, or follow from others.
NOWHERE = 1e-10
_PRODUCTS = Dictionary(0, 2)


def tangent(white: Floats, dictionary: Dictionary, *, single: bool) -> tuple[Floats, int]:
    """Return the fields that keep every exact quadratic relation, and how many relations there are.

    Where Q(x) = 0 on all rows, a flow that carries the set into itself has grad Q . v = 0 there, exactly:
    no noise of the sample enters.

    Args:
        white: Rows (N, d) in coordinates of unit size.
        dictionary: Of the fields.
        single: Whether the last digits are those of single precision.

    Returns:
        Basis of the fields' coefficients, shape (d q, p), component after component, orthonormal in the mean
        of v . v' over the rows, so that fields that vanish on all of them are none; and the number of
        relations.

    """
    rows = white[:: max(1, len(white) // LOOKED_AT)]
    width = rows.shape[1]
    terms = dictionary.terms(rows)
    values, vectors = np.linalg.eigh(terms.T @ terms / len(terms))
    there = values > NOWHERE * values[-1]
    everything = np.kron(np.eye(width), vectors[:, there] / np.sqrt(values[there]))
    places = _PRODUCTS.places(width)
    if width > MOST_DIRECTIONS or len(rows) < 2 * len(places):
        return everything, 0
    limit = NO_PRODUCT_SINGLE if single else NO_PRODUCT
    products = _PRODUCTS.terms(rows)
    scale = np.sqrt((products**2).mean(axis=0))
    values, vectors = _directions(products / scale)
    relations = vectors[values < limit * values[0]] / scale
    if not len(relations):
        return everything, 0
    across = [
        (_gradient(relation, places, rows)[:, :, None] * terms[:, None, :]).reshape(len(rows), -1)
        for relation in relations
    ]
    values, vectors = _directions(np.concatenate(across) @ everything)
    return everything @ vectors[values < np.sqrt(limit) * values[0]].T, len(relations)


def _directions(rows: Floats) -> tuple[Floats, Floats]:
    """Singular values, largest first, one a column, and right singular vectors."""
    triangle = np.linalg.qr(rows, mode="r")
    _, values, vectors = np.linalg.svd(triangle)
    return np.pad(values, (0, len(vectors) - len(values))), vectors


def _gradient(relation: Floats, places: list[tuple[int, ...]], rows: Floats) -> Floats:
    gradient = np.zeros_like(rows)
    for coefficient, term in zip(relation, places, strict=True):
        for place in range(len(term)):
            rest = [other for index, other in enumerate(term) if index != place]
            gradient[:, term[place]] += coefficient * (rows[:, rest[0]] if rest else 1.0)
    return gradient
