"""Small apps for tests: a screener made by hand, whose numbers are known, and a page that a test drives."""

from __future__ import annotations

import base64
import io
import shutil
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from unseen.phone import bundle
from unseen.phone.bundle import model_id, write_app
from unseen.phone.manifest import GateLevels, Manifest, MapScale
from unseen.pictures.checks import Limits
from unseen.pictures.framing import Framing
from unseen.screening.records import calibrate
from unseen.seeds import generator

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
SIDE = 28
PROBE = (
    b"<!doctype html><html lang=en><head><meta charset=utf-8><title>probe</title></head><body></body></html>"
)
# A page that a test drives: `client` is the engine, `kept` what became of the service worker.
START = """async () => {
  const { keepOffline } = await import('./engine/offline.js');
  const { connect } = await import('./engine/client.js');
  const base = new URL('./', location.href);
  window.news = [];
  window.kept = await keepOffline(base, (told) => news.push(told));
  window.client = await connect(base);
  window.fileOf = (text) => new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], 'film');
  return { kept, faults: client.faults, title: client.manifest.title };
}"""
# Screens one file; typed arrays become lists, the preview its size.
SCREEN = """async ([text, options]) => {
  const found = await client.screen(fileOf(text), options ?? {});
  if (found.map) found.map.values = Array.from(found.map.values);
  if (found.preview) found.preview.pixels = found.preview.pixels.length;
  return found;
}"""


def screener_model() -> bytes:
    """Return a screener: logit 20 (mean - 0.5), map of means of quarters, gate 10 (upper mean - lower mean).

    A film that is brighter above than below is strange; turned by 180 degrees or inverted it is not.
    """
    side = SIDE
    upper = np.concatenate([np.full(side * side // 2, 1.0), np.full(side * side // 2, -1.0)]) / (
        side * side / 2
    )
    tables = {
        "mean": np.full((side * side, 1), 20.0 / (side * side), np.float32),
        "shift": np.array([-10.0], np.float32),
        "half": (10 * upper).astype(np.float64)[:, None],
        "flat": np.array([0, side * side], np.int64),
        "one": np.array([-1], np.int64),
        "grid": np.array([0, 4, 4], np.int64),
    }
    nodes = [
        helper.make_node("Reshape", ["rows", "flat"], ["pixels"]),
        helper.make_node("MatMul", ["pixels", "mean"], ["sum"]),
        helper.make_node("Add", ["sum", "shift"], ["column"]),
        helper.make_node("Reshape", ["column", "one"], ["logit"]),
        helper.make_node("AveragePool", ["rows"], ["pooled"], kernel_shape=[7, 7], strides=[7, 7]),
        helper.make_node("Reshape", ["pooled", "grid"], ["map"]),
        helper.make_node("Cast", ["pixels"], ["doubles"], to=TensorProto.DOUBLE),
        helper.make_node("MatMul", ["doubles", "half"], ["strange"]),
        helper.make_node("Reshape", ["strange", "one"], ["gate"]),
    ]
    graph = helper.make_graph(
        nodes,
        "screener",
        [helper.make_tensor_value_info("rows", TensorProto.FLOAT, ["n", 1, side, side])],
        [
            helper.make_tensor_value_info("logit", TensorProto.FLOAT, ["n"]),
            helper.make_tensor_value_info("map", TensorProto.FLOAT, ["n", 4, 4]),
            helper.make_tensor_value_info("gate", TensorProto.DOUBLE, ["n"]),
        ],
        [numpy_helper.from_array(value, name) for name, value in tables.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    onnx.checker.check_model(model)
    return model.SerializeToString()


@cache
def record(seed: int, source: str, *, photo: bool = False):
    """Calibrate on made-up numbers: normal films have logits about -3, those with the finding about 3."""
    rng = generator(seed, 5)
    y = np.repeat([0, 1], 150)
    return calibrate(
        rng.normal(6 * y - 3, 1.5), y, rng.normal(-1.0, 0.5, len(y)), source=source, photo=photo, seed=seed
    )


def screener_manifest(model: bytes, **changes: object) -> Manifest:
    """Return the manifest of `screener_model`."""
    rows = generator(3, 5).random((3, 1, SIDE, SIDE)).round(3).astype(np.float32)
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    logit, gate = session.run(["logit", "gate"], {"rows": rows})
    golden = tuple(
        {"rows": row.ravel().astype(float).tolist(), "logit": float(z), "gate": float(g)}
        for row, z, g in zip(rows, logit, gate, strict=True)
    )
    manifest = Manifest(
        kind="screener",
        id=model_id(model),
        unseen="0.1.0",
        created="2026-01-01T00:00:00+00:00",
        title="Made up",
        framing=Framing().to_dict(),
        limits=Limits().to_dict(),
        map=MapScale(4, 4, 1.0),
        golden=golden,
        labels=("normal", "pneumonia"),
        alpha=0.05,
        gate=GateLevels(0.02, 0.05),
        records=(record(1, "made-up hospital").model_dump(mode="json"),),
        base=record(2, "training").model_dump(mode="json"),
        demo=False,
        hints=True,
    )
    return replace(manifest, **changes)


@contextmanager
def probe_pages():
    """Let `write_app` add a page that does nothing by itself, within the list of files."""
    before = bundle.static_files
    bundle.static_files = lambda: {**before(), "probe.html": PROBE}
    try:
        yield
    finally:
        bundle.static_files = before


def screener_app(folder: Path, **changes: object) -> Path:
    """Write the app of `screener_model` with a page for tests."""
    model = screener_model()
    with probe_pages():
        write_app(folder, model, screener_manifest(model, **changes))
    return folder


def picture(pixels: np.ndarray, kind: str = "PNG", **options: object) -> str:
    """Return an image file as text for a page."""
    target = io.BytesIO()
    Image.fromarray(pixels).save(target, kind, **options)
    return text(target.getvalue())


def text(data: bytes) -> str:
    """Return bytes as text for a page."""
    return base64.b64encode(data).decode("ascii")


def film(bright: float, tilt: float, seed: int = 0, side: int = 64) -> np.ndarray:
    """Draw a grey picture of a mean brightness, brighter above by `tilt` than below."""
    noise = generator(seed, 9).normal(0, 0.12, (side, side))
    rows = np.where(np.arange(side) < side // 2, tilt / 2, -tilt / 2)[:, None]
    pixels = noise - noise.mean() + rows + bright
    return np.rint(255 * pixels.clip(0, 1)).astype(np.uint8)
