"""Symmetries of rows: proposed ones tested, unknown ones found; numbers alone, no network.

`judge` tests whether a density is symmetric under a `Transformation`; `find` looks for linear generators of
which nobody knew, `find_curved` for polynomial ones; `symmetry_of` does so for a function of the columns,
and `conserved` counts what one orbit conserves.
"""

from unseen.symmetry.algebra import Algebra, algebra
from unseen.symmetry.conserved import Conserved, conserved
from unseen.symmetry.dictionary import LINEAR, Dictionary, Field, alignment
from unseen.symmetry.functions import FunctionSymmetry, metric_of, symmetry_of
from unseen.symmetry.generators import Generator, Symmetries, find, find_curved
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
    "LINEAR",
    "Algebra",
    "Conserved",
    "Dictionary",
    "Field",
    "FunctionSymmetry",
    "Generator",
    "Symmetries",
    "Tested",
    "Transformation",
    "algebra",
    "alignment",
    "boost",
    "conserved",
    "either_way",
    "find",
    "find_curved",
    "judge",
    "metric_of",
    "ordered",
    "reflection",
    "rotation",
    "scaling",
    "shift",
    "swap",
    "symmetry_of",
    "transformation",
    "turn",
]
