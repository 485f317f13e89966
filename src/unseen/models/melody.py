"""A variational auto-encoder of melodies: windows of tokens, 512 latent units."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from unseen.errors import ConfigError
from unseen.models.network import Network
from unseen.models.vae import diagonal_normal
from unseen.nn.melodies import Beside, Gain, Heads, Planes, melodies

# ln of the variance every latent unit starts from: the decoder then learns from codes that tell something,
# and the divergence closes the units that are not needed.
FIRST_LOG_VARIANCE = -3.0


@dataclass(frozen=True)
class MelodyVAE:
    """Variational auto-encoder of windows of tokens, all steps at once.

    Row loss E + (beta / T) KL with E the mean over the T steps of -ln p(token): the same as the sum over
    steps + beta KL, KL summed over units. Pitches go in as numbers and come out around a centre with a key
    common to all notes, so that a melody and its transposition are neighbours; the n-th note has its pitch
    wherever it begins, so that a melody keeps it in another rhythm. Encoder and decoder have a straight path
    beside their layers.

    Args:
        latent: Units z, each with a normal posterior of its own.
        width, blocks: Of the hidden layers on each side.
        colours: Numbers a step for what centre and key do not tell.
        beta: Weight of the divergence.

    Reference: likelihood of 90 tokens a step after MusicVAE, Roberts et al., arXiv 1803.05428; 512 units and
    their reading: arXiv 2308.00015. The network is our own.

    >>> network = MelodyVAE(width=16, latent=8).build((32,))
    >>> out = network(torch.full((2, 32), 41))
    >>> tuple(out.error(torch.full((2, 32), 41)).shape), tuple(out.posterior.mean.shape)
    ((2,), (2, 8))

    """

    latent: int = 512
    width: int = 512
    blocks: int = 1
    colours: int = 8
    beta: float = 0.2

    def build(self, shape: tuple[int, ...]) -> Network:
        """Return a fresh network for windows of `shape` (T,), initialised from torch's global stream."""
        if len(shape) != 1:
            raise ConfigError(f"rows of shape {shape} came; a melody network takes windows of tokens (T,)")
        planes = 5 * shape[0]
        head = nn.Linear(self.width + planes, 2 * self.latent)
        with torch.no_grad():
            head.weight[self.latent :].mul_(0.3)
            head.bias[self.latent :].fill_(FIRST_LOG_VARIANCE)
        return Network(
            nn.Sequential(Planes(), Beside(planes, self.width, self.blocks)),
            nn.Sequential(head, Gain(2 * self.latent)),
            nn.Sequential(
                Gain(self.latent),
                Beside(self.latent, self.width, self.blocks, norm=False),
                Heads(self.width + self.latent, shape[0], self.colours),
            ),
            posterior=diagonal_normal,
            likelihood=melodies,
            latent=self.latent,
        )


def decoded(network: Network, codes: Tensor) -> Tensor:
    """Most likely tokens of codes (N, Z), shape (N, T): no token decoded sees another."""
    return torch.as_tensor(network.decode(codes).mean)
