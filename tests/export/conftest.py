from __future__ import annotations

import copy
from functools import cache

import numpy as np
import pytest
from torch.onnx._internal.exporter._registration import ONNXRegistry

from unseen.detectors.aware import AwareDetector
from unseen.export.samples import Samples
from unseen.models.network import Dense
from unseen.models.vae import VAE
from unseen.training.loop import Plan


def events(count: int, seed: int, scale: float = 1.0) -> np.ndarray:
    """Events of a first-stage trigger: 19 objects x (pt, eta, phi) in hardware integers, absent ones 0."""
    random = np.random.default_rng(seed)
    present = np.arange(19) < random.poisson(8, count).clip(0, 19)[:, None]
    pt = np.sort(random.exponential(30 * scale, (count, 19)) + 5, axis=1)[:, ::-1]
    eta, phi = random.normal(0, 1.2, (count, 19)), random.uniform(-np.pi, np.pi, (count, 19))
    stacked = np.stack([pt * 2, eta / 0.0435, phi / 0.0436], axis=2) * present[:, :, None]
    return np.rint(stacked).reshape(count, 57).astype(np.float32)


@pytest.fixture(scope="package", autouse=True)
def operators_read_once():
    """The exporter reads the sources of its five hundred operators for every export, half of its time."""
    read = cache(ONNXRegistry.from_torchlib)

    def copied(opset_version: int) -> ONNXRegistry:
        registry = copy.copy(read(opset_version))
        registry.functions = {target: list(known) for target, known in registry.functions.items()}
        return registry

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ONNXRegistry, "from_torchlib", staticmethod(copied))
        yield


@pytest.fixture(scope="session")
def trigger() -> AwareDetector:
    """57-28-15-8, the L1 kind."""
    detector = AwareDetector(VAE(Dense((28, 15)), latent=8), seed=0, learn=Plan(steps=300))
    return detector.fit(events(4000, 1))


@pytest.fixture(scope="session")
def trigger_samples(trigger: AwareDetector) -> Samples:
    """Background and harder events, labelled."""
    rows = np.concatenate([events(3000, 2), events(500, 3, scale=2.5)])
    return Samples.of(trigger, rows, np.repeat([0, 1], [3000, 500]))


@pytest.fixture(scope="session")
def plane() -> AwareDetector:
    """A small detector of a table, told of something."""
    random = np.random.default_rng(5)
    rows = random.normal(size=(1200, 6)).astype(np.float32)
    rows[:, 3:] = 0.2 * rows[:, 3:] + rows[:, :3]
    known = rows[:60] + np.float32([0, 0, 0, 2, -2, 2])
    detector = AwareDetector(VAE(Dense((16,)), latent=3), seed=1, learn=Plan(steps=200), tune=Plan(steps=100))
    return detector.fit(np.concatenate([rows, known]), np.repeat([0, 1], [1200, 60]))


@pytest.fixture(scope="session")
def plane_samples(plane: AwareDetector) -> Samples:
    random = np.random.default_rng(6)
    rows = random.normal(size=(1500, 6)).astype(np.float32)
    rows[:, 3:] = 0.2 * rows[:, 3:] + rows[:, :3]
    rows[1300:, 3] += 3.0
    return Samples.of(plane, rows, np.arange(1500) >= 1300)
