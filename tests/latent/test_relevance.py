"""Measures of units and the rules that count them, on codes with known answers."""

import numpy as np
import pytest

from unseen.errors import DataError
from unseen.latent import agreement, counts, measure
from unseen.latent.rules import RULES, above_gap, above_one, carries_weight, gap, marked

EIGENVALUES = np.array([4.0, 2.0, 1.0, 0.5, 0.05, 0.02])


def linear_code(rows=40_000, decoder=0.1):
    """Means and spreads of the code of a linear VAE on data of these eigenvalues, in closed form."""
    share = np.minimum(decoder / EIGENVALUES, 1.0)
    mean = np.random.default_rng(0).normal(size=(rows, 6))
    mean = (mean - mean.mean(0)) / mean.std(0) * np.sqrt(1 - share)
    return mean, np.broadcast_to(np.sqrt(share), mean.shape)


def test_a_linear_code_has_the_ratios_and_nats_of_the_closed_form():
    found = measure(*linear_code())
    np.testing.assert_allclose(found.ratio, [6.245, 4.359, 3.0, 2.0, 0.0, 0.0], atol=5e-4)
    np.testing.assert_allclose(found.divergence, [1.844, 1.498, 1.151, 0.805, 0.0, 0.0], atol=5e-4)
    assert found.order().tolist()[:4] == [0, 1, 2, 3]


def test_every_rule_finds_the_four_units_of_a_linear_code():
    mean, sigma = linear_code()
    found = measure(mean, sigma, weight=EIGENVALUES * np.array([1, 1, 1, 1, 1e-3, 1e-3]))
    assert counts(found) == dict.fromkeys(RULES, 4)
    assert gap(found).above == pytest.approx(2.0, abs=1e-3)


def test_the_gap_of_512_units_is_the_one_a_person_sees():
    """Ratios of a music code: 19 units from 9 to 1.67, then 0.27 and falling."""
    ratio = np.concatenate([np.geomspace(9, 1.67, 19), np.geomspace(0.27, 0.01, 493)])
    units = np.random.default_rng(1).normal(size=(800, 512))
    units = (units - units.mean(0)) / units.std(0)
    found = measure(units * ratio * 0.5, np.full_like(units, 0.5))
    assert above_gap(found).sum() == 19
    assert (gap(found).above, gap(found).below) == (pytest.approx(1.67), pytest.approx(0.27, abs=0.01))


@pytest.mark.parametrize(
    ("ratio", "expected"),
    [([14.1, 13.9], 2), ([0.0, 0.01], 0), ([5.0], 1), ([0.02], 0), ([3.0, 2.9, 0.3, 0.001], 2)],
)
def test_the_gap_of_small_codes(ratio, expected):
    """Without a spare unit all count, without a used one none does, and tiny ratios make no gap."""
    units = np.random.default_rng(2).normal(size=(400, len(ratio)))
    units = (units - units.mean(0)) / units.std(0)
    assert above_gap(measure(units * ratio, np.ones_like(units))).sum() == expected


def test_relevant_and_spare_units_add_up_by_every_rule():
    rng = np.random.default_rng(3)
    found = measure(rng.normal(size=(300, 40)) * rng.uniform(0, 2, 40), rng.uniform(0.1, 1.2, (300, 40)))
    for marks in marked(found).values():
        assert marks.sum() + (~marks).sum() == found.units == 40


def test_a_code_without_spread_has_variances_and_weights_alone():
    mean = np.random.default_rng(4).normal(size=(200, 3)) * [1.0, 0.5, 0.01]
    found = measure(mean, weight=[3.0, 5.0, 0.001])
    assert not found.spread
    assert np.isnan(found.ratio).all()
    assert np.isnan(found.divergence).all()
    assert set(counts(found)) == {"Var mu > 0.01", "99 % of decoder weight"}
    assert found.order().tolist() == [1, 0, 2]


def test_a_unit_without_spread_stands_beside_units_with_it():
    rng = np.random.default_rng(5)
    sigma = np.column_stack([np.full(200, 0.5), np.zeros(200)])
    found = measure(rng.normal(size=(200, 2)), sigma)
    assert np.isnan(found.ratio).tolist() == [False, True]
    assert above_one(found).tolist() == [True, False]
    assert found.order().tolist() == [0, 1]


def test_the_share_of_the_decoder_weight_is_reached_exactly():
    found = measure(np.random.default_rng(6).normal(size=(50, 3)), weight=[99.0, 1.0, 0.0])
    assert carries_weight(found).tolist() == [True, False, False]


def test_measures_that_rank_alike_agree_and_those_that_do_not_disagree():
    mean, sigma = linear_code(2_000)
    found = agreement(measure(mean, sigma, weight=[1, 2, 3, 4, 5, 6], ablation=np.zeros(6)))
    assert found["rho", "KL"] > 0.9
    assert found["rho", "weight"] < -0.9
    assert np.isnan(found["rho", "ablation"])


@pytest.mark.parametrize(
    ("mean", "sigma", "words"),
    [
        (np.zeros(5), None, r"mean of shape \(5,\) came"),
        (np.zeros((1, 3)), None, r"two rows or more"),
        (np.full((4, 2), np.nan), None, "8 values that are not finite .first: row 0, unit 0"),
        (np.zeros((4, 2)), np.ones((4, 3)), "sigma of shape"),
        (np.zeros((4, 2)), -np.ones((4, 2)), "values below 0"),
        (np.zeros((4, 2)), np.full((4, 2), np.inf), "not finite"),
    ],
)
def test_codes_that_are_none(mean, sigma, words):
    with pytest.raises(DataError, match=words):
        measure(mean, sigma)
