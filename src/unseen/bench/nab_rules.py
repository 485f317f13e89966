"""The scoring rules of the Numenta Anomaly Benchmark.

Each window counts once, by its earliest alarm; each alarm outside windows costs, less just behind one; what
is not found costs. The score of a corpus runs from 0, no alarm at all, to 100, an alarm at the first reading
of every window and no other.

Reference: Lavin & Ahmad, Evaluating Real-time Anomaly Detection Algorithms: the Numenta Anomaly Benchmark
(arXiv 1510.03336), and the conventions of its published scorer (probation, places in windows, thresholds).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unseen.bench.nab_corpus import Series

Floats = NDArray[np.float64]
FAR = 3.0
"""Window lengths behind a window from where on an alarm costs its whole weight."""


@dataclass(frozen=True)
class Profile:
    """What a user of one kind cares for.

    Attributes:
        name: As published.
        found: Most that a window gives.
        false: What an alarm outside costs.
        missed: What a window without an alarm costs.

    """

    name: str
    found: float
    false: float
    missed: float


STANDARD = Profile("standard", 1.0, 0.11, 1.0)
PROFILES = (STANDARD, Profile("reward low FP", 1.0, 0.22, 1.0), Profile("reward low FN", 1.0, 0.11, 2.0))


def place_value(place: Floats | float) -> Floats:
    """Return 2 / (1 + exp(5 place)) - 1, and -1 from three window lengths on.

    Places within a window run from -1 (its first reading) to 0, behind it upward, in window lengths.

    >>> place_value(np.array([-1.0, 0.0, 3.0])).round(4).tolist()
    [0.9866, 0.0, -1.0]
    """
    near = np.minimum(np.asarray(place, dtype=float), FAR)
    return np.where(near >= FAR, -1.0, 2.0 / (1.0 + np.exp(5.0 * near)) - 1.0)


def worths(series: Series) -> tuple[Floats, NDArray[np.int64]]:
    """Return what an alarm at each reading is worth before weights, and its window, -1 outside.

    Inside, the worth is divided by that of the first reading of a window, so that 1 is the most. Outside, it
    is that of the place behind the last window; before the first window it is -1.
    """
    at = np.arange(len(series.values))
    worth, window = np.full(len(at), -1.0), np.full(len(at), -1, dtype=np.int64)
    for first, last in series.windows:
        worth[last + 1 :] = place_value((at[last + 1 :] - last) / max(last - first, 1))
    for number, (first, last) in enumerate(series.windows):
        inside = slice(first, last + 1)
        length = last - first + 1
        worth[inside] = place_value(-(last - at[inside] + 1) / length) / place_value(-1.0)
        window[inside] = number
    return worth, window


@dataclass(frozen=True)
class Curve:
    """The raw score of some series at every threshold that makes a difference.

    Attributes:
        thresholds: Falling, the first infinite; an alarm is a score at least as high.
        scores: Raw score at each.

    """

    thresholds: Floats
    scores: Floats

    def at(self, threshold: float) -> float:
        """Return the raw score at a threshold."""
        return float(self.scores[np.searchsorted(-self.thresholds, -threshold, side="right") - 1])

    @property
    def best(self) -> float:
        """The threshold of the highest score, the highest of several."""
        return float(self.thresholds[int(np.argmax(self.scores))])


def curve(scored: Sequence[tuple[Series, Floats]], profile: Profile) -> Curve:
    """Return the raw score over all series together, threshold by threshold.

    As the threshold falls, readings become alarms one after the other: one outside adds its negative worth,
    one inside only what it is worth more than the best one found in its window.
    """
    levels: list[Floats] = [np.array([np.inf])]
    gains: list[Floats] = [np.array([-profile.missed * sum(len(one.windows) for one, _ in scored)])]
    for series, scores in scored:
        worth, window = worths(series)
        judged = np.arange(len(scores)) >= series.probation
        outside = judged & (window < 0)
        levels.append(scores[outside])
        gains.append(profile.false * worth[outside])
        for number in range(len(series.windows)):
            inside = judged & (window == number)
            order = np.argsort(-scores[inside], kind="stable")
            best = np.maximum.accumulate(np.append(-profile.missed, profile.found * worth[inside][order]))
            levels.append(scores[inside][order])
            gains.append(np.diff(best))
    every, gain = np.concatenate(levels), np.concatenate(gains)
    order = np.argsort(-every, kind="stable")
    falling, total = every[order], np.cumsum(gain[order])
    last = np.append(falling[1:] != falling[:-1], True)
    return Curve(falling[last], total[last])


def normalised(raw: float, windows: int, profile: Profile) -> float:
    """Return the score between that of no alarm (0) and of the perfect detector (100).

    >>> normalised(-10.0, 10, STANDARD), normalised(10.0, 10, STANDARD)
    (0.0, 100.0)
    """
    return 100.0 * (raw + profile.missed * windows) / ((profile.found + profile.missed) * windows)


@dataclass(frozen=True)
class Counts:
    """Windows found and alarms outside, of one series."""

    found: int
    false: int


def counts(series: Series, scores: Floats, threshold: float) -> Counts:
    """Count what is found and what is false at a threshold."""
    _, window = worths(series)
    alarms = (scores >= threshold) & (np.arange(len(scores)) >= series.probation)
    return Counts(len(set(window[alarms].tolist()) - {-1}), int((alarms & (window < 0)).sum()))
