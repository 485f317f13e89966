"""Scores: values worked by hand, and parts that add up to the score for every one of them."""

import math

import pytest
import torch

from unseen.nn.distributions import Bernoulli, DiagonalNormal, Gaussian, Pass, Point
from unseen.scores import Divergence, Latent, Reconstruction, Residual, Robust, Sum

SCORES = [
    Reconstruction(),
    Robust(),
    Robust(scale=2.0),
    Residual(),
    Residual(floor=1.0),
    Divergence(),
    Latent(),
    Sum((Reconstruction(), Divergence()), (1.0, 0.05)),
    Sum((Residual(), Latent(), Sum((Robust(),), (2.0,))), (0.5, 0.25, 0.125)),
]


def a_pass(rows=40, features=6, units=3, seed=0, image=False):
    random = torch.Generator().manual_seed(seed)
    mean = torch.randn(rows, features, generator=random)
    x = mean + torch.randn(rows, features, generator=random) * torch.linspace(0.1, 3, features)
    code = DiagonalNormal(
        torch.randn(rows, units, generator=random) * 2 + 1, torch.randn(rows, units, generator=random)
    )
    if image:
        mean, x = mean.view(rows, 1, 2, -1), x.view(rows, 1, 2, -1)
    return Pass(code, Gaussian(mean)), x


@pytest.mark.parametrize("score", SCORES, ids=repr)
@pytest.mark.parametrize("image", [False, True], ids=["table", "image"])
def test_parts_are_named_non_negative_and_add_up_to_the_score(score, image):
    normal, x = a_pass(seed=1, image=image)
    state = score.fit(normal, x)
    out, x = a_pass(seed=2, image=image)
    parts, names = score.parts(out, x, state), score.names([f"f{i}" for i in range(6)], 3)
    assert parts.shape == (40, len(names))
    assert bool((parts >= 0).all())
    assert torch.allclose(parts.sum(1), score.rows(out, x, state), rtol=1e-5)
    assert float(score.rows(out, x, state).std()) > 0


@pytest.mark.parametrize("score", SCORES, ids=repr)
def test_the_score_of_a_row_is_its_own(score):
    normal, x = a_pass(seed=1)
    state = score.fit(normal, x)
    order = torch.randperm(40, generator=torch.Generator().manual_seed(0))
    out, x = a_pass(seed=2)
    turned = Pass(
        DiagonalNormal(out.posterior.mean[order], out.posterior.log_variance[order]),
        Gaussian(out.likelihood.mean[order]),
    )
    assert torch.allclose(score.rows(turned, x[order], state), score.rows(out, x, state)[order], rtol=1e-5)


def one_row(error, code=(0.0,), log_variance=(0.0,)):
    x = torch.tensor([error]).sqrt()
    units = DiagonalNormal(torch.tensor([code]), torch.tensor([log_variance]))
    return Pass(units, Gaussian(torch.zeros_like(x))), x


def test_values_worked_by_hand():
    out, x = one_row([1.0, 3.0, 8.0], code=(2.0, 0.0), log_variance=(0.0, 1.0))
    assert Reconstruction().rows(out, x, {}).item() == pytest.approx(4.0)
    assert Reconstruction().parts(out, x, {})[0].tolist() == pytest.approx([1 / 3, 1.0, 8 / 3])
    assert Robust(scale=1.0).rows(out, x, {}).item() == pytest.approx(math.log(2 * 4 * 9) / 3)
    assert Robust(scale=0.5).rows(out, x, {}).item() == pytest.approx(math.log(5 * 13 * 33) / 3)
    assert Divergence().parts(out, x, {})[0].tolist() == pytest.approx([2.0, (math.e - 2) / 2])
    total = Sum((Reconstruction(), Divergence()), (2.0, 10.0))
    assert total.rows(out, x, {}).item() == pytest.approx(2 * 4 + 10 * (2 + (math.e - 2) / 2))


def test_the_residual_is_measured_by_each_features_normal_size():
    """v = (1, 4) on normal rows and no floor: a squared error of 4 counts 4 there, 1 here, halved by D."""
    normal, x = one_row([1.0, 4.0])
    state = Residual(floor=0.0).fit(normal, x)
    for error, expected in (([4.0, 0.0], 2.0), ([0.0, 4.0], 0.5), ([1.0, 4.0], 1.0)):
        out, row = one_row(error)
        assert Residual().rows(out, row, state).item() == pytest.approx(expected)


def test_a_feature_that_is_always_right_does_not_divide_by_zero():
    normal, x = one_row([0.0, 1.0])
    out, row = one_row([1.0, 1.0])
    assert Residual().rows(out, row, Residual().fit(normal, x)).item() == pytest.approx(
        (1 / 0.05 + 1 / 1.05) / 2
    )
    silent, zero = one_row([0.0, 0.0])
    assert bool(torch.isfinite(Residual().rows(out, row, Residual().fit(silent, zero))).all())


def test_the_latent_distance_is_that_of_the_normal_codes():
    """Codes of mean 1 and variance 4: a code three standard deviations off scores 9, whatever its unit."""
    random = torch.Generator().manual_seed(0)
    codes = 1 + 2 * torch.randn(100_000, 1, generator=random)
    zeros = torch.zeros(100_000, 1)
    state = Latent().fit(Pass(Point(codes), Gaussian(zeros)), zeros)
    out = Pass(Point(torch.tensor([[1.0], [7.0]])), Gaussian(zeros[:2]))
    assert Latent().rows(out, zeros[:2], state).tolist() == pytest.approx([0.0, 9.0], abs=0.1)


def test_a_silent_latent_unit_does_not_drown_the_others():
    codes = torch.stack([torch.linspace(-1, 1, 100), torch.zeros(100)], 1)
    zeros = torch.zeros(100, 1)
    state = Latent().fit(Pass(Point(codes), Gaussian(zeros)), zeros)
    hair = Latent().rows(Pass(Point(torch.tensor([[0.0, 1e-3]])), Gaussian(zeros[:1])), zeros[:1], state)
    assert hair.item() < 0.01


def test_the_score_reads_the_likelihood_it_is_given():
    x = torch.tensor([[0.0, 1.0]])
    out = Pass(Point(torch.zeros(1, 1)), Bernoulli(torch.tensor([[0.0, 0.0]])))
    assert Reconstruction().rows(out, x, {}).item() == pytest.approx(math.log(2))
