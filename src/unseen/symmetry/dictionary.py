"""Vector fields as sums of terms: the linear ones, or all polynomials up to a degree."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations_with_replacement
from math import comb

import numpy as np
from numpy.typing import NDArray

from unseen.errors import ConfigError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Dictionary:
    """Products of coordinates of degree `least` to `most`; a field has one coefficient a term and component.

    >>> Dictionary(1, 1).labels(["x", "y"]), Dictionary(0, 2).labels(["x", "y"])
    (('x', 'y'), ('1', 'x', 'y', 'x x', 'x y', 'y y'))

    """

    least: int
    most: int

    def __post_init__(self) -> None:
        """Refuse degrees that no field has."""
        if not 0 <= self.least <= self.most <= MOST_DEGREE or self.most == 0:
            raise ConfigError(
                f"a dictionary of degree {self.least} to {self.most} came; accepted: up to "
                f"1, 2 or {MOST_DEGREE}"
            )

    @property
    def linear(self) -> bool:
        """Whether fields are x -> Lx and nothing else."""
        return self == LINEAR

    def places(self, width: int) -> list[tuple[int, ...]]:
        """Coordinates of each term."""
        degrees = range(self.least, self.most + 1)
        return [term for degree in degrees for term in combinations_with_replacement(range(width), degree)]

    def size(self, width: int) -> int:
        """Return the number of terms."""
        return sum(comb(width + degree - 1, degree) for degree in range(self.least, self.most + 1))

    def labels(self, names: tuple[str, ...] | list[str]) -> tuple[str, ...]:
        """Terms in words."""
        return tuple(" ".join(names[place] for place in term) or "1" for term in self.places(len(names)))

    def terms(self, rows: Floats) -> Floats:
        """Evaluate each term: rows (N, d) -> (N, q)."""
        columns = [
            np.prod(rows[:, list(term)], axis=1) if term else np.ones(len(rows))
            for term in self.places(rows.shape[1])
        ]
        return np.column_stack(columns)


MOST_DEGREE = 3
LINEAR = Dictionary(1, 1)


@dataclass(frozen=True)
class Field:
    """A vector field v on the leading columns.

    Attributes:
        dictionary: Its terms, of columns less `origin` over `scale`.
        coefficients: Shape (d, q): component, term; in units of `scale`.
        origin, scale: Shape (d,).

    """

    dictionary: Dictionary
    coefficients: Floats
    origin: Floats
    scale: Floats

    def __call__(self, rows: Floats) -> Floats:
        """Evaluate v at rows (N, d), in the units of the columns."""
        at = (rows - self.origin) / self.scale
        return np.asarray(self.dictionary.terms(at) @ self.coefficients.T * self.scale)

    @property
    def matrix(self) -> Floats:
        """L of a linear field v = L (x - origin), in the units of the columns, shape (d, d)."""
        return np.asarray(self.scale[:, None] * self.coefficients / self.scale)

    def flow(self, rows: Floats, time: Floats, *, steps: int = 24) -> Floats:
        """Follow v from each row for its own time (N,): exp(time v), by fourth-order Runge-Kutta."""
        step = (np.asarray(time) / steps)[:, None]
        at = rows.copy()
        for _ in range(steps):
            first = self(at)
            second = self(at + step / 2.0 * first)
            third = self(at + step / 2.0 * second)
            at = at + step / 6.0 * (first + 2.0 * second + 2.0 * third + self(at + step * third))
        return at


def alignment(one: Field, other: Field, rows: Floats) -> float:
    """Cosine between two fields over rows (N, d): mean of one . other over both root mean squares.

    >>> turn = Field(LINEAR, np.array([[0.0, -1.0], [1.0, 0.0]]), np.zeros(2), np.ones(2))
    >>> round(alignment(turn, turn, np.eye(2)), 6)
    1.0
    """
    a, b = one(rows), other(rows)
    return float((a * b).sum() / np.sqrt((a**2).sum() * (b**2).sum()))
