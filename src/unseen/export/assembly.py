"""The traced part and the decision, joined to one ONNX model that says what it is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

import unseen
from unseen.detectors.committee import Member
from unseen.detectors.two_stage import TwoStage
from unseen.errors import need
from unseen.export.body import spoken
from unseen.export.runtime import FORMAT, FORMAT_VERSION
from unseen.export.tail import ALARM, P_VALUE, RAW, SCORE, THRESHOLD, Decision, Voice
from unseen.thresholds import Calibration


def decision_of(detector: TwoStage, calibration: Calibration | None = None) -> Decision:
    """Return how the detector decides, by its own calibration or by another one."""
    return Decision(
        unaided=tuple(_voice(member) for member in detector.stage1_),
        told=tuple(_voice(member) for member in spoken(detector)),
        handicap=detector.handicap_,
        joining=detector.joining_name,
        calibration=calibration or detector.calibration_,
        rate=detector.rate_,
        keeps=detector.joining_keeps,
    )


def _voice(member: Member) -> Voice:
    return Voice(member.calibration, member.share)


def assembled(body: Any, tail: Any, about: Mapping[str, Any]) -> Any:
    """Return one model from `rows` to `raw`, `score`, `p_value`, `threshold`, `alarm`, with its metadata."""
    compose = need("onnx.compose", extra="export", purpose="writing an ONNX file")
    whole = compose.merge_models(body, tail, io_map=[(RAW, RAW)], outputs=[SCORE, P_VALUE, THRESHOLD, ALARM])
    whole.graph.output.insert(0, body.graph.output[0])
    whole.producer_name, whole.producer_version = "unseen", unseen.__version__
    del whole.metadata_props[:]
    for key, value in about.items():
        entry = whole.metadata_props.add()
        entry.key, entry.value = key, value if isinstance(value, str) else json.dumps(value)
    del whole.graph.value_info[:]
    return whole


def about(detector: TwoStage, decision: Decision, *, precision: str, part: str) -> dict[str, Any]:
    """Return the metadata of an export, JSON values."""
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "unseen": unseen.__version__,
        "detector": type(detector).__name__,
        "part": part,
        "precision": precision,
        "model_sha256": digest(detector),
        "shape": list(detector.input_shape),
        "features": list(detector.feature_names()),
        "schema": None if detector.schema_ is None else detector.schema_.to_dict(),
        "fills_missing": hasattr(detector, "fill_"),
        "rate": decision.rate,
        "calibration_rows": len(decision.calibration),
    }


def digest(detector: TwoStage) -> str:
    """SHA-256 of what was fitted: equal for a detector and its copy from a model file."""
    document, arrays = detector.state()
    found = hashlib.sha256(json.dumps(document, sort_keys=True).encode())
    for name in sorted(arrays):
        value = np.ascontiguousarray(arrays[name])
        found.update(f"{name} {value.dtype} {value.shape}".encode())
        found.update(value.tobytes())
    return found.hexdigest()
