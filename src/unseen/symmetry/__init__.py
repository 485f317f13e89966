"""Symmetries of rows: proposed ones tested, unknown ones found; numbers alone, no network."""

from unseen.symmetry.proposed import Tested, judge
from unseen.symmetry.transformations import (
    Transformation,
    boost,
    either_way,
    ordered,
    reflection,
    rotation,
    scaling,
    shift,
    swap,
    turn,
)
from unseen.symmetry.written import transformation

__all__ = [
    "Tested",
    "Transformation",
    "boost",
    "either_way",
    "ordered",
    "judge",
    "reflection",
    "rotation",
    "scaling",
    "shift",
    "swap",
    "transformation",
    "turn",
]
