"""Symmetries of a function of the columns, rather than of their density."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unseen.errors import ConfigError, DataError
from unseen.symmetry.algebra import Algebra, algebra
from unseen.symmetry.dictionary import Dictionary
from unseen.symmetry.naming import described, planes_first

Floats = NDArray[np.float64]

# Of the fitted polynomial, relative to the sizes of its terms.
RIDGE = 1e-6
# Share of the held-out variance a polynomial must explain for its gradient to be worth reading.
LEAST_R2 = 0.99
# Root mean square change below this share of the largest: the function is kept.
KEPT = 1e-2
DEGREES = (1, 2, 3)


@dataclass(frozen=True)
class FunctionSymmetry:
    """Linear maps under which a fitted function does not change.

    Attributes:
        columns: Those the maps act on, block by block.
        blocks: Number of groups of columns that are moved alike.
        degree: Of the polynomial.
        r2: Share of the variance of held-out rows it explains.
        generators: Matrices L (d, d) in the units of the columns of the first block.
        names: In words.
        spectrum: Root mean square of grad f . L x over that of the largest direction, ascending,
            shape (d d,).
        algebra: What they span.
        metric: Symmetric g with L' g + g L = 0 for all of them, largest entry 1; None where
            there is none or more than one.

    """

    columns: tuple[str, ...]
    blocks: int
    degree: int
    r2: float
    generators: tuple[Floats, ...]
    names: tuple[str, ...]
    spectrum: tuple[float, ...]
    algebra: Algebra
    metric: Floats | None


def symmetry_of(rows: Floats, target: Floats, names: Sequence[str], *, blocks: int = 1) -> FunctionSymmetry:
    """Find L with grad f . (L p_1, L p_2, ...) = 0 on the rows, f a polynomial fitted to `target`.

    The null space of the mean of (grad f . Lx)^2, a quadratic form in L. The degree is the lowest whose
    held-out R^2 comes within 1e-4 of the best of 1, 2 and 3.

    Args:
        rows: Shape (N, D).
        target: Values of the function, shape (N,).
        names: Of the columns, block after block in the same order.
        blocks: Number of blocks, e.g. 2 for the four-vectors of two particles.

    Raises:
        ConfigError: Columns do not fill the blocks.
        DataError: No polynomial follows the target.

    """
    if blocks < 1 or rows.shape[1] % blocks:
        raise ConfigError(f"{rows.shape[1]} columns came for {blocks} blocks of the same length")
    # one size for a column and its twins in other blocks, so that the same L acts on all
    width = rows.shape[1] // blocks
    size = np.tile(np.sqrt((rows**2).reshape(-1, blocks, width).mean(axis=(0, 1))), blocks)
    scaled = rows / size
    degree, coefficients, r2 = _fitted(scaled, target)
    gradient = _gradient(Dictionary(0, degree), coefficients, scaled)
    by_block = (len(rows), blocks, width)
    change = np.einsum("nbi,nbj->nij", gradient.reshape(by_block), scaled.reshape(by_block))
    change = change.reshape(len(rows), width * width)
    _, values, vectors = np.linalg.svd(np.linalg.qr(change, mode="r"))
    values = values / values[0]
    null = vectors[values < KEPT]
    first = size[:width]
    matrices = [row.reshape(width, width) * first[:, None] / first for row in null]
    matrices = planes_first(matrices, first) if matrices else []
    words = tuple(described(matrix, names[:width], first) for matrix in matrices)
    return FunctionSymmetry(
        tuple(names),
        blocks,
        degree,
        r2,
        tuple(matrices),
        words,
        tuple(values[::-1].tolist()),
        algebra(matrices),
        metric_of(matrices),
    )


def metric_of(matrices: Sequence[Floats]) -> Floats | None:
    """Return the symmetric g with L' g + g L = 0 for all matrices, largest entry 1, if there is just one.

    >>> metric_of([np.array([[0.0, 1.0], [1.0, 0.0]])]).round(6).tolist()
    [[1.0, 0.0], [0.0, -1.0]]
    """
    if not matrices:
        return None
    width = len(matrices[0])
    pairs = [(a, b) for a in range(width) for b in range(a, width)]
    symmetric = np.zeros((len(pairs), width, width))
    for place, (a, b) in enumerate(pairs):
        symmetric[place, a, b] = symmetric[place, b, a] = 1.0
    conditions = np.concatenate(
        [
            np.stack([(one.T @ g + g @ one).ravel() for g in symmetric], axis=1) / np.linalg.norm(one)
            for one in matrices
        ]
    )
    _, values, vectors = np.linalg.svd(conditions, full_matrices=True)
    values = np.pad(values, (0, len(pairs) - len(values)))
    if values[-1] > KEPT * values[0] or (len(values) > 1 and values[-2] < KEPT * values[0]):
        return None
    g = np.tensordot(vectors[-1], symmetric, axes=1)
    return np.asarray(g / g.ravel()[np.argmax(np.abs(g).ravel() > 0.999 * np.abs(g).max())])


def _fitted(scaled: Floats, target: Floats) -> tuple[int, Floats, float]:
    """Fit polynomials by ridge regression on three of four rows; judge on the others."""
    spread = float(target.std())
    if not spread > 0.0:
        raise DataError("the column to follow does not vary, so every map keeps it")
    fits = {}
    held = np.arange(len(target)) % 4 == 0
    for degree in DEGREES:
        dictionary = Dictionary(0, degree)
        if dictionary.size(scaled.shape[1]) * 4 > len(scaled):
            break
        terms = dictionary.terms(scaled)
        size = np.sqrt((terms**2).mean(axis=0))
        terms = terms / size
        goal = target / spread
        learn = terms[~held]
        normal = learn.T @ learn / len(learn) + RIDGE * np.eye(len(size))
        weights = np.linalg.solve(normal, learn.T @ goal[~held] / len(learn))
        rest = goal[held] - terms[held] @ weights
        fits[degree] = (1.0 - float(rest.var() / goal[held].var()), weights / size)
    if not fits:
        raise DataError(f"{len(scaled)} rows came for {scaled.shape[1]} columns; a fit needs more rows")
    best = max(r2 for r2, _ in fits.values())
    if best < LEAST_R2:
        raise DataError(
            f"no polynomial of the other columns follows this one: R^2 = {best:.3f} on held-out rows; "
            f"accepted: {LEAST_R2} or more. Its symmetry cannot be read from them"
        )
    degree = min(degree for degree, (r2, _) in fits.items() if r2 > best - 1e-4)
    return degree, fits[degree][1], fits[degree][0]


def _gradient(dictionary: Dictionary, coefficients: Floats, rows: Floats) -> Floats:
    gradient = np.zeros_like(rows)
    for coefficient, term in zip(coefficients, dictionary.places(rows.shape[1]), strict=True):
        for index, place in enumerate(term):
            rest = [other for at, other in enumerate(term) if at != index]
            gradient[:, place] += coefficient * np.prod(rows[:, rest], axis=1)
    return gradient
