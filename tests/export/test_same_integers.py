"""8-bit networks say the same on every processor, and so in a browser: no product overflows 16 bits."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from unseen.export.quantise import to_int8
from unseen.seeds import generator


def network():
    """Return three convolutions and a linear layer of random weights, large as trained ones are."""
    rng = generator(0, 21)
    weights = {
        "networks.w1": rng.normal(0, 0.4, (16, 1, 3, 3)),
        "networks.w2": rng.normal(0, 0.12, (32, 16, 3, 3)),
        "networks.w3": rng.normal(0, 0.08, (32, 32, 3, 3)),
        "networks.w4": rng.normal(0, 0.5, (32, 1)),
    }
    nodes, last = [], "rows"
    for place in (1, 2, 3):
        conv, shown = f"conv{place}", f"relu{place}"
        inputs = [last, f"networks.w{place}"]
        nodes.append(helper.make_node("Conv", inputs, [conv], pads=[1, 1, 1, 1], strides=[2, 2], name=conv))
        nodes.append(helper.make_node("Relu", [conv], [shown], name=shown))
        last = shown
    nodes.append(helper.make_node("GlobalAveragePool", [last], ["pooled"], name="pooled"))
    nodes.append(helper.make_node("Flatten", ["pooled"], ["flat"], name="flat"))
    nodes.append(helper.make_node("MatMul", ["flat", "networks.w4"], ["raw"], name="raw"))
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("rows", TensorProto.FLOAT, ["n", 1, 28, 28])],
        [helper.make_tensor_value_info("raw", TensorProto.FLOAT, ["n", 1])],
        [numpy_helper.from_array(value.astype(np.float32), name) for name, value in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def said(model, rows: np.ndarray, level) -> np.ndarray:
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads, settings.graph_optimization_level = 1, level
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), settings, providers=["CPUExecutionProvider"]
    )
    return session.run(["raw"], {"rows": rows})[0].ravel()


def test_integer_kernels_say_what_the_numbers_they_stand_for_say(tmp_path):
    """Without optimisation the same graph is computed from whole numbers in single precision."""
    rng, whole = generator(1, 21), network()
    rows = rng.random((128, 1, 28, 28), dtype=np.float32) * np.linspace(0.1, 1, 128)[:, None, None, None]
    rows = rows.astype(np.float32)
    small = to_int8(whole, rows[::2], tmp_path, (1.0, False))
    assert {node.op_type for node in small.graph.node} >= {"QuantizeLinear", "DequantizeLinear"}
    assert onnx.checker.check_model(small) is None
    levels = onnxruntime.GraphOptimizationLevel
    kernels, plain = (said(small, rows, level) for level in (levels.ORT_ENABLE_ALL, levels.ORT_DISABLE_ALL))
    span = np.ptp(said(whole, rows, levels.ORT_ENABLE_ALL))
    assert np.abs(kernels - plain).max() < 1e-3 * span
    assert np.abs(kernels - said(whole, rows, levels.ORT_ENABLE_ALL)).max() < 0.1 * span
