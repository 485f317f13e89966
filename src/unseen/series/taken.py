"""What was taken from a file: its panel, and what had to be decided on the way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unseen.series.changes import Drawn
from unseen.series.panel import Panel
from unseen.series.wall import Skipped


@dataclass(frozen=True, eq=False)
class Taken:
    """A panel, and what reading it found.

    Attributes:
        panel: Values in slots.
        skipped: What the file holds for hours that the wall clock left out.
        drawn: Lines drawn over such hours.
        zeros: Slots of the longest run of zeros of each sensor, as read, shape (S,).
        still: The same of other values that do not move.
        repeated: Readings that came more than once and were joined.
        incomplete: Readings left out because a part of them, such as one direction, is not there.
        added: Readings left out because they hold two hours of a wall clock in one.

    """

    panel: Panel
    skipped: tuple[Skipped, ...] = ()
    drawn: tuple[Drawn, ...] = ()
    zeros: NDArray[np.int64] | None = None
    still: NDArray[np.int64] | None = None
    repeated: int = 0
    incomplete: int = 0
    added: int = 0
