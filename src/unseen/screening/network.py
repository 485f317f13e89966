"""The film network: a few small convolutional networks that answer together, and show where from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn
from torch.nn import functional

from unseen.errors import ConfigError, DataError
from unseen.screening.levels import Levels

Floats = NDArray[np.float32]

# Sides of films the network is made for.
SIZES = (28, 64, 128, 224)
# Films are halved by strided convolutions until their side is at most this.
SMALL = 16
# Films a pass, for the smallest side; larger films come in smaller blocks, so that memory stays bounded.
BLOCK = 256


@dataclass(frozen=True)
class FilmDesign:
    """What a film network is built from, as plain values.

    Args:
        size: Side S of a film, pixels, one of `SIZES`.
        stages: Channels of the convolutions between two halvings by maximum; the very first one is 5 x 5 of
            stride 2, the others 3 x 3.
        around: Surroundings against which films are levelled, share of the side, see `Levels`.
        members: Networks whose logits are averaged.
        phases: Whether each film is also read moved by one pixel down, across, and both, and the readings are
            averaged: the first layer steps by two pixels, so one reading sees one of its four phases.
        dropout: Chance that a channel of the last map is left out in training.

    >>> FilmDesign().build().weights
    75945
    """

    size: int = 28
    stages: tuple[tuple[int, ...], ...] = ((24, 48), (64, 64))
    around: float = 1.0 / 7.0
    members: int = 1
    phases: bool = True
    dropout: float = 0.3

    def build(self) -> FilmNetwork:
        """Return an untrained network; its first weights come from torch's global stream.

        Raises:
            ConfigError: A value out of its bounds.

        """
        return FilmNetwork(self)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        return {**asdict(self), "stages": [list(stage) for stage in self.stages]}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> FilmDesign:
        """Return the design of `to_dict`.

        Raises:
            ConfigError: A name that is not known, or a value out of its bounds.

        """
        known = {field.name for field in fields(cls)}
        if not set(values) <= known:
            raise ConfigError(
                f"design of a film network with {sorted(set(values) - known)[0]!r} came; "
                f"accepted: {', '.join(sorted(known))}"
            )
        stages = tuple(tuple(int(width) for width in stage) for stage in values.get("stages", cls.stages))
        design = cls(**{**values, "stages": stages})
        check_design(design)
        return design


def check_design(design: FilmDesign) -> None:
    """Refuse values out of their bounds.

    Raises:
        ConfigError: They are.

    """
    if design.size not in SIZES:
        raise ConfigError(f"size {design.size} came; accepted: {', '.join(map(str, SIZES))}")
    widths = [width for stage in design.stages for width in stage]
    if not 1 <= len(design.stages) <= 4 or not all(design.stages) or not all(0 < w <= 512 for w in widths):
        raise ConfigError(f"stages {design.stages} came; accepted: 1 to 4 stages of widths from 1 to 512")
    if not 0.0 <= design.around <= 1.0:
        raise ConfigError(f"around {design.around} came; accepted: a share of the side, 0 to 1")
    if not 1 <= design.members <= 16:
        raise ConfigError(f"members {design.members} came; accepted: 1 to 16")
    if not 0.0 <= design.dropout < 1.0:
        raise ConfigError(f"dropout {design.dropout} came; accepted: from 0 to below 1")


class FilmNetwork(nn.Module):
    """Films in, one logit and one map each out.

    With A_mk the last maps of member m, the mean over phases, and w_mk the weights of its linear head after
    global average pooling over Z positions,

        logit = mean_m (b_m + 1/Z sum_k w_mk sum_ij A_mk,ij),   map_ij = ReLU(mean_m sum_k w_mk A_mk,ij) / Z.

    Since d logit / d A_mk,ij = w_mk / (M Z), the map is Grad-CAM of all maps together, without gradients.

    References: Zhou et al., CVPR 2016 (class activation maps); Selvaraju et al., ICCV 2017, eq. 1 and 2.

    >>> network = FilmDesign(members=1).build().eval()
    >>> logit, cam = network(torch.rand(3, 1, 28, 28))
    >>> logit.shape, cam.shape
    (torch.Size([3]), torch.Size([3, 7, 7]))
    """

    def __init__(self, design: FilmDesign) -> None:
        check_design(design)
        super().__init__()
        self.design = design
        # the quantiser of `unseen.export` finds networks by this name
        self.networks = nn.ModuleList(FilmMember(design) for _ in range(design.members))
        self.levels = Levels(design.around, design.size)

    @property
    def weights(self) -> int:
        """Number of trained weights."""
        return sum(parameter.numel() for parameter in self.parameters())

    def members(self) -> list[FilmMember]:
        """Return the small networks."""
        return [cast(FilmMember, member) for member in self.networks]

    def forward(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits (N,) and maps (N, h, w) of films (N, 1, S, S), grey in [0, 1].

        Raises:
            DataError: Films of another shape.

        """
        evidence, bias = self.evidence(rows)
        return evidence.mean((1, 2)) + bias, torch.relu(evidence) / (evidence.shape[1] * evidence.shape[2])

    def evidence(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Return sum_k w_k A_k (N, h, w), the mean over members and phases, and the mean bias."""
        side = self.design.size
        if tuple(rows.shape[1:]) != (1, side, side):
            raise DataError(f"films of shape {tuple(rows.shape)} came; accepted: (N, 1, {side}, {side})")
        # one pass of all phases: an exported graph then has each layer once
        films = self.levels(rows)
        films = _phases(films) if self.design.phases else films
        maps = torch.stack([member(films)[:, 0] for member in self.members()]).mean(0)
        places = maps.shape[1:]
        maps = maps.reshape(4 if self.design.phases else 1, -1, *places).mean(0)
        return maps, torch.stack([member.bias for member in self.members()]).mean()


class FilmMember(nn.Module):
    """One small network: convolutions with batch norm and ReLU, a linear head."""

    def __init__(self, design: FilmDesign) -> None:
        super().__init__()
        layers = _layer(1, design.stages[0][0], reach=5, stride=2)
        before, side = design.stages[0][0], (design.size + 1) // 2
        while side > SMALL:
            layers += _layer(before, before, reach=3, stride=2)
            side = (side + 1) // 2
        for place, stage in enumerate(design.stages):
            if place:
                layers.append(nn.MaxPool2d(2))
            for width in stage[1:] if place == 0 else stage:
                layers += _layer(before, width)
                before = width
        self.features = nn.Sequential(*layers)
        # leaving out a channel before the head is the same as leaving out its mean after pooling
        self.dropout = nn.Dropout2d(design.dropout)
        self.head = nn.Conv2d(before, 1, 1, bias=False)
        self.bias = nn.Parameter(torch.zeros(()))

    def forward(self, films: Tensor) -> Tensor:
        """Return sum_k w_k A_k, (N, 1, h, w), of levelled films (N, 1, S, S)."""
        maps: Tensor = self.head(self.dropout(self.features(films)))
        return maps

    def logit(self, films: Tensor) -> Tensor:
        """Return logits (N,) of levelled films, for training."""
        logit: Tensor = self(films).mean((1, 2, 3)) + self.bias
        return logit


def _layer(before: int, width: int, *, reach: int = 3, stride: int = 1) -> list[nn.Module]:
    return [
        nn.Conv2d(before, width, reach, stride=stride, padding=reach // 2, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(inplace=True),
    ]


def _phases(films: Tensor) -> Tensor:
    """Return films (N, 1, S, S) as they are and moved by one pixel, (4 N, 1, S, S); borders are repeated."""
    side = films.shape[-1]
    wider = functional.pad(films, (0, 1, 0, 1), mode="replicate")
    return torch.cat([wider[:, :, down : down + side, on : on + side] for down in (0, 1) for on in (0, 1)])


def film_rows(images: ArrayLike, size: int) -> Tensor:
    """Return films (N, S, S) or (N, 1, S, S), bytes or grey in [0, 1], as rows (N, 1, S, S), float32.

    Raises:
        DataError: Another shape, values that are not finite or outside [0, 1], or no bytes among integers.

    """
    values = np.asarray(images)
    if values.ndim == 3:
        values = values[:, None]
    if values.ndim != 4 or values.shape[1:] != (1, size, size):
        raise DataError(f"films of shape {values.shape} came; accepted: (N, {size}, {size})")
    if values.dtype == np.uint8:
        return torch.from_numpy(np.ascontiguousarray(values)).float() / 255.0
    if values.dtype.kind != "f":
        raise DataError(f"films of {values.dtype} came; accepted: uint8, or numbers from 0 to 1")
    if not np.all((values >= 0.0) & (values <= 1.0)):  # false for NaN, too
        raise DataError("films with values outside 0 to 1, or that are not finite, came; divide by the most")
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))


def read_films(network: FilmNetwork, images: ArrayLike) -> tuple[Floats, Floats]:
    """Return logits (N,) and maps (N, h, w) of films (N, S, S), block by block, the network in eval mode.

    Raises:
        DataError: As `film_rows`.

    """
    values, size = np.asarray(images), network.design.size
    block = max(1, BLOCK * min(SIZES) ** 2 // size**2)
    was = network.training
    network.eval()
    try:
        with torch.no_grad():
            parts = [
                network(film_rows(values[at : at + block], size))
                for at in range(0, max(len(values), 1), block)
            ]
    finally:
        network.train(was)
    logit, cam = (torch.cat(found).numpy() for found in zip(*parts, strict=True))
    return logit, cam
