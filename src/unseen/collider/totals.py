"""Totals of event images: the few numbers that a network has to beat.

`unseen.nn.totals` computes the same from scaled tensors.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unseen.errors import DataError

CHANNELS = ("tracker", "ECAL", "HCAL")
# Sides in pixels of the windows in which pairs of lit tracker pixels are counted.
WINDOWS = (3, 5, 9, 15)

NINE = (
    *(f"ln sum {channel}" for channel in CHANNELS),
    *(f"ln lit {channel}" for channel in CHANNELS),
    "ln calo MET",
    "ln largest pixel",
    "ln pixel norm",
)
"""The nine totals: ln(1 + sum E_T) and ln(1 + lit) of each channel, ln(calo MET + 10), and of the pixels
summed over channels ln of the largest and half ln of the sum of squares. E_T in GeV."""

TOTALS = (
    *(f"lit {channel}" for channel in CHANNELS),
    *(f"sum {channel}" for channel in CHANNELS),
    "hits over energy",
    "calo MET",
    *NINE,
    *(f"ln pairs {window}" for window in WINDOWS),
)
"""Columns of `totals`: lit pixels, sums of E_T (GeV), lit tracker pixels over the summed E_T of all channels
(1 / GeV), calo MET (GeV), the nine totals, and ln(1 + pairs of lit tracker pixels) in windows of k x k."""

# Sums of E_T below which an event is as good as empty, GeV; keeps logarithms and ratios finite.
LEAST = 1e-3
# Events at a time, so that every step finds them in cache.
BLOCK = 64

Floats = NDArray[np.float64]


def hits(images: NDArray[Any]) -> Floats:
    """Lit pixels of the first channel, the tracker, of images (N, C, H, W): (N,)."""
    return np.asarray((images[:, 0] > 0).sum((1, 2)), dtype=np.float64)


def ht(images: NDArray[Any]) -> Floats:
    """Transverse energy summed over pixels and channels of images (N, C, H, W), GeV: (N,)."""
    return np.asarray(images.sum((1, 2, 3), dtype=np.float64))


def met(images: NDArray[Any]) -> Floats:
    """Missing transverse energy of the calorimeters, GeV, (N,); of all channels where there is one only.

    |sum E_T (cos phi, sin phi)|; rows of pixels (H) are equal steps of phi that go round once.
    """
    rings = (images[:, 1:] if images.shape[1] > 1 else images).sum((1, 3), dtype=np.float64)
    return _missing(rings)


def totals(images: NDArray[Any]) -> tuple[tuple[str, ...], Floats]:
    """Return the totals of event images; each row depends on its own image alone, so streams may be cut.

    Calo MET is |sum E_T (cos phi, sin phi)| over ECAL and HCAL, phi at the middle of a pixel. Pairs in a
    window of side k are sum_i m_i (box_k * m)_i of the mask m of the tracker, box_k the sum over the k x k
    pixels around: each pixel with itself once, each two within reach twice. Azimuth (H) goes round, beyond
    the ends in pseudorapidity (W) there is nothing.

    Args:
        images: (N, 3, H, W) of tracker, ECAL and HCAL, E_T in GeV.

    Returns:
        The names `TOTALS` and the values (N, T).

    Raises:
        DataError: Another shape, or a value that is negative or not finite.

    >>> image = np.zeros((1, 3, 72, 58))
    >>> image[0, 0, [0, 71], 4], image[0, 2, 3, 4] = 5.0, 2.0
    >>> names, values = totals(image)
    >>> [float(values[0, names.index(name)]) for name in ("lit tracker", "sum HCAL", "hits over energy")]
    [2.0, 2.0, 0.16666666666666666]
    >>> float(np.exp(values[0, names.index("ln pairs 3")]).round(6))
    5.0

    """
    if images.ndim != 4 or images.shape[1] != len(CHANNELS):
        raise DataError(
            f"images of shape {images.shape}; accepted: (N, 3, H, W), tracker, ECAL and HCAL. "
            "Masks and sums over channels do not have these totals"
        )
    found = np.empty((len(images), len(TOTALS)))
    for start in range(0, len(images), BLOCK):
        block = np.asarray(images[start : start + BLOCK], dtype=np.float64)
        wrong = ~(np.isfinite(block) & (block >= 0))
        if wrong.any():
            row, *place = (int(axis[0]) for axis in np.nonzero(wrong))
            raise DataError(
                f"image {start + row} holds {block[(row, *place)]} in pixel {tuple(place)}; accepted: E_T of "
                "0 GeV or more"
            )
        found[start : start + BLOCK] = _totals(block)
    return TOTALS, found


def _totals(x: Floats) -> Floats:
    mask = x > 0
    lit = mask.sum((2, 3)).astype(np.float64)
    sums = x.sum((2, 3))
    whole = x.sum(1)
    missing = met(x)
    columns = [
        lit,
        sums,
        lit[:, :1] / np.maximum(sums.sum(1, keepdims=True), LEAST),
        missing[:, None],
        np.log1p(sums),
        np.log1p(lit),
        np.log(missing + 10.0)[:, None],
        np.log(np.maximum(whole.max((1, 2)), LEAST))[:, None],
        0.5 * np.log(np.maximum(np.square(whole).sum((1, 2)), LEAST**2))[:, None],
        *(np.log1p(_pairs(mask[:, 0].astype(np.float64), window))[:, None] for window in WINDOWS),
    ]
    return np.concatenate(columns, axis=1)


def _missing(rings: Floats) -> Floats:
    """Size of the summed transverse momentum of rings (N, H), the E_T at each azimuth, shape (N,)."""
    azimuth = (np.arange(rings.shape[1]) + 0.5) * (2.0 * np.pi / rings.shape[1])
    # no matrix product: its rounding depends on how many rows come together
    along, across = (rings * np.cos(azimuth)).sum(1), (rings * np.sin(azimuth)).sum(1)
    return np.asarray(np.hypot(along, across))


def _pairs(mask: Floats, window: int) -> Floats:
    """Pairs of lit pixels of masks (N, H, W) within a window of odd side, shape (N,)."""
    height, reach = mask.shape[1], window // 2
    around = mask[:, np.arange(-reach, height + reach) % height]
    wide = np.pad(around, ((0, 0), (0, 0), (reach, reach)))
    for axis in (1, 2):
        before = np.zeros_like(wide.take([0], axis=axis))
        running = np.concatenate([before, wide.cumsum(axis)], axis=axis)
        ends = np.arange(window, running.shape[axis])
        wide = running.take(ends, axis=axis) - running.take(ends - window, axis=axis)
    return np.asarray((mask * wide).sum((1, 2)))
