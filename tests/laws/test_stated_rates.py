"""Law: over many fits, the realised false-alarm rate of fresh normal rows is the stated one."""

import math
import warnings

import numpy as np
import pytest

from unseen import AwareDetector
from unseen.models.autoencoder import AutoEncoder
from unseen.models.neighbours import Neighbours
from unseen.models.network import Dense
from unseen.training.loop import Plan

# far too long for so few rows: the rows it learned from look more normal than fresh ones ever will
OVERFIT = Plan(steps=150, rate=1e-2, batch=32, check_every=150)
STATED, FITS, FRESH = 0.1, 20, 400


@pytest.fixture(scope="module")
def realised():
    """Realised rates before and after being told, (FITS, 2), and the rate that so few rows can state."""
    rates = []
    for seed in range(FITS):
        random = np.random.default_rng(seed)
        normal, known = random.normal(size=(120, 8)), random.normal(2.0, 1.0, size=(6, 8))
        fresh = random.normal(size=(FRESH, 8))
        detector = AwareDetector(
            AutoEncoder(Dense((32,)), latent=6),
            learn=OVERFIT,
            tune=OVERFIT,
            neighbours=Neighbours(),
            seed=seed,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            before = (detector.fit(normal).p_values(fresh) <= STATED).mean()
            after = (detector.fine_tune(known).p_values(fresh) <= STATED).mean()
        held_out = len(detector.calibration_)
        rates.append((before, after))
    return np.array(rates), math.floor(STATED * (held_out + 1)) / (held_out + 1)


@pytest.mark.parametrize("stage", [0, 1], ids=["unaided", "told"])
def test_the_stated_rate_is_the_mean_over_fits(realised, stage):
    """E[rate] = floor(a (n + 1)) / (n + 1), exactly, where no calibration row was learned from."""
    rates, expected = realised
    error = rates[:, stage].std() / math.sqrt(FITS)
    assert abs(rates[:, stage].mean() - expected) < 3.5 * error
    assert error < 0.03
