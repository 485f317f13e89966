"""Training a melody network into a file that a stopped run goes on from."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from unseen.detectors.stored_arrays import tensor, under
from unseen.errors import ConfigError, ModelFileError
from unseen.models.melody import MelodyVAE
from unseen.models.network import Network
from unseen.music.tokens import STEPS_A_BAR, Tokens
from unseen.music.windows import LENGTHS
from unseen.persist import JSON, check_place, read_model, write_model
from unseen.seeds import seeded
from unseen.training.loop import Plan
from unseen.training.melodies import Standing, learn_melodies

KIND = "MelodyVAE"
# No melody network is larger; a file that asks for more means harm.
MOST = {"latent": 4096, "width": 4096, "blocks": 16, "colours": 88, "bars": 16}


@dataclass(frozen=True)
class Setting:
    """All that decides what a training comes to, beside the windows.

    Attributes:
        bars: Of a window.
        seed: Of the first parameters, the order of the windows, their transpositions and the noise.
        latent, width, blocks, colours, beta: Of `MelodyVAE`.
        steps, batch, rate: Of the training.
        beta_warm_up: Share of the steps over which beta rises from 0.
        semitones: Windows are transposed by up to so many, up and down.

    """

    bars: int = 2
    seed: int = 0
    latent: int = 512
    width: int = 512
    blocks: int = 1
    colours: int = 8
    beta: float = 0.2
    steps: int = 6_000
    batch: int = 128
    rate: float = 2e-3
    beta_warm_up: float = 0.35
    semitones: int = 5

    def __post_init__(self) -> None:
        """Refuse what cannot be trained.

        Raises:
            ConfigError: A value is not accepted.

        """
        if self.bars not in LENGTHS:
            raise ConfigError(f"{self.bars} bars came; accepted: {', '.join(map(str, LENGTHS))}")
        for name in ("latent", "width", "colours", "steps", "batch"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} {getattr(self, name)!r} came; accepted: 1 or more")
        if not math.isfinite(self.beta) or self.beta < 0:
            raise ConfigError(f"beta {self.beta!r} came; accepted: 0 or more")
        if not 0 < self.rate < 1:
            raise ConfigError(f"rate {self.rate!r} came; accepted: above 0 and below 1")
        if not 0 <= self.semitones <= 12:
            raise ConfigError(f"semitones {self.semitones!r} came; accepted: 0 to 12")

    def build(self) -> Network:
        """Return a fresh network."""
        model = MelodyVAE(self.latent, self.width, self.blocks, self.colours, self.beta)
        with seeded(self.seed):
            return model.build((self.bars * STEPS_A_BAR,))

    def plan(self) -> Plan:
        """Return how long and how fast; the gradient is clipped at 5 in units of a sum over steps."""
        return Plan(
            steps=self.steps,
            rate=self.rate,
            batch=self.batch,
            clip=5.0 / (self.bars * STEPS_A_BAR),
            warm_up=0.02,
            beta_warm_up=self.beta_warm_up,
        )


@dataclass(frozen=True, eq=False)
class Trained:
    """A melody network with what made it.

    Attributes:
        network: In evaluation mode.
        setting: What decided it.
        standing: Steps, CPU seconds and losses of its training.
        windows: Fingerprint of the windows it learned from.

    """

    network: Network
    setting: Setting
    standing: Standing
    windows: str

    @property
    def finished(self) -> bool:
        """Whether all steps are done."""
        return self.standing.done >= self.setting.steps


def train(learn: Tokens, setting: Setting, path: Path) -> Trained:
    """Train on windows (N, T), or go on where the file stands; the file is renewed twice a minute.

    A finished file comes back as it is. Nothing is lost on an interrupt but the last half minute.

    Raises:
        ConfigError: The file belongs to another training.
        ModelFileError: It is damaged, or the place cannot be written.

    """
    windows = fingerprint(learn)
    if path.exists():
        found = load(path)
        _same(found, setting, windows, path)
        if found.finished:
            return found
    else:
        check_place(path)
        found = Trained(setting.build(), setting, Standing(), windows)
    learn_melodies(
        found.network,
        torch.from_numpy(learn),
        beta=setting.beta,
        plan=setting.plan(),
        semitones=setting.semitones,
        seed=setting.seed,
        standing=found.standing,
        keep=lambda _: save(found, path),
    )
    return found


def fingerprint(tokens: Tokens) -> str:
    """Tell windows from others: the SHA-256 of their tokens."""
    return hashlib.sha256(np.ascontiguousarray(tokens).tobytes()).hexdigest()


def save(found: Trained, path: Path) -> None:
    """Write a model file; the moments of the optimiser are left out when training is done."""
    standing = found.standing
    arrays: dict[str, NDArray[Any]] = {
        f"network.{name}": value.detach().numpy() for name, value in found.network.state_dict().items()
    }
    if not found.finished:
        arrays |= standing.arrays()
    document: dict[str, JSON] = {
        "setting": asdict(found.setting),
        "windows": found.windows,
        "done": standing.done,
        "seconds": round(standing.seconds, 3),
        "losses": [[round(value, 5) for value in pair] for pair in standing.losses],
    }
    write_model(path, document=document, arrays=arrays, kind=KIND)


def load(path: Path) -> Trained:
    """Read a model file that may come from a stranger.

    Raises:
        ModelFileError: It is not there, damaged, or holds another kind of model.

    """
    file = read_model(path)
    if file.kind != KIND:
        raise ModelFileError(f"{path} holds a {file.kind}; accepted: a melody network of unseen music train")
    document: Mapping[str, Any] = file.document
    try:
        setting = _setting(document["setting"])
        standing = Standing.of(
            under_moments(file.arrays),
            int(document["done"]),
            float(document["seconds"]),
            [(float(a), float(b)) for a, b in document["losses"]],
        )
        windows = str(document["windows"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelFileError(f"{path}: the description of the training is not understood") from error
    network = setting.build()
    own = under(file.arrays, "network")
    expected = network.state_dict()
    for name, value in expected.items():
        if name not in own or own[name].shape != tuple(value.shape):
            raise ModelFileError(f"{path}: array {'network.' + name!r} is missing or has another shape")
    network.load_state_dict({name: tensor(own, name) for name in expected})
    network.eval()
    return Trained(network, setting, standing, windows)


def under_moments(arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return the arrays that hold the state of the optimiser."""
    return {name: value for name, value in arrays.items() if name.startswith("moment.")}


def _setting(document: Any) -> Setting:
    known: dict[str, Any] = {field.name: type(getattr(Setting, field.name)) for field in fields(Setting)}
    if set(document) != set(known):
        raise ValueError("not a setting")
    for name, most in MOST.items():
        if not 0 <= document[name] <= most:
            raise ValueError(f"{name} is out of bounds")
    return Setting(**{name: known[name](value) for name, value in document.items()})


def _same(found: Trained, setting: Setting, windows: str, path: Path) -> None:
    mine, theirs = asdict(setting), asdict(found.setting)
    other = [name for name in mine if mine[name] != theirs[name]]
    if other:
        name = other[0]
        raise ConfigError(
            f"{path} belongs to a training with {name} {theirs[name]!r}, and {mine[name]!r} came; "
            "give another --out, or the same settings"
        )
    if found.windows != windows:
        raise ConfigError(f"{path} belongs to a training on other tunes; give another --out")
