"""Made-up films whose label can be learned in seconds: a smooth field, with a bright disc for the finding."""

import numpy as np
from scipy.ndimage import gaussian_filter

from unseen.seeds import generator


def made_films(count, *, size=28, seed=0):
    """Films (N, S, S), uint8, and labels (N,)."""
    rng = generator(seed)
    labels = (np.arange(count) % 3 > 0).astype(np.uint8)
    smooth = gaussian_filter(rng.normal(size=(count, size, size)), (0, size / 9, size / 9))
    films = 0.45 + 0.12 * smooth / smooth.std((1, 2), keepdims=True)
    rows, columns = np.mgrid[:size, :size] / size
    for film, label in zip(films, labels, strict=True):
        y, x = rng.uniform(0.3, 0.7, 2)
        film += 0.35 * label * (np.hypot(rows - y, columns - x) < 0.14)
    return (255 * np.clip(films, 0, 1)).astype(np.uint8), labels
