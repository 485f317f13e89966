"""A classifier in an app also names the class: one more output of its graph."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from unseen.detectors.classify import AwareClassifier
from unseen.detectors.classifying import Classifying
from unseen.errors import ModelFileError, need
from unseen.export.body import Prepare
from unseen.export.tracing import traced

# The output, (N, k) float64, and what names of its part of the graph begin with.
CLASSES, PREFIX = "classes", "naming."
# Probabilities may differ by so much between programs.
TOLERANCE = 1e-4


class Chances(nn.Module):
    """`AwareClassifier.predict_proba` of rows before scaling."""

    def __init__(self, detector: AwareClassifier) -> None:
        super().__init__()
        members = detector.stage2_ or detector.stage1_
        reader = next(m.reader for m in members if isinstance(m.reader, Classifying))
        self.prepare = Prepare(detector)
        self.networks = nn.ModuleList(reader.networks)
        self.eval()

    def forward(self, rows: Tensor) -> Tensor:
        """Return the probability of each class, (N, k)."""
        scaled = self.prepare(rows)
        return torch.stack([network(scaled).double().softmax(1) for network in self.networks]).mean(0)


def with_classes(model: bytes, detector: AwareClassifier, rows: NDArray[np.float32]) -> bytes:
    """Return an exported classifier with one more output `classes`, (N, k): the probability of each class.

    Weights that both parts have are kept once.

    Args:
        model: What `export_onnx` wrote.
        detector: What it was written of.
        rows: Rows (N, C, H, W) that the output is compared on.

    Raises:
        ModelFileError: The output is not what the classifier says.

    """
    onnx = need("onnx", extra="export", purpose="writing an ONNX file")
    whole = onnx.load_from_string(model)
    part = traced(Chances(detector), detector.input_shape, to=CLASSES)
    _join(whole.graph, onnx.compose.add_prefix(part, PREFIX).graph)
    onnx.checker.check_model(whole)
    found = cast(bytes, whole.SerializeToString())
    _compare(found, detector, rows)
    return found


def _join(whole: Any, part: Any) -> None:
    """Append the nodes of `part`, which read the same rows and share the weights."""
    held = {_content(weight): weight.name for weight in whole.initializer}
    names = {f"{PREFIX}rows": "rows", f"{PREFIX}{CLASSES}": CLASSES}
    for weight in part.initializer:
        if _content(weight) in held:
            names[weight.name] = held[_content(weight)]
        else:
            whole.initializer.append(weight)
    for node in part.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
        whole.node.append(node)
    result = part.output[0]
    result.name = CLASSES
    result.type.tensor_type.shape.dim[0].dim_param = whole.input[0].type.tensor_type.shape.dim[0].dim_param
    whole.output.append(result)


def _content(weight: Any) -> tuple[int, tuple[int, ...], bytes]:
    return weight.data_type, tuple(weight.dims), weight.raw_data or weight.SerializeToString()


def _compare(model: bytes, detector: AwareClassifier, rows: NDArray[np.float32]) -> None:
    ort = need("onnxruntime", extra="export", purpose="checking an app")
    session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
    found = session.run([CLASSES], {"rows": rows})[0]
    wanted = detector.predict_proba(rows.reshape(len(rows), -1))
    if not np.abs(found - wanted).max() <= TOLERANCE:
        raise ModelFileError(
            f"the exported classes differ from the classifier's by {np.abs(found - wanted).max():.2g} where "
            f"{TOLERANCE:g} is allowed; nothing is written"
        )
