"""The density of normal rows as a mixture of Gaussians: strange is what few of them explain."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from torch import Tensor

from unseen.models.bounds import at_least_one, positive, share
from unseen.models.neighbours import in_proportion, principal_axes
from unseen.nn.steady import steady_product
from unseen.seeds import torch_generator

# Normal rows each component is owed; small sets have fewer components.
ROWS_EACH = 25
# Rounds of expectation and maximisation, at most: the score hardly moves after the first dozens.
ROUNDS = 50


@dataclass(frozen=True)
class Mixture:
    """Minus the log density of a mixture of Gaussians fitted to normal rows.

    s(x) = -ln sum_k pi_k N(z; mu_k, Sigma_k) + |x - m - A z|^2 / 2 v, where z = A^T (x - m) are the leading
    principal components of the scaled rows, and v is the mean variance of what they leave over. `floor` is
    added to the diagonal of every Sigma_k and to v, so that no component shrinks onto repeated rows, and a
    feature that never changed before is noticed when it does.

    Args:
        components: Gaussians, at most; one for each 25 normal rows where there are few.
        axes: Principal components kept, at most.
        floor: Least variance of a component, in units of the scaled features.
        reference: Normal rows it is fitted to, at most.
        share: Share of the unaided false-alarm budget.

    Raises:
        ConfigError: A setting is out of its bounds.

    Reference: McLachlan and Peel, Finite Mixture Models (2000).

    """

    components: int = 16
    axes: int = 30
    floor: float = 0.1
    reference: int = 10_000
    share: float = 0.5

    def __post_init__(self) -> None:
        at_least_one(self, "components", "axes", "reference")
        positive(self, "floor")
        share(self)

    def fit(self, x: Tensor, *, seed: int, weights: Tensor | None = None) -> Density:
        """Fit to scaled normal rows (N, *shape), drawn in proportion to their weights (N,) where given."""
        generator = torch_generator(seed, 5)
        order = torch.randperm(len(x), generator=generator)
        if weights is not None:
            order = order[in_proportion(weights[order], min(len(x), self.reference), generator)]
        rows = x[order[: self.reference]].flatten(1)
        centre = rows.mean(0)
        axes = principal_axes(rows - centre, self.axes)
        codes = ((rows - centre) @ axes).double().numpy()
        count = max(1, min(self.components, len(codes) // ROWS_EACH))
        found = GaussianMixture(count, reg_covar=self.floor, max_iter=ROUNDS, random_state=seed % 2**32)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            found.fit(codes if len(codes) > 1 else codes.repeat(2, axis=0))
        roots = torch.from_numpy(found.precisions_cholesky_).float()
        volumes = torch.from_numpy(np.log(found.weights_)).float() + roots.diagonal(0, 1, 2).log().sum(1)
        offsets = volumes - 0.5 * axes.shape[1] * math.log(2 * math.pi)
        left = _beyond(rows - centre, (rows - centre) @ axes, axes)
        spread = left.square().sum(1).mean() / max(1, rows.shape[1] - axes.shape[1]) + self.floor
        return Density(centre, axes, torch.from_numpy(found.means_).float(), roots, offsets, spread)


@dataclass(frozen=True, eq=False)
class Density:
    """A mixture of K Gaussians in P principal components, fitted by `Mixture.fit`.

    Attributes:
        centre, axes: Mean row (D,) and principal axes (D, P).
        means: Of the components, shape (K, P).
        roots: Cholesky factors of the precisions, shape (K, P, P): |(z - mu_k) R_k|^2 is the distance.
        offsets: ln pi_k + ln |R_k| - P/2 ln 2 pi, shape (K,).
        spread: v, the variance beyond the principal components, shape ().

    """

    centre: Tensor
    axes: Tensor
    means: Tensor
    roots: Tensor
    offsets: Tensor
    spread: Tensor

    def strangeness(self, x: Tensor) -> Tensor:
        """Minus the log density of scaled rows (N, *shape), shape (N,), nats."""
        away = x.flatten(1) - self.centre
        codes = steady_product(away, self.axes)
        left = _beyond(away, codes, self.axes).square().sum(1)
        return torch.as_tensor(left / (2.0 * self.spread) - torch.logsumexp(self._each(codes), dim=1))

    def parts(self, x: Tensor) -> Tensor:
        """Share of each feature in the distance from the likeliest component, shape (N, D)."""
        centred = x.flatten(1) - self.centre
        codes = steady_product(centred, self.axes)
        nearest = self._each(codes).argmax(1)
        away = codes - self.means[nearest]
        roots = self.roots[nearest]
        pull = torch.einsum("np,npq,nrq->nr", away, roots, roots)  # Sigma^-1 (z - mu)
        left = _beyond(centred, codes, self.axes)
        parts = (away @ self.axes.T) * (pull @ self.axes.T) + left.square() / self.spread
        return parts.clamp_min(0.0) / parts.clamp_min(0.0).sum(1, keepdim=True).clamp_min(1e-12)

    def _each(self, codes: Tensor) -> Tensor:
        """Log of each component's part of the density, shape (N, K)."""
        flat = self.roots.permute(1, 0, 2).flatten(1)
        shifts = torch.einsum("kp,kpq->kq", self.means, self.roots).flatten()
        white = (steady_product(codes, flat) - shifts).reshape(-1, *self.means.shape)
        return torch.as_tensor(self.offsets - 0.5 * white.square().sum(2))


def _beyond(centred: Tensor, codes: Tensor, axes: Tensor) -> Tensor:
    """Return what the principal components leave of centred rows (N, D), shape (N, D)."""
    return centred - steady_product(codes, axes.T)
