"""A screener and a detector of a few arithmetic nodes, calibrated on made-up films: apps without training."""

from __future__ import annotations

import datetime as dt
import io
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

import unseen
from unseen.phone.bundle import model_id, write_app
from unseen.phone.manifest import GateLevels, Manifest, MapScale
from unseen.pictures.checks import Limits
from unseen.pictures.films import made_up_film
from unseen.pictures.framing import Framing, framed
from unseen.pictures.reading import from_array
from unseen.screening.outcome import Outcome, Rule, decide
from unseen.screening.records import Record, calibrate

SIDE = 28
CLINIC, ABROAD = "Clinic of the valley", "Hospital by the sea"
GAIN, SHIFT, MOST = 60.0, 0.08, 0.06
CARD: dict[str, Any] = {
    "notice": ["children", "one-hospital", "one-finding", "not-validated"],
    "data": {"name": "Made-up films", "licence": "none: drawn from seeds", "population": "nobody"},
    "sources": [
        {
            "source": "train",
            "n": 200,
            "prevalence": 0.5,
            "auc": [0.991, 0.985, 0.996],
            "sensitivity": [0.97, 0.93, 0.99],
        },
        {
            "source": "test",
            "n": 120,
            "prevalence": 0.62,
            "auc": [0.978, 0.962, 0.99],
            "sensitivity": [0.94, 0.87, 0.98],
        },
    ],
    "credit": "Made-up films, drawn by unseen.",
}


def film(seed: int, haze: float = 0.0, size: int = 64) -> np.ndarray:
    """A made-up film with a soft white patch in the lower left lung."""
    y, x = np.meshgrid(np.linspace(0, 1, size), np.linspace(0, 1, size), indexing="ij")
    return np.clip(made_up_film(seed, size) + haze * patch(x, y), 0, 1).astype(np.float32)


def patch(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.exp(-(((x - 0.28) / 0.1) ** 2) - ((y - 0.66) / 0.13) ** 2)


def png(grey: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.round(255 * grey).astype(np.uint8)).save(out, "PNG")
    return out.getvalue()


def row(grey: np.ndarray) -> np.ndarray:
    return framed(from_array(grey), Framing())[0]


@dataclass(frozen=True)
class Arithmetic:
    """What the nodes compute; the same in numpy."""

    usual: np.ndarray  # the mean film
    weight: np.ndarray  # where the patch is looked for; sums to 1

    def logit(self, rows: np.ndarray) -> np.ndarray:
        return np.asarray(GAIN * (((rows - self.usual) * self.weight).sum((1, 2)) - SHIFT))

    def gate(self, rows: np.ndarray) -> np.ndarray:
        strange = ((rows - self.usual) * (1 - self.weight / self.weight.max())) ** 2
        return np.asarray(strange.mean((1, 2)), dtype=np.float64)


@cache
def arithmetic() -> Arithmetic:
    middle = (np.arange(SIDE) + 0.5) / SIDE
    x, y = np.meshgrid(middle, middle)
    weight = patch(x, y)
    usual = np.mean([row(film(seed)) for seed in range(60)], axis=0)
    return Arithmetic(usual.astype(np.float32), (weight / weight.sum()).astype(np.float32))


@cache
def record(source: str, spread: float, shift: float, first: int) -> Record:
    """The record of a place: 100 films without the patch, 100 with one of about this strength."""
    rng = np.random.default_rng(first)
    labels = np.repeat([0, 1], 100)
    hazes = np.maximum(0, shift * labels + spread * rng.normal(size=200))
    rows = np.stack([row(film(first + place, haze)) for place, haze in enumerate(hazes)])
    model = arithmetic()
    return calibrate(
        model.logit(rows), labels, model.gate(rows), source=source, site="Made up", device="Seeded generator",
        date=dt.date(2026, 11, 2),
    )  # fmt: skip


def records() -> list[Record]:
    """Two kinds of films that overlap, and two that lie far apart."""
    return [record(CLINIC, 0.1, 0.3, 1000), record(ABROAD, 0.02, 0.6, 2000)]


def base() -> Record:
    """The films of training are those of the clinic."""
    return records()[0].model_copy(update={"source": "training"})


def said(grey: np.ndarray, of: Record | None, *, photograph: bool = False) -> Outcome:
    """What Python says of a film."""
    rows = row(grey)[None]
    model = arithmetic()
    return decide(
        model.logit(rows), model.gate(rows), rule=Rule(), base=base(), record=of, photograph=photograph
    )[0]


def screener(demo: bool = False) -> tuple[bytes, Manifest]:
    model = arithmetic()
    left = (model.weight / model.weight.max())[None, None]
    constants = {
        "usual": model.usual[None, None], "weight": model.weight[None, None],
        "elsewhere": (1 - left), "near": left, "gain": np.float32(GAIN), "shift": np.float32(GAIN * SHIFT),
        "axes": np.array([1, 2, 3], dtype=np.int64), "plane": np.array([1], dtype=np.int64),
    }  # fmt: skip
    node = helper.make_node
    nodes = [
        node("Sub", ["rows", "usual"], ["more"]),
        node("Mul", ["more", "weight"], ["weighted"]),
        node("ReduceSum", ["weighted", "axes"], ["summed"], keepdims=0),
        node("Mul", ["summed", "gain"], ["gained"]),
        node("Sub", ["gained", "shift"], ["logit"]),
        node("Mul", ["more", "near"], ["evidence"]),
        node("Relu", ["evidence"], ["above"]),
        node("AveragePool", ["above"], ["pooled"], kernel_shape=[4, 4], strides=[4, 4]),
        node("Squeeze", ["pooled", "plane"], ["map"]),
        node("Mul", ["more", "elsewhere"], ["strange"]),
        node("Mul", ["strange", "strange"], ["square"]),
        node("ReduceMean", ["square"], ["mean"], axes=[1, 2, 3], keepdims=0),
        node("Cast", ["mean"], ["gate"], to=TensorProto.DOUBLE),
    ]
    content = _model(
        nodes, constants, 1, {"logit": ["N"], "map": ["N", 7, 7], "gate": ["N"]}, doubles=("gate",)
    )
    golden = np.stack([row(film(seed, haze)) for seed, haze in ((1, 0.0), (2, 0.2), (3, 0.4))])
    return content, _manifest(
        content,
        kind="screener",
        title="Chest film aid",
        map=MapScale(7, 7, MOST * 4),
        golden=tuple(
            {"rows": rows.ravel().tolist(), "logit": float(z), "gate": float(g)}
            for rows, z, g in zip(golden, model.logit(golden), model.gate(golden), strict=True)
        ),
        card=CARD,
        labels=("normal", "pneumonia"),
        alpha=0.05,
        gate=GateLevels(0.02, 0.05),
        records=tuple(one.model_dump(mode="json") for one in records()),
        base=base().model_dump(mode="json"),
        demo=demo,
        hints=True,
    )


def detector() -> tuple[bytes, Manifest]:
    """Unusual is what is brighter or darker than grey on the whole."""
    constants = {
        "grey": np.float32(0.5), "ten": np.float32(10),
        "limit": np.float32(0.9), "one": np.float32(1),
    }  # fmt: skip
    node = helper.make_node
    nodes = [
        node("Sub", ["rows", "grey"], ["off"]),
        node("Mul", ["off", "off"], ["square"]),
        node("ReduceMean", ["square"], ["mean"], axes=[1, 2, 3], keepdims=0),
        node("Mul", ["mean", "ten"], ["score"]),
        node("Neg", ["score"], ["less"]),
        node("Exp", ["less"], ["p_value"]),
        node("Mul", ["score", "one"], ["raw"]),
        node("Sub", ["score", "score"], ["nothing"]),
        node("Add", ["nothing", "limit"], ["threshold"]),
        node("Greater", ["score", "threshold"], ["alarm"]),
    ]
    shapes = {name: ["N"] for name in ("raw", "score", "p_value", "threshold", "alarm")}
    content = _model(nodes, constants, 3, shapes, booleans=("alarm",))
    rows = np.random.default_rng(0).random((3, 3, SIDE, SIDE), dtype=np.float32)
    return content, _manifest(
        content,
        kind="detector",
        title="Parts on the belt",
        map=MapScale(8, 8, 0.05),
        golden=tuple(
            {"rows": one.ravel().tolist(), "score": float(10 * ((one - 0.5) ** 2).mean())} for one in rows
        ),
        card={},
    )


def _model(nodes: list, constants: dict, channels: int, shapes: dict, doubles=(), booleans=()) -> bytes:
    kind = dict.fromkeys(doubles, TensorProto.DOUBLE) | dict.fromkeys(booleans, TensorProto.BOOL)
    graph = helper.make_graph(
        nodes,
        "made_up",
        [helper.make_tensor_value_info("rows", TensorProto.FLOAT, ["N", channels, SIDE, SIDE])],
        [
            helper.make_tensor_value_info(name, kind.get(name, TensorProto.FLOAT), shape)
            for name, shape in shapes.items()
        ],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(made, full_check=True)
    return made.SerializeToString()


def _manifest(content: bytes, **more: Any) -> Manifest:
    channels = 1 if more["kind"] == "screener" else 3
    whole = channels == 3
    return Manifest(
        id=model_id(content),
        unseen=unseen.__version__,
        created="2026-11-28T09:00:00+00:00",
        framing=Framing(channels=channels, trim=not whole, crop=not whole).to_dict(),
        limits=(Limits(SIDE, SIDE, None, None, None, None, glare=None) if whole else Limits()).to_dict(),
        **more,
    )


def write(folder: Path, made: tuple[bytes, Manifest]) -> Path:
    """Write an app; needs the runtime, which npm brings once."""
    write_app(folder, *made)
    return folder
