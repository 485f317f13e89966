"""`unseen serve` under load on loopback: errors, latency, memory, and scoring beside the detector itself.

The service runs in a process of its own, the clients in this one; both share the cores of the machine, which
`cores` counts, with whatever else runs on it, which `load` tells of.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from measuring import interleaved, one_thread, provenance, write_results

import unseen
from unseen.data.synthetic import flows
from unseen.service.columns import Sizes
from unseen.service.requests import ARROW_STREAM, JSON, Rows, ToScore
from unseen.service.scoring import Scorer

PACKAGES = ("torch", "fastapi", "uvicorn", "numpy", "pyarrow")
TOKEN = "a-token-of-the-benchmark"  # noqa: S105
CLIENTS, ROWS, BULK = 50, 20, 4096
# Requests a second of all clients together in the run whose latency is stated: one a second each.
PACE = 50.0
# What is asked: no error, memory that grows by less than this share between the second and the last quarter.
GROWTH = 0.02


@dataclass
class Load:
    """What clients saw: seconds of each request that was answered with 200, and other outcomes."""

    seconds: list[float] = field(default_factory=list)
    errors: int = 0
    last_error: str = ""


@contextmanager
def service(model: Path) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """Run `unseen serve`; yields its port and its process, and asks it to stop in the end."""
    words = [sys.executable, "-m", "unseen.cli", "serve", str(model), "--port", "0", "--json"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "UNSEEN_TOKEN": TOKEN}
    limits = ["--rate-limit", "100000"]
    process = subprocess.Popen([*words, *limits], env=environment, stdout=subprocess.PIPE, text=True)
    try:
        said = json.loads("".join(iter(process.stdout.readline, "}\n")) + "}")  # type: ignore[union-attr]
        yield int(said["url"].rpartition(":")[2]), process
        process.terminate()
        if process.wait(timeout=60) != 0:
            raise SystemExit(f"the service ended with {process.returncode}")
    finally:
        process.kill()


def request(body: bytes, content_type: str, path: str = "/score") -> bytes:
    """Return the bytes of one request."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {TOKEN}\r\n"
        f"Content-Type: {content_type}\r\nAccept: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode("ascii") + body


async def client(port: int, requests: list[bytes], until: float, pause: float, load: Load) -> None:
    """Ask until a time, on one connection; `pause` is the mean of the random time between two requests."""
    random = np.random.default_rng(id(requests) % 2**32)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    place = 0
    while not place or time.perf_counter() < until:
        now = time.perf_counter()
        writer.write(requests[place % len(requests)])
        place += 1
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
        body = await reader.readexactly(length)
        if head.startswith(b"HTTP/1.1 200 "):
            load.seconds.append(time.perf_counter() - now)
        else:
            load.errors, load.last_error = load.errors + 1, body.decode()
        if pause:
            await asyncio.sleep(random.exponential(pause))
    writer.close()


async def clients(port: int, count: int, requests: list[bytes], seconds: float, pace: float) -> Load:
    """Let `count` clients ask for some seconds, `pace` requests a second in all (0: as fast as they can)."""
    load, until = Load(), time.perf_counter() + seconds
    pause = count / pace if pace else 0.0
    await asyncio.gather(
        *(client(port, requests[n:] + requests[:n], until, pause, load) for n in range(count))
    )
    return load


# The same rows scored by a process of its own without HTTP, ten times a second: what the machine, shared as
# it is, makes of the work itself.
DIRECT = """
import sys, time
import torch, unseen
from unseen.data.synthetic import flows
torch.set_num_threads(1)
detector, rows = unseen.load(sys.argv[1]), flows(int(sys.argv[2]), seed=1).drop_columns(["kind"])
detector.anomaly_score(rows)
print("ready", flush=True)
took, until = [], time.perf_counter() + float(sys.argv[3])
while (begun := time.perf_counter()) < until:
    detector.anomaly_score(rows)
    took.append(time.perf_counter() - begun)
    time.sleep(0.1)
took.sort()
print(took[len(took) // 2] * 1e3, took[int(0.99 * len(took))] * 1e3)
"""


@contextmanager
def scoring_beside(model: Path, seconds: float) -> Iterator[list[float]]:
    """Score directly while the block runs; in the end the list holds the median and the 99 % quantile, ms."""
    words = [sys.executable, "-c", DIRECT, str(model), str(ROWS), str(seconds)]
    found: list[float] = []
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield found
        found += map(float, process.stdout.read().split())


@dataclass
class Watched:
    """Resident memory of a process every half second, MB, and the CPU seconds it has used."""

    process: int
    memory: list[float] = field(default_factory=list)

    def cpu(self) -> float:
        """CPU seconds used so far."""
        fields = Path(f"/proc/{self.process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    async def watch(self) -> None:
        """Note the memory until cancelled."""
        while True:
            words = Path(f"/proc/{self.process}/status").read_text().split("VmRSS:")[1].split()
            self.memory.append(float(words[0]) / 1024.0)
            await asyncio.sleep(0.5)


def under_load(
    case: str,
    port: int,
    process: int,
    requests: list[bytes],
    *,
    model: Path,
    seconds: float,
    pace: float,
) -> dict[str, Any]:
    """One line of results of a load."""

    async def both() -> tuple[Load, float]:
        watching = asyncio.create_task(watched.watch())
        begun = time.perf_counter()
        load = await clients(port, CLIENTS, requests, seconds, pace)
        watching.cancel()
        return load, time.perf_counter() - begun

    watched = Watched(process)
    with scoring_beside(model, seconds) as direct:
        before = watched.cpu()
        load, took = asyncio.run(both())
        spent = watched.cpu() - before
    quarter = max(1, len(watched.memory) // 4)
    first = statistics.median(watched.memory[quarter : 2 * quarter] or watched.memory)
    last = statistics.median(watched.memory[-quarter:])
    done = np.array(load.seconds) * 1e3
    if load.errors:
        print(f"{case}: {load.errors} errors, the last: {load.last_error}", file=sys.stderr)
    return {
        "case": case,
        "clients": CLIENTS,
        "seconds": took,
        "requests": len(done),
        "errors": load.errors,
        "requests_per_s": len(done) / took,
        "p50_ms": float(np.quantile(done, 0.5)),
        "p99_ms": float(np.quantile(done, 0.99)),
        "max_ms": float(done.max()),
        "direct_p50_ms": direct[0],
        "direct_p99_ms": direct[1],
        "cpu_ms_per_request": spent / len(done) * 1e3,
        "memory_mb": last,
        "growth": last / first - 1.0,
    }


def alone_and_together(detector: Any, bodies: list[bytes], repeats: int) -> dict[str, np.ndarray]:
    """Seconds a request of fifty small ones: each in a pass of its own, all in one, and scored directly."""
    asked = [ToScore(Rows(body, JSON)) for body in bodies]
    scorer = Scorer(detector, Sizes())
    tables = [asked_.rows.table(scorer.columns, Sizes(), BULK) for asked_ in asked]

    def alone() -> float:
        for one in asked:
            scorer.score([one])
        return float(len(asked))

    def together() -> float:
        scorer.score(asked)
        return float(len(asked))

    def direct() -> float:
        for table in tables:
            detector.anomaly_score(table)
        return float(len(tables))

    return interleaved({"alone": alone, "together": together, "direct": direct}, repeats)


def bulk(port: int, process: int, detector: Any, table: pa.Table, repeats: int) -> dict[str, Any]:
    """Score one large Arrow request over HTTP, and the same rows directly, in turns."""
    sent = request(as_stream(table), ARROW_STREAM)
    watched, spent = Watched(process), []

    def over_http() -> float:
        before = watched.cpu()
        load = asyncio.run(clients(port, 1, [sent], 0.0001, 0.0))
        assert not load.errors, load.last_error
        spent.append(watched.cpu() - before)
        return float(table.num_rows)

    def direct() -> float:
        detector.anomaly_score(table)
        return float(table.num_rows)

    seconds = interleaved({"http": over_http, "direct": direct}, repeats)
    # CPU time of HTTP is that of the service; the first was the warming up
    http = np.array(spent[1:]) / table.num_rows
    ratio = http / seconds["direct"][:, 1]
    return {
        "case": f"one client, Arrow, {table.num_rows} rows a request",
        "clients": 1,
        "requests": repeats,
        "errors": 0,
        "rows_per_s": float(1.0 / np.median(seconds["http"][:, 0])),
        "ratio": float(np.median(ratio)),
        "ratio_is": "CPU of the service a row over that of scoring in process",
    }


def as_stream(table: pa.Table) -> bytes:
    """Write rows as an Arrow stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def as_json(table: pa.Table) -> bytes:
    """Write rows as JSON."""
    return json.dumps(
        [
            {k: v.isoformat() if hasattr(v, "isoformat") else v for k, v in row.items()}
            for row in table.to_pylist()
        ]
    ).encode()


def fitted(table: pa.Table) -> unseen.CommitteeDetector:
    """Fit the default for tables, told of floods."""
    kinds = np.array(table["kind"].to_pylist())
    used = np.isin(kinds, ("normal", "flood"))
    rows = table.filter(pa.array(used)).drop_columns(["kind"])
    return unseen.CommitteeDetector(seed=0).fit(rows, (kinds[used] == "flood").astype(int))


def measure(*, minute: float, repeats: int, say: Callable[[str], None]) -> list[dict[str, Any]]:
    """All lines of results."""
    detector = fitted(flows(8_000, seed=0))
    fresh = flows(20_000, seed=1).drop_columns(["kind"])
    bodies = [as_json(fresh.slice(ROWS * place, ROWS)) for place in range(CLIENTS)]
    requests = [request(body, JSON) for body in bodies]
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model"
        unseen.save(detector, model)
        with service(model) as (port, process):
            asyncio.run(clients(port, CLIENTS, requests, 3.0, PACE))  # warm
            for case, pace, seconds in (
                (f"{CLIENTS} clients, {PACE:g} requests a second", PACE, minute),
                (f"{CLIENTS} clients, as fast as they can", 0.0, minute / 3),
            ):
                say(case)
                line = under_load(case, port, process.pid, requests, model=model, seconds=seconds, pace=pace)
                line["rows_per_s"] = line["requests_per_s"] * ROWS
                line["target"] = f"no error, growth below {GROWTH:g}"
                line["holds"] = not line["errors"] and line["growth"] < GROWTH
                lines.append(line)
            say("bulk")
            lines.append(bulk(port, process.pid, detector, fresh.slice(0, BULK), repeats))
    say("alone and together")
    seconds = alone_and_together(detector, bodies, repeats)
    for peer, against in (
        ("alone", "each in a pass of its own"),
        ("direct", "scored directly, table by table"),
    ):
        lines.append(
            {
                "case": f"{CLIENTS} requests of {ROWS} rows in one pass",
                "requests": CLIENTS,
                "cpu_ms_per_request": float(np.median(seconds["together"][:, 1])) * 1e3,
                "ratio": float(np.median(seconds[peer][:, 1] / seconds["together"][:, 1])),
                "ratio_is": f"times faster than {against}, CPU",
            }
        )
    return lines


COLUMNS = (
    "case", "clients", "seconds", "requests", "errors", "requests_per_s", "rows_per_s", "p50_ms", "p99_ms",
    "max_ms", "direct_p50_ms", "direct_p99_ms", "cpu_ms_per_request", "memory_mb", "growth", "ratio",
    "ratio_is", "target", "holds", "cores", "load",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    one_thread()
    before = os.getloadavg()[0]
    lines = measure(
        minute=6.0 if options.quick else 60.0,
        repeats=3 if options.quick else 9,
        say=lambda what: print(what, file=sys.stderr),
    )
    shared = {"cores": os.cpu_count(), "load": f"{before:.1f} before", **provenance(PACKAGES)}
    rows = [{**{name: line.get(name, "") for name in COLUMNS}, **shared} for line in lines]
    write_results(options.out, rows)
    for row in rows:
        print(
            {name: value for name, value in row.items() if value != "" and name not in provenance(PACKAGES)}
        )


if __name__ == "__main__":
    main()
