"""A melody: one line of notes in time, whatever file it came from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Of a quarter note. Divisible by 3, 5 and 7, so that tuplets of 1/128 notes are still whole numbers.
TICKS = 3360
# Of a sixteenth note, the grid.
STEP = TICKS // 4

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Melody:
    """Notes one after the other.

    Attributes:
        name: Where it came from, for messages: "book1.abc, tune 12".
        collection: Folder or collection it belongs to.
        starts, lengths: Onset and duration of each note, in ticks (`TICKS` a quarter), shape (N,).
        pitches: MIDI numbers, shape (N,).
        first_bar: Tick at which the first full bar starts.
        end: Tick at which the last note or rest ends.
        meters: Time signatures met, e.g. ("4/4",); empty where none was said.
        chords: Places at which several notes sounded and the highest was taken.

    >>> tune = melody("scale", "mine", [0, 3360], [3360, 3360], [60, 62])
    >>> tune.end, len(tune)
    (6720, 2)

    """

    name: str
    collection: str
    starts: Ints
    lengths: Ints
    pitches: Ints
    first_bar: int
    end: int
    meters: tuple[str, ...]
    chords: int = 0

    def __len__(self) -> int:
        """Count the notes."""
        return len(self.starts)


def melody(
    name: str,
    collection: str,
    starts: list[int],
    lengths: list[int],
    pitches: list[int],
    *,
    first_bar: int = 0,
    end: int | None = None,
    meters: tuple[str, ...] = ("4/4",),
    chords: int = 0,
) -> Melody:
    """Make a melody of plain lists; `end` is the end of the last note where none is given."""
    last = starts[-1] + lengths[-1] if starts else 0
    onsets, durations, heights = (np.asarray(values, dtype=np.int64) for values in (starts, lengths, pitches))
    stop = last if end is None else end
    return Melody(name, collection, onsets, durations, heights, first_bar, stop, meters, chords)
