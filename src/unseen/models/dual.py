"""The conditional dual auto-encoder of event images: a large code for the image, a small one beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from unseen.errors import ConfigError, unknown
from unseen.models.dual_bodies import Decoder, DualBody, Published, Slim
from unseen.models.network import Network
from unseen.models.vae import LOG_VARIANCE
from unseen.nn.conditioning import KINDS, Kind
from unseen.nn.cylinder import Size, pointwise
from unseen.nn.distributions import DiagonalNormal, Hurdle, Likelihood, Masked, Pass, Point, Posterior

# The decoder has this many resolutions to be conditioned at in the published form.
RESOLUTIONS = 4


class Planes(nn.Module):
    """Images z (N, C, H, W) to what the encoders see: masks of the first K channels, and energies before.

    Args:
        channels: K.
        energies: Whether z itself is seen; else only which pixels are lit.

    """

    def __init__(self, channels: int, *, energies: bool) -> None:
        super().__init__()
        self.channels, self.energies = channels, energies

    def forward(self, z: Tensor) -> Tensor:
        """Return K masks, or K energies and K masks, shape (N, K or 2 K, H, W)."""
        seen = z[:, : self.channels]
        lit = (seen > 0).to(z.dtype)
        found = torch.cat([seen, lit], dim=1) if self.energies else lit
        # channels beside each other in memory: convolutions of many small maps are a fifth faster
        return found.contiguous(memory_format=torch.channels_last)


class DualNetwork(Network):
    """Two encoders read one image; the decoder runs on the large code and is conditioned on the small one.

    The large code Z is a map (B, h, w), flattened wherever it is a vector.

    Args:
        planes: What both encoders see of an image.
        encoder, head: f_R and the 1 x 1 convolution to the parameters of its posterior.
        small: f_m, to Z_m (N, M).
        decoder: D, from maps (N, B, h, w) and Z_m to planes.
        bottleneck: (B, h, w).

    """

    def __init__(
        self,
        planes: Planes,
        encoder: nn.Module,
        head: nn.Module,
        small: nn.Module,
        decoder: Decoder,
        *,
        posterior: Callable[[Tensor], Posterior],
        likelihood: Callable[[Tensor], Likelihood],
        bottleneck: tuple[int, int, int],
    ) -> None:
        latent = int(torch.Size(bottleneck).numel())
        super().__init__(encoder, head, decoder, posterior=posterior, likelihood=likelihood, latent=latent)
        self.planes, self.small, self.bottleneck = planes, small, bottleneck

    def encode(self, x: Tensor) -> Posterior:
        """Posterior of the large code of images (N, C, H, W)."""
        return self.posterior(self.head(self.encoder(self.planes(x))))

    def condition(self, x: Tensor) -> Tensor:
        """Small code Z_m of images (N, C, H, W), shape (N, M)."""
        code: Tensor = self.small(self.planes(x))
        return code

    def rebuild(self, z: Tensor, code: Tensor) -> Likelihood:
        """Likelihood of images given both codes, shapes (N, Z) and (N, M)."""
        return self.likelihood(self.decoder(z.view(-1, *self.bottleneck), code))

    def forward(self, x: Tensor, noise: Tensor | None = None) -> Pass:
        """Pass images through: at the posterior mean, or at a draw where standard `noise` (N, Z) is given."""
        seen = self.planes(x)
        posterior = self.posterior(self.head(self.encoder(seen)))
        code = self.small(seen)
        z = posterior.mean if noise is None else posterior.draw(noise)
        return Pass(posterior, self.rebuild(z, code), code)


@dataclass(frozen=True)
class CoDAE:
    """Conditional dual auto-encoder of event images (C, H, W), rows z = ln(1 + E_T / 1 GeV).

    The large encoder f_R gives maps Z, the small one f_m a code Z_m of few numbers; the decoder rebuilds the
    image from Z while Z_m scales and shifts its maps. The likelihood says for each pixel whether it is lit,
    and with what energy (`Hurdle`); of masks alone it is `Masked`. With beta above 0 the code Z is normal
    with a standard normal prior, and the row loss is the evidence bound of p(x | Z_m(x)) over D. It bounds
    that, not p(x), since Z_m is a function of x.

    Args:
        body: Layers: `Slim()`, or `Published()`.
        channels: The first K channels are seen and rebuilt: 1 tracker, 2 and ECAL, 3 and HCAL.
        energies: Whether energies are seen and rebuilt, else only which pixels are lit.
        code: Numbers in Z_m.
        bottleneck: Channels of Z.
        conditioning: "none", "scale", "shift", "affine" or "film", see `unseen.nn.conditioning`.
        resolutions: Where the decoder is conditioned: places among its stages, 0 the smallest map.
        beta: Weight of the divergence; 0 is a code without spread.

    Raises:
        ConfigError: On a setting out of range, or rows that are no images of enough channels.

    Reference: Anzalone et al., MLST 5 (2024) 035064, arXiv 2306.12955.

    >>> import torch
    >>> network, dark = CoDAE().build((3, 72, 58)), torch.zeros(2, 3, 72, 58)
    >>> out = network(dark)
    >>> tuple(out.posterior.mean.shape), tuple(out.condition.shape), tuple(out.error(dark).shape)
    ((2, 1280), (2, 2), (2,))

    """

    body: DualBody = Slim()  # noqa: RUF009 - frozen, shared safely
    channels: int = 3
    energies: bool = True
    code: int = 2
    bottleneck: int = 64
    conditioning: Kind = "affine"
    resolutions: tuple[int, ...] = (0, 1, 2)
    beta: float = 0.0

    def __post_init__(self) -> None:
        for name in ("channels", "code", "bottleneck"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} {getattr(self, name)!r} came; accepted: 1 or more")
        if self.beta < 0:
            raise ConfigError(
                f"beta {self.beta!r} came; accepted: 0 or more, e.g. 1.0 for the evidence bound"
            )
        if self.conditioning not in KINDS:
            raise ConfigError(unknown("conditioning", self.conditioning, KINDS))
        if not set(self.resolutions) <= set(range(RESOLUTIONS)):
            raise ConfigError(
                f"resolutions {self.resolutions} came; accepted: places from 0 to {RESOLUTIONS - 1}, "
                "0 the smallest map, e.g. (0, 1, 2)"
            )

    @classmethod
    def reference(cls) -> CoDAE:
        """Return the published model: the mask of the tracker in and out, 1,646,467 parameters.

        >>> network = CoDAE.reference().build((1, 72, 58))
        >>> sum(parameter.numel() for parameter in network.parameters())
        1646467

        """
        return cls(Published(), 1, False, conditioning="scale", resolutions=(0, 1, 2, 3))

    def build(self, shape: tuple[int, ...]) -> DualNetwork:
        """Return a fresh network for images of `shape` (C, H, W), initialised from torch's global stream."""
        size, seen = image_size(shape, self.channels), self.channels * (1 + self.energies)
        width, (height, across) = self.body.bottleneck(size)
        return DualNetwork(
            Planes(self.channels, energies=self.energies),
            self.body.large(seen, size),
            pointwise(width, self.bottleneck * (2 if self.beta > 0 else 1), (height, across)),
            self.body.code(seen, size, self.code),
            decoder_of(self, size),
            posterior=normal_maps if self.beta > 0 else point_maps,
            likelihood=likelihood_of(self, shape[0]),
            bottleneck=(self.bottleneck, height, across),
        )


def decoder_of(model: CoDAE, size: Size) -> Decoder:
    """Return the decoder of a model, conditioned at its resolutions."""
    kinds: list[Kind] = [
        model.conditioning if place in model.resolutions else "none" for place in range(RESOLUTIONS)
    ]
    stages = len(model.body.widths) if isinstance(model.body, Slim) else RESOLUTIONS
    planes = model.channels * (3 if model.energies else 1)
    return model.body.decoder(model.bottleneck, planes, model.channels, size, model.code, kinds[:stages])


def likelihood_of(model: CoDAE, channels: int) -> Callable[[Tensor], Likelihood]:
    """Return what reads the decoder's planes of images of `channels` channels."""
    return hurdle(channels) if model.energies else masked(channels)


def image_size(shape: tuple[int, ...], channels: int) -> Size:
    """Return (H, W) of event images of `shape`, which must have at least `channels` channels.

    Raises:
        ConfigError: On rows that are no such images.

    """
    if len(shape) != 3 or shape[0] < channels:
        raise ConfigError(
            f"rows of shape {tuple(shape)} came; this dual auto-encoder takes event images (C, H, W) "
            f"with C at least {channels}, e.g. image_shape=(3, 72, 58)"
        )
    return shape[1], shape[2]


def point_maps(maps: Tensor) -> Point:
    """Code without spread from maps (N, B, h, w), flattened."""
    return Point(maps.flatten(1))


def normal_maps(maps: Tensor) -> DiagonalNormal:
    """Posterior from maps (N, 2 B, h, w): means, then log variances, kept within `LOG_VARIANCE`."""
    mean, log_variance = maps.chunk(2, dim=1)
    return DiagonalNormal(mean.flatten(1), log_variance.flatten(1).clamp(*LOG_VARIANCE))


def hurdle(channels: int) -> Callable[[Tensor], Hurdle]:
    """Return what reads planes (N, 3 K, H, W): logits, then mu, then ln sigma, each K."""

    def read(planes: Tensor) -> Hurdle:
        logits, centre, log_sigma = planes.chunk(3, dim=1)
        return Hurdle(logits, centre, log_sigma, channels)

    return read


def masked(channels: int) -> Callable[[Tensor], Masked]:
    """Return what reads planes (N, K, H, W) of logits."""

    def read(planes: Tensor) -> Masked:
        return Masked(planes, channels)

    return read
