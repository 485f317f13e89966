"""The film network as ONNX, in 8 bits where it then still says the same."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from unseen.errors import DataError, need
from unseen.evaluation.ranking import roc_auc
from unseen.export.quantise import HEAVY, inside_network, to_int8
from unseen.export.tracing import traced
from unseen.screening.network import FilmNetwork, Floats, film_rows, read_films

# Films that set the ranges of activations.
CALIBRATION = 512
OUTPUTS = ("logit", "map")
# Films a pass, when a graph is compared.
BLOCK = 64


@dataclass(frozen=True)
class Way:
    """A way to put the network in a file.

    Args:
        name: Of the precision.
        integers: Whether products are made of 8-bit integers.
        spared: Names the nodes left in single precision, from a graph.

    """

    name: str
    integers: bool
    spared: Callable[[Any], list[str]]


@dataclass(frozen=True)
class Agreement:
    """How far a rounded network says what the network says, on films of both labels.

    Attributes:
        auc_loss: AUC of the network less that of its rounded self.
        most: Largest difference of probabilities sigmoid(logit).
        changed: Share of films whose probability lies on another side of the threshold.
        correlation: Pearson's, over all positions of all maps together.

    """

    auc_loss: float
    most: float
    changed: float
    correlation: float

    def fault(self) -> str | None:
        """Say the first limit that is broken; None where none is."""
        broken = [
            (abs(self.auc_loss) > 0.002, f"the AUC differs by {self.auc_loss:.4f} (accepted: 0.002)"),
            (self.most > 0.05, f"a probability differs by {self.most:.3f} (accepted: 0.05)"),
            (self.changed > 0.01, f"{self.changed:.2%} of the decisions change (accepted: 1 %)"),
            (self.correlation < 0.99, f"maps correlate by {self.correlation:.4f} (accepted: 0.99)"),
        ]
        return next((text for fails, text in broken if fails), None)


@dataclass(frozen=True, eq=False)
class Written:
    """A film network as ONNX.

    Attributes:
        model: From `rows` (N, 1, S, S), float32, to `logit` (N,) and `map` (N, h, w).
        precision: Name of the way that was taken.
        agreement: With the network, on the films it was judged by.
        bytes: Of the serialised model.

    """

    model: Any
    precision: str
    agreement: Agreement
    bytes: int


def agreement(
    own: tuple[Floats, Floats], other: tuple[Floats, Floats], labels: ArrayLike, *, threshold: float = 0.5
) -> Agreement:
    """Compare logits (N,) and maps (N, h, w) of a network with those of its rounded self.

    Args:
        own: Logits and maps of the network.
        other: Logits and maps of its rounded self.
        labels: 0 or 1, (N,), both there.
        threshold: Of the probability, for decisions.

    Raises:
        DataError: Shapes that do not fit, or one label only.

    >>> logit, cam = np.array([-1.0, 1.0]), np.random.default_rng(0).random((2, 3, 3))
    >>> agreement((logit, cam), (logit, 2 * cam), [0, 1])
    Agreement(auc_loss=0.0, most=0.0, changed=0.0, correlation=1.0)
    """
    finding = np.asarray(labels) == 1
    if own[0].shape != other[0].shape or own[1].shape != other[1].shape or finding.shape != own[0].shape:
        raise DataError(
            f"{own[0].shape}, {other[0].shape} logits and {finding.shape} labels came; give as many"
        )
    aucs = [roc_auc(logit[~finding], logit[finding]) for logit in (own[0], other[0])]
    before, after = expit(own[0].astype(float)), expit(other[0].astype(float))
    return Agreement(
        auc_loss=aucs[0] - aucs[1],
        most=float(np.abs(before - after).max()),
        changed=float(np.mean((before > threshold) != (after > threshold))),
        correlation=round(_correlation(own[1], other[1]), 12),
    )


def written(
    network: FilmNetwork,
    calibration: ArrayLike,
    judged: tuple[ArrayLike, ArrayLike],
    *,
    threshold: float = 0.5,
) -> Written:
    """Return the network as ONNX in the first of `WAYS` that agrees with it; the last is single precision.

    Args:
        network: Trained, in eval mode.
        calibration: Films (N, S, S) of training, which set the ranges; spread over at most `CALIBRATION`.
        judged: Films that took no part in training, and their labels.
        threshold: Of the probability, for decisions.

    Raises:
        DataError: As `film_rows` and `agreement`.
        MissingExtraError: The extra "export" is not installed.

    """
    whole = traced(network.eval(), (1, network.design.size, network.design.size), to=OUTPUTS)
    films, labels = judged
    own = read_films(network, films)
    for way in WAYS:
        model = slim(rounded(whole, network, calibration, way))
        found = agreement(own, run(model, network, films), labels, threshold=threshold)
        if not found.fault():
            break
    return Written(model, way.name, found, model.ByteSize())


def rounded(model: Any, network: FilmNetwork, calibration: ArrayLike, way: Way) -> Any:
    """Return a traced graph with its film network in 8 bits, or as it came."""
    if not way.integers:
        return model
    films = np.asarray(calibration)
    places = np.unique(np.linspace(0, len(films) - 1, CALIBRATION).astype(int))
    rows = film_rows(films[places], network.design.size).numpy()
    with tempfile.TemporaryDirectory(prefix="unseen-") as folder:
        return to_int8(model, rows, Path(folder), (1.0, False), spared=way.spared)


def run(model: Any, network: FilmNetwork, films: ArrayLike) -> tuple[Floats, Floats]:
    """Return logits and maps that ONNX Runtime finds on one thread."""
    ort = need("onnxruntime", extra="export", purpose="running an ONNX file")
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    values = np.asarray(films)
    parts = [
        session.run(list(OUTPUTS), {"rows": film_rows(values[at : at + BLOCK], network.design.size).numpy()})
        for at in range(0, len(values), BLOCK)
    ]
    logit, cam = (np.concatenate(found) for found in zip(*parts, strict=True))
    return logit, cam


def slim(model: Any) -> Any:
    """Return a copy without notes for developers and with short names; these would outweigh the weights."""
    slimmer = type(model)()
    slimmer.CopyFrom(model)
    graph = slimmer.graph
    del graph.value_info[:]
    del slimmer.metadata_props[:]
    for entry in (graph, *graph.node, *graph.initializer, *graph.input, *graph.output):
        del entry.metadata_props[:]
        entry.doc_string = ""
    # an absent input is the empty name
    short = {entry.name: entry.name for entry in (*graph.input, *graph.output)} | {"": ""}
    for tensor in graph.initializer:
        tensor.name = short.setdefault(tensor.name, f"c{len(short)}")
    for place, node in enumerate(graph.node):
        node.name = f"n{place}"
        for values in (node.input, node.output):
            values[:] = [short.setdefault(value, f"v{len(short)}") for value in values]
    return slimmer


def edges(graph: Any) -> list[str]:
    """Names of the convolutions of film networks that read or give one channel: first layers and heads.

    They hold a hundredth of the weights, and 8 bits are too few for what goes in and comes out.
    """
    shapes = {entry.name: tuple(entry.dims) for entry in graph.initializer}
    heavy = [node for node in graph.node if node.op_type in HEAVY and inside_network(node)]
    return [node.name for node in heavy if 1 in shapes[node.input[1]][:2]]


def _correlation(one: NDArray[Any], other: NDArray[Any]) -> float:
    x, y = (part.astype(float).ravel() - part.mean(dtype=float) for part in (one, other))
    size = float(np.sqrt((x * x).sum() * (y * y).sum()))
    return float((x * y).sum()) / size if size else float(np.array_equal(one, other))


WAYS = (
    Way("int8", True, edges),
    Way("fp32", False, lambda graph: []),
)
