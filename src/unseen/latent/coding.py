"""The code of a fitted network, whatever its posterior: units measured against their prior, and back to rows.

| posterior | mean | spread, rho, KL | decoder weight, ablation |
|---|---|---|---|
| normal, standard normal prior (`VAE`, `CoDAE(beta > 0)`) | yes | yes | yes |
| logistic normal with a prior of its own (`DirichletVAE`) | in units of the prior | yes | yes |
| a point (`AutoEncoder`, `QcdOrWhat`, `CoDAE`) | yes | none | yes |
| categories (`CoDVAE`) | probabilities | none: a draw picks a category, it does not blur a unit | yes |
| small code of a dual network, after the large one | yes | none: it is a function of the row | yes |
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from unseen.models.dirichlet import DirichletNetwork, LogisticNormal
from unseen.models.dual import DualNetwork
from unseen.models.network import Network
from unseen.nn.content import Composition
from unseen.nn.distributions import DiagonalNormal, Likelihood, Pass
from unseen.training.threads import threads_for

Floats = NDArray[np.float64]

# Numbers of rows, or of codes, that pass at once.
AT_ONCE = 2**21


@dataclass(frozen=True, eq=False)
class Code:
    """Code of some rows, and the network that reads it.

    Attributes:
        network: The network, not trained further.
        rows: Rows as the network sees them, (N, *shape).
        mean: Posterior means (N, Z); of a prior that is not standard normal, in units of its spread.
        sigma: Posterior standard deviations (N, Z), in the same units; NaN of units without spread.
        divergence: KL of each row and unit from the prior, (N, Z), nats; NaN of units without spread.

    """

    network: Network
    rows: Tensor
    mean: Floats
    sigma: Floats
    divergence: Floats

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.rows)

    @property
    def units(self) -> int:
        """Number of units Z, those of a small code among them."""
        return int(self.mean.shape[1])

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the units: z0, z1, ..., and small 0, small 1, ... of the small code of a dual network."""
        large = self.network.latent
        return tuple(f"z{k}" if k < large else f"small {k - large}" for k in range(self.units))

    def take(self, places: NDArray[np.intp]) -> Code:
        """Return the code of some rows, in that order."""
        rows = self.rows[torch.from_numpy(places)]
        return Code(self.network, rows, self.mean[places], self.sigma[places], self.divergence[places])

    def rebuild(self, codes: Tensor, rows: Tensor) -> Likelihood:
        """Likelihood given codes (n, Z); what a code does not hold (the amount of content) is the rows'."""
        network = self.network
        if isinstance(network, DualNetwork):
            return network.rebuild(codes[:, : network.latent].contiguous(), codes[:, network.latent :])
        if isinstance(network, DirichletNetwork):
            centre, scale = self._prior
            total = network.sight(rows).clamp_min(0.0).flatten(1).sum(1)
            return Composition(network.decoder(codes * scale + centre), total, network.shape, network.sight)
        return network.decode(codes)

    def expected(self, codes: Floats) -> Floats:
        """Rebuild the first n rows from codes (n, Z), as the network sees rows, shape (n, D)."""
        return self._read(codes, lambda made, _: made.mean.flatten(1))

    def errors(self, codes: Floats) -> Floats:
        """Error E of each of the first n rows given codes (n, Z), shape (n,): the mean over features."""
        return self._read(codes, lambda made, rows: made.error(rows).mean(1))

    def judge(self, codes: Floats) -> float:
        """Mean error E of the rows given other codes (N, Z): what `unseen.latent.zero_out` asks."""
        return float(self.errors(codes).mean())

    def blocks(self, most: int | None = None) -> Iterator[slice]:
        """Cut the first `most` rows, or all, into blocks that pass at once."""
        count = len(self) if most is None else min(most, len(self))
        size = block_size(self.rows, self.units)
        for start in range(0, count, size):
            yield slice(start, min(start + size, count))

    @cached_property
    def _prior(self) -> tuple[Tensor, Tensor]:
        posterior = self.network.encode(self.rows[:1])
        return prior_of(posterior)

    def _read(self, codes: Floats, what: Callable[[Likelihood, Tensor], Tensor]) -> Floats:
        found = []
        with torch.inference_mode(), threads_for(self.network, block_size(self.rows, self.units)):
            for block in self.blocks(len(codes)):
                z = torch.from_numpy(codes[block].astype(np.float32))
                found.append(what(self.rebuild(z, self.rows[block]), self.rows[block]).double().numpy())
        return np.concatenate(found)


def code_of(network: Network, rows: Tensor) -> Code:
    """Encode rows (N, *shape), N at least 1; the network is left as it is."""
    size = block_size(rows, network.latent)
    with torch.inference_mode(), threads_for(network, size):
        parts = [_encoded(network(block)) for block in torch.split(rows, size)]
    mean, sigma, divergence = (torch.cat(list(part)).double().numpy() for part in zip(*parts, strict=True))
    return Code(network, rows, mean, sigma, divergence)


def block_size(rows: Tensor, units: int) -> int:
    """Rows that pass at once."""
    return max(16, min(2048, AT_ONCE // max(rows[:1].numel(), units)))


def prior_of(posterior: object) -> tuple[Tensor, Tensor]:
    """Mean and spread of the prior of a posterior's units, (Z,) each or one number."""
    if isinstance(posterior, LogisticNormal):
        centre, variance = torch.tensor(posterior.prior_mean), torch.tensor(posterior.prior_variance)
        return centre.float(), variance.float().sqrt()
    return torch.zeros(()), torch.ones(())


def _encoded(out: Pass) -> tuple[Tensor, Tensor, Tensor]:
    """Means, spreads and divergences (N, Z) of a pass, the small code last."""
    posterior, nothing = out.posterior, torch.full_like(out.posterior.mean, torch.nan)
    if isinstance(posterior, DiagonalNormal | LogisticNormal):
        centre, scale = prior_of(posterior)
        mean = (posterior.mean - centre) / scale
        sigma, divergence = torch.exp(0.5 * posterior.log_variance) / scale, posterior.divergence()
        # of mixtures the small code is the softmax of the large one, which the decoder does not read
        small = None if isinstance(posterior, LogisticNormal) else out.condition
    else:
        mean, sigma, divergence, small = posterior.mean, nothing, nothing, out.condition
    if small is None:
        return mean, sigma, divergence
    bare = torch.full_like(small, torch.nan)
    return torch.cat([mean, small], 1), torch.cat([sigma, bare], 1), torch.cat([divergence, bare], 1)
