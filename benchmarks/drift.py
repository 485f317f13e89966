"""Is drift called as seldom as stated where nothing changes, and where something does? On real sets."""

from __future__ import annotations

import argparse
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from false_alarms import SETS, Normals
from measuring import one_thread, provenance, write_results

import unseen
from unseen.recipes.datasets import NORMAL, nsl_kdd
from unseen.service.drift import Drift, Rates
from unseen.training.loop import Plan

# Normal rows to learn from, and to come after; windows, the stated rates, and rows that come at once.
LEARN, COME, WINDOW, RATE, AT_ONCE = 4_000, 20_000, 250, 0.05, 1_000
# Standard deviations of training by which one number is moved.
SHIFT = 0.5


def watched(detector: unseen.AwareDetector, rows: np.ndarray, moved: int | None = None) -> dict[str, Any]:
    """What is said of encoded rows (N, D), in which one feature may be moved."""
    if moved is not None:
        scaled = detector.scaler_.transform(rows).astype(np.float64)
        scaled[:, moved] += SHIFT
        rows = detector.scaler_.inverse(scaled).astype(rows.dtype)
    drift = Drift(detector, window=WINDOW, rates=Rates(window=RATE, ever=RATE))
    first = 0
    for start in range(0, len(rows), AT_ONCE):
        part = rows[start : start + AT_ONCE]
        scores = detector.score_encoded(part)
        drift.see(part, scores, scores > -detector.offset_)
        if not first and drift.called:
            first = next(window.last_row for window in drift.windows if window.drifted)
    return {
        "rows": drift.rows,
        "windows": drift.judged,
        "called": drift.called,
        "share": drift.called / max(1, drift.judged),
        "first_row": first or "",
        "bet_won_at": drift.standing().crossed or "",
    }


def number_of(detector: unseen.AwareDetector, rows: np.ndarray) -> int:
    """Place of the feature that is a number with the most values."""
    binary = np.zeros(rows.shape[1], bool) if detector.schema_ is None else detector.schema_.binary
    values = [0 if binary[j] else len(np.unique(rows[:, j])) for j in range(rows.shape[1])]
    return int(np.argmax(values))


def lines_of(name: str, normals: Normals, seed: int) -> Iterator[dict[str, Any]]:
    """Learn from some rows; let others come as they are, and with one number moved."""
    order = np.random.default_rng(seed).permutation(normals.count)
    learn = min(LEARN, normals.count // 3)
    detector = unseen.AwareDetector(learn=Plan(steps=200), seed=seed).fit(normals.take(order[:learn]))
    rows = detector.encode(normals.take(order[learn : learn + COME]))
    said = {"set": name, "seed": seed, "learned": learn, "stated": RATE}
    yield {**said, "change": "none", **watched(detector, rows)}
    moved = number_of(detector, rows)
    yield {**said, "change": f"one number by {SHIFT} sd", **watched(detector, rows[: 4 * WINDOW], moved)}


def official_test(data: Path, seed: int) -> dict[str, Any]:
    """Normal rows of NSL-KDD's own test file, of other machines and days than its training file."""
    train, test = (part.where(part.kinds == NORMAL).table for part in nsl_kdd(data))
    order = np.random.default_rng(seed).permutation(train.num_rows)[:LEARN]
    detector = unseen.AwareDetector(learn=Plan(steps=200), seed=seed).fit(train.take(pa.array(order)))
    shuffled = np.random.default_rng(seed).permutation(test.num_rows)
    rows = detector.encode(test.take(pa.array(shuffled)))
    said = {
        "set": "NSL-KDD",
        "seed": seed,
        "learned": LEARN,
        "stated": RATE,
        "change": "the official test file",
    }
    return {**said, **watched(detector, rows)}


def told(lines: list[dict[str, Any]]) -> None:
    """Print, by change, the share of windows that were called, and how many bets were won."""
    for change in dict.fromkeys(line["change"] for line in lines):
        chosen = [line for line in lines if line["change"] == change]
        called, windows = (sum(line[key] for line in chosen) for key in ("called", "windows"))
        won = sum(line["bet_won_at"] != "" for line in chosen)
        print(
            f"{change}: {called} of {windows} windows ({called / windows:.2%}); bets {won} of {len(chosen)}"
        )


def main() -> None:
    """Watch every set and seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/drift.csv"))
    parser.add_argument("--quick", action="store_true", help="one seed")
    chosen = parser.parse_args()
    one_thread()
    warnings.simplefilter("ignore")
    data = Path(os.environ.get("UNSEEN_DATA", "../shared/data"))
    lines: list[dict[str, Any]] = []
    for seed in range(1 if chosen.quick else 5):
        for name, read in SETS.items():
            lines += lines_of(name, read(data), seed)
        lines.append(official_test(data, seed))
    about = provenance(("torch", "numpy", "scipy"))
    write_results(chosen.out, [{**line, **about} for line in lines])
    told(lines)


if __name__ == "__main__":
    main()
