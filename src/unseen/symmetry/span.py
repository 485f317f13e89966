"""The columns that vary by themselves: a matrix that acts on rows is undefined off the span of the data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unseen.structure import Columns

Floats = NDArray[np.float64]

# A column that the ones before it rebuild to this share of its size (double, single digits) follows them.
FOLLOWS, FOLLOWS_SINGLE = 1e-6, 1e-4


@dataclass(frozen=True)
class Span:
    """Rows in coordinates of unit size, and the way back.

    Attributes:
        names: Columns that lead, d of them; the others are linear functions of them.
        followers: Column that follows -> what it is of the leading ones.
        rows: Leading columns less `origin`, in their units, shape (N, d).
        origin: The point about which linear maps act, shape (d,).
        root: Symmetric square root of the second moments of `rows`, shape (d, d): rows = white @ root.

    """

    names: tuple[str, ...]
    followers: dict[str, str]
    rows: Floats
    origin: Floats
    root: Floats

    @property
    def white(self) -> Floats:
        """Rows in coordinates whose second moments are the unit matrix, shape (N, d)."""
        return np.asarray(np.linalg.solve(self.root, self.rows.T).T)

    def taken(self, places: NDArray[np.intp]) -> Span:
        """Return the same coordinates with some of the rows."""
        return Span(self.names, self.followers, self.rows[places], self.origin, self.root)


def span(found: Columns, *, centred: bool) -> Span:
    """Set apart the columns that are linear functions of the ones before them.

    Args:
        found: Checked columns.
        centred: Whether maps act about the mean and constants count as known (for fields with a constant
            part), or about the origin.

    """
    origin = found.mean if centred else np.zeros(len(found.names))
    rows = found.values - origin
    limit = FOLLOWS_SINGLE if found.single else FOLLOWS
    lead: list[int] = []
    base = np.empty((len(rows), 0))
    for place in range(rows.shape[1]):
        column = rows[:, place] / np.linalg.norm(rows[:, place])
        for _ in range(2):  # once more, for what rounding left
            column = column - base @ (base.T @ column)
        size = float(np.linalg.norm(column))
        if size > limit:
            lead.append(place)
            base = np.column_stack([base, column / size])
    names = tuple(found.names[place] for place in lead)
    led = rows[:, lead]
    values, vectors = np.linalg.eigh(led.T @ led / len(led))
    root = (vectors * np.sqrt(values)) @ vectors.T
    return Span(names, _followers(found, rows, lead), led, origin[lead], root)


def _followers(found: Columns, rows: Floats, lead: list[int]) -> dict[str, str]:
    follow = [place for place in range(rows.shape[1]) if place not in lead]
    if not follow:
        return {}
    weights = np.linalg.lstsq(rows[:, lead], rows[:, follow], rcond=None)[0]
    result = {}
    for column, place in enumerate(follow):
        sizes = np.abs(weights[:, column]) * np.linalg.norm(rows[:, lead], axis=0)
        used = np.flatnonzero(sizes > 1e-4 * sizes.max())
        terms = [f"{weights[one, column]:+.4g} {found.names[lead[one]]}" for one in used]
        result[found.names[place]] = " ".join(terms).replace("+1 ", "+").replace("-1 ", "-").lstrip("+")
    return result
