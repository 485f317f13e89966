"""Training and scoring speed beside PyOD, bare matrix products and Isolation Forest."""

from __future__ import annotations

import argparse
import csv
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from measuring import interleaved, one_thread, provenance, write_results
from numpy.typing import NDArray
from pyod.models import auto_encoder, vae
from sklearn.ensemble import IsolationForest
from torch import nn

import unseen
from unseen.detectors.ensemble import CommitteeDetector
from unseen.detectors.readers import BLOCK
from unseen.detectors.telling import Leading
from unseen.models.network import Dense
from unseen.training import stages
from unseen.training.loop import Plan

PACKAGES = ("torch", "pyod", "numpy")
FEATURES, HIDDEN, LATENT, EPOCHS = 30, (128, 64), 8, 10
# Times faster than the peer, and times slower than the bare products, that we ask of ourselves.
TRAINING, SCORING, BOUND = 5.0, 10.0, 2.0
# The committee: features, known anomalies, and rows a second asked of it, whatever the peer does.
WIDTH, KNOWN, ASKED = 20, 50, 50_000.0
MODELS = {"VAE": unseen.VAE, "AutoEncoder": unseen.AutoEncoder}


def rows_of(count: int, seed: int) -> NDArray[np.float64]:
    """Draw rows around an 8-dimensional plane."""
    plane = np.random.default_rng(0).normal(size=(LATENT, FEATURES))
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, LATENT)) @ plane + 0.3 * rng.normal(size=(count, FEATURES))


def ours(kind: str, batch: int, train: NDArray[Any]) -> unseen.AwareDetector:
    """Fit our detector for `EPOCHS` epochs over the rows it does not hold out."""
    held_out = 2 * (len(train) // 10)
    plan = Plan(steps=EPOCHS * ((len(train) - held_out) // batch), batch=batch)
    return unseen.AwareDetector(MODELS[kind](Dense(HIDDEN), latent=LATENT), learn=plan).fit(train)


def theirs(kind: str, batch: int, train: NDArray[Any]) -> Any:
    """Fit PyOD's detector at equal widths, epochs and batch; without dropout, which ours has not."""
    shared = {"epoch_num": EPOCHS, "batch_size": batch, "dropout_rate": 0.0, "verbose": 0}
    if kind == "VAE":
        widths = {"encoder_neuron_list": [*HIDDEN], "decoder_neuron_list": [*reversed(HIDDEN)]}
        return vae.VAE(latent_dim=LATENT, **widths, **shared).fit(train)
    # its decoder mirrors the encoder, whose last width is the code
    return auto_encoder.AutoEncoder(hidden_neuron_list=[*HIDDEN, LATENT], batch_norm=False, **shared).fit(
        train
    )


@contextmanager
def stopwatch(owner: type | ModuleType, name: str) -> Iterator[list[float]]:
    """Add up CPU seconds spent in the function `name` of `owner`."""
    spent, original = [0.0], getattr(owner, name)

    def timed(*arguments: Any, **named: Any) -> Any:
        begun = time.process_time()
        try:
            return original(*arguments, **named)
        finally:
            spent[0] += time.process_time() - begun

    setattr(owner, name, timed)
    try:
        yield spent
    finally:
        setattr(owner, name, original)


def line(task: str, kind: str, batch: int | str, ours_: NDArray[Any], peer: NDArray[Any]) -> dict[str, Any]:
    """One line of results from seconds a row (repeats, 2) of ours and of a peer; ratio = peer over ours."""
    ratios = peer / ours_
    our_rate, peer_rate = np.median(1.0 / ours_, axis=0), np.median(1.0 / peer, axis=0)
    return {
        "task": task,
        "model": kind,
        "batch": batch,
        "epochs": EPOCHS,
        "repeats": len(ours_),
        "ours_wall_rows_per_s": our_rate[0],
        "ours_cpu_rows_per_s": our_rate[1],
        "peer_wall_rows_per_s": peer_rate[0],
        "peer_cpu_rows_per_s": peer_rate[1],
        "ratio_wall": float(np.median(ratios[:, 0])),
        "ratio_cpu": float(np.median(ratios[:, 1])),
        "ratio_cpu_low": float(ratios[:, 1].min()),
        "ratio_cpu_high": float(ratios[:, 1].max()),
    }


def training(kind: str, batch: int, train: NDArray[Any], repeats: int) -> Iterator[dict[str, Any]]:
    """Compare whole fits as a user calls them, then the training loops alone."""
    steps = EPOCHS * (len(train) // batch) * batch
    loops: dict[str, list[float]] = {"ours": [], "peer": []}

    def fit_ours() -> float:
        with stopwatch(stages, "train") as spent:
            fitted = ours(kind, batch, train)
        done = fitted.traces_[0].steps[-1] * batch
        loops["ours"].append(spent[0] / done)
        return float(done)

    def fit_theirs() -> float:
        with stopwatch(vae.BaseDeepLearningDetector, "train") as spent:
            theirs(kind, batch, train)
        loops["peer"].append(spent[0] / steps)
        return float(steps)

    seconds = interleaved({"ours": fit_ours, "peer": fit_theirs}, repeats)
    yield line("fit", kind, batch, seconds["ours"], seconds["peer"]) | {"target": TRAINING}
    # the first of each was the warming up; only CPU time is taken inside
    alone = {name: np.array([values[1:]] * 2).T for name, values in loops.items()}
    yield line("training loop", kind, batch, alone["ours"], alone["peer"]) | {"target": TRAINING}


def bare_products(detector: unseen.AwareDetector, rows: NDArray[Any]) -> Callable[[], float]:
    """Chain the layers' matrix products, single precision, into buffers made before."""
    network = detector.stage1_[0].reader.networks[0]
    weights = [module.weight.detach().t() for module in network.modules() if isinstance(module, nn.Linear)]
    block = torch.from_numpy(rows[:BLOCK].astype(np.float32))
    buffers = [torch.empty(BLOCK, weight.shape[1]) for weight in weights]

    def run() -> float:
        with torch.inference_mode():
            for _ in range(len(rows) // BLOCK):
                left = block
                for weight, buffer in zip(weights, buffers, strict=True):
                    # of a VAE's head, the means go on
                    torch.mm(left[:, : weight.shape[0]], weight, out=buffer)
                    left = buffer
        return float(len(rows) // BLOCK * BLOCK)

    return run


def scoring(kind: str, train: NDArray[Any], fresh: NDArray[Any], repeats: int) -> Iterator[dict[str, Any]]:
    """Compare scoring, evidence included, with the peer at the same block of rows and with bare products."""
    detector, peer = ours(kind, 256, train), theirs(kind, 256, train)
    few = fresh[: len(fresh) // 8]  # a peer this slow is timed on fewer rows

    def theirs_in(batch: int, rows: NDArray[Any]) -> Callable[[], float]:
        return lambda: float(len(peer.decision_function(rows, batch_size=batch)))

    for name in ("float64", "float32"):
        rows = fresh.astype(name)
        tasks = {
            "ours": lambda rows=rows: float(len(detector.anomaly_score(rows))),
            "bare": bare_products(detector, fresh),
            "peer": theirs_in(256, few.astype(name)),
            "peer, large batch": theirs_in(BLOCK, few.astype(name)),
        }
        seconds = interleaved(tasks, repeats)
        task = f"scoring {name}"
        yield line(task, kind, 256, seconds["ours"], seconds["peer"]) | {"target": SCORING}
        yield line(task, kind, BLOCK, seconds["ours"], seconds["peer, large batch"]) | {"target": SCORING}
        bound = line(f"{task}, times the bare products", kind, BLOCK, seconds["bare"], seconds["ours"])
        yield {key: bound[_other(key)] for key in bound} | {"target": -BOUND}


def committee(count: int, fresh: int, repeats: int) -> Iterator[dict[str, Any]]:
    """Compare the committee with scikit-learn's Isolation Forest; far known anomalies and near ones.

    Trees that tell near ones apart are larger, so that reading them takes longer. The ratio asked for is
    that of `ASKED` rows a second to the peer's rate in the same run.
    """
    for name, away in (("far", 6.0), ("near", 0.3)):
        rng = np.random.default_rng(4)
        normal, known = rng.normal(size=(count, WIDTH)), away + rng.normal(size=(KNOWN, WIDTH))
        rows, labels = np.concatenate([normal, known]), np.repeat([0, 1], [count, KNOWN])
        batch = rng.normal(size=(fresh, WIDTH))
        detector = CommitteeDetector(seed=0, joining=Leading()).fit(rows, labels)
        peer = IsolationForest(random_state=0, n_jobs=1).fit(normal)
        tasks = {
            "ours": lambda detector=detector, batch=batch: float(len(detector.anomaly_score(batch))),
            "peer": lambda peer=peer, batch=batch: float(len(peer.score_samples(batch))),
        }
        seconds = interleaved(tasks, repeats)
        kind = f"CommitteeDetector, {KNOWN} {name} anomalies"
        result = line("scoring float64", kind, fresh, seconds["ours"], seconds["peer"])
        yield result | {"epochs": "", "target": ASKED / result["peer_cpu_rows_per_s"]}


def _other(key: str) -> str:
    pairs = {"ours": "peer", "peer": "ours"}
    first, _, rest = key.partition("_")
    return f"{pairs[first]}_{rest}" if first in pairs else key


def main() -> None:
    """Run all comparisons and write one CSV line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/speed.csv"))
    parser.add_argument("--only", choices=["networks", "committee"], help="one part; its lines are renewed")
    parser.add_argument("--quick", action="store_true", help="fewer rows, batch 256 only")
    chosen = parser.parse_args()
    one_thread()
    warnings.simplefilter("ignore")
    count, repeats = (4_000, 5) if chosen.quick else (20_000, 5)
    train, fresh = rows_of(count, 1), rows_of(8 * count, 2)
    results = []
    for kind in MODELS if chosen.only != "committee" else ():
        for batch in (256,) if chosen.quick else (256, 32):
            results += _told(training(kind, batch, train, repeats))
        results += _told(scoring(kind, train, fresh, repeats + 4))
    if chosen.only != "networks":
        results += _told(committee(5_000, 20_000, repeats + 4), ["torch", "scikit-learn", "numpy"])
    write_results(chosen.out, kept(chosen.out, chosen.only) + results)


def kept(path: Path, only: str | None) -> list[dict[str, Any]]:
    """Lines of an earlier run that this one does not renew."""
    if only is None or not path.exists():
        return []
    with path.open(newline="") as file:
        return [
            row
            for row in csv.DictReader(file)
            if row["model"].startswith("Committee") != (only == "committee")
        ]


def _told(lines: Iterator[dict[str, Any]], packages: Sequence[str] = PACKAGES) -> Iterator[dict[str, Any]]:
    for result in lines:
        target, ratio = result["target"], result["ratio_cpu"]
        result["holds"] = ratio >= target if target > 0 else ratio <= -target
        result["target"] = f">= {target:.3g}" if target > 0 else f"<= {-target:.3g}"
        result["threads"] = torch.get_num_threads()
        print(
            f"{result['task']}, {result['model']}, batch {result['batch']}: ratio {ratio:.2f} "
            f"[{result['ratio_cpu_low']:.2f}, {result['ratio_cpu_high']:.2f}], asked {result['target']}",
            flush=True,
        )
        yield result | provenance(packages)


if __name__ == "__main__":
    main()
