"""One exact relation among columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from unseen.structure.sparse import equation


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
