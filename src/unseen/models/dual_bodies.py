"""Bodies of a dual auto-encoder: large encoder, small encoder, conditioned decoder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor, nn

from unseen.errors import ConfigError
from unseen.models.network import MOST_LAYERS
from unseen.nn.conditioning import Conditioning, Kind
from unseen.nn.convolution import halvings
from unseen.nn.cylinder import BatchNorm, Cut, Grow, Residual, Size, Unfold, block, pointwise

# Start of every output plane in the published form.
DARK = -1.0
# Logit of a pixel to be lit at the start, otherwise: one in fifty-five. From -1 training takes ten times as
# many steps to find that most pixels are dark.
UNLIT = -4.0


class Decoder(nn.Module):
    """Stages that condition a map on the small code and then grow it, and a head.

    Args:
        conditionings, stages: One of each a resolution, smallest first.
        head: Last maps to output planes.

    """

    def __init__(
        self, conditionings: Sequence[nn.Module], stages: Sequence[nn.Module], head: nn.Module
    ) -> None:
        super().__init__()
        self.conditionings, self.stages = nn.ModuleList(conditionings), nn.ModuleList(stages)
        self.head = head

    def forward(self, maps: Tensor, code: Tensor) -> Tensor:
        """Bottleneck maps (N, B, h, w) and small code (N, M) to planes (N, P, H, W)."""
        for conditioning, stage in zip(self.conditionings, self.stages, strict=True):
            maps = stage(conditioning(maps, code))
        planes: Tensor = self.head(maps)
        return planes


@dataclass(frozen=True)
class Slim:
    """Cheap to train on a processor and to run in a trigger: dense 3 x 3 blocks, batch norm, ring in phi.

    The large encoder halves the image at each width and adds a residual block from the second width on. The
    decoder grows by 1 x 1 convolutions and depth to space, the last time into the output planes themselves,
    so that no map of full size is ever convolved. The small encoder only halves.

    Args:
        widths: Channels after each halving, large encoder and decoder.
        small: Channels after each halving, small encoder.
        blocks: Blocks of a residual unit.

    Reference: the form without grouped convolutions of arXiv 2306.12955, with fewer maps at full size.

    """

    widths: tuple[int, ...] = (24, 48, 96, 128)
    small: tuple[int, ...] = (16, 32, 48, 64)
    blocks: int = 1

    def __post_init__(self) -> None:
        for what, widths in (("widths", self.widths), ("small widths", self.small)):
            if not 1 <= len(widths) <= MOST_LAYERS or min(widths) < 1:
                raise ConfigError(f"{what} {widths} came; accepted: 1 to {MOST_LAYERS} numbers of 1 or more")
        if not 0 <= self.blocks <= MOST_LAYERS:
            raise ConfigError(f"{self.blocks} blocks came; accepted: 0 to {MOST_LAYERS}")

    def bottleneck(self, size: Size) -> tuple[int, Size]:
        """Channels and size (h, w) of the last maps of the large encoder for images of `size`."""
        return self.widths[-1], halvings((1, *size), len(self.widths))[-1]

    def large(self, planes: int, size: Size) -> nn.Module:
        """Large encoder f_R: input planes to maps."""
        layers: list[nn.Module] = []
        sizes = halvings((1, *size), len(self.widths))[1:]
        for place, ((width, following), now) in enumerate(
            zip(pairwise((planes, *self.widths)), sizes, strict=True)
        ):
            layers.append(block(width, following, now, stride=2))
            if place and self.blocks:
                layers.append(Residual(following, now, blocks=self.blocks))
        return nn.Sequential(*layers)

    def code(self, planes: int, size: Size, units: int) -> nn.Module:
        """Small encoder f_m: input planes to `units` numbers."""
        sizes = halvings((1, *size), len(self.small))[1:]
        layers: list[nn.Module] = [
            block(width, following, now, stride=2)
            for (width, following), now in zip(pairwise((planes, *self.small)), sizes, strict=True)
        ]
        return _coded(layers, self.small[-1], sizes[-1], units)

    def decoder(
        self, channels: int, planes: int, masks: int, size: Size, units: int, kinds: Sequence[Kind]
    ) -> Decoder:
        """Return the decoder of maps of `channels` at the bottleneck, conditioned by one kind a stage.

        The first `masks` of its planes are logits of pixels to be lit.
        """
        sizes = list(reversed(halvings((1, *size), len(self.widths))))
        conditionings, stages = [], []
        backwards = (channels, *reversed(self.widths[:-1]))
        for (width, following), now, then, kind in zip(
            pairwise(backwards), sizes, sizes[1:], kinds, strict=False
        ):
            conditionings.append(Conditioning(kind, units, width, now))
            stages.append(self._grown(width, following, now, then))
        conditionings.append(Conditioning(kinds[-1], units, backwards[-1], sizes[-2]))
        last = pointwise(backwards[-1], 4 * planes, sizes[-2])
        nn.init.zeros_(last.bias)  # type: ignore[arg-type]
        nn.init.constant_(last.bias[: 4 * masks], UNLIT)  # type: ignore[index]
        stages.append(nn.Sequential(last, Unfold(size)))
        return Decoder(conditionings, stages, nn.Identity())

    def _grown(self, width: int, following: int, now: Size, then: Size) -> nn.Sequential:
        """Grow maps to the next size, then mix them there."""
        layers: list[nn.Module] = [
            pointwise(width, 4 * following, now, bias=False),
            BatchNorm(4 * following),
            nn.LeakyReLU(0.2, inplace=True),
            Unfold(then),
        ]
        if self.blocks:
            layers.append(Residual(following, then, blocks=self.blocks))
        return nn.Sequential(*layers)


@dataclass(frozen=True)
class Published:
    """The published layers: grouped 3 x 3 blocks with instance norm, zeros around the image, bilinear growth.

    The decoder grows the smallest map by 2 each time and the result is cut to the image.

    Reference: arXiv 2306.12955; layers and counts of its public code.

    """

    def bottleneck(self, size: Size) -> tuple[int, Size]:
        """Channels and size (h, w) of the last maps of the large encoder for images of `size`."""
        return 256, halvings((1, *size), 4)[-1]

    def large(self, planes: int, size: Size) -> nn.Module:
        """Large encoder f_R: four halvings, a residual unit of two blocks after each."""
        layers: list[nn.Module] = []
        widths, sizes = (planes, 64, 128, 128, 256), halvings((1, *size), 4)[1:]
        for place, ((width, following), now) in enumerate(zip(pairwise(widths), sizes, strict=True)):
            groups = 4 if place else 1
            layers += [
                block(width, following, now, stride=2, groups=groups, norm="instance", padding="zeros"),
                Residual(following, now, groups=4, norm="instance", padding="zeros"),
            ]
        return nn.Sequential(*layers)

    def code(self, planes: int, size: Size, units: int) -> nn.Module:
        """Small encoder f_m: four blocks, each halved by a maximum over 3 x 3."""
        layers: list[nn.Module] = []
        widths, sizes = (planes, 64, 128, 128, 256), halvings((1, *size), 4)
        for place, ((width, following), now) in enumerate(zip(pairwise(widths), sizes, strict=False)):
            groups = 2 if place else 1
            layers += [
                block(width, following, now, groups=groups, norm="instance", padding="zeros"),
                nn.MaxPool2d(3, stride=2, padding=1),
            ]
        return _coded(layers, 256, sizes[-1], units)

    def decoder(
        self, channels: int, planes: int, masks: int, size: Size, units: int, kinds: Sequence[Kind]
    ) -> Decoder:
        """Return the decoder of maps of `channels` at the bottleneck, conditioned by one kind a stage.

        The first `masks` of its planes are logits of pixels to be lit.
        """
        height, width = self.bottleneck(size)[1]
        conditionings: list[nn.Module] = []
        stages: list[nn.Module] = []
        for place, ((before, after), kind) in enumerate(
            zip(pairwise((channels, 256, 128, 128, 64)), kinds, strict=True)
        ):
            now, then = (height << place, width << place), (height << place + 1, width << place + 1)
            groups = 4 if place else 1
            conditionings.append(Conditioning(kind, units, before, now, padding="zeros"))
            stages.append(
                nn.Sequential(
                    Grow(then),
                    block(before, after, then, groups=groups, norm="instance", padding="zeros"),
                    Residual(after, then, groups=4, norm="instance", padding="zeros"),
                )
            )
        grown = (height << 4, width << 4)
        corner = ((grown[0] - size[0]) // 2, (grown[1] - size[1]) // 2)
        head = pointwise(64, planes, size)
        nn.init.constant_(head.bias, DARK)  # type: ignore[arg-type]
        return Decoder(conditionings, stages, nn.Sequential(Cut(size, corner), head))


DualBody = Slim | Published


def _coded(layers: list[nn.Module], channels: int, size: Size, units: int) -> nn.Sequential:
    """Flatten the last maps into a linear layer of `units`."""
    last = nn.Linear(channels * size[0] * size[1], units)
    nn.init.xavier_uniform_(last.weight)
    nn.init.zeros_(last.bias)
    return nn.Sequential(*layers, nn.Flatten(), last)
