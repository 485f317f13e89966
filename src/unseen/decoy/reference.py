"""What a picture is compared with: the fitted reading of levels, and what agreement comes to by chance.

Written by the recipe symmetry-decoy from its networks and 230 works of art; a file of numbers, no picture.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unseen.decoy.elements import GROUPS
from unseen.decoy.level import LevelReader
from unseen.errors import DataError

Floats = NDArray[np.floating[Any]]

SIGHTS = ("as it is", "detrended")
STEPS = 101


@dataclass(frozen=True)
class Reference:
    """Numbers of the recipe.

    Attributes:
        reader: From views of a hidden layer to levels.
        chance: Sight -> quantiles (G, 101) of the agreement of a work's first component with those of other
            works, mirrored, turned, shifted.
        works: Number of works.

    """

    reader: LevelReader
    chance: Mapping[str, Floats]
    works: int

    def p_value(self, agreement: Floats, sight: str) -> Floats:
        """Return how often unrelated works agree as much: (..., G), not below a hundredth.

        The share of the quantiles at or above an agreement (..., G).
        """
        table = self.chance[sight]
        above = (table >= np.asarray(agreement)[..., None]).sum(-1)
        return np.asarray(np.maximum(above, 1) / STEPS)

    def to_bytes(self) -> bytes:
        """Return the numbers as JSON, rounded to what they are worth."""
        plain = {
            "symmetries": list(GROUPS),
            "works": self.works,
            "slopes": np.round(self.reader.slopes, 5).tolist(),
            "chance": {sight: np.round(table, 4).tolist() for sight, table in self.chance.items()},
        }
        return (json.dumps(plain) + "\n").encode()


def made(reader: LevelReader, chance: Mapping[str, Floats], works: int) -> Reference:
    """Make a reference from agreements by chance (M, G) of each sight."""
    steps = np.linspace(0.0, 1.0, STEPS)
    return Reference(reader, {s: np.quantile(values, steps, axis=0).T for s, values in chance.items()}, works)


def parsed(text: str) -> Reference:
    """Read what `Reference.to_bytes` wrote.

    Raises:
        DataError: The symmetries are others than those of this version.

    """
    plain = json.loads(text)
    if plain["symmetries"] != list(GROUPS):
        raise DataError("the reference of symmetries is of another version; run the recipe symmetry-decoy")
    chance = {sight: np.array(table) for sight, table in plain["chance"].items()}
    return Reference(LevelReader(np.array(plain["slopes"])), chance, plain["works"])


@cache
def shipped() -> Reference:
    """Return the reference that comes with the package."""
    return parsed(files("unseen.decoy").joinpath("reference.json").read_text(encoding="utf-8"))
