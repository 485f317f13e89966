"""Known answers of a scan: the closed form of linear VAEs, and a count that is no intrinsic dimension."""

import numpy as np
import pytest

from unseen.data.symmetric import SYMMETRIC
from unseen.data.synthetic import linear_gaussian
from unseen.errors import ConfigError
from unseen.latent.scan import Setup, scan
from unseen.structure import columns, twonn
from unseen.training.loop import Plan


def test_linear_units_to_three_per_cent():
    rows = linear_gaussian(1500, (4.0, 2.0, 1.0, 0.5, 0.05, 0.02), seed=1).X
    setup = Setup((), plan=Plan(steps=2000, rate=0.02, batch=512))
    (fit,) = scan(rows, betas=[0.2], seeds=[0], setup=setup).fits
    law = fit.predicted
    assert law.counted == 4
    assert fit.sorted_ratio[:4] == pytest.approx(law.relevance[:4], rel=0.03)
    divergence = np.sort(fit.relevance.divergence)[::-1]
    assert divergence[:4] == pytest.approx(law.divergence[:4], rel=0.03)
    assert fit.sorted_ratio[4:].max() < 0.05
    assert divergence[4:].max() < 0.002
    assert fit.means.shape == (1500, 8)
    assert fit.means.std(axis=0)[:4].min() > fit.means.std(axis=0)[4:].max()


def test_a_circle_is_counted_as_two_and_is_one():
    found = columns(SYMMETRIC["circle"](1200, 0).values)
    seen = scan(found.standard, betas=[0.1], seeds=[0], setup=Setup(plan=Plan(steps=1000, rate=2e-3)))
    assert seen.counted(0.1)["rho > 1"] == (2,)
    assert seen.counted(0.5) == {}
    assert twonn(found.standard).value == pytest.approx(1.0, abs=0.1)


def test_the_same_seed_gives_the_same_bits_and_the_last_state_is_kept():
    rows = np.random.default_rng(0).normal(size=(300, 2))
    setup = Setup((8,), latent=3, plan=Plan(steps=40, check_every=10))
    one, same, other = (scan(rows, betas=[0.1], seeds=[seed], setup=setup).fits[0] for seed in (0, 0, 1))
    assert np.array_equal(one.relevance.ratio, same.relevance.ratio)
    assert not np.array_equal(one.relevance.ratio, other.relevance.ratio)
    assert one.relevance.units == 3


@pytest.mark.parametrize(("betas", "seeds"), [([], [0]), ([0.1], []), ([0.1, 0.0], [0])])
def test_a_scan_of_nothing_is_refused(betas, seeds):
    with pytest.raises(ConfigError, match="accepted: some, betas above 0"):
        scan(np.zeros((10, 2)), betas=betas, seeds=seeds)
