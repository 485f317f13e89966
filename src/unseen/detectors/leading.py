"""Whether labels are a sample of all anomalies, which hide among the unlabelled rows, or all there are.

Two numbers decide, both measured on rows that took no part in what judges them:

- the *label frequency*: of the rows that look like the labelled ones, the share that carries a label. A
  sample of one anomaly in a hundred has about 0.01; where the unlabelled rows are clean it is near 1, as far
  as the kinds can be told apart at all.
- the *blindness* of stage 1: the p-value it gives to the median known anomaly.

Where most rows that look known carry no label, and stage 1 finds the known anomalies ordinary, its ranking
is no protection for the unseen ones either, and what was told may lead. Else stage 1 keeps its word.

Reference: Elkan and Noto, KDD 2008 (label frequency of positive and unlabelled rows).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Chosen on 58 tables of another collection, each with its unlabelled anomalies and without them; see
# docs/benchmarks.md.
FREQUENT, BLIND = 0.25, 0.03
# The surest quarter and half of the labelled rows.
QUANTILES = (0.25, 0.5)


@dataclass(frozen=True)
class Standing:
    """What the labels say of the unlabelled rows and of stage 1.

    Attributes:
        frequency: Largest label frequency among rows that look like the surest labelled ones, on the safe
            side (`label_frequency`), 0 to 1.
        blindness: Median p-value of known anomalies in stage 1, 0 to 1.

    """

    frequency: float
    blindness: float

    @property
    def told_leads(self) -> bool:
        """Whether what was told may lead."""
        return self.frequency < FREQUENT and self.blindness >= BLIND


def label_frequency(known: Floats, unlabelled: Floats, rows: int) -> float:
    """Return the share of labelled rows among those that score at least as the surest known ones.

    On the safe side by a standard deviation of the labelled ones: (k - sqrt k) / (k + unlabelled).

    Args:
        known: Scores of known anomalies, shape (K,); those that are not finite are left out.
        unlabelled: Scores of unlabelled rows, shape (n,), which stand for all of them.
        rows: Unlabelled rows in all.

    >>> round(label_frequency(np.array([3.0, 4.0, 5.0, 6.0]), np.array([1.0, 2.0, 0.5]), 3), 4)
    0.2929
    >>> round(label_frequency(np.array([3.0, 4.0, 5.0, 6.0]), np.arange(10.0), 1000), 4)
    0.0012
    """
    known, unlabelled = known[np.isfinite(known)], np.sort(unlabelled[np.isfinite(unlabelled)])
    if not len(known) or not len(unlabelled):
        return 0.0
    falling, found = np.sort(known)[::-1], []
    for quantile in QUANTILES:
        count = max(1, math.ceil(quantile * len(known)))
        above = len(unlabelled) - np.searchsorted(unlabelled, falling[count - 1], side="left")
        # a standard deviation less: that one labelled row, or two, happen to be the surest proves nothing
        found.append((count - math.sqrt(count)) / (count + above / len(unlabelled) * rows))
    return float(max(found))


def standing(
    stage1: tuple[Floats, Floats], out_of_bag: Sequence[tuple[Floats, Floats]], rows: int
) -> Standing:
    """Weigh the labels.

    Args:
        stage1: Unaided evidence of known anomalies (K,) and of held-out rows (n,).
        out_of_bag: The same of what was told, by parts of it that did not see the rows; may be empty.
        rows: Unlabelled rows in all.

    """
    known, held_out = stage1
    ordered = np.sort(held_out)
    above = len(ordered) - np.searchsorted(ordered, known, side="left")
    # a held-out row more than there are: none of n rows above says no more than 1 in n
    careful = np.append(held_out, np.inf)
    frequencies = [label_frequency(known, careful, rows)]
    # one labelled row is in every draw, so nothing of it is out of bag
    frequencies += [label_frequency(told, others, rows) for told, others in out_of_bag]
    return Standing(max(frequencies), float(np.median((1 + above) / (len(ordered) + 1))))
