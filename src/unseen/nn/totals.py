"""Totals of event images from scaled tensors: what `unseen.collider.totals` computes, to be exported too.

Sums and products only, so that ONNX has all of it. Columns are those of
`unseen.collider.totals.TOTALS`, in that order, to about 1e-6 of their size.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from unseen.errors import DataError

# As in `unseen.collider.totals`, which this layer does not import; a test compares the two.
WINDOWS = (3, 5, 9, 15)
LEAST = 1e-3


def totals(z: Tensor) -> Tensor:
    """Return the totals of event images, shape (N, T).

    Args:
        z: (N, 3, H, W) of tracker, ECAL and HCAL, z = ln(1 + E_T / 1 GeV), not negative.

    Raises:
        DataError: Another shape.

    >>> z = torch.zeros(1, 3, 72, 58)
    >>> z[0, 0, [0, 71], 4] = math.log(6.0)
    >>> totals(z)[0, :6].round(decimals=3).tolist()
    [2.0, 0.0, 0.0, 10.0, 0.0, 0.0]

    """
    if z.ndim != 4 or z.shape[1] != 3:
        raise DataError(f"images of shape {tuple(z.shape)}; accepted: (N, 3, H, W), tracker, ECAL and HCAL")
    x, mask = torch.expm1(z), (z > 0).to(z.dtype)
    lit, sums, whole = mask.sum((2, 3)), x.sum((2, 3)), x.sum(1)
    met = _missing(x[:, 1:].sum((1, 3)))
    columns = [
        lit,
        sums,
        lit[:, :1] / sums.sum(1, keepdim=True).clamp_min(LEAST),
        met,
        sums.log1p(),
        lit.log1p(),
        (met + 10.0).log(),
        whole.amax((1, 2)).clamp_min(LEAST).log()[:, None],
        0.5 * whole.square().sum((1, 2)).clamp_min(LEAST**2).log()[:, None],
        *(pairs(mask[:, :1], window).log1p() for window in WINDOWS),
    ]
    return torch.cat(columns, dim=1)


def pairs(mask: Tensor, window: int) -> Tensor:
    """Pairs of lit pixels of masks (N, C, H, W) within a window of odd side, H going round, shape (N, C).

    Each pixel with itself once, each two within reach of each other twice.

    >>> mask = torch.zeros(1, 1, 20, 20)
    >>> mask[0, 0, [0, 1, 19], 7] = 1.0
    >>> [pairs(mask, window).item() for window in (1, 3, 5)]
    [3.0, 7.0, 9.0]
    """
    near = _ring(mask.shape[2], window) @ mask @ _strip(mask.shape[3], window)
    return (mask * near).sum((2, 3))


# Box sums as products with band matrices: twenty times faster than pooling with large windows.
def _strip(size: int, window: int) -> Tensor:
    """Ones where places of a line are within reach of each other, shape (size, size)."""
    places = torch.arange(size)
    return ((places[:, None] - places).abs() <= window // 2).float()


def _ring(size: int, window: int) -> Tensor:
    """Count how often places of a circle are within reach of each other, shape (size, size)."""
    turns = torch.arange(-(window // 2), window // 2 + 1)
    around = (torch.arange(size)[:, None] + turns) % size
    return torch.zeros(size, size).index_put((torch.arange(size)[:, None], around), torch.ones(()), True)


def _missing(rings: Tensor) -> Tensor:
    """Size of the summed transverse momentum of rings (N, H), the E_T at each azimuth, shape (N, 1)."""
    turn = 2.0 * math.pi / rings.shape[1]
    azimuth = (torch.arange(rings.shape[1], dtype=rings.dtype, device=rings.device) + 0.5) * turn
    along, across = (rings * azimuth.cos()).sum(1), (rings * azimuth.sin()).sum(1)
    return (along.square() + across.square()).sqrt()[:, None]
