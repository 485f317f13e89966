"""Tables of a graph in as few bytes as hold them: the same bits come out."""

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

from unseen.export.narrow import narrowed


def graph(tables, nodes, out):
    made = helper.make_graph(
        nodes,
        "made",
        [helper.make_tensor_value_info("x", onnx.TensorProto.DOUBLE, ["n", 12])],
        [helper.make_tensor_value_info(out, onnx.TensorProto.DOUBLE, ["n", None])],
        [numpy_helper.from_array(value, name) for name, value in tables.items()],
    )
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def run(model, x, out):
    onnx.checker.check_model(model)
    return onnxruntime.InferenceSession(model.SerializeToString()).run([out], {"x": x})[0]


def test_tables_shrink_and_the_bits_stay():
    random = np.random.default_rng(0)
    exact = random.normal(size=(12, 40))
    single = random.normal(size=(12, 40)).astype(np.float32).astype(np.float64)
    half = random.normal(size=(12, 40)).astype(np.float16).astype(np.float64)
    tables = {"exact": exact, "single": single, "half": half, "twin": half.copy(), "turned": half.T.copy()}
    nodes = [
        helper.make_node("MatMul", ["x", name], [f"a {name}"]) for name in ("exact", "single", "half", "twin")
    ]
    nodes += [
        helper.make_node("MatMul", ["a half", "turned"], ["b"]),
        helper.make_node("MatMul", ["b", "twin"], ["c"], doc_string="a word", name="node"),
        helper.make_node("Sum", ["a exact", "a single", "a half", "a twin", "c"], ["y"]),
    ]
    model = graph(tables, nodes, "y")
    x = random.normal(size=(5, 12))
    before, size = run(model, x, "y"), model.ByteSize()
    after = narrowed(model)
    assert np.array_equal(run(after, x, "y"), before)
    stored = {table.name: numpy_helper.to_array(table).dtype for table in after.graph.initializer}
    assert stored == {"exact": np.float64, "single.narrow": np.float32, "half.narrow": np.float16}
    assert after.ByteSize() < 0.45 * size
    assert not any(node.doc_string for node in after.graph.node)


def test_numbers_beyond_half_precision_and_small_tables_stay():
    large = np.full((8, 12), 1e6).T + np.arange(8)
    model = graph({"large": large, "few": np.ones(8)}, [
        helper.make_node("MatMul", ["x", "large"], ["a"]),
        helper.make_node("Add", ["a", "few"], ["y"]),
    ], "y")  # fmt: skip
    x = np.ones((2, 12))
    before = run(model, x, "y")
    assert np.array_equal(run(narrowed(model), x, "y"), before)
    stored = {table.name: numpy_helper.to_array(table).dtype for table in model.graph.initializer}
    assert stored == {"large.narrow": np.float32, "few": np.float64}
