"""Nearest normal rows, each distance measured against the neighbourhood it ends in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

import torch
from scipy.spatial import KDTree
from torch import Tensor

from unseen.errors import ConfigError, unknown
from unseen.models.bounds import at_least, at_least_one, share, within
from unseen.models.nearest import Table
from unseen.nn.orientation import OrientedGradients
from unseen.nn.steady import steady_product
from unseen.seeds import torch_generator

# Up to this many components a tree finds neighbours faster than all distances do (of 500 to 10,000 rows).
TREE = 4
# How codes and axes are kept.
Digits = Literal["single", "half"]
# Images a block of features: their maps of votes stay in cache.
IMAGES = 256


@dataclass(frozen=True)
class Neighbours:
    """Distance to the k nearest normal rows, each over a power of that row's own neighbour distance.

    s(x) = ln mean_i d(x, n_i) / d_k(n_i)^power over the k nearest reference rows n_i, in the leading
    principal components of the features. Power 0 is the plain distance; power 1 is close to the local
    outlier factor; 0.5, in between, tells dense regions apart without drowning in sparse ones. Rows that
    repeat themselves have no distance of their own, so tables with many duplicates want power 0.

    Args:
        k: Neighbours looked at.
        reference: Normal rows kept, at most.
        components: Principal components kept, at most.
        front: Features of images; None compares the scaled rows themselves.
        share: Share of the unaided false-alarm budget; the reconstruction has the rest. With 1 an
            `AwareDetector` trains no network.
        power: Power of the local scale, 0 to 1.
        least, most: Bounds of the local scale, as shares of the median one: where rows crowd, a step no
            longer than elsewhere is no stranger, and beside a lonely row not everything is ordinary. None
            bounds nothing above.
        rest: Weight of one more component, the length of what the principal components leave of a row: rows
            that lie off the plane of all normal ones are then far from them. 0 does without.
        digits: "half" rounds axes and codes to half precision when they are learned, which halves files and
            exports; what is computed from them is the same everywhere.

    Raises:
        ConfigError: A setting is out of its bounds.

    Reference: Breunig et al., SIGMOD 2000 (local outlier factor).

    """

    k: int = 5
    reference: int = 10_000
    components: int = 64
    front: OrientedGradients | None = None
    share: float = 0.5
    power: float = 0.0
    least: float = 0.05
    most: float | None = None
    rest: float = 0.0
    digits: Digits = "single"

    def __post_init__(self) -> None:
        at_least_one(self, "k", "reference", "components")
        within(self, 0, 1, "power", "least")
        within(self, 0, 10, "rest")
        share(self)
        at_least(self, 1, "most")
        if self.digits not in get_args(Digits):
            raise ConfigError(unknown("digits", self.digits, get_args(Digits)))

    def fit(self, x: Tensor, *, seed: int, weights: Tensor | None = None) -> Bank:
        """Keep a seeded draw of scaled normal rows (N, *shape) as the bank distances are measured to.

        With weights (N,) rows are drawn in proportion to them: as often as expected, up to one draw.
        """
        generator = torch_generator(seed, 4)
        order = torch.randperm(len(x), generator=generator)
        if weights is not None:
            drawn = in_proportion(weights[order], min(len(x), 2 * self.reference), generator)
            order = order[drawn[torch.randperm(len(drawn), generator=generator)]]
        rows = x[order[: 2 * self.reference]]
        features, norm = self._features(rows)
        centre = features.mean(0)
        # where there is room, directions without spread stay: a row that leaves the others in one is far
        axes = principal_axes(features - centre, self.components, spreadless=len(centre) <= self.components)
        axes = self.kept(axes)
        away = features - centre
        # without a rest one product of all rows: golden scores hold its bits
        codes = _coded(away, axes, self.rest) if self.rest else away @ axes
        codes = self.kept(codes[: self.reference])
        k = max(1, min(self.k, len(codes) - 1))  # a single row is its own neighbour
        own = Reference(codes).nearest(codes, min(k + 1, len(codes)))[0][:, -1]
        middle = float(own.median())
        # duplicates have no distance of their own; the smallest believable one stands in
        own = own.clamp(
            self.least * middle or 1e-6, None if self.most is None else self.most * middle or 1e-6
        )
        return Bank(k, self.power, self.front, norm, centre, axes, codes, own, self.rest)

    def kept(self, codes: Tensor) -> Tensor:
        """Return codes, or axes, as they are kept: rounded where `digits` says so."""
        return codes.half().float() if self.digits == "half" else codes

    def _features(self, rows: Tensor) -> tuple[Tensor, float]:
        """Features of normal rows, and the typical norm they were divided by."""
        if self.front is None:
            return rows.flatten(1), 1.0
        energy = torch.cat([self.front.energy(block) for block in torch.split(rows, IMAGES)])
        norm = self.front.norm(energy)
        return self.front.normalised(energy, norm), norm


@dataclass(frozen=True, eq=False)
class Bank:
    """Reference rows as codes, fitted by `Neighbours.fit`.

    Attributes:
        centre, axes: Mean feature (F,) and principal axes (F, P).
        codes: Reference codes (R, P); (R, P + 1) where there is a `rest`.
        own: Distance of each reference row to its own k-th neighbour, shape (R,).
        rest: Weight of the length of what the axes leave, the last column of the codes; 0 where it is none.

    """

    k: int
    power: float
    front: OrientedGradients | None
    norm: float
    centre: Tensor
    axes: Tensor
    codes: Tensor
    own: Tensor
    rest: float = 0.0

    @cached_property
    def _reference(self) -> Reference:
        return Reference(self.codes)

    def encode(self, x: Tensor) -> Tensor:
        """Codes of scaled rows (N, *shape), shape (N, P), or (N, P + 1) where there is a `rest`."""
        return _coded(self._away(x), self.axes, self.rest)

    def _away(self, x: Tensor) -> Tensor:
        """Features of scaled rows from the mean one, shape (N, F)."""
        if self.front is None:
            return x.flatten(1) - self.centre
        features = torch.cat([self.front(block, self.norm) for block in torch.split(x, IMAGES)])
        return features - self.centre

    def strangeness(self, codes: Tensor) -> Tensor:
        """s(x) of each code, shape (N,)."""
        return self._strangeness(*self._reference.nearest(codes, self.k))

    def strangeness_apart(self, codes: Tensor) -> Tensor:
        """s(x) of each code as if a row of the bank that equals it were not there, shape (N,)."""
        distance, place = self._reference.nearest(codes, min(self.k + 1, len(self.codes)))
        same = distance[:, :1] <= 1e-4 * self.own[place[:, :1]]
        columns = torch.arange(distance.shape[1] - 1) + same.long()
        return self._strangeness(distance.gather(1, columns), place.gather(1, columns))

    def _strangeness(self, distance: Tensor, place: Tensor) -> Tensor:
        return (distance / self.own[place] ** self.power).mean(1).clamp_min(1e-12).log()

    def ratio(self, codes: Tensor, known: Reference) -> Tensor:
        """Ln of the distance to normal rows over the distance to known anomalies, shape (N,).

        High where a row lies nearer to what was told than to anything normal.
        """
        normal = self._reference.nearest(codes, self.k)[0].mean(1)
        told = known.nearest(codes, min(3, len(known.codes)))[0].mean(1)
        floor = 0.05 * self.own.median()
        return (normal + floor).log() - (told + floor).log()

    def parts(self, x: Tensor) -> Tensor:
        """Share of each feature of x in its displacement from the nearest normal rows, shape (N, D)."""
        away = self._away(x)
        codes = _coded(away, self.axes, self.rest)
        _, place = self._reference.nearest(codes, self.k)
        apart = codes - self.codes[place].mean(1)
        count = self.axes.shape[1]
        parts = (apart[:, :count] @ self.axes.T).square()
        if self.rest:
            left = _left(away, codes[:, :count], self.axes).square()
            parts = parts + left / left.sum(1, keepdim=True).clamp_min(1e-12) * apart[:, count:].square()
        if self.front is not None:
            parts = self.front.to_pixels(parts, tuple(x.shape[1:]))
        return parts / parts.sum(1, keepdim=True).clamp_min(1e-12)


def _coded(away: Tensor, axes: Tensor, rest: float) -> Tensor:
    """Codes of features (N, F) from the mean one: along the axes (F, P), and how far off all of them."""
    codes = steady_product(away, axes)
    if not rest:
        return codes
    return torch.cat([codes, rest * _left(away, codes, axes).square().sum(1, keepdim=True).sqrt()], dim=1)


def _left(away: Tensor, codes: Tensor, axes: Tensor) -> Tensor:
    """Return what the axes leave of features (N, F) from the mean one, shape (N, F)."""
    return away - steady_product(codes, axes.T)


def in_proportion(weights: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Places of `count` rows drawn in proportion to weights (N,), shape (count,), in rising order.

    Systematic sampling: a row of expected number e is drawn floor(e) or ceil(e) times.

    >>> in_proportion(torch.tensor([1.0, 3.0]), 4, torch.Generator().manual_seed(0)).tolist()
    [0, 1, 1, 1]
    """
    reached = weights.double().cumsum(0)
    start = torch.rand((), generator=generator, dtype=torch.float64)
    marks = torch.arange(count, dtype=torch.float64) + start
    return torch.searchsorted(reached, marks * (reached[-1] / count)).clamp_max(len(weights) - 1)


@dataclass(frozen=True, eq=False)
class Reference:
    """Codes (R, P) that the nearest ones are looked for among."""

    codes: Tensor

    def nearest(self, codes: Tensor, k: int) -> tuple[Tensor, Tensor]:
        """Distances to the k nearest reference codes, nearest first, and their places, both (N, k)."""
        if self.codes.shape[1] <= TREE:
            distances, places = self._tree.query(codes.numpy(), k=[*range(1, k + 1)])
            return torch.from_numpy(distances).float(), torch.from_numpy(places)
        return self._table.nearest(codes, k)

    @cached_property
    def _table(self) -> Table:
        return Table.of(self.codes)

    @cached_property
    def _tree(self) -> KDTree:
        return KDTree(self.codes.numpy())


def principal_axes(centred: Tensor, count: int, *, spreadless: bool = False) -> Tensor:
    """Leading principal axes of centred features (N, F), shape (F, P), P <= count, signs fixed.

    Directions in which the features do not spread are left out unless `spreadless`.
    """
    values, vectors = torch.linalg.eigh((centred.T @ centred).double())
    worth = len(values) if spreadless else int((values > 1e-9 * values[-1].clamp_min(1e-300)).sum())
    axes = vectors.flip(1)[:, : max(1, min(count, worth))]
    signs = axes.gather(0, axes.abs().argmax(0, keepdim=True)).sign()
    return torch.as_tensor((axes * signs).float()).contiguous()
