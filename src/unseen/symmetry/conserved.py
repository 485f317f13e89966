"""How many quantities one orbit conserves: dimension of its phase space less that of what it fills.

Idea: Liu and Tegmark, Phys. Rev. Lett. 126, 180604 (2021), arXiv 2011.04698.
"""

from __future__ import annotations

from dataclasses import dataclass

from unseen.errors import DataError
from unseen.structure import Columns, Dimension, levina_bickel, refuse_dimension, twonn

# Estimates lean downwards by up to this share for each dimension beyond the first.
LEANING = 0.06
# Intervals of 95 % are widened to three standard errors: two estimators on many orbits are many chances.
WIDER = 3.0 / 1.96
APART = 0.4


@dataclass(frozen=True)
class Conserved:
    """What a trajectory says.

    Attributes:
        phase_space: Number of columns.
        trajectory: Dimension it fills, an integer; None where the estimates do not settle on one.
        conserved: Their difference; None where that is not settled.
        estimates: TwoNN and MLE.
        why: Why not, where it is not settled.

    """

    phase_space: int
    trajectory: int | None
    conserved: int | None
    estimates: tuple[Dimension, ...]
    why: str | None


def conserved(found: Columns) -> Conserved:
    """Count the conserved quantities of one orbit, seen at random or many times: phase space less dimension.

    Both estimates of dimension (TwoNN, and MLE of Levina and Bickel), each with three standard errors and the
    6 % for each dimension beyond the first by which such estimates lean downwards, must allow the same
    integer, one that differs from each by less than 0.4; where they allow none, or two, nothing is counted.
    All columns of phase space must be given: positions and velocities. Quantities that are
    constant on a part of phase space only count as conserved.

    Raises:
        DataError: Constant columns, or rows of which no dimension can be told.

    >>> from unseen.data.orbits import orbit
    >>> from unseen.structure import columns
    >>> conserved(columns(orbit("kepler", 2000).values)).conserved
    3

    """
    if found.constant:
        raise DataError(
            f"column {next(iter(found.constant))!r} does not vary; accepted: positions and velocities that "
            "do. Leave it out"
        )
    refuse_dimension(found)
    width = len(found.names)
    estimates = (twonn(found.standard), levina_bickel(found.standard))
    allowed = [whole for whole in range(1, width + 1) if all(_allows(one, whole) for one in estimates)]
    shown = ", ".join(f"{one.estimator} {one.value:.2f}" for one in estimates)
    if len(allowed) != 1:
        return Conserved(width, None, None, estimates, f"{shown} settle on no one integer")
    trajectory = allowed[0]
    return Conserved(width, trajectory, width - trajectory, estimates, None)


def _allows(one: Dimension, whole: int) -> bool:
    spread = WIDER * (one.high - one.value)
    upper = (one.value + spread) * (1.0 + LEANING * (whole - 1))
    return one.value - spread <= whole <= upper and abs(one.value - whole) < APART
