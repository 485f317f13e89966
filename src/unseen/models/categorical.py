"""The categorical dual auto-encoder: at each position of the large code one of K categories."""

from __future__ import annotations

from dataclasses import dataclass, replace

from torch import Tensor, nn
from torch.nn import functional

from unseen.errors import ConfigError
from unseen.models.dual import CoDAE, DualNetwork, Planes, decoder_of, image_size, likelihood_of
from unseen.models.dual_bodies import Published
from unseen.nn.concrete import Concrete, MixturePrior
from unseen.nn.cylinder import pointwise
from unseen.nn.distributions import Pass


class Categories(nn.Module):
    """Head maps (N, K + 1, h, w) to a posterior: K logits a position, and a temperature above `base`.

    A module, so that a copy of a network has its own prior.
    """

    def __init__(self, prior: MixturePrior, *, base: float, samples: int) -> None:
        super().__init__()
        self.prior, self.base, self.samples = prior, base, samples

    def forward(self, maps: Tensor) -> Concrete:
        """Return the posterior of each position."""
        flat = maps.flatten(2)
        temperature = functional.softplus(flat[:, -1]) + self.base
        return Concrete(flat[:, :-1], temperature, self.prior, self.samples)


class CategoricalNetwork(DualNetwork):
    """A dual network whose large code is a Concrete distribution at each position of a map."""

    def forward(self, x: Tensor, noise: Tensor | None = None) -> Pass:
        """Pass images through: at the probabilities of the categories, or at a draw given `noise` (N, Z)."""
        out = super().forward(x, noise)
        posterior = out.posterior
        if noise is None or not isinstance(posterior, Concrete):
            return out
        return replace(out, posterior=replace(posterior, noise=noise.view_as(posterior.logits)))


@dataclass(frozen=True)
class CoDVAE(CoDAE):
    """Conditional dual auto-encoder with categories: q(z | x) is a Concrete at each position of the code.

    The prior is a uniform mixture of Concretes at each position, its logits learned. The row loss is

        -ln p(x | Z, Z_m) / D + (beta / D) sum over positions of KL(q || p),

    once each: the evidence bound of p(x | Z_m(x)) over D for beta = 1. Scoring draws nothing: Z is the
    probabilities, the divergence a mean over a fixed bank of draws.

    Args:
        bottleneck: Categories K of each position.
        components: Concretes in the prior of a position.
        base: Least temperature of the posterior, above 0.
        samples: Draws in the mean that is the divergence.
        body, channels, energies, code, conditioning, resolutions, beta: As in `CoDAE`; beta is above 0.

    Reference: Anzalone et al., MLST 5 (2024) 035064, arXiv 2306.12955.

    >>> import torch
    >>> network, dark = CoDVAE().build((3, 72, 58)), torch.zeros(2, 3, 72, 58)
    >>> out = network(dark)
    >>> tuple(out.posterior.mean.shape), tuple(out.posterior.divergence().shape)
    ((2, 1280), (2, 20))

    """

    beta: float = 1.0
    components: int = 5
    base: float = 1.0
    samples: int = 10

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.bottleneck < 2:
            raise ConfigError(f"bottleneck {self.bottleneck!r} came; accepted: 2 categories or more")
        for name in ("components", "samples"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} {getattr(self, name)!r} came; accepted: 1 or more")
        for name in ("base", "beta"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"{name} {getattr(self, name)!r} came; accepted: above 0, e.g. 1.0")

    @classmethod
    def reference(cls) -> CoDVAE:
        """Return the published model: the mask of the tracker in and out, 1,653,124 parameters.

        >>> network = CoDVAE.reference().build((1, 72, 58))
        >>> sum(parameter.numel() for parameter in network.parameters())
        1653124

        """
        return cls(Published(), 1, False, conditioning="scale", resolutions=(0, 1, 2, 3))

    def build(self, shape: tuple[int, ...]) -> CategoricalNetwork:
        """Return a fresh network for images of `shape` (C, H, W), initialised from torch's global stream."""
        size, seen = image_size(shape, self.channels), self.channels * (1 + self.energies)
        width, (height, across) = self.body.bottleneck(size)
        return CategoricalNetwork(
            Planes(self.channels, energies=self.energies),
            self.body.large(seen, size),
            pointwise(width, self.bottleneck + 1, (height, across)),
            self.body.code(seen, size, self.code),
            decoder_of(self, size),
            posterior=Categories(
                MixturePrior(self.components, self.bottleneck, height * across),
                base=self.base,
                samples=self.samples,
            ),
            likelihood=likelihood_of(self, shape[0]),
            bottleneck=(self.bottleneck, height, across),
        )
