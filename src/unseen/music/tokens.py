"""Tokens of a melody on the sixteenth grid: 0 hold, 1 rest, 2 to 89 the onset of MIDI 21 to 108.

A rest is one token where it begins and holds after it, as in MusicVAE (Roberts et al., arXiv 1803.05428).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unseen.music.melody import STEP, Melody

HOLD, REST, FIRST = 0, 1, 2
LOWEST, HIGHEST = 21, 108
TOKENS = FIRST + HIGHEST - LOWEST + 1
STEPS_A_BAR = 16
METERS = frozenset({"4/4", "2/2", "2/4", "4/2"})
LEAST_ONSETS = 8
# No tune of a tradition is longer; a file that says so means harm.
MOST_BARS = 2000

Tokens = NDArray[np.int8]


def refusal(tune: Melody) -> str | None:
    """Say why a tune cannot be written in tokens; None where it can.

    >>> from unseen.music.melody import melody
    >>> refusal(melody("waltz", "mine", [0], [3360], [60], meters=("3/4",)))
    'another meter (3/4)'
    """
    if not tune.meters:
        return "no meter"
    other = [meter for meter in tune.meters if meter not in METERS]
    if other:
        return f"another meter ({other[0][:12] or 'none'})"
    if len(tune) < LEAST_ONSETS:
        return f"fewer than {LEAST_ONSETS} notes"
    if tune.end > MOST_BARS * STEPS_A_BAR * STEP:
        return f"longer than {MOST_BARS:,} bars"
    if ((tune.starts - tune.first_bar) % STEP).any() or (tune.lengths % STEP).any():
        return "off the grid of sixteenths"
    if tune.pitches.min() < LOWEST or tune.pitches.max() > HIGHEST:
        return f"outside MIDI {LOWEST} to {HIGHEST}"
    return None


def tokens(tune: Melody) -> Tokens:
    """Write a tune from its first full bar on, one token a sixteenth, shape (L,).

    >>> from unseen.music.melody import melody
    >>> tokens(melody("two", "mine", [0, 2520], [1680, 840], [60, 62])).tolist()
    [41, 0, 1, 43]
    """
    length = (tune.end - tune.first_bar) // STEP
    found = np.zeros(max(length, 0), dtype=np.int8)
    starts = (tune.starts - tune.first_bar) // STEP
    ends = starts + tune.lengths // STEP
    inside = (starts >= 0) & (starts < length)
    gap = np.append(starts[1:] > ends[:-1], True) & (ends >= 0) & (ends < length)
    found[ends[gap]] = REST
    found[starts[inside]] = tune.pitches[inside] - LOWEST + FIRST
    # a tune that opens with a rest opens with its token
    if length > 0 and found[0] == HOLD and not (inside & (starts == 0)).any():
        found[0] = REST
    return found


def sounding(steps: Tokens) -> Tokens:
    """Return the token that sounds at each step: the last one that is no hold; a rest before the first."""
    places = np.maximum.accumulate(np.where(steps != HOLD, np.arange(len(steps)), 0))
    return np.where(steps[places] == HOLD, REST, steps[places]).astype(np.int8)
