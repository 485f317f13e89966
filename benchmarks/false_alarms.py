"""Do stated false-alarm rates hold on fresh normal rows of real sets? Counted, with exact intervals."""

from __future__ import annotations

import argparse
import os
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from measuring import one_thread, provenance, write_results

import unseen
from unseen.evaluation import expected_alarms, false_alarms
from unseen.recipes.datasets import NORMAL, cicids, nsl_kdd
from unseen.thresholds import Calibration
from unseen.training.loop import Plan

LEVELS = (0.1, 0.01, 0.001)
CONFIDENCE = 0.99
# Normal rows to learn from, at most; of the others one part in five is fresh, four calibrate.
LEARN, FRESH = 20_000, 0.2


@dataclass(frozen=True)
class Normals:
    """All normal rows of a set: a matrix, or a table with columns of several kinds."""

    rows: Any
    count: int

    def take(self, places: np.ndarray) -> Any:
        """Rows at `places`."""
        return self.rows.take(pa.array(places)) if isinstance(self.rows, pa.Table) else self.rows[places]


def adbench(name: str, data: Path) -> Normals:
    """Normal rows of an ADBench set."""
    with np.load(data / "adbench" / f"{name}.npz", allow_pickle=False) as file:
        rows = file["X"][file["y"].ravel() == 0]
    return Normals(rows, len(rows))


def intrusions(data: Path) -> Normals:
    """Normal rows of NSL-KDD, both files pooled: a random split is exchangeable, theirs is not."""
    parts = [part.where(part.kinds == NORMAL).table for part in nsl_kdd(data)]
    rows = pa.concat_tables(parts)
    return Normals(rows, rows.num_rows)


def flows(data: Path) -> Normals:
    """Normal rows of CICIDS2017."""
    every = cicids(data)
    rows = every.where(every.kinds == NORMAL).table
    return Normals(rows, rows.num_rows)


SETS: dict[str, Callable[[Path], Normals]] = {
    "donors": partial(adbench, "11_donors"),
    "cover": partial(adbench, "10_cover"),
    "celeba": partial(adbench, "8_celeba"),
    "shuttle": partial(adbench, "32_shuttle"),
    "NSL-KDD": intrusions,
    "mammography": partial(adbench, "23_mammography"),
    "CICIDS2017": flows,
}


def scored(detector: unseen.AwareDetector, normals: Normals, places: np.ndarray) -> np.ndarray:
    """Anomaly scores of rows at `places`."""
    return np.concatenate([detector.anomaly_score(normals.take(part)) for part in np.array_split(places, 8)])


def counted(name: str, normals: Normals, seed: int, plan: Plan) -> Iterator[dict[str, Any]]:
    """Split by chance, learn, calibrate, count the alarms among fresh rows."""
    order = np.random.default_rng(seed).permutation(normals.count)
    learn = min(LEARN, normals.count // 4)
    rest = normals.count - learn
    fresh, apart = np.split(order[learn:], [int(FRESH * rest)])
    detector = unseen.AwareDetector(learn=plan, seed=seed).fit(normals.take(order[:learn]))
    scores = scored(detector, normals, fresh)
    calibrations = {"apart": Calibration.fit(scored(detector, normals, apart)), "own": detector.calibration_}
    for place, calibration in calibrations.items():
        for found in false_alarms(calibration.p_values(scores), levels=LEVELS, confidence=CONFIDENCE):
            range_ = expected_alarms(
                found.stated, rows=found.rows, held_out=len(calibration), confidence=CONFIDENCE
            )
            yield {
                "set": name,
                "seed": seed,
                "calibration": place,
                "calibration_rows": len(calibration),
                "fresh_rows": found.rows,
                "stated": found.stated,
                "alarms": found.alarms,
                "realised": found.realised.value,
                "low": found.realised.low,
                "high": found.realised.high,
                "inside": found.holds,
                "expected_low": range_.low,
                "expected_high": range_.high,
                "explained": range_.low <= found.realised.value <= range_.high,
            }


def told(lines: list[dict[str, Any]]) -> None:
    """Print, for each kind of calibration, set and rate, the realised rates and how many are inside."""
    for place in ("apart", "own"):
        chosen = [line for line in lines if line["calibration"] == place]
        print(f"\ncalibration rows: {place}")
        for name in dict.fromkeys(line["set"] for line in chosen):
            for stated in LEVELS:
                found = [line for line in chosen if line["set"] == name and line["stated"] == stated]
                rates = ", ".join(f"{line['realised']:.2%}" for line in found)
                inside, explained = (sum(line[key] for line in found) for key in ("inside", "explained"))
                print(
                    f"{name:12} {stated:6.1%}: {rates}; stated rate inside {inside} of {len(found)}, "
                    f"explained {explained} of {len(found)}"
                )
        for key in ("inside", "explained"):
            print(f"{key}: {sum(line[key] for line in chosen)} of {len(chosen)}")


def main() -> None:
    """Count on every set and seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/false_alarms.csv"))
    parser.add_argument("--quick", action="store_true", help="one seed, a short training")
    chosen = parser.parse_args()
    one_thread()
    warnings.simplefilter("ignore")
    data = Path(os.environ.get("UNSEEN_DATA", "../shared/data"))
    seeds, plan = (range(1), Plan(steps=200)) if chosen.quick else (range(5), Plan())
    lines: list[dict[str, Any]] = []
    for name, read in SETS.items():
        normals = read(data)
        for seed in seeds:
            lines += counted(name, normals, seed, plan)
    told(lines)
    write_results(chosen.out, [line | provenance(["torch", "numpy", "scipy"]) for line in lines])


if __name__ == "__main__":
    main()
