"""Windows of whole bars, split by tune, so that no part of a tune is on both sides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unseen.errors import DataError
from unseen.music.tokens import FIRST, HOLD, STEPS_A_BAR, Tokens, sounding
from unseen.music.tunes import Tunes
from unseen.seeds import generator

LEAST_ONSETS = 4
LEAST_WINDOWS = 1000
LENGTHS = (2, 4, 8, 16)


@dataclass(frozen=True, eq=False)
class Windows:
    """Windows of equal length.

    Attributes:
        tokens: Shape (N, 16 bars).
        tunes: Place of the tune each was cut from, shape (N,).

    """

    tokens: Tokens
    tunes: NDArray[np.int64]

    def __len__(self) -> int:
        """Count the windows."""
        return len(self.tunes)

    def at(self, places: NDArray[np.generic]) -> Windows:
        """Windows at places, or where a mask holds."""
        return Windows(self.tokens[places], self.tunes[places])


@dataclass(frozen=True, eq=False)
class Parts:
    """Windows to learn from, to watch while learning, and to judge on; no tune is in two of them.

    Attributes:
        learn: Each window once.
        watch, test: Those that are not among the windows learned from.
        leaked: Windows dropped from `test` because a tune learned from has the same.

    """

    learn: Windows
    watch: Windows
    test: Windows
    leaked: int


def cut(tunes: Tunes, bars: int) -> Windows:
    """Cut windows of `bars` bars, one beginning at each bar, with 4 onsets or more.

    A note or rest that began before the window is begun anew at its first step, so that a window tells all
    that sounds in it.
    """
    length = bars * STEPS_A_BAR
    found: list[Tokens] = []
    owners: list[int] = []
    for place, steps in enumerate(tunes):
        heard = sounding(steps) if len(steps) >= length else steps
        for start in range(0, len(steps) - length + 1, STEPS_A_BAR):
            window = steps[start : start + length]
            if np.count_nonzero(window >= FIRST) < LEAST_ONSETS:
                continue
            if window[0] == HOLD:
                window = window.copy()
                window[0] = heard[start]
            found.append(window)
            owners.append(place)
    empty = np.zeros((0, length), dtype=np.int8)
    return Windows(np.stack(found) if found else empty, np.array(owners, dtype=np.int64))


def divided(
    tunes: Tunes, bars: int, *, seed: int, test: float = 0.1, watch: float = 0.05, least: int = LEAST_WINDOWS
) -> Parts:
    """Cut windows and divide them by tune; the same seed divides the same tunes for every length.

    Raises:
        DataError: There are fewer than `least` windows.

    """
    windows = cut(tunes, bars)
    if len(windows) < least:
        raise DataError(
            f"{len(windows):,} windows of {bars} bars came from {len(tunes):,} tunes; at least {least:,} are "
            "needed to learn from: add tunes, or take shorter windows"
        )
    share = np.empty(len(tunes))
    share[generator(seed, 71).permutation(len(tunes))] = (np.arange(len(tunes)) + 0.5) / len(tunes)
    share = share[windows.tunes]
    learn = distinct(windows.at(share >= test + watch))
    held = [windows.at(share < test), windows.at((share >= test) & (share < test + watch))]
    unseen = [part.at(~np.isin(_keys(part), _keys(learn))) for part in held]
    return Parts(learn, unseen[1], unseen[0], leaked=len(held[0]) - len(unseen[0]))


def distinct(windows: Windows) -> Windows:
    """Keep the first of equal windows, in their order."""
    places = np.unique(_keys(windows), return_index=True)[1]
    return windows.at(np.sort(places))


def chosen(windows: Windows, count: int, seed: int) -> Windows:
    """Draw `count` windows at random, in their order; all where there are no more."""
    if len(windows) <= count:
        return windows
    return windows.at(np.sort(generator(seed, 72).permutation(len(windows))[:count]))


def _keys(windows: Windows) -> NDArray[np.void]:
    """Each window as one value that can be compared."""
    rows = np.ascontiguousarray(windows.tokens)
    return rows.view(np.dtype((np.void, rows.shape[1]))).reshape(len(rows))
