"""What invariance asks of the sample: mean of grad phi(x) . v(x) is 0 for every smooth function phi.

A density is carried into itself by the flow of v iff E[grad phi . v] = 0 for all phi. With K functions
phi_k = cos(w_k . x + c_k) and v linear in its coefficients, these are K linear equations with a known
covariance: the setting of the generalised method of moments (Hansen, Econometrica 50, 1029 (1982)).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unseen.seeds import generator
from unseen.symmetry.dictionary import Dictionary

Floats = NDArray[np.float64]

# Lengths of w, in inverse standard deviations: from the whole set to its edges.
SHORTEST, LONGEST = 0.5, 4.0
LEAST_FUNCTIONS = 200
# Combinations of functions whose variance is below this share of the largest repeat others.
REPEATS = 1e-3
# Rows a combination needs for its covariances to be worth inverting.
ROWS_A_FUNCTION = 15
# Covariances weigh and judge the moments; they are known well enough from this many rows.
MOST_ROWS = 10_000
BLOCK = 8192
# Added to covariances, as a share of the mean variance: moments with less noise than that weigh no more.
FLOOR = 1e-2


@dataclass(frozen=True)
class Functions:
    """Random functions cos(w . x + c) and the combinations of them that are used.

    Attributes:
        frequencies: w, shape (K, d).
        phases: c, shape (K,).
        mix: Combinations, shape (K, r).

    """

    frequencies: Floats
    phases: Floats
    mix: Floats

    def slopes(self, white: Floats) -> Floats:
        """Return -sin(w . x + c), shape (N, K): grad phi_k is that times w_k."""
        return np.asarray(-np.sin(white @ self.frequencies.T + self.phases))


@dataclass(frozen=True)
class Moments:
    """The equations, for fields with p coefficients.

    Attributes:
        means: Mean of grad phi . v_j, shape (r, p): combination of functions, field.
        rows: How many rows the means are over.
        basis: Coefficients of the fields, shape (d q, p).
        sides: Components of grad phi on the rows covariances are taken from, shape (d, N', r).
        terms: The dictionary's terms on those rows, shape (N', q).

    """

    means: Floats
    rows: int
    basis: Floats
    sides: Floats
    terms: Floats

    def covariance(self, fields: Floats) -> Floats:
        """Covariance of grad phi . v over rows for each field v = basis @ f: (p, m) -> (m, r, r)."""
        width, count = len(self.sides), fields.shape[1]
        coefficients = (self.basis @ fields).reshape(width, -1, count)
        found = np.empty((count, self.means.shape[0], self.means.shape[0]))
        for place in range(count):
            along = self.terms @ coefficients[:, :, place].T
            values = np.einsum("inr,ni->nr", self.sides, along)
            mean = self.means @ fields[:, place]
            found[place] = values.T @ values / len(values) - np.outer(mean, mean)
        return found

    def noise(self, root: Floats) -> Floats:
        """Return tr(W Cov(m_i, m_j)), shape (p, p): what noise alone gives means' W means, times rows.

        Args:
            root: R of the weights W = R' R, shape (r, r).

        """
        width, size = len(self.sides), self.terms.shape[1]
        total = np.empty((width, size, width, size))
        weighed = self.sides @ root.T
        for one in range(width):
            for two in range(one, width):
                shares = np.einsum("nr,nr->n", weighed[one], weighed[two])
                part = (self.terms * shares[:, None]).T @ self.terms
                total[one, :, two, :], total[two, :, one, :] = part, part
        square = total.reshape(width * size, width * size)
        return np.asarray(self.basis.T @ square @ self.basis / len(self.terms))


def moments(white: Floats, dictionary: Dictionary, basis: Floats, *, seed: int) -> Moments:
    """Draw functions and set up the equations for rows (N, d) in coordinates of unit size."""
    functions = _functions(white, basis.shape[1], seed)
    width = white.shape[1]
    sums = np.zeros((functions.frequencies.shape[0], dictionary.size(width)))
    for block in _blocks(white):
        sums += functions.slopes(block).T @ dictionary.terms(block)
    means = (functions.frequencies[:, :, None] * (sums / len(white))[:, None, :]).reshape(len(sums), -1)
    few = _few(white)
    slopes = functions.slopes(few)
    sides = np.stack([(slopes * frequency) @ functions.mix for frequency in functions.frequencies.T])
    return Moments(functions.mix.T @ means @ basis, len(white), basis, sides, dictionary.terms(few))


def _functions(white: Floats, fields: int, seed: int) -> Functions:
    """Draw lengths evenly in their logarithm, and keep the combinations that vary, at unit variance."""
    random, width = generator(seed, 83), white.shape[1]
    count = max(LEAST_FUNCTIONS, 4 * fields)
    frequencies = random.normal(size=(count, width))
    lengths = np.exp(random.uniform(np.log(SHORTEST), np.log(LONGEST), count))
    frequencies *= (lengths / np.linalg.norm(frequencies, axis=1))[:, None]
    drawn = Functions(frequencies, random.uniform(0.0, 2.0 * np.pi, count), np.eye(count))
    few = _few(white)
    slopes = drawn.slopes(few)
    # E[grad phi_k . grad phi_l], alike for all directions of v
    products = (slopes.T @ slopes / len(few)) * (frequencies @ frequencies.T)
    values, vectors = np.linalg.eigh(products)
    most = len(few) // ROWS_A_FUNCTION
    kept = np.flatnonzero(values > REPEATS * values[-1])[-most:]
    return Functions(frequencies, drawn.phases, vectors[:, kept] / np.sqrt(values[kept]))


def _few(rows: Floats) -> Floats:
    return rows[:: -(-len(rows) // MOST_ROWS)]


def _blocks(rows: Floats) -> list[Floats]:
    return [rows[start : start + BLOCK] for start in range(0, len(rows), BLOCK)]
