"""Peak memory of `unseen score` on a Parquet file of 20 million rows, in a process of its own."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from measuring import provenance, write_results

import unseen
from unseen.training.loop import Plan

NUMBERS, WORDS, GROUP = 27, 3, 1_000_000
SERVICES = np.array(["http", "dns", "smtp", "ssh", "ftp", "ntp", "other"])
LIMIT = 1e9


def table(rng: np.random.Generator, rows: int) -> pa.Table:
    """Draw rows of 27 numbers that hang together by 6 factors, and 3 words.

    Numbers are rounded to hundredths, so that Parquet's dictionaries keep the file small.
    """
    hidden = rng.standard_normal((rows, 6), dtype=np.float32)
    mixing = np.random.default_rng(1).standard_normal((6, NUMBERS)).astype(np.float32)
    numbers = np.round(hidden @ mixing + 0.3 * rng.standard_normal((rows, NUMBERS), dtype=np.float32), 2)
    columns = {f"number {place}": numbers[:, place] for place in range(NUMBERS)}
    for place in range(WORDS):
        codes = rng.integers(len(SERVICES), size=rows, dtype=np.int32)
        columns[f"word {place}"] = pa.DictionaryArray.from_arrays(codes, SERVICES).cast(pa.string())
    return pa.table(columns)


def write(path: Path, rows: int) -> None:
    """Write a Parquet file group by group."""
    rng = np.random.default_rng(0)
    with pq.ParquetWriter(path, table(rng, 1).schema) as writer:
        for start in range(0, rows, GROUP):
            writer.write_table(table(rng, min(GROUP, rows - start)))


# The process tells its own peak (VmHWM): the one a parent gets counts the parent's memory at the fork.
PROBE = """
import atexit, sys
from pathlib import Path
from unseen.cli import main
peak = lambda: Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]
atexit.register(lambda: print(peak(), file=sys.stderr))
main()
"""


def run(arguments: list[str]) -> tuple[float, float, float]:
    """Wall seconds, CPU seconds and peak resident bytes of an `unseen` command that ends well."""
    begun = time.perf_counter()
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-c", PROBE, *arguments],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    said = process.stderr.read() if process.stderr else ""
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"unseen {' '.join(arguments)} ended with status {status}: {said[-500:]}")
    return time.perf_counter() - begun, used.ru_utime + used.ru_stime, float(said.split()[-1]) * 1024.0


def measure(rows: int, folder: Path) -> dict[str, object]:
    """Write the file, fit a small model, score the file in a process of its own."""
    data, model, out = folder / "rows.parquet", folder / "model", folder / "scores.parquet"
    write(data, rows)
    detector = unseen.AwareDetector(learn=Plan(steps=500))
    unseen.save(detector.fit(table(np.random.default_rng(2), 20_000)), model)
    wall, cpu, peak = run(["score", str(model), str(data), "--out", str(out)])
    if pq.ParquetFile(out).metadata.num_rows != rows:
        raise SystemExit("the scores are not one a row")
    return {
        "rows": rows,
        "columns": NUMBERS + WORDS,
        "file_mb": data.stat().st_size / 1e6,
        "peak_mb": peak / 1e6,
        "limit_mb": LIMIT / 1e6,
        "holds": peak < LIMIT,
        "wall_rows_per_s": rows / wall,
        "cpu_rows_per_s": rows / cpu,
    }


def main() -> None:
    """Measure at two sizes, so that constant memory is seen and not only a small number."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/memory.csv"))
    parser.add_argument("--quick", action="store_true", help="a hundredth of the rows")
    chosen = parser.parse_args()
    most = 200_000 if chosen.quick else 20_000_000
    results = []
    for rows in (most // 10, most):
        with tempfile.TemporaryDirectory() as folder:
            found = measure(rows, Path(folder))
        print(f"{rows:,} rows: peak {found['peak_mb']:.0f} MB, {found['wall_rows_per_s']:,.0f} rows/s")
        results.append(found | provenance(["torch", "pyarrow", "numpy"]))
    write_results(chosen.out, results)


if __name__ == "__main__":
    main()
