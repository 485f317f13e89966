"""Which windows an epoch of training sees: every sensor and every hour alike, read as they are needed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from unseen.forecasting.history import Floats, Ints
from unseen.forecasting.inputs import Windowing, Windows
from unseen.seeds import generator

AT_ONCE = 65_536
"""Windows that are read at once when not all are kept: 30 MB."""
KEPT = 400_000
"""All windows of a panel are kept in memory up to this number: 180 MB."""

TENTH = 10
PRIME = 1_000_003


@dataclass(frozen=True, eq=False)
class Drawn:
    """Windows with what came.

    Attributes:
        windows: N windows.
        target: Shape (N,), what came, as a residual in units of the scale.
        weight: Shape (N,), of each in the loss.

    """

    windows: Windows
    target: Floats
    weight: Floats

    def __len__(self) -> int:
        """Return the number of windows."""
        return len(self.target)

    def take(self, places: Ints | NDArray[np.bool_]) -> Drawn:
        """Windows at places."""
        return Drawn(self.windows.take(places), self.target[places], self.weight[places])


@dataclass(frozen=True, eq=False)
class Windowed:
    """All windows that may be drawn: some rows, at some slots.

    Args:
        reader: Makes windows.
        rows: Rows of sensors with all of their history.
        short: Rows with a few days of history, which make up a tenth of what is drawn.
        allowed: Shape (T,), True at slots that may be drawn as the last that is known.
        skip: Row -> slots of the target that are left out for it.

    """

    reader: Windowing
    rows: Ints
    short: Ints
    allowed: NDArray[np.bool_]
    skip: dict[int, range]

    def every(self) -> int:
        """Return how many there are, unknown targets included."""
        return len(self.rows) * int(self.allowed.sum()) * TENTH // (TENTH - bool(len(self.short)))

    def all_of_them(self) -> Drawn:
        """Read all, in blocks."""
        slots = np.flatnonzero(self.allowed)
        rows, places = np.repeat(self.rows, len(slots)), np.tile(slots, len(self.rows))
        if len(self.short):
            more = np.arange(self.every() - len(rows))
            rows = np.concatenate([rows, self.short[more % len(self.short)]])
            # a step that shares no factor with the number of slots spreads a few windows over all of them
            places = np.concatenate([places, slots[more * PRIME % len(slots)]])
        parts = [
            self.read(rows[first : first + AT_ONCE], places[first : first + AT_ONCE])
            for first in range(0, len(rows), AT_ONCE)
        ]
        return joined(parts)

    def stratified(self, count: int, seed: int, epoch: int) -> Iterator[Drawn]:
        """Draw about `count` windows in blocks: rows in turn, hours of the day in turn, else at random."""
        rng = generator(seed, 81, epoch)
        step = self.reader.history.panel.step
        slots = np.flatnonzero(self.allowed)
        hours = (slots * step // 3600) % 24
        by_hour = [slots[hours == hour] for hour in range(24)]
        by_hour = [part for part in by_hour if len(part)]
        order = rng.permutation(self.rows)
        for first in range(0, count, AT_ONCE):
            turn = np.arange(first, min(first + AT_ONCE, count))
            # turns of known rows are counted without the tenth that shows short ones, so that none is skipped
            plain = turn - turn // TENTH - 1 if len(self.short) else turn
            rows = order[plain % len(order)]
            if len(self.short):
                rows = np.where(turn % TENTH == 0, self.short[turn // TENTH % len(self.short)], rows)
            hour = (plain // len(order) + plain % len(order)) % len(by_hour)
            at = np.empty(len(turn), np.int64)
            for place, part in enumerate(by_hour):
                chosen = hour == place
                at[chosen] = rng.choice(part, int(chosen.sum()))
            yield self.read(rows, at)

    def read(self, rows: Ints, slots: Ints) -> Drawn:
        """Windows with what came; those of which nothing is known are left out."""
        target = slots + self.reader.horizon
        value = self.reader.history.values(rows, target)
        scale = self.reader.history.usual.scale[rows]
        good = np.isfinite(value) & np.isfinite(scale)
        for row, span in self.skip.items():
            good &= ~((rows == row) & (target >= span.start) & (target < span.stop))
        windows = self.reader.read(rows[good], slots[good])
        sound = np.isfinite(windows.base)
        drawn = Drawn(windows, (value[good] - windows.base) / windows.scale, windows.scale)
        return drawn if sound.all() else drawn.take(sound)


def joined(parts: list[Drawn]) -> Drawn:
    """Put blocks behind each other."""
    names = [one.name for one in fields(Windows)]
    merged = {name: np.concatenate([getattr(part.windows, name) for part in parts]) for name in names}
    return Drawn(
        Windows(**merged),
        np.concatenate([part.target for part in parts]),
        np.concatenate([part.weight for part in parts]),
    )


def weighed(drawn: Drawn, mean_scale: float, power: float) -> Drawn:
    """Weigh windows by (scale / mean scale)^power: at 1 the loss counts vehicles, at 0 sensors."""
    return replace(drawn, weight=((drawn.windows.scale / mean_scale) ** power).astype(np.float32))
