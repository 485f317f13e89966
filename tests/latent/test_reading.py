"""Codes of fitted networks: the closed form of a linear one, and every detector that has a code."""

import copy
from functools import cache
from typing import get_args

import numpy as np
import pytest
import torch
from examples import example

from unseen.detectors.aware import AwareDetector
from unseen.errors import ConfigError, DataError
from unseen.latent import counts, read, weighing
from unseen.latent.coding import code_of
from unseen.latent.reading import network_of
from unseen.latent.traverse import traverse
from unseen.latent.weighing import ablations, gains
from unseen.models.choices import AnyModel
from unseen.models.network import Dense
from unseen.models.vae import VAE
from unseen.training.loop import Plan

BETA = 0.2
# One configuration of each model that has a code; what else varies does not reach it.
CODED = [
    "vae", "auto-encoder", "two members", "quantiles", "convolution", "dirichlet", "qcd or what", "dual",
    "dual, combined", "dual, categories",
]  # fmt: skip
CODELESS = ["classifier", "transformer", "committee, by its labels"]


EIGENVALUES = np.array([2.5, 1.0, 0.42, 0.08])


@cache
def linear():
    """A linear VAE with a unit to spare, and rows whose correlation matrix has these eigenvalues."""
    axes = np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]]) / 2
    X = np.random.default_rng(0).normal(size=(6000, 4)) * np.sqrt(EIGENVALUES) @ axes
    # looked at once, at the end: the held-out loss, at the posterior mean, does not see the code turn
    plan = Plan(steps=3000, rate=3e-2, batch=500, check_every=3000)
    detector = AwareDetector(VAE(Dense(()), latent=5, beta=BETA), learn=plan, seed=0).fit(X)
    scaled = detector.scaled(X).double().numpy()
    return detector, X, np.sort(np.linalg.eigvalsh(np.cov(scaled.T)))[::-1]


def test_a_linear_network_has_the_relevance_of_the_closed_form():
    """Rho and KL within 3 % where a unit is used; where not, rho < 0.05 and KL < 0.002 nat."""
    detector, X, eigenvalues = linear()
    found, order = read(detector, X).relevance, read(detector, X).relevance.order()
    ratio = eigenvalues[:3] / (BETA / 2)
    np.testing.assert_allclose(found.ratio[order][:3], np.sqrt(ratio - 1), rtol=0.03)
    np.testing.assert_allclose(found.divergence[order][:3], 0.5 * np.log(ratio), rtol=0.03)
    assert (found.ratio[order][3:] < 0.05).all()
    assert (found.divergence[order][3:] < 0.002).all()


def test_a_linear_network_has_the_weights_and_losses_of_the_closed_form():
    """Slope^2 = lambda - s^2; the error without a unit rises by (lambda - s^4 / lambda) / D."""
    detector, X, eigenvalues = linear()
    code = code_of(network_of(detector), detector.scaled(X))
    order = np.argsort(-code.mean.std(0))
    columns = network_of(detector).decoder[-1].weight.detach().double().numpy()
    np.testing.assert_allclose(gains(code), np.square(columns).sum(0), rtol=1e-4)
    np.testing.assert_allclose(gains(code)[order][:3], eigenvalues[:3] - BETA / 2, rtol=0.05)
    lost = ablations(code, np.arange(5), code.mean.mean(0))
    law = (eigenvalues - (BETA / 2) ** 2 / eigenvalues)[:3] / 4
    np.testing.assert_allclose(lost[order][:3], law, rtol=0.05)


def test_slopes_by_random_signs_are_those_unit_by_unit(monkeypatch):
    detector, X, _ = linear()
    code = code_of(network_of(detector), detector.scaled(X[:500]))
    exact = gains(code)
    monkeypatch.setattr(weighing, "EACH", 0)
    np.testing.assert_allclose(gains(code), exact, rtol=0.1)
    np.testing.assert_array_equal(gains(code), gains(code))


def test_units_that_count_rebuild_and_the_spare_one_does_not():
    detector, X, _ = linear()
    found = read(detector, X)
    assert abs(found.zero.joint[0]) < 1e-3
    assert found.zero.none[0] > 0.9  # standardised rows: an error of about 1 without any code
    assert (np.diff(found.zero.top[:, 0]) <= 1e-9).all()
    assert found.zero.top[0, 0] < found.zero.chance[:, 0, 0].mean()


def test_every_model_a_detector_takes_is_among_them():
    made = {type(example(name).detector.model) for name in CODED}
    assert made == set(get_args(AnyModel))


@pytest.mark.parametrize("name", CODED)
def test_every_detector_with_a_code_is_read(name):
    one = example(name)
    detector = one.fitted
    before = copy.deepcopy(network_of(detector).state_dict())
    state = torch.random.get_rng_state()
    found = read(detector, one.rows.fresh[:80])
    measures = found.relevance
    assert measures.units == len(found.names) >= 3
    assert np.isfinite(measures.weight).all()
    assert (measures.weight >= 0).all()
    assert np.isfinite(measures.variance).all()
    assert counts(measures)["99 % of decoder weight"] >= 1
    assert np.isfinite([*found.zero.full, *found.zero.none, *found.zero.together]).all()
    assert found.zero.full[0] == pytest.approx(found.code.errors(found.code.mean).mean(), rel=1e-5)
    spread = "auto-encoder" not in name and "dual" not in name and "qcd" not in name
    assert measures.spread == spread
    assert np.isfinite(measures.divergence).all() == spread
    assert bool((torch.random.get_rng_state() == state).all())
    after = network_of(detector).state_dict()
    assert all(bool((before[key] == after[key]).all()) for key in before)
    again = read(detector, one.rows.fresh[:80])
    np.testing.assert_array_equal(again.relevance.weight, measures.weight)


@pytest.mark.parametrize("name", CODED)
def test_a_code_is_rebuilt_as_the_network_itself_would(name):
    one = example(name)
    detector = one.fitted
    rows = detector.scaled(one.rows.fresh[:20])
    network = network_of(detector)
    code = code_of(network, rows)
    with torch.no_grad():
        out = network(rows)
    np.testing.assert_allclose(code.expected(code.mean), out.likelihood.mean.flatten(1), atol=1e-5)
    np.testing.assert_allclose(code.errors(code.mean), out.error(rows), rtol=1e-4, atol=1e-6)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", CODELESS)
def test_a_detector_without_a_code_says_so_in_one_line(name):
    one = example(name)
    detector = one.quick().fit(one.rows.normal)
    with pytest.raises(ConfigError, match="has no latent code to read; accepted: AwareDetector") as caught:
        read(detector, one.rows.fresh)
    assert "\n" not in str(caught.value)


def test_the_second_network_is_there_only_after_telling():
    one = example("vae")
    detector = one.quick().fit(one.rows.normal)
    with pytest.raises(ConfigError, match="has not been told of any anomaly"):
        read(detector, one.rows.fresh, told=True)
    detector.fine_tune(one.rows.known)
    first, second = (read(detector, one.rows.fresh, told=told) for told in (False, True))
    assert (first.code.mean != second.code.mean).any()


def test_members_that_are_not_there_and_too_few_rows():
    one = example("vae")
    detector = one.quick().fit(one.rows.normal)
    with pytest.raises(ConfigError, match="member 1 came; accepted: 0 to 0"):
        read(detector, one.rows.fresh, member=1)
    with pytest.raises(DataError, match="12 rows came; accepted: 50 or more"):
        read(detector, one.rows.fresh[:12])
    with pytest.raises(DataError, match="NaN"):
        read(detector, np.full((60, 6), np.nan))


def test_a_traversal_moves_what_the_unit_stands_for_in_its_own_units():
    detector, X, _ = linear()
    found = read(detector, X)
    unit = int(found.relevance.order()[0])
    (path,) = traverse(found.code, np.array([unit]), reading=detector.unscaled)
    columns = (
        network_of(detector).decoder[-1].weight.detach().double().numpy()[:, unit] * detector.scaler_.width
    )
    np.testing.assert_allclose(
        path.features[-1] - path.features[0], columns * (path.values[-1] - path.values[0]), rtol=1e-3
    )
    assert path.typical.shape == (7, 4)
