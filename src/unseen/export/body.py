"""The part of a detector that is traced: raw rows, scaled, through the networks, to one raw score a member.

It calls the networks and the scores themselves, so that whatever they compute is what is exported. Only what
cannot be traced is written anew: the search for neighbours, in `distances`, and the members of a
`CommitteeDetector`, in `tables`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from unseen.class_scores import ClassScore
from unseen.detectors.classifying import Classifying
from unseen.detectors.committee import Member
from unseen.detectors.members import DensityReader, ForestReader, SpreadReader
from unseen.detectors.readers import Nearness, Neighbouring, Reader, Reconstructing
from unseen.detectors.two_stage import TwoStage
from unseen.errors import ConfigError
from unseen.export.distances import Between, Near
from unseen.export.scaling import scaling_module
from unseen.export.tables import Around, Density, Trees
from unseen.scores import Score, State

# Networks are modules under this name, by which the quantiser finds them.
NETWORKS = "networks"


class Body(nn.Module):
    """Rows (N, D), or images (N, C, H, W), to raw scores (N, M) of the members of both stages, float64."""

    fill: Tensor

    def __init__(self, detector: TwoStage) -> None:
        super().__init__()
        self.prepare = Prepare(detector)
        self.unaided = nn.ModuleList(reading(member.reader) for member in detector.stage1_)
        self.told = nn.ModuleList(reading(member.reader) for member in spoken(detector))
        self.eval()

    def forward(self, rows: Tensor) -> Tensor:
        """Return raw scores (N, M)."""
        scaled = self.prepare(rows)
        unaided = [reader(scaled) for reader in self.unaided]
        # trees look at the scores of stage 1 too, in single precision
        seen = torch.cat([scaled.flatten(1), *(score.float()[:, None] for score in unaided)], dim=1)
        told = [reader(seen if isinstance(reader, Trees) else scaled) for reader in self.told]
        return torch.stack([score.double() for score in (*unaided, *told)], dim=1)


class Code(nn.Module):
    """Rows to the small code of the first network of stage 1, (N, Z) float64: the fast part of it.

    The code that conditions a decoder, where there is one, else the mean of the posterior.
    """

    def __init__(self, detector: TwoStage) -> None:
        super().__init__()
        for member in detector.stage1_:
            if isinstance(member.reader, Reconstructing):
                break
        else:
            raise ConfigError("this detector has no code to export; accepted with this part: AwareDetector")
        self.prepare = Prepare(detector)
        self.networks = nn.ModuleList([cast(nn.Module, member.reader.networks[0])])
        self.eval()

    def forward(self, rows: Tensor) -> Tensor:
        """Return codes (N, Z)."""
        out = self.networks[0](self.prepare(rows))
        condition = getattr(out, "condition", None)
        code: Tensor = out.posterior.mean if condition is None else condition
        return code.flatten(1).double()


class Prepare(nn.Module):
    """Fill missing values where the detector learned with what, then scale."""

    def __init__(self, detector: TwoStage) -> None:
        super().__init__()
        fill = getattr(detector, "fill_", None)
        self.fills = fill is not None
        shape = detector.input_shape
        if fill is not None:
            self.register_buffer("fill", torch.as_tensor(fill, dtype=torch.float32).reshape(shape))
        self.scale = scaling_module(detector.scaler_)

    def forward(self, rows: Tensor) -> Tensor:
        """Return scaled rows of the shape they came in."""
        if self.fills:
            rows = torch.where(rows.isnan(), cast(Tensor, self.fill), rows)
        return torch.as_tensor(self.scale(rows))


def spoken(detector: TwoStage) -> tuple[Member, ...]:
    """Members of stage 2 that have a say: none where their handicap is infinite."""
    return detector.stage2_ if detector.handicap_ < float("inf") else ()


def reading(reader: Reader) -> nn.Module:
    """Return a reader as a module, scaled rows to raw scores (N,); of trees, rows with scores beside them.

    Raises:
        ConfigError: A reader that no module is known for.

    """
    if isinstance(reader, Reconstructing):
        return Reconstruct(reader.networks, reader.score, reader.states)
    if isinstance(reader, Classifying):
        return Classify(reader.networks, reader.score)
    if isinstance(reader, Neighbouring):
        return Near(reader.bank)
    if isinstance(reader, Nearness):
        return Between(reader.bank, reader.known)
    if isinstance(reader, DensityReader):
        return Density(reader.density)
    if isinstance(reader, ForestReader):
        return Trees(reader.grown)
    if isinstance(reader, SpreadReader):
        return Around(reader.spread)
    raise ConfigError(f"a member that is {type(reader).__name__} cannot be exported")


class Reconstruct(nn.Module):
    """`Reconstructing.rows`."""

    def __init__(self, networks: Sequence[nn.Module], score: Score, states: Sequence[State]) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)
        self.score, self.states = score, tuple(dict(state) for state in states)

    def forward(self, x: Tensor) -> Tensor:
        """Mean score over networks, shape (N,)."""
        found = [
            self.score.rows(network(x), x, state)
            for network, state in zip(self.networks, self.states, strict=True)
        ]
        return found[0] if len(found) == 1 else torch.stack(found).mean(0)


class Classify(nn.Module):
    """`Classifying.rows`."""

    def __init__(self, networks: Sequence[nn.Module], score: ClassScore) -> None:
        super().__init__()
        self.networks, self.score = nn.ModuleList(networks), score

    def forward(self, x: Tensor) -> Tensor:
        """Mean spread score over networks, shape (N,)."""
        found = []
        for network in self.networks:
            logits = network(x)
            found.append(self.score.spread(self.score.from_logits(logits), logits.shape[1]))
        return torch.stack(found).mean(0)
