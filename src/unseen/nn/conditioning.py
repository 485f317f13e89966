"""How a small code speaks to the maps of a decoder: it scales them, shifts them, or both."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from unseen.errors import ConfigError, unknown
from unseen.nn.cylinder import Convolution3, Padding, Size

Kind = Literal["none", "scale", "shift", "affine", "film"]
KINDS: tuple[Kind, ...] = ("none", "scale", "shift", "affine", "film")


class Conditioning(nn.Module):
    """Maps h (N, C, H, W) and a code Z_m (N, M) to maps of the same shape.

    The code is tiled over H x W beside planes of coordinates from -1 to 1, and a linear 3 x 3 convolution
    turns these into a scale s and a shift t for each position and channel:

        scale   h s             shift   h + t
        affine  h (1 + s) + t   film    the same, s and t by a dense layer of the code, alike at all positions
        none    h

    With padding "ring" only eta has a coordinate, because phi has no origin.

    Args:
        kind: One of the five.
        code: M.
        channels, size: C and (H, W).
        padding: Of the convolution.

    Reference: FiLM, arXiv 1709.07871; coordinates: arXiv 1807.03247.

    """

    def __init__(
        self, kind: Kind, code: int, channels: int, size: Size, *, padding: Padding = "ring"
    ) -> None:
        super().__init__()
        if kind not in KINDS:
            raise ConfigError(unknown("conditioning", kind, KINDS))
        self.kind, self.size, self.phi = kind, size, padding == "zeros"
        self.layer: nn.Module | None = None
        asked = {"none": 0, "scale": 1, "shift": 1, "affine": 2, "film": 2}[kind] * channels
        if kind == "film":
            self.layer = nn.Linear(code, asked)
        elif asked:
            self.layer = Convolution3(code + 1 + self.phi, asked, size, padding=padding)
        if isinstance(self.layer, nn.Linear | nn.Conv2d):
            nn.init.xavier_uniform_(self.layer.weight)
            # a scale starts around one, everything else around nothing
            nn.init.constant_(self.layer.bias, 1.0 if kind == "scale" else 0.0)  # type: ignore[arg-type]

    def forward(self, maps: Tensor, code: Tensor) -> Tensor:
        """Condition maps (N, C, H, W) on a code (N, M)."""
        if self.layer is None:
            return maps
        film = self.kind == "film"
        told: Tensor = self.layer(code)[:, :, None, None] if film else self.layer(self._planes(code))
        if self.kind == "scale":
            return maps * told
        if self.kind == "shift":
            return maps + told
        scale, shift = told.chunk(2, dim=1)
        return maps * (1.0 + scale) + shift

    def _planes(self, code: Tensor) -> Tensor:
        """Tile a code (N, M) beside its coordinates, shape (N, M + 1 or 2, H, W)."""
        rows, (height, width) = code.shape[0], self.size
        planes = [code[:, :, None, None].expand(-1, -1, height, width)]
        if self.phi:
            planes.append(torch.linspace(-1, 1, height)[:, None].expand(rows, 1, height, width))
        planes.append(torch.linspace(-1, 1, width).expand(rows, 1, height, width))
        return torch.cat(planes, dim=1)
