"""What all benchmarks share: one thread, tasks that take turns, results written whole with their origin."""

from __future__ import annotations

import csv
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

import unseen


def one_thread() -> None:
    """Run this process on one thread; peers are slower, never faster, on more of them at these widths."""
    import torch

    os.environ.setdefault("OMP_NUM_THREADS", "1")
    torch.set_num_threads(1)


def interleaved(tasks: Mapping[str, Callable[[], float]], repeats: int) -> dict[str, np.ndarray]:
    """Seconds a row of each task, (repeats, 2): wall time and CPU time of this process.

    Tasks take turns (ours, peer, ours, peer, ...), so that a busy machine disturbs all alike. A task
    returns the number of rows it did; each is run once before it is timed.
    """
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in tasks}
    for task in tasks.values():
        task()
    for _ in range(repeats):
        for name, task in tasks.items():
            wall, cpu = time.perf_counter(), time.process_time()
            rows = task()
            found[name].append(((time.perf_counter() - wall) / rows, (time.process_time() - cpu) / rows))
    return {name: np.array(values) for name, values in found.items()}


def provenance(packages: Sequence[str]) -> dict[str, str]:
    """Date, versions and command of this run, as CSV fields."""
    versions = [f"python {sys.version.split()[0]}", f"unseen {unseen.__version__}"]
    versions += [f"{name} {version(name)}" for name in packages]
    words = [Path(sys.argv[0]).name, *(word for word in sys.argv[1:])]
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "versions": "; ".join(versions),
        "command": "python benchmarks/" + " ".join(words),
    }


def write_results(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write a CSV file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(path.name + ".tmp")
    with aside.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows({name: _short(value) for name, value in row.items()} for row in rows)
    os.replace(aside, path)


def _short(value: Any) -> Any:
    return f"{value:.4g}" if isinstance(value, float) else value
