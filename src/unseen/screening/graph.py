"""One ONNX graph of a screener: a film in; logit, map and the anomaly score of the gate out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unseen.errors import ModelFileError, need
from unseen.export.tracing import traced
from unseen.screening.films import Films
from unseen.screening.gate_graph import gate_body
from unseen.screening.network import film_rows
from unseen.screening.quantise import Agreement, slim, written
from unseen.screening.screener import Screener

OUTPUTS = ("logit", "map", "gate")
# How far the gate's score in the file may lie off the detector's, nats, relative to the larger of 1 and it.
GATE_DIFFERENCE = 1e-3
# The gate is a part of its own; its names begin with this.
PREFIX = "gate."


@dataclass(frozen=True, eq=False)
class Graph:
    """A screener as ONNX.

    Attributes:
        model: Bytes, from `rows` (N, 1, S, S) to `logit` (N,), `map` (N, h, w), `gate` (N,).
        precision: Of the network: "int8" or "fp32".
        agreement: Of the rounded network with its own; None where nothing was rounded.
        network_bytes, gate_bytes: Size of each part.

    """

    model: bytes
    precision: str
    agreement: Agreement | None
    network_bytes: int
    gate_bytes: int


@dataclass(frozen=True, eq=False)
class Rounding:
    """Films that an export in 8 bits needs.

    Attributes:
        ranges: Films that set the ranges of activations.
        judged: Other films, on which the rounded network is held against its own.

    """

    ranges: Films
    judged: Films


def screener_graph(screener: Screener, rounding: Rounding | None = None) -> Graph:
    """Return the graph of a fitted screener, its network in 8 bits where films to set the ranges came.

    Raises:
        ModelFileError: The graph does not say what the screener says.
        MissingExtraError: The extra "export" is not installed.

    """
    shape = (1, screener.size, screener.size)
    if rounding is None:
        network, precision, agreement = slim(traced(screener.network_, shape, to=OUTPUTS[:2])), "fp32", None
    else:
        judged = (rounding.judged.pixels, rounding.judged.findings)
        found = written(screener.network_, rounding.ranges.pixels, judged)
        network, precision, agreement = found.model, found.precision, found.agreement
    gate = slim(gate_body(screener.gate_))
    model = side_by_side(network, gate).SerializeToString()
    _refuse_other(screener, model, rounding)
    return Graph(model, precision, agreement, network.ByteSize(), gate.ByteSize())


def side_by_side(one: Any, other: Any) -> Any:
    """Return one model of two that read the same `rows`; it has the outputs of both."""
    compose = need("onnx.compose", extra="export", purpose="writing an ONNX file")
    onnx = need("onnx", extra="export", purpose="writing an ONNX file")
    joined = type(one)()
    joined.CopyFrom(one)
    second = compose.add_prefix(other, PREFIX)
    back = {f"{PREFIX}rows": "rows", **{f"{PREFIX}{out.name}": out.name for out in other.graph.output}}
    for node in second.graph.node:
        for names in (node.input, node.output):
            names[:] = [back.get(name, name) for name in names]
    for entry in second.graph.output:
        entry.name = back[entry.name]
    joined.graph.node.extend(second.graph.node)
    joined.graph.initializer.extend(second.graph.initializer)
    joined.graph.output.extend(second.graph.output)
    _newest(joined, second)
    onnx.checker.check_model(joined)
    return joined


def _newest(joined: Any, second: Any) -> None:
    """Give the joined model the operators of both; the versions they ask for must be the same."""
    versions = {entry.domain: entry.version for entry in joined.opset_import}
    for entry in second.opset_import:
        if versions.setdefault(entry.domain, entry.version) != entry.version:
            raise ModelFileError(
                f"network and gate ask for versions {versions[entry.domain]} and {entry.version} of operators"
            )
    missing = [
        entry for entry in second.opset_import if entry.domain not in {e.domain for e in joined.opset_import}
    ]
    joined.opset_import.extend(missing)
    joined.ir_version = max(joined.ir_version, second.ir_version)
    joined.producer_name = "unseen"


def _refuse_other(screener: Screener, model: bytes, rounding: Rounding | None) -> None:
    """Refuse a gate that says other than the detector, on films and on made-up pictures."""
    rng = np.random.default_rng(0)
    made_up = rng.random((32, 1, screener.size, screener.size), dtype=np.float32)
    rows = made_up if rounding is None else np.concatenate([made_up, rounding.judged.pixels[:256]])
    own = screener.read(rows).gate
    found = run(model, rows)["gate"]
    most = float((np.abs(found - own) / np.maximum(1.0, np.abs(own))).max())
    if not most <= GATE_DIFFERENCE:
        raise ModelFileError(
            f"the exported gate differs by {most:.2g}, where {GATE_DIFFERENCE:g} is allowed: not written"
        )


def run(model: bytes, films: NDArray[Any], batch: int = 64) -> dict[str, NDArray[Any]]:
    """Return what ONNX Runtime finds on one thread for films (N, 1, S, S): output -> values (N, ...)."""
    ort = need("onnxruntime", extra="export", purpose="running an ONNX file")
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    rows = film_rows(films, films.shape[-1]).numpy()
    parts = [session.run(list(OUTPUTS), {"rows": rows[at : at + batch]}) for at in range(0, len(rows), batch)]
    return {
        name: np.concatenate(found) for name, found in zip(OUTPUTS, zip(*parts, strict=True), strict=True)
    }
