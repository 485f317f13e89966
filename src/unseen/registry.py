"""Names to classes and back, in one place: what a model file or a configuration may name.

A class that is not listed here cannot be made by any file.
"""

from __future__ import annotations

import dataclasses
import os
import reprlib
from collections.abc import Mapping
from typing import Any, get_args, get_type_hints

import numpy as np
from pydantic import ConfigDict, TypeAdapter, ValidationError
from sklearn.utils.validation import check_is_fitted

from unseen import class_scores, objectives, scores, thresholds
from unseen.detectors.aware import AwareDetector
from unseen.detectors.classify import AwareClassifier
from unseen.detectors.detector import Detector
from unseen.detectors.ensemble import CommitteeDetector
from unseen.detectors.telling import Beyond, Joining, Leading, Shared
from unseen.detectors.two_stage import TwoStage
from unseen.errors import ConfigError, ModelFileError, UnseenError, unknown
from unseen.models.choices import AnyModel
from unseen.models.classifier import Classifier
from unseen.models.dual_bodies import DualBody
from unseen.models.forest import Forest
from unseen.models.mixture import Mixture
from unseen.models.neighbours import Neighbours
from unseen.models.network import Body
from unseen.models.spreading import Spreading
from unseen.models.transformer import Transformer
from unseen.nn.orientation import OrientedGradients
from unseen.persist import read_model, write_model
from unseen.training.augment import Symmetries
from unseen.training.decorrelation import DisCo
from unseen.training.guards import Forgetting
from unseen.training.loop import Plan

NOTE = "notes."
"""What the names of arrays among a detector's notes begin with, in a model file."""

DETECTORS: dict[str, type[TwoStage]] = {
    cls.__name__: cls for cls in (AwareDetector, AwareClassifier, CommitteeDetector)
}

LOSSES: dict[str, type[Any]] = {
    "abc": objectives.Abc,
    "hinge": objectives.Hinge,
    "aesad": objectives.AeSad,
    "sigmoid": objectives.Sigmoid,
    "inverse": objectives.Inverse,
    "ramp": objectives.Ramp,
    "ramp_capped": objectives.RampCapped,
}

JOININGS: dict[str, type[Joining]] = {"beyond": Beyond, "shared": Shared, "leading": Leading}

# Losses of a classifier, on logits instead of a pass.
CLASS_LOSSES: dict[str, type[Any]] = {"uniform": objectives.Uniform}

COMPONENTS: dict[str, type[Any]] = {
    cls.__name__: cls
    for cls in (
        *get_args(AnyModel),
        Classifier,
        Transformer,
        *get_args(Body),
        *get_args(DualBody),
        *LOSSES.values(),
        *CLASS_LOSSES.values(),
        scores.Reconstruction,
        scores.Residual,
        scores.Robust,
        scores.Divergence,
        scores.Latent,
        scores.LatentUnit,
        scores.CodeDensity,
        scores.Sum,
        scores.Combined,
        scores.LitPairs,
        scores.LitError,
        scores.StrangeTotals,
        class_scores.Uniformity,
        class_scores.TopProbability,
        class_scores.Window,
        *get_args(thresholds.Threshold),
        *JOININGS.values(),
        Plan,
        Symmetries,
        Forgetting,
        DisCo,
        Neighbours,
        Mixture,
        Forest,
        Spreading,
        OrientedGradients,
    )
}


def describe(thing: Any) -> Any:
    """Turn a component into plain values: its type name and its fields.

    >>> describe(objectives.Hinge(margin=3.0))
    {'type': 'Hinge', 'margin': 3.0, 'weight': 1.0}
    """
    if dataclasses.is_dataclass(thing) and type(thing).__name__ in COMPONENTS:
        fields = {field.name: describe(getattr(thing, field.name)) for field in dataclasses.fields(thing)}
        return {"type": type(thing).__name__, **fields}
    if isinstance(thing, list | tuple):
        return [describe(item) for item in thing]
    if thing is None or isinstance(thing, bool | int | float | str):
        return thing
    raise ConfigError(f"{thing!r} cannot be written to a model file; use a component that `unseen` names")


def build(record: Any) -> Any:
    """Make the component that `describe` described; every field is checked.

    >>> build({"type": "Hinge", "margin": 3.0})
    Hinge(margin=3.0, weight=1.0)

    Raises:
        ConfigError: A type or field that is not known, or a value of the wrong type.

    """
    if isinstance(record, list):
        return tuple(build(item) for item in record)
    if not isinstance(record, Mapping):
        return record
    fields = dict(record)
    name = fields.pop("type", None)
    if not isinstance(name, str) or name not in COMPONENTS:
        raise ConfigError(unknown("component", name, COMPONENTS))
    cls = COMPONENTS[name]
    accepted = [field.name for field in dataclasses.fields(cls)]
    for field in fields:
        if field not in accepted:
            raise ConfigError(unknown(f"field of {name}", field, accepted))
    return _checked(cls, {field: build(value) for field, value in fields.items()})


def _checked(cls: type[Any], fields: dict[str, Any]) -> Any:
    try:
        return TypeAdapter(cls).validate_python(fields)
    except ValidationError as error:
        raise ConfigError(_first_fault(cls.__name__, error)) from error


def _first_fault(what: str, error: ValidationError) -> str:
    first = error.errors()[0]
    place = ".".join([what, *(str(part) for part in first["loc"])])
    return f"{place} is {reprlib.repr(first['input'])}: {first['msg']}"


def _detector(cls: type[TwoStage], settings: Mapping[str, Any]) -> TwoStage:
    """Make a detector whose settings are of the types its constructor names; which fit says no more of."""
    accepted = get_type_hints(cls.__init__)
    made = {}
    for name, value in settings.items():
        if name not in accepted:
            raise ConfigError(unknown("setting", name, accepted))
        adapter = TypeAdapter(accepted[name], config=ConfigDict(arbitrary_types_allowed=True))
        try:
            made[name] = adapter.validate_python(build(value))
        except ValidationError as error:
            raise ConfigError(_first_fault(name, error)) from error
    return cls(**made)


def save(detector: Detector, path: str | os.PathLike[str]) -> None:
    """Write a fitted detector as a model folder, or one file where `path` ends in `.unseen` or `.zip`.

    The file holds settings, scaling, weights and the scores of held-out rows, never training rows or code.

    Raises:
        ModelFileError: The path holds something that is not a model, or cannot be written.

    """
    document, arrays = described(detector)
    write_model(path, document=document, arrays=arrays, kind=type(detector).__name__)


def described(detector: Detector) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return a fitted detector as JSON values and arrays.

    Raises:
        ModelFileError: A detector without a model file.

    """
    check_is_fitted(detector)
    name = type(detector).__name__
    if name not in DETECTORS:
        raise ModelFileError(unknown("detector", name, DETECTORS))
    settings = {key: describe(value) for key, value in detector.get_params(deep=False).items()}
    document, arrays = detector.state()
    every = getattr(detector, "notes_", {})
    noted = {f"{NOTE}{key}": value for key, value in every.items() if isinstance(value, np.ndarray)}
    notes = {key: value for key, value in every.items() if f"{NOTE}{key}" not in noted}
    return {"settings": settings, "notes": notes, **document}, {**arrays, **noted}


def load(path: str | os.PathLike[str]) -> TwoStage:
    """Read a detector from a model file of this or any earlier version. No code in the file is run.

    Raises:
        ModelFileError: The file is broken, foreign, unsafe or newer than this package.

    """
    file = read_model(path)
    return restored(file.kind, file.document, file.arrays, of=os.fspath(path))


def restored(
    kind: str, document: Mapping[str, Any], arrays: Mapping[str, np.ndarray], *, of: str
) -> TwoStage:
    """Return the detector that `described` described; `of` says where it comes from.

    Raises:
        ModelFileError: A kind that is not known, or parts that do not fit.

    """
    if kind not in DETECTORS:
        raise ModelFileError(f"{of}: {unknown('detector', kind, DETECTORS)}")
    try:
        settings = document["settings"]
        if not isinstance(settings, Mapping):
            raise ModelFileError("the settings are not an object")
        detector = _detector(DETECTORS[kind], settings)
        detector.restore(document, arrays)
        notes = document.get("notes", {})
        if not isinstance(notes, Mapping):
            raise ModelFileError("the notes are not an object")
        noted = {key.removeprefix(NOTE): array for key, array in arrays.items() if key.startswith(NOTE)}
        detector.notes_ = {**notes, **noted}
    except (KeyError, TypeError, AttributeError, IndexError, ValueError, RuntimeError, UnseenError) as error:
        reason = f"misses {error}" if isinstance(error, KeyError) else str(error).splitlines()[0]
        raise ModelFileError(f"{of}: not a sound {kind}: {reason}") from error
    return detector
