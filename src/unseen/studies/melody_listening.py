"""Windows to look at and to listen to: what one unit does, and what is lost without noise units."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unseen.latent.relevance import Relevance
from unseen.models.network import Network
from unseen.music.tokens import Tokens
from unseen.seeds import generator
from unseen.studies.melody_reading import played

Floats = NDArray[np.float64]
# Of a traversal, in standard deviations of the unit over the windows.
PLACES = (-2.0, -1.0, 0.0, 1.0, 2.0)


def traversal(network: Network, base: Floats, relevance: Relevance, unit: int) -> Tokens:
    """Decode a code (Z,) with one unit moved through `PLACES`, shape (5, T)."""
    moved = np.repeat(base[None], len(PLACES), axis=0)
    spread = float(np.sqrt(relevance.variance[unit]))
    moved[:, unit] = relevance.centre[unit] + spread * np.array(PLACES)
    return played(network, moved)


def imagined(relevance: Relevance, music: NDArray[np.bool_], count: int, seed: int) -> Floats:
    """Draw codes nobody wrote: music units as spread as those of windows, the rest at their means, (count, Z).

    No tune of the corpus stands behind them, so that they may be shown and sent.
    """
    noise = generator(seed, 75).standard_normal((count, relevance.units))
    spread = np.where(music, np.sqrt(relevance.variance), 0.0)
    return np.asarray(relevance.centre + spread * noise)


def with_noise(base: Floats, relevance: Relevance, music: NDArray[np.bool_], seed: int) -> Floats:
    """Set the noise units of codes (N, Z) to draws from the prior, which is all they ever say."""
    noise = generator(seed, 76).standard_normal(base.shape)
    return np.asarray(np.where(music, base, noise * relevance.sigma))
