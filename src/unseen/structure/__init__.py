"""How many numbers a set of rows holds, and which relations bind its columns: numbers alone, no network.

`columns` checks a matrix. Of what it returns, `spectrum` and `rank` count linear directions, `relations`
finds what is exactly fulfilled, `from_the_others` what follows nearly; `dimensions` estimates how many
numbers tell rows apart, and `linear_units` says what a linear variational auto-encoder would learn.
"""

from unseen.structure.checked import Columns, columns, few_units, refuse_dimension
from unseen.structure.dimension import (
    Dimension,
    correlation_integral,
    dimensions,
    levina_bickel,
    local_pca,
    twonn,
)
from unseen.structure.predicted import Predicted, from_inputs, from_the_others
from unseen.structure.relation import Relation
from unseen.structure.relations import Relations, relations
from unseen.structure.sparse import equation, small_integers, sparse_basis
from unseen.structure.spectrum import Units, linear_units, rank, spectrum

__all__ = [
    "Columns",
    "Dimension",
    "Predicted",
    "Relation",
    "Relations",
    "Units",
    "columns",
    "correlation_integral",
    "dimensions",
    "equation",
    "few_units",
    "from_inputs",
    "from_the_others",
    "levina_bickel",
    "linear_units",
    "local_pca",
    "rank",
    "refuse_dimension",
    "relations",
    "small_integers",
    "sparse_basis",
    "spectrum",
    "twonn",
]
