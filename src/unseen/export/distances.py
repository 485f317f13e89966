"""Searches for neighbours that can be traced: the trees of `unseen.models.neighbours` cannot."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from unseen.models.neighbours import Bank

# Distance over the size of two codes below which they are one.
SAME = 1e-6


class Distances(nn.Module):
    """Distances to the nearest of some codes (R, P): |a|^2 - 2 a b + |b|^2, in double precision.

    A batch of N rows takes 8 N R bytes; R is 10,000 unless `Neighbours(reference=...)` says otherwise.
    """

    codes: Tensor

    def __init__(self, codes: Tensor, k: int) -> None:
        super().__init__()
        self.k = k
        self.register_buffer("codes", codes.double().T.contiguous())

    def forward(self, codes: Tensor) -> tuple[Tensor, Tensor]:
        """Distances and places of the k nearest, both (N, k)."""
        size = codes.square().sum(1, keepdim=True)
        squares = self.codes.square().sum(0)  # found once by whoever loads the file, and not stored in it
        square = size - 2.0 * (codes @ self.codes) + squares
        nearest = (-square).topk(self.k, dim=1)
        found = -nearest.values
        # codes are known to single precision: what lies closer than that is the same row
        apart = found > SAME**2 * (size + squares[nearest.indices])
        return torch.where(apart, found, torch.zeros_like(found)).sqrt(), nearest.indices


class Encode(nn.Module):
    """`Bank.encode`, in double precision."""

    centre: Tensor
    axes: Tensor

    def __init__(self, bank: Bank) -> None:
        super().__init__()
        self.front, self.norm, self.rest = bank.front, bank.norm, bank.rest
        self.register_buffer("centre", bank.centre.double())
        self.register_buffer("axes", bank.axes.double())

    def forward(self, x: Tensor) -> Tensor:
        """Codes (N, P) of scaled rows."""
        features = x.flatten(1) if self.front is None else self.front(x, self.norm)
        away = features.double() - self.centre
        codes = away @ self.axes
        if not self.rest:
            return codes
        left = (away - codes @ self.axes.T).square().sum(1, keepdim=True)
        return torch.cat([codes, self.rest * left.sqrt()], dim=1)


class Near(nn.Module):
    """`Neighbouring.rows`."""

    scale: Tensor
    least: Tensor

    def __init__(self, bank: Bank) -> None:
        super().__init__()
        self.encode, self.distances = Encode(bank), Distances(bank.codes, bank.k)
        self.register_buffer("scale", bank.own.double() ** bank.power)
        self.register_buffer("least", torch.tensor(1e-12).log().double())

    def forward(self, x: Tensor) -> Tensor:
        """Strangeness (N,)."""
        distance, place = self.distances(self.encode(x))
        mean = (distance / self.scale[place]).mean(1)
        # of rows that repeat evidence counts every digit of the least score: it is that of single precision
        return torch.where(mean > 1e-12, mean.clamp_min(1e-12).log(), self.least)


class Between(nn.Module):
    """`Nearness.rows`."""

    def __init__(self, bank: Bank, known: Tensor) -> None:
        super().__init__()
        self.encode, self.normal = Encode(bank), Distances(bank.codes, bank.k)
        self.told = Distances(known, min(3, len(known)))
        self.floor = 0.05 * float(bank.own.median())

    def forward(self, x: Tensor) -> Tensor:
        """Ln of the distance ratio (N,)."""
        codes: Any = self.encode(x)
        normal, told = (found(codes)[0].mean(1) for found in (self.normal, self.told))
        return torch.as_tensor((normal + self.floor).log() - (told + self.floor).log())
