"""The other part of a detector, written node by node: raw scores to evidence, joined, to p-value and alarm.

Everything is in double precision and in the order of operations of `unseen.thresholds`, `committee` and
`telling`. The scores it compares with are raised by `TIE`, which is more than rounding differs between
programs: a row that equals a calibration row counts as equal, so that no p-value comes out smaller than the
package's, and no alarm is raised, because of a last digit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unseen.errors import ConfigError, need
from unseen.thresholds import Calibration, Curve

Floats = NDArray[np.float64]

# Nats by which scores of one row may differ between programs, and between batches of one program.
TIE = 1e-4
# Version of the operators, which the traced part and this one share.
OPSET = 20
# Names of inputs and outputs.
ROWS, RAW, SCORE, P_VALUE, THRESHOLD, ALARM = "rows", "raw", "score", "p_value", "threshold", "alarm"
# Types of these, as ONNX numbers them.
DOUBLE, BOOLEAN = 11, 9


@dataclass(frozen=True, eq=False)
class Voice:
    """One member: the scale of its evidence and its share, as in `unseen.detectors.committee.Member`."""

    calibration: Calibration
    share: float


@dataclass(frozen=True, eq=False)
class Decision:
    """How raw scores (N, M) become a decision; the columns are those of `unaided`, then of `told`.

    Attributes:
        unaided, told: Members of stage 1 and 2.
        handicap: Of what was told, nats.
        joining: "Beyond", "Shared" or "Leading".
        calibration: Scores of background rows, as the exported graph gives them.
        rate: False-alarm rate at which alarms are raised.
        keeps: Share of the unaided evidence that stays beside what was told.

    """

    unaided: tuple[Voice, ...]
    told: tuple[Voice, ...]
    handicap: float
    joining: str
    calibration: Calibration
    rate: float
    keeps: float = 1.0

    @property
    def threshold(self) -> float:
        """Score above which an alarm is raised; infinite where none ever is."""
        return self.calibration.score_at(self.rate) + TIE


@dataclass
class Nodes:
    """A graph as it grows; names are unique, tables are stored as they come."""

    nodes: list[Any] = field(default_factory=list)
    tables: list[Any] = field(default_factory=list)

    def table(self, value: Any, kind: Any = np.float64) -> str:
        """Store a constant and return its name."""
        name = f"tail.table{len(self.tables)}"
        self.tables.append(_helper().from_array(np.asarray(value, dtype=kind), name))
        return name

    def __call__(self, op: str, *inputs: str, name: str | None = None, **attributes: Any) -> str:
        """Add a node of one output and return the name of that."""
        name = name or f"tail.{op}{len(self.nodes)}"
        helper = need("onnx.helper", extra="export", purpose="writing an ONNX file")
        self.nodes.append(
            helper.make_node(op, list(inputs), [name], name=f"tail.node{len(self.nodes)}", **attributes)
        )
        return name

    def count(self, rising: Floats, values: str, *, op: str) -> str:
        """How many of the rising numbers (n,) are below ("Less", or "LessOrEqual") each value (N,).

        In two steps of sqrt(n) comparisons: the block a value lies in, then its place in there.
        """
        width = math.isqrt(max(len(rising) - 1, 0)) + 1
        blocks = -(-len(rising) // width)
        filled = np.full(blocks * width, np.inf)
        filled[: len(rising)] = rising
        padded = filled.reshape(blocks, width)
        column = self("Unsqueeze", values, self.table([1], np.int64))
        whole = self._counted(op, self.table(padded[:, -1]), column)
        block = self("Min", whole, self.table(blocks - 1, np.int64))
        inner = self._counted(op, self("Gather", self.table(padded), block, axis=0), column)
        place = self("Add", self("Mul", block, self.table(width, np.int64)), inner)
        return self("Min", place, self.table(len(rising), np.int64))

    def _counted(self, op: str, table: str, column: str) -> str:
        flags = self("Cast", self(op, table, column), to=7)
        return self("ReduceSum", flags, self.table([1], np.int64), keepdims=0)

    def evidence(self, curve: Curve, values: str) -> str:
        """`Calibration.evidence` of values (N,)."""
        low, top = self.table(curve.low), self.table(curve.top)
        below = self("Div", self("Min", self("Sub", values, low), self.table(0.0)), self.table(curve.scale))
        fall = self("Exp", self("Max", below, self.table(-700.0)))
        beyond = self("Div", self("Max", self("Sub", values, top), self.table(0.0)), self.table(curve.unit))
        rise = self("Mul", self("Log", self("Add", beyond, self.table(1.0))), self.table(curve.tail))
        return self("Add", self("Mul", self._between(curve, values), fall), rise)

    def _between(self, curve: Curve, values: str) -> str:
        """Interpolate between the anchors, flat beyond them."""
        last = self.table(curve.levels[-1])
        low, top = self.table(curve.low), self.table(curve.top)
        if len(curve.anchors) == 1:
            return self("Where", self("Equal", values, values), last, values)  # not-a-number stays that
        inside = self("Max", self("Min", values, top), low)
        found = self.count(curve.anchors, inside, op="LessOrEqual")
        place = self("Sub", found, self.table(1, np.int64))
        place = self("Min", place, self.table(len(curve.anchors) - 2, np.int64))
        following = self("Add", place, self.table(1, np.int64))
        anchors, levels = self.table(curve.anchors), self.table(curve.levels)
        start, end = (self("Gather", anchors, at, axis=0) for at in (place, following))
        level, upper = (self("Gather", levels, at, axis=0) for at in (place, following))
        slope = self("Div", self("Sub", upper, level), self("Sub", end, start))
        line = self("Add", self("Mul", slope, self("Sub", inside, start)), level)
        return self("Where", self("GreaterOrEqual", values, top), last, line)

    def joined(self, decision: Decision, raw: str) -> str:
        """Score (N,) of raw scores (N, M), as `committee.join` and `telling.add_told` have it."""
        voices = [*decision.unaided, *decision.told]
        own = [
            self.evidence(voice.calibration.curve, self("Gather", raw, self.table(m, np.int64), axis=1))
            for m, voice in enumerate(voices)
        ]
        unaided = own[: len(decision.unaided)]
        shares = [math.log(voice.share) for voice in decision.unaided]
        best = self.most([self("Add", e, self.table(s)) for e, s in zip(unaided, shares, strict=True)])
        score = self("Max", self("Sub", best, self.table(max(shares))), self.table(0.0))
        return self._with_told(decision, score, own[len(decision.unaided) :])

    def _with_told(self, decision: Decision, score: str, told: list[str]) -> str:
        if not told:
            return score
        zero, handicap = self.table(0.0), self.table(decision.handicap)
        if decision.joining == "Shared":
            lead = self("Sub", self.most(told), self.table(math.log(len(told))))
            lead = self("Sub", self("Sub", lead, handicap), score)
            return self("Add", score, self("Max", lead, zero))
        if decision.joining == "Leading":
            score = self("Mul", score, self.table(decision.keeps))
            for evidence in told:
                score = self("Add", score, self("Div", evidence, self.table(len(told))))
            return score
        if decision.joining != "Beyond":
            accepted = "Beyond, Shared, Leading"
            raise ConfigError(f"joining by {decision.joining} cannot be exported; accepted: {accepted}")
        for evidence in told:
            score = self("Add", score, self("Max", self("Sub", evidence, handicap), zero))
        return score

    def most(self, values: Sequence[str]) -> str:
        """Return the largest of several values (N,)."""
        return values[0] if len(values) == 1 else self("Max", *values)

    def decide(self, decision: Decision, score: str) -> None:
        """Add the outputs: score, p-value, threshold, alarm."""
        calibration = decision.calibration
        below = self.count(calibration.scores + TIE, score, op="Less")
        self("Gather", self.table(calibration.tails), below, axis=0, name=P_VALUE)
        self("Identity", self.table(decision.threshold), name=THRESHOLD)
        self("Greater", score, THRESHOLD, name=ALARM)
        self("Identity", score, name=SCORE)


def tail_model(decision: Decision) -> Any:
    """Return the ONNX model from `raw` (N, M), double, to the outputs."""
    nodes = Nodes()
    nodes.decide(decision, nodes.joined(decision, RAW))
    return finished(nodes, columns=len(decision.unaided) + len(decision.told))


def score_model(decision: Decision, name: str) -> Any:
    """Return the ONNX model from `raw` (N, M), double, to the score alone, under a name of its own."""
    nodes = Nodes()
    nodes("Identity", nodes.joined(decision, RAW), name=name)
    helper = need("onnx.helper", extra="export", purpose="writing an ONNX file")
    outputs = [helper.make_tensor_value_info(name, DOUBLE, ["batch"])]
    return _modelled(nodes, outputs, columns=len(decision.unaided) + len(decision.told))


def finished(nodes: Nodes, *, columns: int) -> Any:
    """Return the model of nodes that lead from `raw` (N, columns) to the four outputs."""
    helper = need("onnx.helper", extra="export", purpose="writing an ONNX file")
    outputs = [
        helper.make_tensor_value_info(SCORE, DOUBLE, ["batch"]),
        helper.make_tensor_value_info(P_VALUE, DOUBLE, ["batch"]),
        helper.make_tensor_value_info(THRESHOLD, DOUBLE, []),
        helper.make_tensor_value_info(ALARM, BOOLEAN, ["batch"]),
    ]
    return _modelled(nodes, outputs, columns=columns)


def _modelled(nodes: Nodes, outputs: list[Any], *, columns: int) -> Any:
    helper = need("onnx.helper", extra="export", purpose="writing an ONNX file")
    inputs = [helper.make_tensor_value_info(RAW, DOUBLE, ["batch", columns])]
    graph = helper.make_graph(nodes.nodes, "tail", inputs, outputs, nodes.tables)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=10)


def _helper() -> Any:
    return need("onnx.numpy_helper", extra="export", purpose="writing an ONNX file")
