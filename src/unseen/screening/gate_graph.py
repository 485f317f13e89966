"""A gate as an ONNX graph: `rows` (N, 1, S, S), float32 in [0, 1], to `gate` (N,), float64, nats."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from unseen.detectors.aware import AwareDetector
from unseen.errors import need
from unseen.export.assembly import decision_of
from unseen.export.body import Body
from unseen.export.narrow import narrowed
from unseen.export.tail import RAW, score_model
from unseen.export.tracing import traced
from unseen.screening.gate import gate_side
from unseen.screening.shrinking import Shrink

GATE = "gate"


class GateBody(nn.Module):
    """Films (N, 1, S, S) as they come to the raw scores (N, M) of the members of a gate."""

    def __init__(self, detector: AwareDetector) -> None:
        super().__init__()
        self.shrink = Shrink(gate_side(detector), detector.input_shape[-1])
        self.body = Body(detector)
        self.eval()

    def forward(self, rows: Tensor) -> Tensor:
        """Return raw scores."""
        scores: Tensor = self.body(self.shrink(rows))
        return scores


def gate_body(detector: AwareDetector) -> Any:
    """Return the ONNX model of a gate: input `rows`, output `gate`, equal to `gate_score`.

    Raises:
        ConfigError: Something in the detector cannot be traced.
        MissingExtraError: The extra "export" is not installed.

    """
    compose = need("onnx.compose", extra="export", purpose="writing an ONNX file")
    side = gate_side(detector)
    body = traced(GateBody(detector), (1, side, side), to=RAW)
    tail = score_model(decision_of(detector), GATE)
    tail.ir_version = body.ir_version
    whole = compose.merge_models(body, tail, io_map=[(RAW, RAW)], outputs=[GATE])
    del whole.graph.value_info[:], whole.metadata_props[:]
    return narrowed(whole)
