"""One number at a time in, a verdict out: a detector for any stream, without training and without labels."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unseen.errors import ConfigError, DataError
from unseen.streaming.profile import DayProfile
from unseen.streaming.reference import share_above, threshold
from unseen.streaming.tails import LEAST_PAST, Tails
from unseen.streaming.windows import LONG, NAMES, SHORT, Windows

KEPT = 1.0 - 1.0 / SHORT
"""Part of the evidence that is left at the next reading: a memory about as long as the short window."""
MOST_MEMORY = 1_000_000
LARGEST = 1e150
"""Values beyond this have no finite square."""
STATE_VERSION = 1

State = dict[str, NDArray[np.generic]]


@dataclass(frozen=True)
class Verdict:
    """What a detector says of one reading.

    Attributes:
        score: Evidence in decades, summed over aspects and fading over readings; 0 is ordinary.
        p: Share of readings of the reference streams with a score as high; 1 is ordinary.
        alarm: Whether an alarm starts here; one event gives one alarm.
        state: "ok", "learning" while too little is known to alarm, or "missing" where no value came.
        why: The aspect that speaks loudest where an alarm starts, else empty.

    """

    score: float
    p: float
    alarm: bool
    state: str
    why: str = ""


class StreamDetector:
    """Score a stream one reading at a time; bounded memory, no training, no labels.

    Seventeen aspects of the last 24 readings (`Windows`), of the value and of what the hour of the day leaves
    of it (`DayProfile`), are each compared with their own past (`Tails`). Their evidence, in decades beyond
    the first, is summed, and the sum fades:

        score(t) = 5/6 score(t - 1) + sum over aspects of e(t)

    An alarm starts where the score reaches the threshold that gives `alarms` false alarms in 10,000 readings
    of reference streams (`unseen.streaming.reference`), neither while learning nor within `quiet` readings of
    the last alarm. The scale and unit of the stream do not matter. Windows count readings: a stream should
    come at a more or less steady pace. Gaps and repeated or late stamps are borne; stamps are only read for
    the hour of the day.

    Args:
        warmup: Readings to learn from before the first alarm.
        quiet: Readings after an alarm in which none starts.
        memory: Readings each aspect remembers; 17 x 8 bytes each.
        alarms: False alarms in 10,000 readings of the reference streams.

    Raises:
        ConfigError: A setting is not accepted.

    Reference: evidence beyond a cut is summed as in the truncated product of Zaykin et al. 2002; the rest is
    laid out in docs/howto-streams.md.

    >>> detector = StreamDetector(warmup=200)
    >>> noise = np.random.default_rng(0).normal(size=400)
    >>> quiet = [detector.update(300.0 * i, 20 + x) for i, x in enumerate(noise)]
    >>> any(verdict.alarm for verdict in quiet)
    False
    >>> detector.update(300.0 * 400, 31.0).alarm
    True
    """

    def __init__(
        self, *, warmup: int = 750, quiet: int = 150, memory: int = 8000, alarms: float = 5.0
    ) -> None:
        for name, value, least in (
            ("warmup", warmup, LEAST_PAST + LONG),
            ("quiet", quiet, 0),
            ("memory", memory, 2 * LEAST_PAST),
        ):
            if value < least:
                raise ConfigError(f"{name} {value} came; accepted: {least} readings or more")
        if memory > MOST_MEMORY:
            raise ConfigError(f"memory {memory} came; accepted: {MOST_MEMORY:,} readings at most")
        self.warmup, self.quiet, self.memory, self.alarms = warmup, quiet, memory, alarms
        self.threshold = threshold(alarms)
        self._profile, self._windows = DayProfile(), Windows()
        self._tails = Tails(len(NAMES), memory=memory)
        self._seen, self._score, self._since_alarm = 0, 0.0, quiet

    def update(self, time: float, value: float) -> Verdict:
        """Take one reading in.

        Args:
            time: Seconds, since when does not matter but for the hour of the day; see `DayProfile`.
            value: The reading; NaN says that it is missing.

        Raises:
            DataError: The time is not finite, or the value is infinite or beyond 1e150.

        """
        if not math.isfinite(time):
            raise DataError(f"time {time} came; accepted: seconds as a finite number")
        if math.isnan(value):
            return Verdict(self._score, share_above(self._score), False, "missing")
        if abs(value) > LARGEST:
            raise DataError(f"value {value} came; accepted: numbers up to {LARGEST:g}, or NaN where missing")
        aspects = self._windows.aspects(value, self._profile.residual(time, value))
        evidence = self._tails.evidence(aspects)
        self._seen += 1
        self._since_alarm += 1
        self._score = KEPT * self._score + float(evidence.sum())
        learning = self._seen <= self.warmup
        alarm = not learning and self._score >= self.threshold and self._since_alarm > self.quiet
        if alarm:
            self._since_alarm = 0
        why = NAMES[int(evidence.argmax())] if alarm else ""
        return Verdict(self._score, share_above(self._score), alarm, "learning" if learning else "ok", why)

    def state(self) -> State:
        """Return everything needed to go on later, bit for bit, as plain arrays.

        `numpy.savez` keeps them; `{name: array.tolist()}` is JSON and is accepted by `from_state` as well.
        """
        return {
            "version": np.array(STATE_VERSION),
            "settings": np.array([self.warmup, self.quiet, self.memory, self.alarms]),
            "at": np.array([self._seen, self._score, self._since_alarm]),
            **self._profile.state(),
            **self._windows.state(),
            **self._tails.state(),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, object]) -> StreamDetector:
        """Return the detector that gave a state.

        Raises:
            DataError: It is not a state of this version.

        """
        try:
            arrays: State = {name: np.asarray(value) for name, value in state.items()}
            version = int(arrays["version"])
            if version != STATE_VERSION:
                raise DataError(f"state of version {version} came; accepted: {STATE_VERSION}")
            warmup, quiet, memory, alarms = arrays["settings"].astype(float).tolist()
            found = cls(warmup=int(warmup), quiet=int(quiet), memory=int(memory), alarms=alarms)
            seen, score, since = arrays["at"].astype(float).tolist()
            found._seen, found._score, found._since_alarm = int(seen), score, int(since)
            found._profile = DayProfile.from_state(arrays)
            found._windows = Windows.from_state(arrays)
            found._tails = Tails.from_state(arrays, len(NAMES), memory=found.memory)
        except (KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
            raise DataError(f"this is not the state of a stream detector: {error}") from error
        return found


@dataclass(frozen=True)
class Scored:
    """A whole series scored; one entry a reading.

    Attributes:
        score: Shape (N,); see `Verdict`.
        p: Shape (N,).
        alarm: Shape (N,), true where an alarm starts.

    """

    score: NDArray[np.float64]
    p: NDArray[np.float64]
    alarm: NDArray[np.bool_]


def score_series(
    times: NDArray[np.float64], values: NDArray[np.float64], detector: StreamDetector | None = None
) -> Scored:
    """Score a series as if it came one reading at a time: the same bits as `update`, reading by reading.

    Args:
        times: Seconds, shape (N,).
        values: Shape (N,), NaN where missing.
        detector: Goes on where it stands; a fresh one of default settings if absent.

    Raises:
        DataError: Times and values differ in length, or a reading is not accepted.

    >>> scored = score_series(np.arange(900) * 60.0, np.sin(np.arange(900.0) / 9))
    >>> int(scored.alarm.sum())
    0
    """
    if len(times) != len(values):
        raise DataError(f"{len(times)} times and {len(values)} values came; accepted: as many of each")
    used = StreamDetector() if detector is None else detector
    verdicts = [used.update(time, value) for time, value in zip(times.tolist(), values.tolist(), strict=True)]
    return Scored(
        np.array([verdict.score for verdict in verdicts]),
        np.array([verdict.p for verdict in verdicts]),
        np.array([verdict.alarm for verdict in verdicts], dtype=np.bool_),
    )
