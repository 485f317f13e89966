"""A `ForecastDetector` as a model file: JSON and arrays, never code; and back, every part checked."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from pydantic import TypeAdapter, ValidationError
from torch import nn

from unseen.errors import ConfigError, DataError, ModelFileError
from unseen.forecasting.conformal import Adaptive, Conformal, Stated
from unseen.forecasting.detector import ForecastDetector, Trained
from unseen.forecasting.forecaster import LEVELS
from unseen.forecasting.history import Usual
from unseen.forecasting.inputs import Columns
from unseen.forecasting.knowing import Known
from unseen.forecasting.learning import Schedule
from unseen.forecasting.networks import Lstm, Stid
from unseen.persist import JSON, ModelFile, read_model, write_model
from unseen.series.calendar import DAY, WEEK, Calendar

KIND = "ForecastDetector"
MODELS: dict[str, type[Stid | Lstm]] = {"stid": Stid, "lstm": Lstm}
ALPHAS: dict[str, type[Stated | Adaptive]] = {"stated": Stated, "adaptive": Adaptive}
WEIGHTS = "network{}."


def save(detector: ForecastDetector, path: str | os.PathLike[str]) -> None:
    """Write a fitted detector: settings, training span, zone and holidays, sensors, profiles and weights.

    Raises:
        ModelFileError: It is not fitted, the path holds something else, or it cannot be written.

    """
    if not hasattr(detector, "known_"):
        raise ModelFileError("the detector is not fitted: call fit first")
    known, arrays = detector.known_, dict[str, np.ndarray[Any, Any]]()
    for place, network in enumerate(detector.networks_):
        for name, tensor in network.state_dict().items():
            arrays[WEIGHTS.format(place) + name] = tensor.numpy()
    arrays |= {f"usual.{name}": getattr(known.usual, name) for name in ("mean", "sd", "count", "scale")}
    arrays |= {name: getattr(known, name) for name in ("embedding", "neighbours", "margins", "scores")}
    write_model(path, document=_document(detector), arrays=arrays, kind=KIND)


def _document(detector: ForecastDetector) -> dict[str, JSON]:
    trained, conformal = detector.trained_, detector.conformal
    return {
        "settings": {
            "minutes": detector.minutes,
            "members": [_named(MODELS, member) for member in detector.members],
            "schedule": None if detector.schedule is None else asdict(detector.schedule),
            "neighbours": detector.neighbours,
            "held_back_days": detector.held_back_days,
            "conformal": None
            if conformal is None
            else {
                "days": conformal.days,
                "renew_hours": conformal.renew_hours,
                "alphas": _named(ALPHAS, conformal.alphas),
            },
            "seed": detector.seed,
        },
        "sensors": list(detector.known_.sensors),
        "trained": {
            "first": trained.first,
            "last": trained.last,
            "step": trained.step,
            "zone": trained.calendar.zone,
            "holidays": sorted(day.isoformat() for day in trained.calendar.holidays),
            "sensors": trained.sensors,
            "not_below_zero": detector.floor_ == 0,
        },
        "levels": LEVELS.tolist(),
    }


def _named(kinds: Mapping[str, type[Any]], thing: Any) -> dict[str, JSON]:
    for name, kind in kinds.items():
        if type(thing) is kind:
            return {"type": name, **asdict(thing)}
    raise ModelFileError(f"{thing!r} cannot be written to a model file; accepted: {', '.join(kinds)}")


def load(path: str | os.PathLike[str]) -> ForecastDetector:
    """Read a forecaster from a model file. No code in the file is run.

    Raises:
        ModelFileError: The file is broken, foreign, unsafe, newer than this package, or holds another
            detector.

    """
    return restored(read_model(path), os.fspath(path))


def restored(file: ModelFile, path: str) -> ForecastDetector:
    """Make the detector of a model file that was read."""
    if file.kind != KIND:
        raise ModelFileError(f"{path}: holds an {file.kind}, no {KIND}; unseen traffic fit writes one")
    try:
        return _made(file)
    except (KeyError, TypeError, IndexError, ValueError, RuntimeError, DataError, ConfigError) as error:
        reason = f"misses {error}" if isinstance(error, KeyError) else str(error).splitlines()[0]
        raise ModelFileError(f"{path}: not a sound {KIND}: {reason}") from error


def _made(file: ModelFile) -> ForecastDetector:
    document, arrays = file.document, file.arrays
    settings, trained = _object(document["settings"]), _object(document["trained"])
    if document["levels"] != LEVELS.tolist():
        raise ModelFileError("its levels are not those of this version")
    detector = ForecastDetector(**_settings(settings))
    detector._check()
    calendar = Calendar(
        str(trained["zone"]), frozenset(dt.date.fromisoformat(day) for day in trained["holidays"])
    )
    first, last, step, count = (_whole(trained, name) for name in ("first", "last", "step", "sensors"))
    if step <= 0 or 3600 % step:
        raise ModelFileError(f"its slots of {step} s do not divide an hour")
    detector.trained_ = Trained(first, last, step, calendar, count)
    detector.floor_ = 0.0 if trained["not_below_zero"] else -np.inf
    detector.known_ = _known(document["sensors"], arrays, count, step)
    inputs = Columns(detector.known_.neighbours.shape[1]).width
    detector.networks_ = [
        _network(member.build(inputs, count, DAY // step), WEIGHTS.format(place), arrays)
        for place, member in enumerate(detector.members)
    ]
    return detector


def _settings(settings: dict[str, Any]) -> dict[str, Any]:
    plain = {name: settings[name] for name in ("minutes", "neighbours", "held_back_days", "seed")}
    for name, kind in (("minutes", float), ("neighbours", int), ("held_back_days", int), ("seed", int)):
        _typed(kind, plain[name])
    conformal = settings["conformal"]
    if conformal is not None:
        conformal = _typed(Conformal, {**_object(conformal), "alphas": _of(ALPHAS, conformal["alphas"])})
    schedule = settings["schedule"]
    return {
        **plain,
        "members": tuple(_of(MODELS, member) for member in settings["members"]),
        "schedule": None if schedule is None else _typed(Schedule, _object(schedule)),
        "conformal": conformal,
    }


def _of(kinds: Mapping[str, type[Any]], record: Any) -> Any:
    fields = dict(_object(record))
    name = fields.pop("type", None)
    if name not in kinds:
        raise ModelFileError(f"{name!r} is not known; accepted: {', '.join(kinds)}")
    return _typed(kinds[name], fields)


def _typed(kind: type[Any], value: Any) -> Any:
    try:
        if isinstance(value, dict):
            for name in value:
                if name not in kind.__dataclass_fields__:
                    raise ModelFileError(f"{kind.__name__} has no setting {name!r}")
            return kind(**value)
        return TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        raise ModelFileError(str(error.errors()[0]["msg"])) from error


def _known(sensors: Any, arrays: Mapping[str, Any], trained: int, step: int) -> Known:
    if not isinstance(sensors, list) or not all(isinstance(name, str) for name in sensors):
        raise ModelFileError("its sensors are not a list of names")
    count, week = len(sensors), WEEK // step
    usual = Usual(*(arrays[f"usual.{name}"] for name in ("mean", "sd", "count", "scale")))
    for part, shape in ((usual.mean, (count, week)), (usual.sd, (count, week)), (usual.count, (count, week))):
        if part.shape != shape:
            raise ModelFileError(f"its profile has shape {part.shape}; {count} sensors need {shape}")
    known = Known(
        tuple(sensors),
        usual,
        *(arrays[name] for name in ("embedding", "neighbours", "margins", "scores")),
    )
    if {
        len(part) for part in (usual.scale, known.embedding, known.neighbours, known.margins, known.scores)
    } != {count} or len(set(sensors)) != count:
        raise ModelFileError("its sensors and arrays do not fit each other")
    if known.embedding.min() < 0 or known.embedding.max() > trained:
        raise ModelFileError("its embedding rows lie outside of the embedding")
    if known.neighbours.min(initial=-1) < -1 or known.neighbours.max(initial=-1) >= count:
        raise ModelFileError("its neighbours lie outside of its sensors")
    return known


def _network(network: nn.Module, prefix: str, arrays: Mapping[str, Any]) -> nn.Module:
    state = {
        name.removeprefix(prefix): torch.from_numpy(np.array(array))
        for name, array in arrays.items()
        if name.startswith(prefix)
    }
    network.load_state_dict(state)
    network.eval()
    return network


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise ModelFileError("a part that should be an object is none")
    return dict(value)


def _whole(record: Mapping[str, Any], name: str) -> int:
    value = record[name]
    if type(value) is not int:
        raise ModelFileError(f"its {name} is no whole number")
    return value
