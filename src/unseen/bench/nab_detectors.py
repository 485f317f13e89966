"""Detectors for the Numenta Anomaly Benchmark: ours, and those that show what a score is worth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfc

from unseen.bench.nab_corpus import Series
from unseen.seeds import generator
from unseen.streaming import StreamDetector, score_series

Floats = NDArray[np.float64]
OURS = "unseen stream"
_PART = 5
"""The quiet time after an alarm is this part of the probation, as the warm-up is the probation."""


@dataclass(frozen=True)
class Detector:
    """A detector of the bench.

    Attributes:
        name: What it is called.
        scores: Scores of a series under a seed, higher is stranger; 0 where it does not alarm.
        drawn: Whether the seed makes a difference.
        fixed: Whether it has a threshold of its own, so that any score above 0 is an alarm.

    """

    name: str
    scores: Callable[[Series, int], Floats]
    drawn: bool = False
    fixed: bool = False


def ours(series: Series, seed: int) -> Floats:
    """Score of each alarm of `StreamDetector` at its own threshold, scaled into 0 to 1; 0 elsewhere.

    The probation of the series is its warm-up; it is told nothing else.
    """
    detector = StreamDetector(warmup=max(series.probation, 74), quiet=series.probation // _PART)
    scored = score_series(series.times, series.values, detector)
    return np.where(scored.alarm, scored.score / (1.0 + scored.score), 0.0)


def constant(series: Series, seed: int) -> Floats:
    """Return one half, always."""
    return np.full(len(series.values), 0.5)


def at_random(series: Series, seed: int) -> Floats:
    """Return numbers from 0 to 1, drawn evenly."""
    words = int.from_bytes(series.name.encode()[-8:], "little") % 2**31
    return generator(seed, 89, words).random(len(series.values))


WINDOW, STRIDE = 6400, 100


def windowed_gaussian(series: Series, seed: int) -> Floats:
    """One minus the normal tail probability of a value, by mean and deviation of the last 6,400.

    The window grows reading by reading, then moves on by a hundred. A deviation of 0 counts as 1e-6.

    Reference: a baseline of the benchmark itself, under the same name.
    """
    values = series.values - series.values[0]
    sums, squares = (np.append(0.0, np.cumsum(values**power)) for power in (1, 2))
    at = np.arange(1, len(values))
    first = np.where(at <= WINDOW, 0, (at - WINDOW) // STRIDE * STRIDE)
    last = np.where(at <= WINDOW, at, first + WINDOW)
    mean = (sums[last] - sums[first]) / (last - first)
    variance = np.maximum((squares[last] - squares[first]) / (last - first) - mean**2, 0.0)
    spread = np.sqrt(np.where(variance <= 1e-12 * np.maximum(1.0, np.abs(mean)), 0.0, variance))
    apart = np.abs(values[1:] - mean) / np.where(spread == 0.0, 1e-6, spread)
    return np.append(0.0, 1.0 - 0.5 * erfc(apart / np.sqrt(2.0)))


DETECTORS = {
    detector.name: detector
    for detector in (
        Detector("constant", constant),
        Detector("random", at_random, drawn=True),
        Detector("windowed Gaussian", windowed_gaussian),
        Detector(OURS, ours, fixed=True),
    )
}
"""Name -> detector, in the order they run."""
