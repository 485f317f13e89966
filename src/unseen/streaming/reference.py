"""Reference streams without any event: what scores mean, and which threshold keeps false alarms few.

Nine kinds of made-up stream at a reading every five minutes, from white noise to heavy tails, memory, counts
and daily rhythm. No event is in them, so every alarm is false. The table `reference.csv` says how many alarms
start in 10,000 readings at each threshold, and what share of readings scores as high, over all nine kinds:
a rate stated without looking at a label of anybody's data. `measure` makes it anew.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from unseen.errors import ConfigError
from unseen.seeds import generator

Floats = NDArray[np.float64]
Made = Callable[[np.random.Generator, Floats], Floats]

PACE = 300.0
PER = 10_000
LEVELS = tuple(float(level) for level in (*range(4, 40, 2), *range(40, 80, 5), *range(80, 121, 10)))
QUIET = 150
_FILE = Path(__file__).with_name("reference.csv")


def _remembering(random: np.random.Generator, times: Floats, part: float) -> Floats:
    return np.asarray(lfilter([1.0], [1.0, -part], random.normal(size=len(times))))


def _day(times: Floats) -> Floats:
    return np.sin(2 * np.pi * times / 86_400)


KINDS: dict[str, Made] = {
    "white noise": lambda random, times: random.normal(size=len(times)),
    "memory 0.9": lambda random, times: _remembering(random, times, 0.9),
    "memory 0.99": lambda random, times: _remembering(random, times, 0.99),
    "log-normal": lambda random, times: np.exp(random.normal(size=len(times))),
    "exponential": lambda random, times: random.exponential(size=len(times)),
    "Student 3": lambda random, times: random.standard_t(3, len(times)),
    "counts": lambda random, times: random.poisson(5, len(times)).astype(float),
    "daily": lambda random, times: 3 * _day(times) + random.normal(size=len(times)),
    "daily counts": lambda random, times: random.poisson(20 * (1.1 + _day(times))).astype(float),
}
"""Kind of stream -> how it is made from a generator and the times of its readings."""


@dataclass(frozen=True)
class Level:
    """One line of the table.

    Attributes:
        score: The threshold.
        alarms: Alarms that start in 10,000 readings.
        share: Share of readings with a score as high.

    """

    score: float
    alarms: float
    share: float


def stream(kind: str, readings: int, seed: int) -> tuple[Floats, Floats]:
    """Return times and values of a reference stream.

    >>> times, values = stream("counts", 1000, seed=0)
    >>> times.shape, bool((values >= 0).all())
    ((1000,), True)
    """
    times: Floats = np.arange(readings, dtype=np.float64) * PACE
    return times, KINDS[kind](generator(seed, 83, list(KINDS).index(kind)), times)


def measure(scores: Iterable[Floats], *, levels: Iterable[float] = LEVELS, quiet: int = QUIET) -> list[Level]:
    """Return the table of some scored streams, each cut off its warm-up.

    >>> measure([np.array([0.0, 9.0, 9.0, 0.0])], levels=[8.0])
    [Level(score=8.0, alarms=2500.0, share=0.5)]
    """
    streams = list(scores)
    readings = sum(len(stream) for stream in streams)
    return [
        Level(
            level,
            PER * sum(_starts(stream >= level, quiet) for stream in streams) / readings,
            float(sum(int((stream >= level).sum()) for stream in streams) / readings),
        )
        for level in levels
    ]


def _starts(above: NDArray[np.bool_], quiet: int) -> int:
    count, last = 0, -math.inf
    for place in np.flatnonzero(above).tolist():
        if place - last > quiet:
            count, last = count + 1, place
    return count


@cache
def table() -> tuple[Level, ...]:
    """Return the table that came with the package, by rising score."""
    with _FILE.open(encoding="utf-8", newline="") as file:
        return tuple(
            Level(float(row["score"]), float(row["alarms"]), float(row["share"]))
            for row in csv.DictReader(file)
        )


@cache
def threshold(alarms: float) -> float:
    """Return the score at which `alarms` false alarms start in 10,000 readings of the reference streams.

    Between lines of the table the logarithm of the rate is a straight line.

    Raises:
        ConfigError: The rate is beyond the table.

    >>> threshold(5.0) > threshold(10.0) > threshold(20.0)
    True
    """
    lines = table()
    least, most = lines[-1].alarms, lines[0].alarms
    if not least <= alarms <= most:
        raise ConfigError(f"alarms {alarms} came; accepted: {least:.2g} to {most:.2g} in 10,000 readings")
    rates = [math.log(line.alarms) for line in reversed(lines)]
    return float(np.interp(math.log(alarms), rates, [line.score for line in reversed(lines)]))


def share_above(score: float) -> float:
    """Return the share of readings of the reference streams that score as high; beyond the table, its last.

    >>> share_above(0.0), 0 < share_above(200.0) < share_above(30.0) < 0.02
    (1.0, True)
    """
    scores, logs = _curve()
    return math.exp(float(np.interp(score, scores, logs)))


@cache
def _curve() -> tuple[Floats, Floats]:
    lines = [Level(0.0, 0.0, 1.0), *table()]
    return np.array([line.score for line in lines]), np.log([line.share for line in lines])
