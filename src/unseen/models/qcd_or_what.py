"""The "QCD or What" auto-encoder: convolutions, a dense bottleneck, and back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from torch import Tensor, nn

from unseen.errors import ConfigError
from unseen.models.network import Network
from unseen.nn.content import Content, Look, Seen, Sight
from unseen.nn.convolution import counted
from unseen.nn.distributions import Point

# Channels of the first convolution, and of all others.
FIRST, OTHER = 10, 5


class _Convolution(nn.Conv2d):
    """3 x 3 convolution that keeps the size, told how many positions it works on."""

    def __init__(self, channels: int, following: int, size: tuple[int, int]) -> None:
        super().__init__(channels, following, 3, padding=1)
        self.positions = size[0] * size[1]


class _Cut(nn.Module):
    """The middle (height, width) of larger maps."""

    def __init__(self, height: int, width: int) -> None:
        super().__init__()
        self.height, self.width = height, width

    def forward(self, x: Tensor) -> Tensor:
        top, left = (x.shape[2] - self.height) // 2, (x.shape[3] - self.width) // 2
        return x[:, :, top : top + self.height, left : left + self.width]


def _encoder(shape: tuple[int, int, int], model: QcdOrWhat) -> nn.Sequential:
    channels, full, units = shape[0], shape[1:], model.side**2
    half = (full[0] // 2, full[1] // 2)
    return nn.Sequential(
        Look(Sight(model.content, model.channels)),
        *(_Convolution(channels, FIRST, full), nn.PReLU(FIRST)),
        *(_Convolution(FIRST, OTHER, full), nn.PReLU(OTHER), nn.AvgPool2d(2)),
        *(_Convolution(OTHER, OTHER, half), nn.PReLU(OTHER), nn.AvgPool2d(2), nn.Flatten()),
        *(nn.Linear(OTHER * (half[0] // 2) * (half[1] // 2), units), nn.PReLU(units)),
        *(nn.Linear(units, model.middle), nn.PReLU(model.middle)),
    )


def _decoder(shape: tuple[int, int, int], model: QcdOrWhat) -> nn.Sequential:
    units, side = model.side**2, model.side
    layers: list[nn.Module] = [
        *(nn.Linear(model.latent, model.middle), nn.PReLU(model.middle)),
        *(nn.Linear(model.middle, units), nn.PReLU(units), nn.Unflatten(1, (1, side, side))),
    ]
    for before, size in ((1, 2 * side), (OTHER, 4 * side)):
        layers += [
            *(_grow(before, size), nn.PReLU(OTHER)),
            *(_Convolution(OTHER, OTHER, (size, size)), nn.PReLU(OTHER)),
        ]
    return nn.Sequential(*layers, _Cut(*shape[1:]), nn.Conv2d(OTHER, shape[0], 1), nn.Sigmoid())


def _grow(channels: int, side: int) -> nn.ConvTranspose2d:
    """3 x 3 transposed convolution of stride 2 to maps of that `side`, exactly twice those before."""
    layer = nn.ConvTranspose2d(channels, OTHER, 3, stride=2, padding=1, output_padding=1)
    return counted(layer, side**2 // 4)


@dataclass(frozen=True)
class QcdOrWhat:
    """Convolutional auto-encoder with a dense bottleneck; row loss: the mean squared error over pixels.

    Convolutions 1-10, 10-5, mean-pool, 5-5, mean-pool; dense 400, 100, 32, 100, 400; from 20 x 20 twice a
    transposed convolution and a convolution to 80 x 80, from which the image is cut; sigmoid at the end,
    so targets lie in [0, 1]. Kernels 3 x 3, a trained slope per channel or unit (PReLU) but on the code.
    The pixel-summed error of the paper is D times this one, which changes neither training nor ranks.

    Args:
        latent: Units of the bottleneck.
        middle: Width of the dense layers around it.
        side: Side of the map the decoder starts from; an image has at most 4 sides each way.
        content: "lit" for the mask of lit pixels; "values" for rows that are scaled into [0, 1].
        channels: The first K channels of images are seen and rebuilt; None is all.

    For rows of (1, 72, 58) the defaults have 594,003 parameters. Of the paper's decoder the reshaping to
    20 x 20 is a reconstruction: it makes that number.

    Reference: Heimel et al., SciPost Phys. 6 (2019) 030, arXiv 1808.08979.

    >>> import torch
    >>> tuple(QcdOrWhat().build((1, 8, 8))(torch.zeros(2, 1, 8, 8)).likelihood.mean.shape)
    (2, 1, 8, 8)

    """

    latent: int = 32
    middle: int = 100
    side: int = 20
    content: Content = "lit"
    channels: int | None = None
    beta: ClassVar[float] = 0.0

    def __post_init__(self) -> None:
        if min(self.latent, self.middle, self.side) < 1:
            raise ConfigError(f"{self!r} came; accepted: widths of 1 or more")
        if self.content == "energies":
            raise ConfigError(
                "content 'energies' came; the output lies between 0 and 1. Accepted: 'lit', or 'values' "
                "with pixels scaled into [0, 1]"
            )

    def build(self, shape: tuple[int, ...]) -> Network:
        """Return a fresh network for images of `shape`, initialised from torch's global stream.

        Raises:
            ConfigError: Rows are no images, or too small or too large for the decoder's square.

        """
        most = 4 * self.side
        if len(shape) != 3 or not 4 <= min(shape[1:]) <= max(shape[1:]) <= most:
            raise ConfigError(
                f"rows of shape {shape} came; QcdOrWhat takes images (C, H, W) of 4 to {most} pixels a side. "
                "Pass image_shape=(C, H, W), or a larger side=..."
            )
        sight = Sight(self.content, self.channels)
        channels, height, width = sight.shape(shape)
        image = (channels, height, width)
        return Network(
            _encoder(image, self),
            nn.Linear(self.middle, self.latent),
            _decoder(image, self),
            posterior=Point,
            likelihood=partial(Seen, sight=sight, channels=shape[0]),
            latent=self.latent,
        )
