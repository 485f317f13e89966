"""What is known of a drawn set before anything is measured: its rank, its relations, its dimension."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unseen.errors import ConfigError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class KnownSet:
    """Rows of named columns, and the answers.

    Attributes:
        name: Of the set.
        columns: Names, D of them.
        values: Shape (N, D).
        rank: Directions in which the columns vary, D less the linear relations.
        quadratic: Independent relations of second order that do not follow from linear ones.
        dimension: Numbers that tell rows apart.

    """

    name: str
    columns: tuple[str, ...]
    values: Floats
    rank: int
    quadratic: int
    dimension: int


def stacked(name: str, parts: Mapping[str, Floats], answers: tuple[int, int, int]) -> KnownSet:
    """Make a set of columns by name; `answers` are rank, quadratic relations and dimension."""
    return KnownSet(name, tuple(parts), np.column_stack(list(parts.values())), *answers)


def refuse_rows(rows: int) -> None:
    """Refuse a number of rows that is none.

    Raises:
        ConfigError: Below 1.

    """
    if rows < 1:
        raise ConfigError(f"rows={rows} came; accepted: 1 or more")
