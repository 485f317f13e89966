"""The gate: an aware detector for which every chest film is normal, healthy or not, and all else is not.

It keeps a few hundred films as oriented gradients, and what it is told of in the same way: pictures made up
from a seed (`kinds`), made from the films themselves (`alterations`), and whatever the caller has. A picture
is strange where it lies far from the films compared with how far it lies from what is none. What was told is
a yardstick there, so that pictures far from both are refused too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unseen.detectors.aware import AwareDetector
from unseen.detectors.telling import Joining, Leading
from unseen.errors import ConfigError, DataError
from unseen.models.autoencoder import AutoEncoder
from unseen.models.choices import AnyModel
from unseen.models.neighbours import Neighbours
from unseen.models.network import Convolution
from unseen.nn.orientation import OrientedGradients
from unseen.screening.alterations import ALTERED, altered
from unseen.screening.kinds import MADE_UP, made_up
from unseen.screening.shrinking import shrunk
from unseen.seeds import generator
from unseen.training.loop import Plan

Floats = NDArray[np.float64]
Pictures = NDArray[np.float32]
Told = Mapping[str, Pictures | None]

# A mirrored film is a film to anyone who is not told which side the heart is on.
EVERY_KIND: Told = {name: None for name in (*MADE_UP, *ALTERED) if name != "mirrored"}
"""Kinds that need nothing but a seed and the films."""


@dataclass(frozen=True)
class GateSettings:
    """How a gate is built.

    Args:
        side: Pixels of a side that it looks at; larger films are averaged down to it.
        each: Pictures of each kind that is made up.
        neighbours: Distance to films; told kinds are near or far by the same measure. Below the share 1 the
            errors of a network have a say beside it.
        model, learn, tune: That network, and how long its stages train.
        joining, trust: How what was told joins, see `unseen.detectors.telling`.

    """

    side: int = 28
    each: int = 20
    model: AnyModel = AutoEncoder(Convolution((8, 12, 16)), latent=8)  # noqa: RUF009 - frozen, shared safely
    neighbours: Neighbours = Neighbours(  # noqa: RUF009
        k=5,
        reference=256,
        components=16,
        front=OrientedGradients(pool=2.0, stride=4),
        share=1.0,
        rest=1.0,
        digits="half",
    )
    learn: Plan = Plan(steps=800, batch=128)  # noqa: RUF009
    tune: Plan = Plan(steps=600, rate=5e-4, batch=128)  # noqa: RUF009
    joining: Joining = Leading()  # noqa: RUF009
    trust: float = 0.1


def train_gate(
    films: Pictures,
    *,
    told: Told | None = None,
    seed: int = 0,
    settings: GateSettings | None = None,
) -> AwareDetector:
    """Learn films, then be told of what is none.

    Args:
        films: Grey values in [0, 1], (N, 1, S, S); S as large as `settings.side` or larger.
        told: Kind -> pictures (K, 1, S, S), or None to make it up: a name of `MADE_UP` or `ALTERED`. None
            tells of `EVERY_KIND`; an empty mapping of nothing, which leaves stage 1.
        seed: Same seed and films, same gate.
        settings: None is `GateSettings()`.

    Returns:
        A detector of flattened pictures of `settings.side`; its notes say how large films were, as `side`.
        `gate_score` reads pictures as they come.

    Raises:
        DataError: Films or pictures of another shape, or outside of [0, 1].
        ConfigError: A kind that is not known and brings no pictures.

    """
    settings = settings or GateSettings()
    side = checked(films, "films").shape[-1]
    if side < settings.side:
        raise DataError(f"films of side {side} came; accepted: {settings.side} or more, the side of the gate")
    detector = AwareDetector(
        settings.model,
        neighbours=settings.neighbours,
        learn=settings.learn,
        tune=settings.tune,
        joining=settings.joining,
        trust=settings.trust,
        image_shape=(1, settings.side, settings.side),
        seed=seed,
    )
    rows, kinds = told_rows(EVERY_KIND if told is None else told, films, seed=seed, settings=settings)
    detector.fit(flat(films, settings.side))
    if len(rows):
        detector.fine_tune(rows, kinds=kinds)
    detector.notes_ = {"side": side}
    return detector


def told_rows(
    told: Told, films: Pictures, *, seed: int, settings: GateSettings
) -> tuple[Pictures, NDArray[np.str_]]:
    """Return what a gate is told of as flat rows (K, side * side), and the kind of each, (K,)."""
    rows = [np.empty((0, settings.side**2), dtype=np.float32)]
    kinds: list[str] = []
    for name, given in told.items():
        pictures = _made(name, films, settings.each, seed) if given is None else checked(given, name)
        rows.append(flat(pictures, settings.side))
        kinds += [name] * len(pictures)
    return np.concatenate(rows), np.array(kinds, dtype=np.str_)


def gate_score(detector: AwareDetector, pictures: Pictures) -> Floats:
    """Evidence in nats that pictures (N, 1, S, S) in [0, 1] are no films, (N,).

    Raises:
        DataError: Pictures of another size than the films were, or outside of [0, 1].

    """
    side = gate_side(detector)
    if checked(pictures, "pictures").shape[-1] != side:
        raise DataError(f"pictures of side {pictures.shape[-1]} came; accepted: {side}, that of the films")
    return detector.anomaly_score(flat(pictures, detector.input_shape[-1]))


def gate_side(detector: AwareDetector) -> int:
    """Return the side S of the films a gate was trained on."""
    return int(detector.notes_.get("side", detector.input_shape[-1]))


def flat(pictures: Pictures, side: int) -> Pictures:
    """Average pictures (N, 1, S, S) down to a side, as rows (N, side * side)."""
    return shrunk(pictures, side).reshape(len(pictures), -1)


def checked(pictures: Any, what: str) -> Pictures:
    """Return pictures (N, 1, S, S) in [0, 1], single precision.

    Raises:
        DataError: They are not.

    """
    found = np.asarray(pictures, dtype=np.float32)
    if found.ndim != 4 or found.shape[1] != 1 or found.shape[2] != found.shape[3]:
        raise DataError(f"{what} of shape {found.shape} came; accepted: (N, 1, S, S), squares of one channel")
    if found.size and not (np.isfinite(found).all() and found.min() >= 0.0 and found.max() <= 1.0):
        raise DataError(f"{what} with values outside of [0, 1] came; divide 8-bit values by 255")
    return found


def _made(name: str, films: Pictures, count: int, seed: int) -> Pictures:
    if name in MADE_UP:
        return made_up(name, count, films.shape[-1], seed=seed)
    if name not in ALTERED:
        made = ", ".join((*MADE_UP, *ALTERED))
        raise ConfigError(f"kind {name!r} came without pictures; made up are: {made}. Give its pictures.")
    chosen = generator(seed, 62).permutation(len(films))
    place = count * list(ALTERED).index(name)
    return altered(name, films[np.take(chosen, np.arange(place, place + count), mode="wrap")], seed=seed)
