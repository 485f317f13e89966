"""Write `aware_scores.json`: scores of `AwareDetector` on fixed rows, which later code must give again.

Run it only where a change of these scores is wanted: `python tests/golden/write_aware_scores.py`.
"""

from __future__ import annotations

import json
import platform
import warnings
from pathlib import Path

import numpy as np
import torch

from unseen import AwareDetector
from unseen.models.autoencoder import AutoEncoder
from unseen.models.neighbours import Neighbours
from unseen.models.network import Convolution, Dense
from unseen.models.vae import VAE
from unseen.objectives import Hinge
from unseen.thresholds import FalseAlarmRate
from unseen.training.loop import Plan

PLACE = Path(__file__).with_name("aware_scores.json")
SHORT = Plan(steps=60, rate=5e-3, batch=64, check_every=20)
MAKE = {
    "vae": lambda: AwareDetector(VAE(Dense((8,)), latent=2), learn=SHORT, tune=SHORT, seed=3),
    "two members and neighbours": lambda: AwareDetector(
        AutoEncoder(Dense((8,)), latent=2),
        awareness=Hinge(),
        neighbours=Neighbours(reference=100),
        threshold=FalseAlarmRate(0.05),
        trust=0.3,
        members=2,
        learn=SHORT,
        tune=SHORT,
    ),
    "convolution": lambda: AwareDetector(
        VAE(Convolution((4,)), latent=2), learn=SHORT, tune=SHORT, image_shape=(1, 4, 4), trim=0.02
    ),
}


def numbers(name: str) -> dict[str, list[float]]:
    """Scores and parts of a detector that was fitted and told, on twenty rows."""
    random = np.random.default_rng(7)
    width = 16 if name == "convolution" else 5
    normal, fresh = random.random((300, width)), random.random((20, width))
    known = random.random((12, width)) + 0.5
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        detector = MAKE[name]().fit(normal).fine_tune(known, kinds=["a", "b"] * 6)
    return {
        "anomaly_score": detector.anomaly_score(fresh).tolist(),
        "stage1_score": detector.stage1_score(fresh).tolist(),
        "stage2_score": detector.stage2_score(fresh).tolist(),
        "contributions": detector.contributions(fresh[:3]).values.ravel().tolist(),
        "offset": [float(detector.offset_)],
        "p_values": detector.p_values(fresh).tolist(),
    }


def machine() -> dict[str, str]:
    """What the last bits depend on."""
    return {"torch": torch.__version__, "machine": platform.machine(), "processor": processor()}


def processor() -> str:
    """Instruction set that torch computes with."""
    return torch.backends.cpu.get_cpu_capability()


def main() -> None:
    """Write the file anew."""
    found = {"made on": machine(), "numbers": {name: numbers(name) for name in MAKE}}
    PLACE.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
