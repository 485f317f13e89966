"""The part of a detector that is traced: raw rows, scaled, through the networks, to one raw score a member.

It calls the networks and the scores themselves, so that whatever they compute is what is exported. Only the
search for neighbours is written anew: the trees of `unseen.models.neighbours` cannot be traced.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn

from unseen.class_scores import ClassScore
from unseen.detectors.classifying import Classifying
from unseen.detectors.committee import Member
from unseen.detectors.readers import Nearness, Neighbouring, Reader, Reconstructing
from unseen.detectors.two_stage import TwoStage
from unseen.errors import ConfigError
from unseen.export.scaling import scaling_module
from unseen.models.neighbours import Bank
from unseen.scores import Score, State

# Networks are modules under this name, by which the quantiser finds them.
NETWORKS = "networks"


class Body(nn.Module):
    """Rows (N, D), or images (N, C, H, W), to raw scores (N, M) of the members of both stages, float64."""

    fill: Tensor

    def __init__(self, detector: TwoStage) -> None:
        super().__init__()
        self.prepare = Prepare(detector)
        members = [*detector.stage1_, *spoken(detector)]
        self.readers = nn.ModuleList(reading(member.reader) for member in members)
        self.eval()

    def forward(self, rows: Tensor) -> Tensor:
        """Return raw scores (N, M)."""
        scaled = self.prepare(rows)
        return torch.stack([reader(scaled).double() for reader in self.readers], dim=1)


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
    """Return a reader as a module, scaled rows to raw scores (N,).

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


class Distances(nn.Module):
    """Distances to the nearest of some codes (R, P): |a|^2 - 2 a b + |b|^2, in double precision.

    A batch of N rows takes 8 N R bytes; R is 10,000 unless `Neighbours(reference=...)` says otherwise.
    """

    codes: Tensor
    squares: Tensor

    def __init__(self, codes: Tensor, k: int) -> None:
        super().__init__()
        self.k = k
        self.register_buffer("codes", codes.double().T.contiguous())
        self.register_buffer("squares", codes.double().square().sum(1))

    def forward(self, codes: Tensor) -> tuple[Tensor, Tensor]:
        """Distances and places of the k nearest, both (N, k)."""
        square = codes.square().sum(1, keepdim=True) - 2.0 * (codes @ self.codes) + self.squares
        nearest = (-square).topk(self.k, dim=1)
        return (-nearest.values).clamp_min(0.0).sqrt(), nearest.indices


class Encode(nn.Module):
    """`Bank.encode`, in double precision."""

    centre: Tensor
    axes: Tensor

    def __init__(self, bank: Bank) -> None:
        super().__init__()
        self.front, self.norm = bank.front, bank.norm
        self.register_buffer("centre", bank.centre.double())
        self.register_buffer("axes", bank.axes.double())

    def forward(self, x: Tensor) -> Tensor:
        """Codes (N, P) of scaled rows."""
        features = x.flatten(1) if self.front is None else self.front(x, self.norm)
        return torch.as_tensor((features.double() - self.centre) @ self.axes)


class Near(nn.Module):
    """`Neighbouring.rows`."""

    scale: Tensor

    def __init__(self, bank: Bank) -> None:
        super().__init__()
        self.encode, self.distances = Encode(bank), Distances(bank.codes, bank.k)
        self.register_buffer("scale", bank.own.double() ** bank.power)

    def forward(self, x: Tensor) -> Tensor:
        """Strangeness (N,)."""
        distance, place = self.distances(self.encode(x))
        return torch.as_tensor((distance / self.scale[place]).mean(1).clamp_min(1e-12).log())


class Between(nn.Module):
    """`Nearness.rows`."""

    def __init__(self, bank: Bank, known: Tensor) -> None:
        super().__init__()
        self.encode, self.normal = Encode(bank), Distances(bank.codes, bank.k)
        self.told = Distances(known, min(3, len(known)))
        self.floor = 0.05 * float(bank.own.median())

    def forward(self, x: Tensor) -> Tensor:
        """Ln of the distance ratio (N,)."""
        codes: Any = self.encode(x)
        normal, told = (found(codes)[0].mean(1) for found in (self.normal, self.told))
        return torch.as_tensor((normal + self.floor).log() - (told + self.floor).log())
