"""Tables of an ONNX graph stored once each, in the narrowest type that holds them bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unseen.errors import need

# Tables of fewer numbers stay as they are: a node would take more room than it saves.
FEW = 64
# From the narrowest on.
NARROWER = (np.float16, np.float32)

Table = NDArray[Any]


def narrowed(model: Any) -> Any:
    """Store equal tables once, and those whose numbers fit a narrower type in that, with a cast behind.

    What learned in single precision but computes in double takes half the room, a quarter where the numbers
    were rounded to half precision before; a table that is another one turned over takes none. Programs do
    all this once, when they load the file. What the exporter notes of its own work goes. The model is changed
    in place and returned.
    """
    helper = need("onnx.numpy_helper", extra="export", purpose="writing an ONNX file")
    graph = model.graph
    stored: dict[tuple[str, tuple[int, ...], bytes], str] = {}
    same: dict[str, str] = {}
    kept, made = [], []
    for table in graph.initializer:
        values = helper.to_array(table)
        if _key(values) in stored:
            same[table.name] = stored[_key(values)]
        elif values.ndim == 2 and values.size >= FEW and _key(values.T) in stored:
            made.append(_node("Transpose", stored[_key(values.T)], table.name))
        else:
            stored[_key(values)] = table.name
            narrow = _narrow(values)
            if narrow is None:
                kept.append(table)
            else:
                kept.append(helper.from_array(narrow, f"{table.name}.narrow"))
                made.append(_node("Cast", f"{table.name}.narrow", table.name, to=table.data_type))
    nodes = [*made, *(_bare(node, same) for node in graph.node)]
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(kept)
    graph.node.extend(nodes)
    return model


def _key(values: Table) -> tuple[str, tuple[int, ...], bytes]:
    return str(values.dtype), values.shape, values.tobytes()


def _narrow(values: Table) -> Table | None:
    """Return the values in the narrowest type that holds them bit for bit; None where they are in it."""
    if values.dtype not in (np.float32, np.float64) or values.size < FEW:
        return None
    for kind in NARROWER:
        with np.errstate(over="ignore"):
            narrow = values.astype(kind)
        if kind != values.dtype and np.array_equal(narrow.astype(values.dtype), values):
            return narrow
    return None


def _node(op: str, given: str, name: str, **attributes: Any) -> Any:
    helper = need("onnx.helper", extra="export", purpose="writing an ONNX file")
    return helper.make_node(op, [given], [name], **attributes)


def _bare(node: Any, same: dict[str, str]) -> Any:
    """Return a copy of a node that reads the table kept of equal ones, and says no more than it needs to."""
    bare = type(node)()
    bare.CopyFrom(node)
    del bare.metadata_props[:]
    bare.doc_string = bare.name = ""
    for place, name in enumerate(bare.input):
        bare.input[place] = same.get(name, name)
    return bare
