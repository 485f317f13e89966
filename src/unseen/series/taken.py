"""What was taken from a file: its panel, and what had to be decided on the way."""

from __future__ import annotations

from dataclasses import dataclass

from unseen.series.panel import Panel
from unseen.series.wall import Skipped


@dataclass(frozen=True, eq=False)
class Taken:
    """A panel, and what reading it found.

    Attributes:
        panel: Values in slots.
        skipped: What the file holds for hours that the wall clock left out.
        again: Starts of hours, seconds of UTC, that a wall clock's file holds twice, as it should.
        repeated: Readings that came more than once and were joined.
        incomplete: Readings left out because a part of them, such as one direction, is not there.
        added: Readings left out because they hold two hours of a wall clock in one.

    """

    panel: Panel
    skipped: tuple[Skipped, ...] = ()
    again: tuple[int, ...] = ()
    repeated: int = 0
    incomplete: int = 0
    added: int = 0
