"""Tables of an ONNX graph stored once each, in the narrowest type that holds them bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np

from unseen.errors import need

# Tables of fewer numbers stay as they are: a cast would take more room than it saves.
FEW = 64
# From the narrowest on; half precision is not used for what single precision already holds in fewer nodes.
NARROWER = (np.float16, np.float32)


def narrowed(model: Any) -> Any:
    """Store equal tables once, and those whose numbers fit a narrower type in that, with a cast behind.

    What learned in single precision but computes in double takes half the room, a quarter where the numbers
    were rounded to half precision before. Programs do the casts once, when they load the file. What the
    exporter notes of its own work goes. The model is changed in place and returned.
    """
    helper = need("onnx.numpy_helper", extra="export", purpose="writing an ONNX file")
    graph = model.graph
    first: dict[tuple[str, tuple[int, ...], bytes], str] = {}
    same: dict[str, str] = {}
    kept, casts = [], []
    for table in graph.initializer:
        values = helper.to_array(table)
        key = (str(values.dtype), values.shape, values.tobytes())
        if key in first:
            same[table.name] = first[key]
            continue
        first[key] = table.name
        narrow = _narrow(values)
        if narrow is None:
            kept.append(table)
        else:
            kept.append(helper.from_array(narrow, f"{table.name}.narrow"))
            casts.append(_cast(table))
    for node in graph.node:
        for place, name in enumerate(node.input):
            node.input[place] = same.get(name, name)
        del node.metadata_props[:]  # where in which file a node was traced
        node.doc_string = ""
    nodes = [*casts, *graph.node]
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(kept)
    graph.node.extend(nodes)
    return model


def _narrow(values: np.ndarray) -> np.ndarray | None:
    """Return the values in the narrowest type that holds them bit for bit; None where they are in it."""
    if values.dtype not in (np.float32, np.float64) or values.size < FEW:
        return None
    for kind in NARROWER:
        with np.errstate(over="ignore"):
            narrow = values.astype(kind)
        if kind != values.dtype and np.array_equal(narrow.astype(values.dtype), values):
            return narrow
    return None


def _cast(table: Any) -> Any:
    helper = need("onnx.helper", extra="export", purpose="writing an ONNX file")
    return helper.make_node(
        "Cast", [f"{table.name}.narrow"], [table.name], name=f"{table.name}.cast", to=table.data_type
    )
