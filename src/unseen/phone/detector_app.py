"""Any image detector as an app: exported, checked against the detector, and described."""

from __future__ import annotations

import datetime as dt
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

import unseen
from unseen.data.scale import Pixels
from unseen.detectors.classify import AwareClassifier
from unseen.detectors.detector import Detector
from unseen.detectors.two_stage import TwoStage
from unseen.errors import ConfigError
from unseen.export.golden import TOLERANCE
from unseen.export.onnx import Exported, Precision, export_onnx, golden_rows
from unseen.export.runtime import Scorer
from unseen.export.samples import Samples
from unseen.phone.bundle import WrittenApp, model_id, refuse_place, write_app
from unseen.phone.manifest import Manifest, MapScale
from unseen.phone.naming import with_classes
from unseen.phone.runtime import runtime_files
from unseen.pictures.checks import Limits
from unseen.pictures.framing import Framing

Rows = NDArray[np.float32]

# What white is in images: floating point, 8 bits, 16 bits.
UNITS = (1.0, 255.0, 65535.0)
# Golden vectors in app.json, and cells of the heat map along the longer side.
GOLDEN, CELLS = 3, 8
# An alarm alone fills the colour scale of the heat map; where none is ever raised, this many nats do.
MOST_WITHOUT_ALARM = 5.0


@dataclass(frozen=True)
class DetectorApp:
    """An app, and how the model in it agrees with the detector."""

    app: WrittenApp
    exported: Exported

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        told = self.exported.to_dict()
        named = ("precision", "threshold", "rate", "calibration_rows", "parity")
        return {**self.app.to_dict(), **{name: told[name] for name in named}}


def write_detector_app(
    detector: TwoStage,
    folder: str | os.PathLike[str],
    *,
    title: str = "unseen",
    precision: Precision = "fp32",
    samples: Samples | None = None,
    runtime: str | os.PathLike[str] | None = None,
) -> DetectorApp:
    """Write an image detector as an app: a picture in; `usual` or `unusual`, a p-value and a heat map out.

    An `AwareClassifier` in fp32 also names the likeliest class.

    Args:
        detector: Fitted on images (C, H, W) of one or three channels.
        folder: Where the app goes; an older app there is replaced.
        title: Shown at the head of the app.
        precision: "fp32", or "int8", which needs `samples`.
        samples: Background rows, see `export_onnx`; their mean is what the heat map covers patches with.
        runtime: See `write_app`.

    Raises:
        ConfigError: A detector that is not one of pictures, or cannot be exported.
        ModelFileError: The place is not fit, or the app weighs too much.
        MissingExtraError: The extra "export" is not installed.

    """
    unit = picture_unit(detector)
    refuse_place(folder)
    runtime_files(runtime)  # refused before long work
    with tempfile.TemporaryDirectory(prefix="unseen-app-") as aside:
        place = Path(aside) / "model.onnx"
        exported = export_onnx(detector, place, precision=precision, samples=samples)
        model, classes = place.read_bytes(), None
        rows = _grey_levels(golden_rows(detector)[:GOLDEN], unit)
        golden = _golden(Scorer(place), rows)
    if isinstance(detector, AwareClassifier) and precision == "fp32":
        model = with_classes(model, detector, rows)
        classes = tuple(str(name) for name in detector.classes_.tolist())
    manifest = Manifest(
        kind="detector",
        id=model_id(model),
        unseen=unseen.__version__,
        created=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        title=title,
        framing=_framing(detector, unit).to_dict(),
        limits=_limits(detector).to_dict(),
        map=_map(detector, exported, samples),
        golden=golden,
        card=_card(detector, exported),
        classes=classes,
        tolerance=TOLERANCE[precision],
    )
    return DetectorApp(write_app(folder, model, manifest, runtime=runtime), exported)


def picture_unit(detector: Detector) -> float:
    """Return what white is in the images a detector was fitted on: 1, 255 or 65535.

    Raises:
        ConfigError: It was not fitted on pictures.

    """
    accepted = "accepted: a detector fitted on images of 1 or 3 channels, e.g. unseen fit FOLDER"
    if not isinstance(detector, TwoStage):
        raise ConfigError(f"{type(detector).__name__} does not screen pictures; {accepted}")
    shape, scaler = detector.input_shape, detector.scaler_
    if len(shape) != 3:
        raise ConfigError(f"an app screens pictures, and this detector was fitted on a table; {accepted}")
    if shape[0] not in (1, 3):
        raise ConfigError(f"an app screens pictures, and this detector takes {shape[0]} channels; {accepted}")
    if not isinstance(scaler, Pixels):
        raise ConfigError(
            f"an app screens pictures, and this detector was fitted on event images; {accepted}"
        )
    for unit in UNITS:
        if scaler.top <= unit:
            return unit
    raise ConfigError(
        f"this detector was fitted on values up to {scaler.top:g}, which are no grey values; {accepted}"
    )


def _framing(detector: TwoStage, unit: float) -> Framing:
    """Take the whole picture, stretched: a detector of any pictures knows no borders."""
    channels, height, width = cast(tuple[int, int, int], detector.input_shape)
    return Framing(channels=channels, height=height, width=width, trim=False, crop=False, unit=unit)


def _limits(detector: TwoStage) -> Limits:
    """Ask for enough pixels alone: what is unusual is for the detector to say."""
    side = min(detector.input_shape[1:])
    return Limits(
        side=side, photo_side=side, aspect=None, chroma=None, spread=None, sharpness=None, glare=None
    )


def _grey_levels(rows: Rows, unit: float) -> Rows:
    """Round made-up pictures to 256 grey levels, which are short to write."""
    levels = np.rint(rows * (255 / unit)).clip(0, 255)
    return np.asarray(levels if unit == 255 else levels / 256 * unit, dtype=np.float32)


def _golden(scorer: Scorer, rows: Rows) -> tuple[dict[str, Any], ...]:
    scores = scorer(rows).score
    return tuple(
        {"rows": picture.ravel().astype(float).tolist(), "score": float(score)}
        for picture, score in zip(rows, scores, strict=True)
    )


def _map(detector: TwoStage, exported: Exported, samples: Samples | None) -> MapScale:
    channels, height, width = cast(tuple[int, int, int], detector.input_shape)
    cell = max(height, width) / CELLS
    fill = None
    if samples is not None:
        mean = samples.background.reshape(-1, channels, height * width).mean((0, 2), dtype=np.float64)
        fill = tuple(float(value) for value in mean)
    raised = np.isfinite(exported.threshold)
    return MapScale(
        height=min(height, max(1, round(height / cell))),
        width=min(width, max(1, round(width / cell))),
        most=float(exported.threshold) if raised else MOST_WITHOUT_ALARM,
        fill=fill,
    )


def _card(detector: TwoStage, exported: Exported) -> dict[str, Any]:
    """Say what is known of the model, for its page."""
    return {
        "detector": type(detector).__name__,
        "precision": exported.precision,
        "shape": list(detector.input_shape),
        "rate": exported.rate,
        "calibration_rows": exported.calibration_rows,
        "told": sorted(detector.known_kinds_),
        "parity": exported.parity.to_dict(),
    }
