"""Members of a `CommitteeDetector` as torch modules that can be traced: a density, trees, spread labels."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from unseen.export.distances import Distances
from unseen.export.scaling import ToNormal
from unseen.models import mixture
from unseen.models.forest import Grown
from unseen.models.spreading import FARTHEST, TINY, Spread

# ONNX Runtime's exponential of numbers far below this is not a number; that of this one is next to nothing.
LEAST = -700.0


class Density(nn.Module):
    """`DensityReader.rows`, in double precision."""

    spread: Tensor
    centre: Tensor
    axes: Tensor
    roots: Tensor
    shifts: Tensor
    offsets: Tensor

    def __init__(self, density: mixture.Density) -> None:
        super().__init__()
        means, roots = density.means.double(), density.roots.double()
        self.shape = tuple(means.shape)
        self.register_buffer("spread", density.spread.double())
        self.register_buffer("centre", density.centre.double())
        self.register_buffer("axes", density.axes.double())
        self.register_buffer("roots", roots.permute(1, 0, 2).flatten(1).contiguous())
        self.register_buffer("shifts", torch.einsum("kp,kpq->kq", means, roots).flatten())
        self.register_buffer("offsets", density.offsets.double())

    def forward(self, x: Tensor) -> Tensor:
        """Minus the log density (N,)."""
        apart = x.flatten(1).double() - self.centre
        codes = apart @ self.axes
        left = (apart - codes @ self.axes.T).square().sum(1) / (2.0 * self.spread)
        white = (codes @ self.roots - self.shifts).reshape(-1, *self.shape)
        each = self.offsets - 0.5 * white.square().sum(2)
        highest = each.amax(1, keepdim=True)
        others = (each - highest).clamp_min(LEAST).exp()
        return left - others.sum(1).log() - highest[:, 0]


class Trees(nn.Module):
    """`ForestReader.rows` of rows that already have the scores of stage 1 beside them.

    Every row goes down all trees at once, one step a time, as deep as the deepest; leaves lead to
    themselves.
    """

    feature: Tensor
    threshold: Tensor
    child: Tensor
    value: Tensor
    roots: Tensor

    def __init__(self, grown: Grown) -> None:
        super().__init__()
        self.depth = grown.depth
        for name in ("feature", "threshold", "child", "value", "roots"):
            self.register_buffer(name, getattr(grown, name).clone())

    def forward(self, seen: Tensor) -> Tensor:
        """Log odds (N,) of rows (N, D + M)."""
        place = self.roots.expand(seen.shape[0], -1)
        for _ in range(self.depth):
            over = seen.gather(1, self.feature[place]) > self.threshold[place]
            place = self.child[place] + over.long()
        share = self.value[place].mean(1).clamp(1e-6, 1.0 - 1e-6)
        return (share / (1.0 - share)).log()


class Around(nn.Module):
    """`SpreadReader.rows`.

    Where rows repeat, neighbours are equally far; which of them count may differ from one program to the
    other, and the check of the export says by how much.
    """

    reach: Tensor
    level: Tensor

    def __init__(self, spread: Spread) -> None:
        super().__init__()
        self.ranks = ToNormal(spread.scaler)
        self.distances = Distances(spread.codes, spread.neighbours)
        self.register_buffer("reach", spread.reach.double())
        self.register_buffer("level", spread.level.double())

    def forward(self, x: Tensor) -> Tensor:
        """Ln of the mean level of labels (N,)."""
        codes = self.ranks(x.flatten(1)).clamp(-FARTHEST, FARTHEST)
        distance, place = self.distances(codes.double())
        # the exporter leaves out the addition of numbers below 1e-8: here 1 is added to a multiple
        around = (distance[:, -1:] / TINY + 1.0) * (self.reach[place] * TINY)
        weight = (-distance.square() / around).clamp_min(LEAST).exp() * 1e12 + 1.0
        level = (weight * self.level[place]).sum(1) / weight.sum(1)
        return torch.as_tensor((level / TINY + 1.0).log() + math.log(TINY))
