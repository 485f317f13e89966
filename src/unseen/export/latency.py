"""How long an exported file takes, an event at a time and in batches, on one thread of this machine."""

from __future__ import annotations

import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unseen.errors import ConfigError, need
from unseen.export.runtime import Scorer

Floats = NDArray[np.float64]

# Runs before the clock counts, and runs that it counts.
WARM_UP, RUNS = 20, 200
BATCHES = (1, 64)


@dataclass(frozen=True)
class Latency:
    """Time of one call, milliseconds.

    Attributes:
        batch: Rows of a call.
        p50, p99, least: Median, 99 % quantile and smallest of the runs.
        runs: Calls that were timed.

    """

    batch: int
    p50: float
    p99: float
    least: float
    runs: int


@dataclass(frozen=True)
class Timed:
    """Latencies of one file, and what they were measured with.

    Attributes:
        latencies: One a batch size.
        runtime, processor, threads: What ran it.

    """

    latencies: tuple[Latency, ...]
    runtime: str
    processor: str
    threads: int

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        return asdict(self)


def timed(scorer: Scorer, *, batches: Sequence[int] = BATCHES, runs: int = RUNS) -> Timed:
    """Time an exported file on made-up rows, all outputs, without the checks of rows around it."""
    random = np.random.default_rng(0)
    found = []
    for batch in batches:
        rows = random.random((batch, *scorer.about["shape"]), dtype=np.float32)
        times = interleaved({"file": scorer.session}, {"file": rows}, runs=runs)["file"]
        found.append(latency(times, batch))
    return Timed(tuple(found), runtime(), processor(), 1)


def latency(milliseconds: Floats, batch: int) -> Latency:
    """Sum up the times of calls.

    >>> latency(np.array([2.0, 1.0, 3.0]), batch=1)
    Latency(batch=1, p50=2.0, p99=2.98, least=1.0, runs=3)
    """
    p50, p99 = np.quantile(milliseconds, [0.5, 0.99])
    least = float(milliseconds.min())
    return Latency(batch, round(float(p50), 6), round(float(p99), 6), round(least, 6), len(milliseconds))


def interleaved(
    sessions: Mapping[str, Any], inputs: Mapping[str, Any], *, runs: int = RUNS, warm_up: int = WARM_UP
) -> dict[str, Floats]:
    """Time several ONNX Runtime sessions in turn, so that whatever else the machine does hits all alike.

    Args:
        sessions: Name to session; each should be given one thread (`unseen.export.runtime.session`).
        inputs: Name to the array of its first input, or to a mapping of all its inputs.
        runs, warm_up: Rounds that are timed, and rounds before.

    Returns:
        Milliseconds of each call, shape (runs,), by name. Compare medians: their ratios are those of one run.

    Raises:
        ConfigError: No session, no run, or a session without an input.

    """
    if not sessions or runs < 1:
        raise ConfigError(f"{len(sessions)} sessions and {runs} runs came; accepted: one or more of each")
    missing = [name for name in sessions if name not in inputs]
    if missing:
        raise ConfigError(f"session {missing[0]!r} has no input; name one for each session")
    feeds = {name: _feed(sessions[name], inputs[name]) for name in sessions}
    times = {name: np.empty(runs) for name in sessions}
    for turn in range(-warm_up, runs):
        for name, one in sessions.items():
            start = time.perf_counter_ns()
            one.run(None, feeds[name])
            if turn >= 0:
                times[name][turn] = (time.perf_counter_ns() - start) / 1e6
    return times


def runtime() -> str:
    """Name and version of ONNX Runtime."""
    return f"onnxruntime {need('onnxruntime', extra='export', purpose='timing').__version__}"


def processor() -> str:
    """Name of the processor, as far as the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return (named[0] if named else platform.processor()) or platform.machine()


def _feed(one: Any, given: Any) -> dict[str, Any]:
    return dict(given) if isinstance(given, Mapping) else {one.get_inputs()[0].name: given}
