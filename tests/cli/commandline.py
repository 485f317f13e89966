"""The command line under test: in this process, or as one of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from typer.testing import CliRunner

from unseen.cli.app import app

ROOT = Path(__file__).resolve().parents[2]
# Settings of networks: without a model they ask for the auto-encoder.
QUICK = ("--steps", "60", "--hidden", "8")


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Place:
    """Data, a model that kept rows back, and one of the whole data without labels; never write there."""

    folder: Path
    flows: Path
    model: Path
    whole: Path


def unseen(*words: object, stdin: bytes | None = None) -> Ran:
    """Run the command line inside this process."""
    done = CliRunner().invoke(app, [str(word) for word in words], input=stdin, prog_name="unseen")
    return Ran(done.exit_code, done.stdout, done.stderr)


def started(*words: object, **kwargs: object) -> subprocess.Popen[bytes]:
    """Start the command line as a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1"}
    environment.pop("UNSEEN_TRACEBACK", None)
    return subprocess.Popen(
        [sys.executable, "-m", "unseen.cli", *(str(word) for word in words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        **kwargs,  # type: ignore[call-overload]
    )


def flow_table(rows: int = 600, seed: int = 0) -> str:
    """CSV of flows: 'ok' around a line, 'DoS' with many bytes, 'scan' with many ports, 'odd' between."""
    rng = np.random.default_rng(seed)
    kinds = rng.choice(["ok", "DoS", "scan", "odd"], size=rows, p=[0.8, 0.08, 0.08, 0.04])
    size, rate, ports = rng.normal(10, 1, rows), rng.normal(3, 0.3, rows), rng.normal(2, 0.3, rows)
    size = size + np.where(kinds == "DoS", 9, 0)
    ports = ports + np.where(kinds == "scan", 4, 0)
    rate = rate + np.where(kinds == "odd", 3, 0)
    lines = [f"{s:.5f},{r:.5f},{p:.5f},{k}" for s, r, p, k in zip(size, rate, ports, kinds, strict=True)]
    return "\n".join(["size,rate,ports,kind", *lines, ""])
