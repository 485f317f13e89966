"""Scalers as torch modules, in the very arithmetic of `unseen.data.scale`, so that they can be traced."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from unseen.data.scale import SOFT, AnyScaler, Energies, Pixels, Quantiles, Scaler
from unseen.errors import ConfigError


def scaling_module(scaler: AnyScaler) -> nn.Module:
    """Return the module that scales rows (N, *shape) as `scaler` does.

    Raises:
        ConfigError: A scaler that no module is known for.

    """
    if isinstance(scaler, Energies):
        return Logarithm()
    if isinstance(scaler, Scaler):
        return Standard(scaler)
    if isinstance(scaler, Quantiles):
        return ToNormal(scaler)
    if isinstance(scaler, Pixels):
        return Over(scaler.top)
    raise ConfigError(f"scaling by {type(scaler).__name__} cannot be exported; accepted: those of data.scale")


class Standard(nn.Module):
    """`Scaler`: signed logarithm where asked for, centre, width, soft beyond 10; single precision."""

    logarithmic: Tensor
    centre: Tensor
    width: Tensor

    def __init__(self, scaler: Scaler) -> None:
        super().__init__()
        self.any_logarithm = bool(scaler.logarithmic.any())
        self.register_buffer("logarithmic", torch.from_numpy(np.asarray(scaler.logarithmic, dtype=bool)))
        self.register_buffer("centre", torch.from_numpy(np.asarray(scaler.centre, dtype=np.float32)))
        self.register_buffer("width", torch.from_numpy(np.asarray(scaler.width, dtype=np.float32)))

    def forward(self, rows: Tensor) -> Tensor:
        """Scale rows (N, D)."""
        values = rows
        if self.any_logarithm:
            values = torch.where(self.logarithmic, rows.sign() * rows.abs().log1p(), rows)
        values = (values - self.centre) / self.width
        size = values.abs()
        soft = values.sign() * (SOFT + (size - SOFT).clamp_min(0.0).log1p())
        return torch.where(size > SOFT, soft, values)


class ToNormal(nn.Module):
    """`Quantiles`: each feature by its knots to the normal distribution; double precision inside."""

    knots: Tensor
    heights: Tensor
    slopes: Tensor
    width: Tensor
    first: Tensor

    def __init__(self, scaler: Quantiles) -> None:
        super().__init__()
        knots, heights = (np.asarray(part, dtype=np.float64).T for part in (scaler.knots, scaler.heights))
        step = np.diff(knots, axis=1)
        # equal knots are passed over, as numpy.interp does
        slopes = np.divide(np.diff(heights, axis=1), step, out=np.zeros_like(step), where=step > 0)
        count = knots.shape[1]
        self.register_buffer("knots", torch.from_numpy(knots.copy()))
        self.register_buffer("heights", torch.from_numpy(heights.copy()))
        self.register_buffer("slopes", torch.from_numpy(slopes))
        self.register_buffer("width", torch.from_numpy(np.asarray(scaler.width, dtype=np.float64)))
        self.register_buffer("first", torch.arange(len(knots)) * count)
        self.last = count - 1

    def forward(self, rows: Tensor) -> Tensor:
        """Scale rows (N, D)."""
        values = rows.double()
        lowest, highest = self.knots[:, 0], self.knots[:, -1]
        inside = torch.minimum(torch.maximum(values, lowest), highest)
        place = (inside[:, :, None] >= self.knots).sum(2) - 1
        place = place.clamp_max(self.last - 1)
        where = place + self.first
        slope = self.slopes.flatten()[place + self.first - torch.arange(len(self.first))]
        found = slope * (inside - self.knots.flatten()[where]) + self.heights.flatten()[where]
        found = torch.where(values >= highest, self.heights[:, -1], found)
        beyond = ((values - highest).clamp_min(0.0) / self.width).log1p()
        below = ((lowest - values).clamp_min(0.0) / self.width).log1p()
        return (found + beyond - below).float()


class Logarithm(nn.Module):
    """`Energies`: ln(1 + E / 1 GeV)."""

    def forward(self, rows: Tensor) -> Tensor:
        """Scale images (N, C, H, W)."""
        return rows.log1p()


class Over(nn.Module):
    """`Pixels`: values over the largest normal one."""

    def __init__(self, top: float) -> None:
        super().__init__()
        self.factor = float(np.float32(1.0 / top))

    def forward(self, rows: Tensor) -> Tensor:
        """Scale images (N, C, H, W)."""
        return rows * self.factor
