"""A table scored, and a forecaster fitted, by two workers of a local Ray cluster and by one process.

Is it the same, bit for bit, and how much faster? On a busy machine trust neither to a tenth.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from measuring import one_thread, provenance, write_results
from memory import table

import unseen
from unseen.data import open_source
from unseen.forecasting.detector import ForecastDetector
from unseen.forecasting.learning import Schedule
from unseen.forecasting.networks import Lstm, Stid
from unseen.scale.cluster import Cluster, cluster
from unseen.scale.fitting import fit_on
from unseen.scale.scoring import scored_on
from unseen.series.simulate import City, simulated
from unseen.studies.scoring import scored
from unseen.training.loop import Plan

WORKERS, ROWS, GROUP = 2, 1_000_000, 100_000
Pairs = Iterator[tuple[pa.Table, pa.Table]]


def timed(pairs: Pairs) -> tuple[pa.Table, float, float]:
    """All results; wall seconds in all, and rows a second after the first block."""
    begun = time.perf_counter()
    first, tables = 0.0, []
    for result, _ in pairs:
        first = first or time.perf_counter()
        tables.append(result)
    ended = time.perf_counter()
    later = sum(len(one) for one in tables[1:])
    return pa.concat_tables(tables).combine_chunks(), ended - begun, later / max(ended - first, 1e-9)


def _write(path: Path, rows: int) -> None:
    """Write a Parquet file in row groups of a hundred thousand."""
    rng = np.random.default_rng(0)
    with pq.ParquetWriter(path, table(rng, 1).schema) as writer:
        for _ in range(0, rows, GROUP):
            writer.write_table(table(rng, GROUP))


def score(two: Cluster, folder: Path, rows: int) -> dict[str, object]:
    """Score one file both ways."""
    data, model = folder / "rows.parquet", folder / "model"
    _write(data, rows)
    learned = unseen.AwareDetector(learn=Plan(steps=300)).fit(table(np.random.default_rng(2), 20_000))
    unseen.save(learned, model)
    alone, alone_s, alone_rate = timed(scored(learned, open_source(data)))
    far, far_s, far_rate = timed(scored_on(two, model, open_source(data)))
    return {
        "work": f"score {rows:,} rows", "same_bits": far.equals(alone), "one_process_s": alone_s,
        "cluster_s": far_s, "ratio": alone_s / far_s, "ratio_once_running": far_rate / alone_rate,
    }  # fmt: skip


def fit(two: Cluster, windows: int) -> dict[str, object]:
    """Fit a forecaster of two networks both ways."""
    town = simulated(City(sensors=60, days=60, step=900))

    def fresh() -> ForecastDetector:
        return ForecastDetector(members=(Stid(), Lstm()), schedule=Schedule(epochs=2, windows=windows))

    alone, alone_s = _took(lambda: fresh().fit(town))
    far, far_s = _took(lambda: fit_on(two, fresh(), town))
    same = all(
        torch.equal(left, right)
        for one, other in zip(alone.networks_, far.networks_, strict=True)
        for left, right in zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    )
    return {"work": f"fit 2 networks, {2 * windows:,} windows each", "same_bits": same,
            "one_process_s": alone_s, "cluster_s": far_s, "ratio": alone_s / far_s}  # fmt: skip


def _took(work: Callable[[], ForecastDetector]) -> tuple[ForecastDetector, float]:
    begun = time.perf_counter()
    return work(), time.perf_counter() - begun


def main() -> None:
    """Do both, and write one row each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/scale.csv"))
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--windows", type=int, default=60_000)
    chosen = parser.parse_args()
    one_thread()
    with tempfile.TemporaryDirectory() as folder, cluster("local", WORKERS) as two:
        results = [score(two, Path(folder), chosen.rows), fit(two, chosen.windows)]
    for found in results:
        print(found)
    blank = {"ratio_once_running": "", "workers": WORKERS}
    write_results(
        chosen.out,
        [
            found
            | {name: found.get(name, value) for name, value in blank.items()}
            | provenance(["ray", "torch", "pyarrow"])
            for found in results
        ],
    )


if __name__ == "__main__":
    main()
