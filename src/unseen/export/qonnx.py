"""The integers of a tiny detector as QONNX: Quant nodes that tools for firmware (hls4ml, FINN) read.

Reference: QONNX, arXiv 2206.07527.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np

import unseen
from unseen.detectors.two_stage import TwoStage
from unseen.errors import need
from unseen.export.emulator import LEAST, MOST, emulate, standardised, to_integers
from unseen.export.fixed import SCALED, FixedNetwork
from unseen.export.golden import golden_path
from unseen.export.parity import Parity
from unseen.export.probes import probes
from unseen.export.samples import Samples
from unseen.export.tiny import tiny
from unseen.export.writing import aside, fit_place, publish

# Where Quant nodes are defined, and the version of the plain operators.
DOMAIN, OPSET = "qonnx.custom_op.general", 13
# Golden vectors kept.
COUNT = 256


@dataclass(frozen=True)
class ExportedQonnx:
    """What was written, and what fixed point costs.

    Attributes:
        path, golden: The file and its golden vectors (`scaled`, `score`).
        widths: From the inputs to the outputs.
        weight_bits: Bits of weights; activations have 16.
        threshold: Score above which an alarm is raised.
        rate: False-alarm rate it stands for.
        calibration_rows: Background rows it rests on.
        parity: How the integers agree with the same score in floating point.

    """

    path: str
    golden: str
    widths: tuple[int, ...]
    weight_bits: int
    threshold: float
    rate: float
    calibration_rows: int
    parity: Parity

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        return {**vars(self), "widths": list(self.widths), "parity": self.parity.to_dict()}


def export_qonnx(
    detector: TwoStage,
    path: str | os.PathLike[str],
    *,
    samples: Samples | None,
    weight_bits: int = 16,
    input_bits: int | None = None,
) -> ExportedQonnx:
    """Write the network of `export_c` as QONNX: `scaled` (1, D) to `score` (1,) and `alarm` (1,).

    One row at a time, as those tools ask. The inputs are scaled features: scaling stays outside, as
    `unseen.export.emulator.standardised` has it. Numbers are those of the header over 2^bits; programs that
    add them in single precision can differ from the integers in the last bit of an activation.

    Args, Raises: As in `export_c`; the path ends in `.onnx`.

    """
    target = fit_place(path, ".onnx")
    onnx = need("onnx", extra="export", purpose="writing an ONNX file")
    made = tiny(detector, samples, weight_bits=weight_bits, input_bits=input_bits, purpose="QONNX")
    network = made.network
    threshold = made.threshold / 2.0**network.score_bits
    rows = to_integers(
        probes(detector.scaler_, COUNT, network.inputs, seed=1), network.standardise.input_bits
    )
    rows = rows.clip(LEAST, MOST)
    with aside(target) as folder:
        kept, place = folder / "golden.npz", folder / "model.onnx"
        np.savez_compressed(
            kept,
            scaled=(standardised(network, rows) / 2.0**SCALED).astype(np.float32),
            score=emulate(network, rows) / 2.0**network.score_bits,
            threshold=threshold,
        )
        onnx.save_model(qonnx_model(network, threshold), place)
        publish({kept: golden_path(target), place: target})
    return ExportedQonnx(
        path=str(target),
        golden=str(golden_path(target)),
        widths=network.widths,
        weight_bits=weight_bits,
        threshold=threshold,
        rate=made.rate,
        calibration_rows=made.calibration_rows,
        parity=made.parity,
    )


def qonnx_model(network: FixedNetwork, threshold: float) -> Any:
    """Return the ONNX model of a network in integers."""
    helper = need("onnx.helper", extra="export", purpose="writing an ONNX file")
    draft = _Draft()
    scaled = values = draft.quant("scaled", SCALED, 16)
    bits = SCALED
    for layer in network.layers:
        fraction = layer.shift + layer.bits - bits
        weight = draft.constant(layer.weight.T / 2.0**fraction)
        bias = draft.constant(layer.bias / 2.0 ** (fraction + bits))
        product = draft.node("MatMul", values, draft.quant(weight, fraction, network.weight_bits))
        values = draft.node("Add", product, draft.quant(bias, fraction + bits, 32))
        if layer.rectified:
            values = draft.node("Relu", values)
        values, bits = draft.quant(values, layer.bits, 16), layer.bits
    missed = draft.node("Sub", scaled, values) if network.residual else values
    axes = draft.constant([1], np.int64)
    draft.node("ReduceSum", draft.node("Mul", missed, missed), axes, name="score", keepdims=0)
    draft.node(
        "Greater", "score", draft.constant(min(threshold, float(np.finfo(np.float32).max))), name="alarm"
    )
    single, boolean = 1, 9
    graph = helper.make_graph(
        draft.nodes,
        "unseen",
        [helper.make_tensor_value_info("scaled", single, [1, network.inputs])],
        [
            helper.make_tensor_value_info("score", single, [1]),
            helper.make_tensor_value_info("alarm", boolean, [1]),
        ],
        draft.tables,
    )
    return helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid(DOMAIN, 1)],
        ir_version=8,
        producer_name="unseen",
        producer_version=unseen.__version__,
    )


class _Draft:
    """Nodes and constants as they come."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.tables: list[Any] = []

    def constant(self, value: Any, kind: Any = np.float32) -> str:
        tensors = need("onnx.numpy_helper", extra="export", purpose="writing an ONNX file")
        name = f"constant{len(self.tables)}"
        self.tables.append(tensors.from_array(np.asarray(value, dtype=kind), name))
        return name

    def node(self, op: str, *inputs: str, name: str | None = None, **attributes: Any) -> str:
        helper = need("onnx.helper", extra="export", purpose="writing an ONNX file")
        name = name or f"{op.lower()}{len(self.nodes)}"
        self.nodes.append(
            helper.make_node(op, list(inputs), [name], name=f"node{len(self.nodes)}", **attributes)
        )
        return name

    def quant(self, value: str, fraction: int, width: int) -> str:
        """Round to `fraction` fractional bits, half to even, and keep within `width` bits."""
        return self.node(
            "Quant",
            value,
            self.constant(2.0**-fraction),
            self.constant(0.0),
            self.constant(float(width)),
            domain=DOMAIN,
            signed=1,
            narrow=0,
            rounding_mode="ROUND",
        )
