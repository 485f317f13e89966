"""The distribution of one number among normal rows: interpolated in the middle, generalised Pareto beyond."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Floats = NDArray[np.float64]

# Levels at which the middle is known.
KNOTS = 37
# Rows beyond each end of the middle: 5 % of all, or ten where these are more, but at most a quarter.
TAIL_SHARE, TAIL_ROWS, MOST = 0.05, 10, 0.25
# Bounds of the shape of a tail. Below 0 it would end, and all rows beyond its end would be equally strange.
SHAPES = (1e-3, 0.5)
# Keeps the division by a piece without width from being one by nothing; its result is not used.
LEAST_WIDTH = 1e-30


def fit_tails(values: Tensor, weights: Tensor | None = None) -> dict[str, Tensor]:
    """Learn the distribution F of values (n,) of weights (n,).

    The middle is the mid-rank distribution, interpolated between its quantiles. Beyond the 5 % and 95 %
    points (further in where fewer than ten rows lie beyond) excesses y follow a generalised Pareto law

        S(y) = share (1 + xi y / sigma)^(-1 / xi),

    with xi and sigma by probability-weighted moments, xi within [0.001, 0.5].

    Reference: Hosking and Wallis, Technometrics 29 (1987) 339.
    """
    x = values.double().numpy()
    w = np.ones(len(x)) if weights is None else weights.double().numpy()
    share = min(MOST, max(TAIL_SHARE, TAIL_ROWS / max(1, int((w > 0).sum()))))
    points, place = np.unique(x, return_inverse=True)
    mass = np.bincount(place, weights=w) / w.sum()
    levels = np.linspace(share, 1.0 - share, KNOTS)
    knots = np.interp(levels, mass.cumsum() - 0.5 * mass, points)
    least = 1e-6 * float(np.abs(points).max()) + 1e-12
    upper = _tail(points, mass, knots, share, least)
    lower = _tail(-points[::-1], mass[::-1], -knots[::-1], share, least)
    return {
        "knots": torch.tensor(knots, dtype=torch.float32),
        "tails": torch.tensor([upper, lower], dtype=torch.float32),
        "share": torch.tensor(share, dtype=torch.float32),
    }


def _tail(points: Floats, mass: Floats, knots: Floats, share: float, least: float) -> tuple[float, float]:
    """Shape and scale of the excesses above the last knot."""
    beyond = points > knots[-1]
    # where nothing lies beyond, the tail falls off as the middle does
    middle = (knots[-1] - knots[KNOTS // 2]) / math.log(0.5 / share)
    if not beyond.any():
        return SHAPES[0], max(float(middle), least)
    excess, part = points[beyond] - knots[-1], mass[beyond] / mass[beyond].sum()
    mean = float(part @ excess)
    lower = float(part @ (excess * (1.0 - (part.cumsum() - 0.5 * part))))
    spread = mean - 2.0 * lower
    shape = 2.0 - mean / spread if spread > 0 else SHAPES[1]
    shape = min(max(shape, SHAPES[0]), SHAPES[1])
    return shape, max(mean * (1.0 - shape), least)


def log_tails(x: Tensor, state: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
    """-ln(1 - F) and -ln F of values (N,), both (N,): how far up and how far down a value lies, in nats."""
    knots, share = state["knots"], state["share"]
    widths, past = knots[1:] - knots[:-1], x[:, None] - knots[:-1]
    # what each piece of the middle has added up to x; a value that many rows share stands at its mid-rank
    steps = torch.where(
        widths > 0, (past / widths.clamp_min(LEAST_WIDTH)).clamp(0.0, 1.0), 0.5 + 0.5 * past.sign()
    )
    below = share + (1.0 - 2.0 * share) * steps.mean(1)
    high = _beyond(x - knots[-1], state["tails"][0], share)
    low = _beyond(knots[0] - x, state["tails"][1], share)
    over, under = x > knots[-1], x < knots[0]
    up = torch.where(over, high, torch.where(under, -torch.log1p(-torch.exp(-low)), -torch.log1p(-below)))
    down = torch.where(under, low, torch.where(over, -torch.log1p(-torch.exp(-high)), -torch.log(below)))
    return up, down


def _beyond(excess: Tensor, tail: Tensor, share: Tensor) -> Tensor:
    """-ln of the probability of a larger excess, shape (N,)."""
    shape, scale = tail[0], tail[1]
    return torch.log1p(shape * excess.clamp_min(0.0) / scale) / shape - torch.log(share)
