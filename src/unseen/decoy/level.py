"""How much of a symmetry there is, read from the hidden layer alone.

The level of a symmetry is the share of a picture's variance that survives averaging over its group; where a
template is V = sqrt(1 - e^2) V_sym + e V_none it is 1 - e^2. A regression learns it from what `readout`
sees of networks whose pictures are known, and reads it for networks of other pictures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unseen.decoy.elements import GROUPS, by_group
from unseen.decoy.templates import average, standardised

Floats = NDArray[np.floating[Any]]

_AVERAGES = {
    "mirror left-right": ("one reflection", -1),
    "mirror top-bottom": ("one reflection", -2),
    "both mirrors": ("two reflections", -1),
    "half turn": ("half turn", -1),
    "quarter turn": ("quarter turn", -1),
    "shift left-right": ("translation", -1),
    "shift up-down": ("translation", -2),
    "any turn": ("rotation", -1),
}
"""Symmetry of `GROUPS` -> class and axis in `templates.average`."""

RIDGE = 1e-4


def made_with(kind: str, axis: int) -> str:
    """Return the name in `GROUPS` of the symmetry a template of a class and axis was made with.

    >>> made_with("one reflection", -2), made_with("rotation", -2)
    ('mirror top-bottom', 'any turn')
    """
    names = [group for group, made in _AVERAGES.items() if made[0] == kind]
    return names[0] if len(names) == 1 or axis == -1 else names[1]


def share(values: Floats) -> Floats:
    """Return the share of the variance of pictures (N, S, S) that survives averaging: (N, G).

    In the order of `GROUPS`. A picture without any symmetry keeps about one part in as many as the group has
    elements, by chance: a half under a mirror.

    >>> up_and_down = np.tile(np.arange(4.0)[:, None], (1, 1, 4))
    >>> dict(zip(GROUPS, share(up_and_down)[0].round(2).tolist()))["mirror left-right"]
    1.0
    """
    known = standardised(values)
    kept = [average(known, kind, axis).var((-2, -1)) for kind, axis in _AVERAGES.values()]
    return np.stack(kept, axis=-1)


def _columns(seen: Floats) -> Floats:
    """Columns (N, G, F) of what is seen (N, V, E): each view's agreement under the group, squared, and 1."""
    mean = np.moveaxis(by_group(seen), 1, -1)[..., 1:]
    return np.concatenate([mean, mean**2, np.ones((*mean.shape[:-1], 1))], axis=-1)


@dataclass(frozen=True)
class LevelReader:
    """A ridge regression for each symmetry, from agreements of the hidden layer to the level.

    Attributes:
        slopes: Of each column, (G, F).

    """

    slopes: Floats

    @classmethod
    def fit(cls, seen: Floats, levels: Floats) -> LevelReader:
        """Learn from views (N, V, E) of networks and the levels (N, G) of their pictures."""
        columns = _columns(seen)
        penalty = RIDGE * len(seen) * np.eye(columns.shape[-1])
        slopes = [
            np.linalg.solve(columns[:, g].T @ columns[:, g] + penalty, columns[:, g].T @ levels[:, g])
            for g in range(len(GROUPS))
        ]
        return cls(np.array(slopes))

    def read(self, seen: Floats) -> Floats:
        """Return the level of each symmetry, (N, G) in [0, 1], of networks seen as views (N, V, E)."""
        return np.asarray(np.clip((_columns(seen) * self.slopes).sum(-1), 0.0, 1.0))
