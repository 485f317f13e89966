"""Event images in a trigger: time an event of the exported detector against the rebuilt published CoDAE.

All exported files take turns in one run, one thread, one event a call, on test events. Training speed is
that of both networks in the same loop. What 8 bits cost is the change of AUROC by mass point.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from measuring import one_thread, provenance, write_results

import unseen
from unseen.config import EVENT_LEARN, FitSettings
from unseen.detectors.aware import AwareDetector
from unseen.evaluation import roc_auc
from unseen.export.code import export_code
from unseen.export.latency import interleaved, processor, runtime
from unseen.export.onnx import export_onnx
from unseen.export.runtime import Scorer
from unseen.export.samples import Samples
from unseen.models.dual import CoDAE
from unseen.recipes.dark_showers import events as sample
from unseen.recipes.datasets import NORMAL
from unseen.seeds import seeded
from unseen.training.loop import Plan
from unseen.training.stages import learn_normal

# Ratio to the reference that each file is to stay below.
BOUNDS = {"full int8": 0.25, "code fp32": 0.05}
LOSS, FASTER = 0.3, 3.0


def trained(train: sample.Events, place: Path | None) -> Any:
    """Return the detector of `unseen fit --model codae`, read from `place` where it was kept there."""
    if place is not None and place.exists():
        return unseen.load(place)
    detector = FitSettings(model="codae").detector(image=sample.SHAPE).set_params(image_shape=sample.SHAPE)
    detector.fit(train.rows())
    if place is not None:
        unseen.save(detector, place)
    return detector


def reference(train: sample.Events) -> AwareDetector:
    """Return the published form; its speed does not depend on how long it was trained."""
    plan = Plan(steps=2, batch=8, check_every=2)
    detector = AwareDetector(
        CoDAE.reference(), learn=plan, scaling="energies", image_shape=sample.SHAPE, seed=0
    )
    return detector.fit(train.rows(slice(100)))


def training_rates(train: sample.Events) -> dict[str, float]:
    """Events a CPU second in training, batches of 32."""
    rows = torch.from_numpy(np.log1p(train.images))
    rates = {}
    for name, model, steps in (
        ("reference", CoDAE.reference(), 4),
        ("ours", CoDAE(channels=1, energies=False), 40),
    ):
        with seeded(0):
            network = model.build(sample.SHAPE)
        plan = replace(EVENT_LEARN, steps=steps, check_every=10 * steps, average=0.0)
        started = time.process_time()
        learn_normal(network, rows, rows[:8], beta=0.0, plan=plan, trim=0.0, seed=0)
        rates[name] = 32 * steps / (time.process_time() - started)
    return rates


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=None)
    parser.add_argument("--model", type=Path, default=None, help="where the fitted detector is kept")
    parser.add_argument("--runs", type=int, default=400)
    options = parser.parse_args()
    one_thread()
    train, test = sample.read("n_tracks/train", options.data), sample.read("n_tracks/test", options.data)
    # a half of the test QCD sets the 8-bit ranges and p-values, the other half is judged on
    qcd = np.flatnonzero(test.kinds == NORMAL)
    setting, judged = qcd[::2], np.setdiff1d(np.arange(len(test.kinds)), qcd[::2])
    detector = trained(train, options.model)
    ours = Samples.of(detector, test.rows(setting))
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        export_onnx(reference(train), place / "reference.onnx")
        export_onnx(detector, place / "full fp32.onnx")
        export_code(detector, place / "code fp32.onnx", samples=ours)
        export_onnx(detector, place / "full int8.onnx", precision="int8", samples=ours)
        names = ("reference", "full fp32", "full int8", "code fp32")
        scorers = {name: Scorer(place / f"{name}.onnx") for name in names}
        event = np.ascontiguousarray(test.images[judged[:1]])
        times = interleaved(
            {n: s.session for n, s in scorers.items()}, dict.fromkeys(names, event), runs=options.runs
        )
        exact, rounded = (
            detector.anomaly_score(test.rows(judged)),
            scorers["full int8"](test.images[judged]).score,
        )
        sizes = {name: (place / f"{name}.onnx").stat().st_size / 1e6 for name in names}
    kinds = test.kinds[judged]
    losses = {
        kind: 100 * (_auc(exact, kinds, kind) - _auc(rounded, kinds, kind))
        for kind in sorted(set(kinds) - {NORMAL})
    }
    rates = training_rates(train)
    origin = {"processor": processor(), "runtime": runtime(), **provenance(("torch", "onnx", "onnxruntime"))}
    base = float(np.median(times["reference"]))
    rows = [
        _row(name, "ms an event", float(np.median(times[name])), base, BOUNDS.get(name), origin,
             p99=float(np.quantile(times[name], 0.99)), mb=sizes[name])
        for name in names
    ]  # fmt: skip
    rows.append(_row("training", "events a CPU second", rates["ours"], rates["reference"], FASTER, origin))
    worst = max(losses, key=lambda kind: losses[kind])
    rows.append(_row(f"8 bits, {worst}", "AUROC points lost, the most", losses[worst], 1.0, LOSS, origin))
    mean = float(np.mean(list(losses.values())))
    rows.append(_row("8 bits, mean", "AUROC points lost", mean, 1.0, LOSS, origin))
    write_results(options.out, rows)
    for row in rows:
        said = f"{row['what']:20} {row['unit']:28} {row['value']:9.4g}  ratio {row['ratio']:7.3g}"
        print(said, f" holds {row['holds']}")


def _auc(scores: Any, kinds: Any, kind: str) -> float:
    return roc_auc(scores[kinds == NORMAL], scores[kinds == kind])


def _row(
    what: str,
    unit: str,
    value: float,
    base: float,
    bound: float | None,
    origin: dict[str, str],
    **more: float,
) -> dict[str, Any]:
    ratio = value / base
    holds: Any = "" if bound is None else (ratio >= bound if what == "training" else ratio <= bound)
    return {
        "what": what, "unit": unit, "value": value, "ratio": ratio, "bound": "" if bound is None else bound,
        "holds": holds, "p99_ms": more.get("p99", ""), "mb": more.get("mb", ""), **origin,
    }  # fmt: skip


if __name__ == "__main__":
    main()
