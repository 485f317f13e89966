"""Fit a forecaster on a cluster: its networks learn side by side, to the bits that one process gives."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from unseen.forecasting.detector import ForecastDetector
from unseen.scale.cluster import Cluster, taken
from unseen.series.mapped import open_mapped
from unseen.series.panel import Panel
from unseen.training.progress import tell

Dates = tuple[dt.date, dt.date]
Weights = dict[str, NDArray[np.float32]]


def fit_on(
    cluster: Cluster, detector: ForecastDetector, panel: Panel | Path, train: Dates | None = None
) -> ForecastDetector:
    """Do what `detector.fit` does, one member of the detector a worker.

    A member depends on the panel, the seed and its place alone, so that it does not matter where it learns.
    A worker that dies is started again and its member learnt anew.

    Args:
        cluster: Where to work.
        detector: Not fitted; it is fitted in place.
        panel: Series, sent to the workers; or the folder of a mapped one, which they open under this path.
        train: Local dates to learn from, both included.

    Raises:
        DataError: Nothing to learn from, or workers die again and again.

    """
    mapped = isinstance(panel, Path)
    there = [str(panel.resolve())] if isinstance(panel, Path) else cluster.shared(panel)
    learner = cluster.ray.remote(num_cpus=1, max_retries=cluster.deaths)(learnt)
    asked = [learner.remote(detector, there, mapped, train, place) for place in range(len(detector.members))]
    here = open_mapped(panel) if isinstance(panel, Path) else panel
    part, made = detector.prepared(here, train)  # while the workers learn
    networks = []
    for place, reference in enumerate(asked):
        network = detector.blank(made.reader.width, len(part.sensors), part.a_day, place)
        weights: Weights = cluster.result(reference)
        network.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in weights.items()})
        networks.append(network.eval())
        tell("networks", place + 1, len(asked))
    return detector.finished(part, made, networks)


def learnt(
    detector: ForecastDetector, there: list[object], mapped: bool, train: Dates | None, place: int
) -> Weights:
    """Learn one member, in a worker; its weights by name."""
    panel = open_mapped(str(there[0])) if mapped else taken(there)
    part, made = detector.prepared(panel, train)
    network = detector.network(part, made, place)
    return {name: tensor.numpy() for name, tensor in network.state_dict().items()}
