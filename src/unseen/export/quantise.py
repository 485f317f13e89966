"""Networks in half precision or 8-bit integers; scaling, scores and calibration stay as they are."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unseen.errors import need
from unseen.export.body import NETWORKS

Rows = NDArray[np.float32]

# Operators whose sums are worth 8 bits; all others stay in single precision.
HEAVY = ("Conv", "ConvTranspose", "Gemm", "MatMul")
# Rows at a time while ranges are read off.
BATCH = 64
# Ways to 8 bits, tried in this order: how much farther from their mean than background rows ranges must
# reach, since what is strange lies farther out and looks ordinary where it is cut off; and whether the last
# layers are left in single precision.
WAYS = ((3.0, False), (1.5, False), (1.0, False), (3.0, True), (1.5, True), (1.0, True))


def quantised(
    body: Any, precision: str, rows: Rows, folder: Path, *, way: tuple[float, bool] = WAYS[0]
) -> Any:
    """Return the body (rows to raw scores) with its networks in another precision.

    Args:
        body: ONNX model.
        precision: "fp16", or "int8": weights by channel, activations by tensor with ranges read off rows.
        rows: Background rows (n, *shape).
        folder: Where files may be written aside.
        way: One of `WAYS`, for integers. What a reconstruction misses is the small difference of what the
            last layers give, which 8 bits may not hold.

    """
    return to_half(body) if precision == "fp16" else to_int8(body, rows, folder, way)


def to_half(body: Any) -> Any:
    """Return the body with its networks in half precision, weights and sums."""
    half = need("onnxconverter_common.float16", extra="export", purpose="half precision")
    with _quietly():
        return half.convert_float_to_float16(
            body,
            keep_io_types=True,
            node_block_list=[node.name for node in body.graph.node if not inside_network(node)],
        )


def to_int8(
    body: Any,
    rows: Rows,
    folder: Path,
    way: tuple[float, bool],
    *,
    spared: Callable[[Any], list[str]] = lambda graph: [],
) -> Any:
    """Return the body with 8-bit convolutions and matrix products, by ranges of activations on rows.

    `spared` names more nodes of the graph that are left in single precision.
    """
    onnx = need("onnx", extra="export", purpose="8-bit integers")
    ort = need("onnxruntime.quantization", extra="export", purpose="8-bit integers")
    shaping = need("onnxruntime.quantization.shape_inference", extra="export", purpose="8-bit integers")
    whole, ready, done = (str(folder / f"{name}.onnx") for name in ("body", "ready", "int8"))
    onnx.save_model(body, whole)
    with _quietly():
        shaping.quant_pre_process(whole, ready, skip_symbolic_shape=True)
        prepared = onnx.load(ready).graph
        heavy = [node for node in prepared.node if node.op_type in HEAVY]
        whole_ones = [node.name for node in heavy if not inside_network(node)]
        whole_ones += last_layers(prepared) if way[1] else []
        whole_ones += spared(prepared)
        ort.quantize_static(
            ready,
            done,
            _Batches(np.concatenate([rows, stretched(rows, way[0])])),
            quant_format=ort.QuantFormat.QDQ,
            per_channel=True,
            activation_type=ort.QuantType.QUInt8,
            # unsigned as well, around 128: with signed weights sums overflow 16 bits on processors without
            # VNNI, and ONNX Runtime then says something else than in a browser
            weight_type=ort.QuantType.QUInt8,
            op_types_to_quantize=list(HEAVY),
            nodes_to_exclude=whole_ones,
            extra_options={"ActivationSymmetric": False, "WeightSymmetric": True},
        )
    return onnx.load(done)


def inside_network(node: Any) -> bool:
    """Whether a node belongs to a network, by the module it was traced in or by the weights it reads."""
    scopes = [entry.value for entry in node.metadata_props if entry.key.endswith("name_scopes")]
    return any(f"{NETWORKS}." in text for text in (*scopes, *node.input))


def stretched(rows: Rows, times: float) -> Rows:
    """Rows (N, D) so many times as far from their mean; images (N, C, H, W) as many times as bright."""
    centre = rows.mean(0) if rows.ndim == 2 else np.float32(0.0)
    return np.asarray(centre + times * (rows - centre), dtype=np.float32)


def last_layers(graph: Any) -> list[str]:
    """Names of the heavy nodes of networks whose results reach no other one."""
    leads: set[str] = set()  # values that a heavy node of a network is computed from
    last = []
    for node in reversed(graph.node):
        heavy = node.op_type in HEAVY and inside_network(node)
        reaches = any(value in leads for value in node.output)
        if heavy and not reaches:
            last.append(node.name)
        if heavy or reaches:
            leads.update(node.input)
    return last


class _Batches:
    """Rows by batch, as the quantiser asks for them."""

    def __init__(self, rows: Rows) -> None:
        self._parts = iter(np.array_split(rows, -(-len(rows) // BATCH)))

    def get_next(self) -> dict[str, Rows] | None:
        part = next(self._parts, None)
        return None if part is None else {"rows": part}

    def __iter__(self) -> Iterator[dict[str, Rows]]:
        return ({"rows": part} for part in self._parts)


@contextmanager
def _quietly() -> Iterator[None]:
    """Silence what the quantiser advises."""
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(logging.NOTSET)
