"""What is lost when units of a code are set to one value: singly, together, all but the first k, k by chance.

The trap: units that are harmless one by one need not be harmless together. A decoder can read the same thing
from several units, and what each of them says too softly to be missed may add up. So a set is judged as a
set, and beside the sum of its single losses.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unseen.errors import DataError
from unseen.seeds import generator

Floats = NDArray[np.float64]
Places = NDArray[np.intp]
Judge = Callable[[Floats], ArrayLike]
"""Codes (N, Z) to one number, or M numbers: an error, or accuracies."""

COUNTS = (1, 2, 4, 8, 12, 16, 20, 24, 32, 48)
REPEATS = 5


@dataclass(frozen=True, eq=False)
class ZeroOut:
    """What a judge says of a code whose units are set to one value, M numbers each time.

    Attributes:
        names: Of the M numbers.
        full: With the code as it is, shape (M,).
        none: With every unit set, shape (M,).
        together: With all units of `spare` set at once, shape (M,).
        spare: Places of the units thought to be noise.
        singly: With one unit set, shape (Z, M).
        counts: k of the curves, shape (K,).
        top: With all but the first k of the order set, shape (K, M).
        chance: With all but k random units set, shape (repeats, K, M).

    """

    names: tuple[str, ...]
    full: Floats
    none: Floats
    together: Floats
    spare: Places
    singly: Floats
    counts: Places
    top: Floats
    chance: Floats

    @property
    def summed(self) -> Floats:
        """Sum of the single changes of the spare units, shape (M,): what they cost if they did not add up."""
        return np.asarray((self.singly[self.spare] - self.full).sum(0))

    @property
    def joint(self) -> Floats:
        """Change when all spare units are set at once, shape (M,)."""
        return self.together - self.full


def zero_out(
    codes: ArrayLike,
    judge: Judge,
    *,
    order: ArrayLike,
    spare: ArrayLike,
    fill: ArrayLike | None = None,
    counts: Sequence[int] = COUNTS,
    repeats: int = REPEATS,
    singly: bool = True,
    names: Sequence[str] = ("error",),
    seed: int = 0,
) -> ZeroOut:
    """Set units of a code to one value each and judge what the decoder makes of it.

    Args:
        codes: Posterior means, or draws, (N, Z).
        judge: Decodes a code and judges it, see `Judge`.
        order: Places of the units, most relevant first, (Z,).
        spare: Places of the units thought to be noise.
        fill: What a unit is set to, (Z,); None is its mean over rows (zeros: the mean of a normal prior).
        counts: k of the curves; those above Z are left out, 0 and Z stand in `none` and `full`.
        repeats: Random choices of k units.
        singly: Whether each unit is also set alone, Z more calls of the judge.
        names: Of the numbers the judge returns.
        seed: Of the random choices.

    Raises:
        DataError: Shapes that do not fit.

    Two units say the same thing; without one of them nothing is lost, without both all is.

    >>> x = np.random.default_rng(0).normal(size=(500, 1))
    >>> codes = np.hstack([x, x])
    >>> best_of_both = lambda z: np.square(x[:, 0] - z[np.arange(500), np.abs(z).argmax(1)]).mean()
    >>> found = zero_out(codes, best_of_both, order=[0, 1], spare=[0, 1], fill=np.zeros(2))
    >>> found.summed.round(1).tolist(), found.joint.round(1).tolist()
    ([0.0], [1.0])

    """
    matrix = np.asarray(codes, dtype=np.float64)
    units = matrix.shape[1]
    value = matrix.mean(0) if fill is None else np.asarray(fill, dtype=np.float64)
    ranked, noise = (np.asarray(places, dtype=np.intp) for places in (order, spare))
    if sorted(ranked.tolist()) != list(range(units)):
        raise DataError(f"order holds {len(ranked)} places; accepted: each of the {units} units once")
    if value.shape != (units,):
        raise DataError(f"fill of shape {value.shape} came; accepted: one value a unit, ({units},)")

    def judged(gone: Places) -> Floats:
        return np.atleast_1d(np.asarray(judge(without(matrix, gone, value)), dtype=np.float64))

    steps = np.array([k for k in counts if 0 < k < units], dtype=np.intp)
    rng = generator(seed, 3)
    full, everything = judged(ranked[:0]), np.arange(units)
    width = (len(full),)
    alone = [judged(everything[unit : unit + 1]) for unit in range(units)] if singly else []
    chance = [[judged(rng.permutation(units)[k:]) for k in steps] for _ in range(repeats)]
    return ZeroOut(
        names=tuple(names),
        full=full,
        none=judged(everything),
        together=judged(noise),
        spare=noise,
        singly=np.array(alone) if singly else np.full((units, *width), np.nan),
        counts=steps,
        top=np.array([judged(ranked[k:]) for k in steps]).reshape(len(steps), *width),
        chance=np.array(chance).reshape(repeats, len(steps), *width),
    )


def without(codes: Floats, units: Places, fill: Floats) -> Floats:
    """Copy codes (N, Z) with some units set to their value of `fill` (Z,).

    >>> without(np.ones((2, 3)), np.array([0, 2]), np.zeros(3)).tolist()
    [[0.0, 1.0, 0.0], [0.0, 1.0, 0.0]]

    """
    changed = codes.copy()
    changed[:, units] = fill[units]
    return changed
