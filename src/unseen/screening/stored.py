"""A `Screener` as a model file: JSON and arrays, never code, no film; and back, every part checked."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any

import numpy as np
import torch
from pydantic import Field, TypeAdapter

from unseen.detectors.aware import AwareDetector
from unseen.errors import ModelFileError, UnseenError
from unseen.persist import JSON, ModelFile, read_model, write_model
from unseen.pictures.checks import Limits
from unseen.registry import described, restored
from unseen.screening.gate import gate_side
from unseen.screening.network import FilmDesign, FilmNetwork
from unseen.screening.outcome import Rule
from unseen.screening.records import Record
from unseen.screening.screener import Screener

KIND = "Screener"
NETWORK, GATE = "network.", "gate."


def save(screener: Screener, path: str | os.PathLike[str]) -> None:
    """Write a fitted screener.

    Raises:
        ModelFileError: It is not fitted, the path holds something else, or it cannot be written.

    """
    if not hasattr(screener, "base_"):
        raise ModelFileError("the screener is not fitted: call fit first")
    gate, arrays = described(screener.gate_)
    weights = {f"{NETWORK}{name}": value.numpy() for name, value in screener.network_.state_dict().items()}
    document: dict[str, JSON] = {
        "design": screener.network_.design.to_dict(),
        "gate": gate,
        "rule": asdict(screener.rule),
        "limits": asdict(screener.limits),
        "labels": list(screener.labels_),
        "base": screener.base_.model_dump(mode="json"),
        "most": screener.most_,
        "counts": {name: list(pair) for name, pair in screener.counts_.items()},
        "told": list(screener.told_),
        "notes": list(screener.notes_),
        "seed": screener.seed,
    }
    write_model(
        path,
        document=document,
        arrays={**weights, **{f"{GATE}{name}": array for name, array in arrays.items()}},
        kind=KIND,
    )


def load(path: str | os.PathLike[str]) -> Screener:
    """Read a screener from a model file. No code in the file is run.

    Raises:
        ModelFileError: The file is broken, foreign, unsafe, newer than this package, or holds another model.

    """
    return made(read_model(path), os.fspath(path))


def made(file: ModelFile, path: str) -> Screener:
    """Make the screener of a model file that was read.

    Raises:
        ModelFileError: It holds another model, or parts that do not fit.

    """
    if file.kind != KIND:
        raise ModelFileError(
            f"{path} is a model of kind {file.kind}; accepted: {KIND}, which unseen xray train writes"
        )
    try:
        return _made(file)
    except (KeyError, TypeError, AttributeError, IndexError, ValueError, RuntimeError, UnseenError) as error:
        reason = f"misses {error}" if isinstance(error, KeyError) else str(error).splitlines()[0]
        raise ModelFileError(f"{path}: not a sound {KIND}: {reason}") from error


def _made(file: ModelFile) -> Screener:
    document: Mapping[str, Any] = file.document
    screener = Screener(
        rule=_typed(Rule, document["rule"]),
        limits=_typed(Limits, document["limits"]),
        seed=_typed(int, document["seed"]),
    )
    screener.network_ = _network(FilmDesign.from_dict(document["design"]), _under(file.arrays, NETWORK))
    detector = restored(AwareDetector.__name__, document["gate"], _under(file.arrays, GATE), of="its gate")
    if not isinstance(detector, AwareDetector) or gate_side(detector) != screener.size:
        raise ModelFileError("its gate and its network read films of different sizes")
    screener.gate_ = detector
    screener.labels_ = _typed(tuple[str, str], document["labels"])
    screener.base_ = _typed(Record, document["base"])
    screener.most_ = _typed(Annotated[float, Field(gt=0, allow_inf_nan=False)], document["most"])
    screener.counts_ = _typed(dict[str, tuple[int, int]], document["counts"])
    screener.told_ = _typed(tuple[str, ...], document["told"])
    screener.notes_ = _typed(tuple[str, ...], document["notes"])
    return screener


def _typed(kind: Any, value: Any) -> Any:
    return TypeAdapter(kind).validate_python(value)


def _under(arrays: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def _network(design: FilmDesign, arrays: Mapping[str, Any]) -> FilmNetwork:
    network = design.build()
    state = {name: torch.from_numpy(np.array(array)) for name, array in arrays.items()}
    if not all(bool(torch.isfinite(value.float()).all()) for value in state.values()):
        raise ModelFileError("its weights are not finite")
    network.load_state_dict(state)
    return network.eval()
