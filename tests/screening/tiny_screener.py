"""A screener small enough to be trained within seconds, and the made-up films it learns."""

import numpy as np

from unseen.pictures.films import made_up_film
from unseen.screening.films import Films, FilmSets
from unseen.screening.gate import GateSettings
from unseen.screening.network import FilmDesign
from unseen.screening.screener import Screener
from unseen.screening.training import FilmPlan
from unseen.training.loop import Plan


def films(count, seed, side=28):
    """Made-up films; every other one has the finding, a bright patch in the lower half."""
    rng = np.random.default_rng(seed)
    pixels = np.stack([made_up_film(int(rng.integers(1 << 30)), side) for _ in range(count)])
    findings, size = np.arange(count) % 2, side * 6 // 28
    for at in np.flatnonzero(findings):
        row, column = rng.integers(side // 2, side - size), rng.integers(side // 7, side - size - side // 7)
        pixels[at, row : row + size, column : column + size] += 0.35
    return Films(np.clip(pixels, 0, 1)[:, None].astype(np.float32), findings)


SETS = FilmSets(films(200, 0), films(120, 1), {"elsewhere": films(240, 2)}, ("normal", "patch"))


def tiny_screener():
    design = FilmDesign(stages=((8,), (16,)), members=1, phases=False)
    stages = {"learn": Plan(steps=60, batch=64), "tune": Plan(steps=40, rate=5e-4, batch=64)}
    return Screener(
        film=FilmPlan(design=design, epochs=12, batch=32), gate=GateSettings(each=20, **stages)
    ).fit(SETS)
