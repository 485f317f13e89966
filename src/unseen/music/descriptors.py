"""What can be said of a window of melody in numbers: pitch, rhythm, melody (the course of the pitch).

After the feature sets of jSymbolic and music21 for single voices; all are defined for 2 or more onsets.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unseen.errors import DataError
from unseen.music.tokens import FIRST, HOLD, LOWEST, REST, Tokens

Floats = NDArray[np.float64]

BEAT = 4

# Name -> group: P is pitch, R rhythm, M melody.
GROUPS = {
    "mean pitch": "P",
    "lowest pitch": "P",
    "highest pitch": "P",
    "pitch range": "P",
    "pitch spread": "P",
    "pitch classes": "P",
    "first pitch": "P",
    "last pitch": "P",
    "onsets": "R",
    "mean duration": "R",
    "duration spread": "R",
    "longest note": "R",
    "off-beat share": "R",
    "sixteenth-offset share": "R",
    "second-half share": "R",
    "first-onset step": "R",
    "rest share": "R",
    "held over a beat": "R",
    "mean interval": "M",
    "largest interval": "M",
    "repeated share": "M",
    "stepwise share": "M",
    "thirds share": "M",
    "fifths share": "M",
    "octaves share": "M",
    "rising share": "M",
    "turns share": "M",
    "arc length": "M",
    "contour": "M",
    "net rise": "M",
}


@dataclass(frozen=True, eq=False)
class Described:
    """Descriptors of windows.

    Attributes:
        values: Shape (N, F).
        names: Of the F descriptors.
        dropped: Those that are the same for all windows, and say nothing.

    """

    values: Floats
    names: tuple[str, ...]
    dropped: tuple[str, ...]

    @property
    def groups(self) -> tuple[str, ...]:
        """P, R or M of each descriptor."""
        return tuple(GROUPS[name] for name in self.names)


def described(tokens: Tokens) -> Described:
    """Describe windows of tokens (N, T); constant descriptors are dropped and named.

    Raises:
        DataError: A window has fewer than 2 onsets.

    >>> scale = np.zeros((2, 32), dtype=np.int8)
    >>> scale[0, ::4], scale[1, ::8] = np.arange(41, 49), 41
    >>> found = described(scale)
    >>> dict(zip(found.names, found.values[0].tolist()))["mean pitch"], "octaves share" in found.dropped
    (63.5, True)
    """
    values = np.array([_of_window(window, place) for place, window in enumerate(tokens)])
    values = values.reshape(len(tokens), len(GROUPS))
    names = np.array(list(GROUPS))
    varied = np.ptp(values, axis=0) > 0 if len(values) else np.zeros(len(names), dtype=bool)
    return Described(values[:, varied], tuple(names[varied].tolist()), tuple(names[~varied].tolist()))


def _of_window(window: Tokens, place: int) -> list[float]:
    events = np.flatnonzero(window != HOLD)
    ends = np.append(events[1:], len(window))
    heard = window[events] >= FIRST
    onsets, lengths = events[heard], (ends - events)[heard]
    if len(onsets) < 2:
        raise DataError(f"window {place} has {len(onsets)} onsets; descriptors need 2 or more")
    pitches = window[onsets].astype(np.float64) - FIRST + LOWEST
    silent = int((ends - events)[window[events] == REST].sum())
    return [
        *_pitch(pitches),
        *_rhythm(onsets, lengths, silent, len(window)),
        *_course(pitches, onsets),
    ]


def _pitch(pitches: Floats) -> list[float]:
    low, high = float(pitches.min()), float(pitches.max())
    classes = len(set((pitches % 12).tolist()))
    return [
        float(pitches.mean()),
        low,
        high,
        high - low,
        float(pitches.std()),
        float(classes),
        float(pitches[0]),
        float(pitches[-1]),
    ]


def _rhythm(onsets: NDArray[np.intp], lengths: NDArray[np.intp], silent: int, steps: int) -> list[float]:
    to_beat = -onsets % BEAT
    return [
        float(len(onsets)),
        float(lengths.mean()),
        float(lengths.std()),
        float(lengths.max()),
        float((onsets % BEAT != 0).mean()),
        float((onsets % 2 != 0).mean()),
        float((onsets >= steps // 2).mean()),
        float(onsets[0]),
        silent / steps,
        float(((to_beat > 0) & (lengths > to_beat)).mean()),
    ]


def _course(pitches: Floats, onsets: NDArray[np.intp]) -> list[float]:
    intervals = np.diff(pitches)
    size = np.abs(intervals)
    moves = np.sign(intervals[intervals != 0])
    turns = int((moves[1:] != moves[:-1]).sum())
    spread = float(pitches.std() * onsets.std())
    contour = (
        float(((pitches - pitches.mean()) * (onsets - onsets.mean())).mean()) / spread if spread else 0.0
    )
    return [
        float(size.mean()),
        float(size.max()),
        float((size == 0).mean()),
        float(((size == 1) | (size == 2)).mean()),
        float(((size == 3) | (size == 4)).mean()),
        float((size == 7).mean()),
        float((size == 12).mean()),
        float((intervals > 0).mean()),
        turns / len(intervals),
        len(moves) / (turns + 1),
        contour,
        float(pitches[-1] - pitches[0]),
    ]
