"""How long deviations from the usual last: covariances as sums of rhythms, and series drawn from them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

DAY, WEEK = 86_400.0, 604_800.0
LONGEST = 60 * DAY
TIMES = (1_200.0, 3_600.0, 10_800.0, 28_800.0, DAY, 4 * DAY, 14 * DAY, LONGEST)
"""Decay times in seconds."""
# what comes back at the same hour of the next days is a change of the daily course that lasts for days
DAILY = (1, 2, 3, 4, 6, 8)
BASIS = (
    *((time, 0.0) for time in TIMES),
    *((time, times / DAY) for time in TIMES if time >= DAY for times in DAILY),
    *((time, times / WEEK) for time in TIMES if time >= 14 * DAY for times in (1, 2)),
)
"""Pairs of decay time (s) and frequency (1/s): covariances exp(-|lag| / time) cos(2 pi frequency lag)."""


def curves(lags: ArrayLike) -> Floats:
    """Covariance of every rhythm at lags in seconds, shape (B, L).

    >>> curves([0.0, 1200.0])[0].round(3).tolist()
    [1.0, 0.368]
    """
    away = np.abs(np.asarray(lags, dtype=np.float64))
    times, frequencies = np.array(BASIS).T[:, :, None]
    return np.asarray(np.exp(-away / times) * np.cos(2 * np.pi * frequencies * away))


def weigh(covariance: ArrayLike, lags: ArrayLike, most: Floats | None = None) -> Floats:
    """Find the shares of the rhythms whose sum is closest to a covariance, shape (B,), none negative.

    Args:
        covariance: Shape (L,), at `lags` in seconds; a sum of rhythms is a covariance for any shares >= 0.
        most: Shape (B,), shares that may not be exceeded; without it any.

    """
    from scipy.optimize import lsq_linear

    upper = np.full(len(BASIS), np.inf) if most is None else most + 1e-9
    found = lsq_linear(curves(lags).T, np.asarray(covariance, dtype=np.float64), bounds=(0.0, upper))
    return np.asarray(np.clip(found.x, 0.0, upper))


def length_for(slots: int, step: int) -> int:
    """Slots to draw for a series of so many: what lasts longest must not reach round from end to start."""
    from scipy.fft import next_fast_len

    whole = slots + round(2 * LONGEST / step)
    return int(next_fast_len(whole + whole % 2, real=True)) // 2 * 2


def spectrum(shares: Floats, step: int, length: int) -> NDArray[np.float32]:
    """Amplitudes of the waves of a series on a circle of `length` slots, shape (length // 2 + 1,).

    The eigenvalues of a circulant covariance are its Fourier transform (Dietrich and Newsam, 1997).
    """
    places = np.arange(length)
    ring = shares @ curves(step * np.minimum(places, length - places))
    waves = np.sqrt(np.maximum(np.fft.rfft(ring).real, 0.0) * length / 2)
    waves[[0, -1]] *= np.sqrt(2.0)  # these two have no imaginary part
    return np.asarray(waves, dtype=np.float32)


def draw(rng: np.random.Generator, waves: NDArray[np.float32], slots: int) -> NDArray[np.float32]:
    """Draw a Gaussian series with this spectrum, shape (slots,), float32."""
    pairs = rng.standard_normal((len(waves), 2), dtype=np.float32)
    pairs[[0, -1], 1] = 0.0
    spread: NDArray[np.complex64] = pairs.view(np.complex64)[:, 0] * waves
    return np.asarray(np.fft.irfft(spread)[:slots], dtype=np.float32)
