"""Bricks for images on a cylinder: rows go round in phi, columns end in eta."""

from __future__ import annotations

from typing import Literal, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from unseen.nn.convolution import counted

Size = tuple[int, int]
Padding = Literal["ring", "zeros"]
Norm = Literal["batch", "instance"]

# Small next to the variance of any map that carries something; the value of the published networks.
EPSILON = 1e-3
SLOPE = 0.2

Made = TypeVar("Made", bound=nn.Conv2d)


class Convolution3(nn.Conv2d):
    """3 x 3 convolution of maps (N, C, H, W) that keeps their size, or halves it rounding up.

    With padding "ring" H goes round: the row above the first is the last one. W is padded by zeros. With
    stride 1 a roll of the input along H then is a roll of the output.

    Args:
        channels, following: Channels in and out.
        size: (H, W) of the output, for counting work.
        bias: Left out where a batch norm follows.

    """

    def __init__(
        self,
        channels: int,
        following: int,
        size: Size,
        *,
        stride: int = 1,
        groups: int = 1,
        padding: Padding = "ring",
        bias: bool = True,
    ) -> None:
        own = (0, 1) if padding == "ring" else (1, 1)
        super().__init__(channels, following, 3, stride=stride, groups=groups, padding=own, bias=bias)
        self.ring = padding == "ring"
        self.positions = size[0] * size[1]

    def forward(self, x: Tensor) -> Tensor:
        """Convolve maps (N, C, H, W)."""
        if self.ring:
            # slices and a concatenation: what every runtime has, unlike circular padding
            x = torch.cat([x[:, :, -1:], x, x[:, :, :1]], dim=2)
        return super().forward(x)


class BatchNorm(nn.Module):
    """Batch norm (N, C, H, W) without the integer counter of torch's own, which model files cannot hold.

    Reference: Ioffe and Szegedy, arXiv 1502.03167.
    """

    mean: Tensor
    variance: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("variance", torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise by the batch in training, by the running mean and variance otherwise."""
        return functional.batch_norm(
            x, self.mean, self.variance, self.weight, self.bias, self.training, momentum=0.1, eps=EPSILON
        )


def block(
    channels: int,
    following: int,
    size: Size,
    *,
    stride: int = 1,
    groups: int = 1,
    norm: Norm = "batch",
    padding: Padding = "ring",
) -> nn.Sequential:
    """Return convolution 3 x 3, norm, leaky ReLU 0.2; `size` is that of the output."""
    convolution = Convolution3(
        channels,
        following,
        size,
        stride=stride,
        groups=groups,
        padding=padding,
        # a batch norm takes the mean away, and with it any bias
        bias=norm == "instance",
    )
    return nn.Sequential(he(convolution), _norm(norm, following), nn.LeakyReLU(SLOPE, inplace=True))


def _norm(norm: Norm, channels: int) -> nn.Module:
    if norm == "batch":
        return BatchNorm(channels)
    return nn.InstanceNorm2d(channels, eps=EPSILON, affine=True)


class Residual(nn.Module):
    """x + blocks(x), all of one size and number of channels."""

    def __init__(
        self,
        channels: int,
        size: Size,
        *,
        blocks: int = 2,
        groups: int = 1,
        norm: Norm = "batch",
        padding: Padding = "ring",
    ) -> None:
        super().__init__()
        self.blocks = nn.Sequential(
            *(
                block(channels, channels, size, groups=groups, norm=norm, padding=padding)
                for _ in range(blocks)
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        """Add what the blocks find."""
        found: Tensor = self.blocks(x)
        return x + found


class Grow(nn.Module):
    """Bilinear growth to a stated size (H, W)."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.size = size

    def forward(self, x: Tensor) -> Tensor:
        """Grow maps (N, C, h, w)."""
        return functional.interpolate(x, size=self.size, mode="bilinear", align_corners=False)


class Unfold(nn.Module):
    """Depth to space: four channels become 2 x 2 pixels of one, cut to a stated size (H, W).

    Reference: sub-pixel convolution, arXiv 1609.05158.
    """

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.size = size

    def forward(self, x: Tensor) -> Tensor:
        """Turn maps (N, 4 C, h, w) into (N, C, H, W)."""
        return functional.pixel_shuffle(x, 2)[:, :, : self.size[0], : self.size[1]]


class Cut(nn.Module):
    """Cut maps to a stated size (H, W), from a stated corner."""

    def __init__(self, size: Size, corner: Size) -> None:
        super().__init__()
        self.size, self.corner = size, corner

    def forward(self, x: Tensor) -> Tensor:
        """Cut maps (N, C, h, w)."""
        (top, left), (height, width) = self.corner, self.size
        return x[:, :, top : top + height, left : left + width]


def pointwise(channels: int, following: int, size: Size, *, bias: bool = True) -> nn.Conv2d:
    """Return a 1 x 1 convolution on maps of `size`."""
    return he(counted(nn.Conv2d(channels, following, 1, bias=bias), size[0] * size[1]))


def he(convolution: Made) -> Made:
    """Fill a convolution by He's uniform rule, its bias by zeros."""
    nn.init.kaiming_uniform_(convolution.weight, nonlinearity="relu")
    if convolution.bias is not None:
        nn.init.zeros_(convolution.bias)
    return convolution
