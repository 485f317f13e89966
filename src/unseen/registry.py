"""Names to classes and back, in one place: what a model file or a configuration may name.

A class that is not listed here cannot be made by any file.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError
from sklearn.utils.validation import check_is_fitted

from unseen import objectives, scores, thresholds
from unseen.detectors.aware import AwareDetector
from unseen.detectors.detector import Detector
from unseen.errors import ConfigError, ModelFileError, UnseenError, unknown
from unseen.models.autoencoder import AutoEncoder
from unseen.models.network import Body
from unseen.models.neighbours import Neighbours
from unseen.models.vae import VAE
from unseen.nn.orientation import OrientedGradients
from unseen.persist import read_model, write_model
from unseen.training.loop import Plan

DETECTORS: dict[str, type[AwareDetector]] = {cls.__name__: cls for cls in (AwareDetector,)}

LOSSES: dict[str, type[Any]] = {
    "abc": objectives.Abc,
    "hinge": objectives.Hinge,
    "aesad": objectives.AeSad,
    "sigmoid": objectives.Sigmoid,
    "inverse": objectives.Inverse,
    "ramp": objectives.Ramp,
    "ramp_capped": objectives.RampCapped,
}

COMPONENTS: dict[str, type[Any]] = {
    cls.__name__: cls
    for cls in (
        VAE,
        AutoEncoder,
        *get_args(Body),
        *LOSSES.values(),
        scores.Reconstruction,
        scores.Residual,
        scores.Robust,
        scores.Divergence,
        scores.Latent,
        scores.Sum,
        *get_args(thresholds.Threshold),
        Plan,
        Neighbours,
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

    Raises
    ------
    ConfigError
        A type or field that is not known, or a value of the wrong type.
    """
    if isinstance(record, list):
        return tuple(build(item) for item in record)
    if not isinstance(record, Mapping):
        return record
    fields = dict(record)
    name = fields.pop("type", None)
    if name not in COMPONENTS:
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
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "value"
        raise ConfigError(f"{cls.__name__}.{place} is {first['input']!r}: {first['msg']}") from error


def save(detector: Detector, path: str | os.PathLike[str]) -> None:
    """Write a fitted detector as a model folder, or one file where `path` ends in `.unseen` or `.zip`.

    The file holds settings, scaling, weights and the scores of held-out rows, never training rows or code.

    Raises
    ------
    ModelFileError
        The path holds something that is not a model, or cannot be written.
    """
    check_is_fitted(detector)
    name = type(detector).__name__
    if name not in DETECTORS:
        raise ModelFileError(unknown("detector", name, DETECTORS))
    settings = {key: describe(value) for key, value in detector.get_params(deep=False).items()}
    document, arrays = detector.state()
    notes = getattr(detector, "notes_", {})
    write_model(path, document={"settings": settings, "notes": notes, **document}, arrays=arrays, kind=name)


def load(path: str | os.PathLike[str]) -> AwareDetector:
    """Read a detector from a model file of this or any earlier version. No code in the file is run.

    Raises
    ------
    ModelFileError
        The file is broken, foreign, unsafe or newer than this package.
    """
    file = read_model(path)
    if file.kind not in DETECTORS:
        raise ModelFileError(f"{os.fspath(path)}: {unknown('detector', file.kind, DETECTORS)}")
    try:
        settings = file.document["settings"]
        if not isinstance(settings, Mapping):
            raise ModelFileError("the settings are not an object")
        detector = DETECTORS[file.kind](**{str(key): build(value) for key, value in settings.items()})
        detector.restore(file.document, file.arrays)
        detector.notes_ = dict(file.document.get("notes", {}))
    except (KeyError, TypeError, AttributeError, IndexError, ValueError, RuntimeError, UnseenError) as error:
        reason = f"misses {error}" if isinstance(error, KeyError) else str(error).splitlines()[0]
        raise ModelFileError(f"{os.fspath(path)}: not a sound {file.kind}: {reason}") from error
    return detector
