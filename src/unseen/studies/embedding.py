"""Three counts beside each other: units a code uses, linear directions of the data, intrinsic dimension."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unseen.errors import DataError
from unseen.latent.coding import Code
from unseen.latent.reading import Reading, some
from unseen.latent.rules import counts
from unseen.models.vae import VAE
from unseen.seeds import generator
from unseen.structure import (
    Columns,
    Dimension,
    Units,
    columns,
    dimensions,
    few_units,
    levina_bickel,
    linear_units,
    local_pca,
    rank,
    refuse_dimension,
    spectrum,
    twonn,
)

Floats = NDArray[np.float64]

# Rows and columns above which spectra and neighbours take minutes.
ROWS, WIDTH = 10_000, 2_000
# Columns above which one estimator takes minutes, and is left out.
MANY = 16
# A column of fewer different values is a flag or a word; of more than this share of the rows, it is measured.
FEWEST, COUNTED = 10, 0.1
WHY = (
    "a VAE counts the dimensions a set is embedded in, not those it has: points on a circle need 2 units and "
    "are 1-dimensional"
)


@dataclass(frozen=True, eq=False)
class Embedding:
    """What three ways of counting say of the same rows.

    Attributes:
        units: Units of the code that count, by each rule.
        rank: Directions in which the rows vary; None where the rows are too wide.
        dimensions: Intrinsic dimension of the rows, by each estimator; empty where refused.
        refused: Why there is none; empty where there is.
        of_code: The same of the means of the units that count; empty where refused.
        eigenvalues: Spectrum of the rows as the network sees them, largest first; empty where too wide.
        linear: What a linear VAE of this beta would learn; None where the model is no VAE with beta above 0.
        cut_off: What to say of a code too narrow to count with; None where it is not.
        constant: Columns that never change and take no part.
        counted: Columns of few different values, spread between their steps before dimensions were estimated.

    """

    units: dict[str, int]
    rank: int | None
    dimensions: tuple[Dimension, ...]
    refused: str
    of_code: tuple[Dimension, ...]
    eigenvalues: Floats
    linear: Units | None
    cut_off: str | None
    constant: tuple[str, ...]
    counted: tuple[str, ...] = ()

    @property
    def warning(self) -> str | None:
        """One line where the counts differ; None where they agree or there is but one."""
        counted = sorted(set(self.units.values()))
        others = {round(one.value) for one in self.dimensions} | ({self.rank} if self.rank else set())
        if not others or (len(counted) == 1 and others == set(counted)):
            return None
        units = f"{counted[0]} to {counted[-1]}" if len(counted) > 1 else f"{counted[0]}"
        found = [f"embedding count {units}"]
        if self.rank is not None:
            found.append(f"PCA rank {self.rank}")
        if self.dimensions:
            values = sorted({f"{one.value:.1f}" for one in self.dimensions}, key=float)
            found.append(f"intrinsic dimension {' to '.join(dict.fromkeys((values[0], values[-1])))}")
        return f"{', '.join(found)}: they count different things; {WHY}"

    def to_dict(self) -> dict[str, object]:
        """Return everything as JSON values."""
        linear = self.linear
        return {
            "vae_embedding_count": self.units,
            "pca_rank": self.rank,
            "intrinsic_dimension": [one.to_dict() for one in self.dimensions],
            "refused": self.refused or None,
            "intrinsic_dimension_of_code": [one.to_dict() for one in self.of_code],
            "eigenvalues": self.eigenvalues.tolist(),
            "linear": None
            if linear is None
            else {"rho": linear.relevance.tolist(), "kl": linear.divergence.tolist()},
            "constant": list(self.constant),
            "counted": list(self.counted),
            "cut_off": self.cut_off,
            "warning": self.warning,
        }


def embedding_of(reading: Reading, model: object, names: tuple[str, ...], *, seed: int = 0) -> Embedding:
    """Count in three ways; `names` are those of the D features, `model` says what beta is."""
    code = reading.code
    counted = counts(reading.relevance)
    of_code = _of_code(code, reading.relevant, seed)
    if code.rows[:1].numel() > WIDTH:
        why = f"rows of {code.rows[:1].numel():,} numbers are too wide; accepted: up to {WIDTH:,}"
        return Embedding(counted, None, (), why, of_code, np.empty(0), None, None, ())
    rows = code.rows[some(len(code), ROWS, seed)].flatten(1).double().numpy()
    found = columns(rows, names)
    eigenvalues = spectrum(found.values)
    # grey levels of images are fine steps of something measured, and too many columns to be told of
    table = code.rows.dim() == 2
    smooth, steps = between_steps(found.values, seed) if table else (found.values, np.empty(0, dtype=np.intp))
    estimated, refused = _estimated(found, smooth)
    full = max(counted.values(), default=0) >= code.units
    return Embedding(
        units=counted,
        rank=rank(spectrum(found.standard)),
        dimensions=estimated,
        refused=refused,
        of_code=of_code,
        eigenvalues=eigenvalues,
        linear=linear_units(eigenvalues, model.beta) if isinstance(model, VAE) and model.beta > 0 else None,
        cut_off=few_units(code.units, len(found.names)) if full or table else None,
        constant=tuple(found.constant),
        counted=tuple(found.names[place] for place in steps),
    )


def _of_code(code: Code, relevant: NDArray[np.bool_], seed: int) -> tuple[Dimension, ...]:
    """Intrinsic dimension of the means of the units that count; nothing where it cannot be told."""
    chosen = code.mean[some(len(code), ROWS, seed)][:, relevant]
    if not relevant.any() or chosen.shape[1] > WIDTH:
        return ()
    try:
        found = columns(chosen)
        return _estimated(found, found.values)[0]
    except DataError:  # no unit varies
        return ()


def _estimated(found: Columns, values: Floats) -> tuple[tuple[Dimension, ...], str]:
    """Intrinsic dimension of columns by each estimator, from their values without steps, or none and why."""
    try:
        refuse_dimension(found)
        # the pairs of a correlation integral are counted by a tree, which gains nothing in many columns
        if values.shape[1] > MANY:
            return (twonn(values), levina_bickel(values), local_pca(values)), ""
        return dimensions(values), ""
    except DataError as error:
        return (), str(error)


def between_steps(values: Floats, seed: int) -> tuple[Floats, NDArray[np.intp]]:
    """Spread counted columns evenly between their steps; return the rows (N, D), and which columns these are.

    Neighbours of counted numbers lie at distances of whole steps, which estimators of dimension take for
    what a set of fewer dimensions has. Within half a step to either side nothing that was counted is moved.

    >>> spread, counted = between_steps(np.repeat(np.arange(12.0), 20)[:, None], seed=0)
    >>> counted.tolist(), bool((np.abs(spread[:, 0] - np.repeat(np.arange(12.0), 20)) <= 0.5).all())
    ([0], True)

    """
    found, places = values.copy(), []
    for place, column in enumerate(values.T):
        steps, inverse = np.unique(column, return_inverse=True)
        if FEWEST <= len(steps) <= COUNTED * len(column):
            half = np.diff(steps) / 2
            low, high = np.append(half[0], half)[inverse], np.append(half, half[-1])[inverse]
            found[:, place] += generator(seed, 6, place).uniform(-low, high)
            places.append(place)
    return found, np.array(places, dtype=np.intp)
