"""Losses: value, slope and limits of every awareness loss, and the reductions that give beta its meaning."""

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from unseen.nn.distributions import Bernoulli, DiagonalNormal, Gaussian, Pass, Point
from unseen.objectives import (
    Abc,
    AeSad,
    Awareness,
    Hinge,
    Inverse,
    Ramp,
    RampCapped,
    Sigmoid,
    Told,
    Uniform,
    aware_rows,
    elbo,
)
from unseen.registry import LOSSES

E = [0.01, 0.1, 0.5, 1.0, 1.9, 3.0, 10.0]


def told(excess, *, ramp=1.0, level=0.0, divergence=0.25, tau=1.0) -> Told:
    """Known anomalies of one feature, x = 0 and x' = sqrt(e tau)."""
    excess = torch.as_tensor(excess, dtype=torch.float32)
    return Told(
        excess=excess,
        divergence=torch.full_like(excess, divergence),
        reconstruction=(excess * tau).sqrt()[:, None],
        x=torch.zeros(len(excess), 1),
        level=torch.tensor(float(level)),
        ramp=ramp,
        tau=tau,
    )


def slope(loss: Awareness, excess, **more) -> Tensor:
    """dA/de of each row."""
    e = torch.as_tensor(excess, dtype=torch.float32).requires_grad_()
    values = loss(replace(told(e.detach(), **more), excess=e))
    (gradient,) = torch.autograd.grad(values.sum(), e)
    return gradient


def sigmoid(e):
    return 1 / (1 + math.exp(-e))


# loss, value and slope in e at full ramp with divergence 0.25 and level 0: the closed forms of the papers
CASES = [
    (Abc(), lambda e: -math.log(1 - math.exp(-e)), lambda e: -1 / (math.exp(e) - 1)),
    (Abc(weight=0.1), lambda e: -0.1 * math.log(1 - math.exp(-e)), lambda e: -0.1 / (math.exp(e) - 1)),
    (Hinge(), lambda e: max(0.0, 2 - e), lambda e: -1.0 if e < 2 else 0.0),
    (Hinge(margin=0.7, weight=3.0), lambda e: 3 * max(0.0, 0.7 - e), lambda e: -3.0 if e < 0.7 else 0.0),
    (Sigmoid(), lambda e: -2 * sigmoid(e), lambda e: -2 * sigmoid(e) * (1 - sigmoid(e))),
    (Inverse(eta=2.0), lambda e: 2 / (e + 1e-6), lambda e: -2 / (e + 1e-6) ** 2),
    (Ramp(), lambda e: 0.25 + (1 - 2) * e, lambda e: -1.0),
    (Ramp(lambda_max=0.5), lambda e: 0.25 + 0.5 * e, lambda e: 0.5),
    (RampCapped(cap=2.0), lambda e: 0.25 - min(e, 2.0), lambda e: -1.0 if e < 2 else 0.0),
]


@pytest.mark.parametrize(("loss", "value", "gradient"), CASES, ids=range(len(CASES)))
def test_value_and_slope_are_the_closed_forms(loss, value, gradient):
    assert loss(told(E)).tolist() == pytest.approx([value(e) for e in E], rel=1e-4, abs=1e-6)
    assert slope(loss, E).tolist() == pytest.approx([gradient(e) for e in E], rel=1e-4, abs=1e-6)


def test_the_sigmoid_is_measured_from_the_mean_normal_row():
    assert Sigmoid()(told([3.0], level=3.0)).item() == pytest.approx(-1.0)


@pytest.mark.parametrize(("reflection", "wrong"), [(0.0, [-0.5, 2.0]), (1.0, [0.5, 3.0])])
def test_aesad_asks_for_the_reflected_row(reflection, wrong):
    """F(x) = -x on standardised data, 1 - x on pixels; zero where the reconstruction is just that."""
    x = torch.tensor([[0.5, -2.0]])
    mean = torch.tensor([[0.1, 0.2]], requires_grad=True)
    seen = Told(torch.ones(1), torch.zeros(1), mean, x, torch.tensor(0.0), 1.0, tau=0.25)
    loss = AeSad(alpha=3.0, reflection=reflection)
    expected = 3.0 / 0.25 * sum((a - b) ** 2 for a, b in zip([0.1, 0.2], wrong, strict=True)) / 2
    assert loss(seen).item() == pytest.approx(expected, rel=1e-6)
    assert loss(replace(seen, reconstruction=torch.tensor([wrong]))).item() == 0.0
    (gradient,) = torch.autograd.grad(loss(seen).sum(), mean)
    assert gradient[0].tolist() == pytest.approx([12 * (0.1 - wrong[0]), 12 * (0.2 - wrong[1])], rel=1e-5)


# A at e -> 0 and at e = 1e6, single precision
LIMITS = [
    (Abc(), -math.log(1e-6), 0.0),
    (Hinge(), 2.0, 0.0),
    (Sigmoid(), -1.0, -2.0),
    (Inverse(), 1e6, 1e-6),
    (AeSad(), 0.0, 1e6),
    (Ramp(), 0.25, 0.25 - 1e6),
    (RampCapped(), 0.25, 0.25 - 50.0),
]


@pytest.mark.parametrize(("loss", "small", "large"), LIMITS, ids=lambda case: repr(case)[:20])
def test_limits_are_reached_without_leaving_single_precision(loss, small, large):
    assert {type(case[0]) for case in LIMITS} == set(LOSSES.values())
    values = loss(told([0.0, 1e-30, 1e6]))
    assert values.tolist() == pytest.approx([small, small, large], rel=1e-3, abs=1e-5)
    assert bool(torch.isfinite(slope(loss, [1e-30, 1e-6, 1e6])).all() if type(loss) is not AeSad else True)


@pytest.mark.parametrize(("loss", "floor"), [(Abc(), 0), (Hinge(), 0), (Sigmoid(), -2), (Inverse(), 0)])
def test_bounded_losses_fall_with_e_and_stop_at_their_floor(loss, floor):
    values = loss(told(torch.logspace(-6, 30, 400)))
    assert bool((values.diff() <= 0).all())
    assert bool((values >= floor).all())
    assert abs(slope(loss, [1e6]).item()) < 1e-6


def test_the_published_ramp_has_no_floor_and_the_capped_one_has():
    assert Ramp()(told([1e30])).item() < -1e29
    assert RampCapped()(told([1e30])).item() == 0.25 - 50
    assert slope(RampCapped(), [51.0, 1e6]).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("loss", [Abc(), Hinge(), Sigmoid(), Inverse(), AeSad()], ids=repr)
def test_before_the_ramp_nothing_is_told_and_half_way_half_of_it(loss):
    full, half, none = (loss(told(E, ramp=ramp)) for ramp in (1.0, 0.5, 0.0))
    assert torch.allclose(half, full / 2)
    assert not none.any()


def test_the_ramp_starts_as_the_plain_row_loss():
    """lambda(0) = 0: a known anomaly is still reconstructed like any row, l = E + (beta / D) KL."""
    assert Ramp()(told([3.0], ramp=0.0)).item() == pytest.approx(3.25)
    assert Ramp(lambda_max=4.0)(told([3.0], ramp=0.25)).item() == pytest.approx(0.25)


def rows(n, features, units, seed=0):
    """A pass over n rows whose decoder output is a leaf that gradients can be read from."""
    random = torch.Generator().manual_seed(seed)
    mean = torch.randn(n, features, generator=random, requires_grad=True)
    code = torch.randn(n, units, generator=random, requires_grad=True)
    spread = torch.randn(n, units, generator=random, requires_grad=True)
    x = torch.randn(n, features, generator=random)
    return Pass(DiagonalNormal(code, spread), Gaussian(mean)), x


def test_ramp_at_one_repels_nothing():
    """lambda = 1 leaves only the divergence: no gradient of E on the known rows, to 1e-6."""
    out, x = rows(6, 5, 2)
    known = torch.tensor([False] * 4 + [True] * 2)
    losses = aware_rows(out, x, known, awareness=Ramp(lambda_max=1.0), beta=0.1, tau=0.3, ramp=1.0)
    gradient, code = torch.autograd.grad(losses.sum(), [out.likelihood.mean, out.posterior.mean])
    assert float(gradient[known].abs().max()) < 1e-6
    assert float(gradient[~known].abs().min()) > 1e-3
    assert float(code[known].abs().min()) > 1e-4


def test_only_the_ramp_looks_at_the_divergence_of_known_rows():
    out, x = rows(4, 3, 2)
    known = torch.tensor([False, False, True, True])
    for name, cls in LOSSES.items():
        losses = aware_rows(out, x, known, awareness=cls(), beta=0.1, tau=1.0, ramp=1.0)
        (code,) = torch.autograd.grad(
            losses[known].sum(), out.posterior.mean, allow_unused=True, retain_graph=True
        )
        assert (code is not None and bool(code[known].any())) == name.startswith("ramp"), name


def test_e_is_a_mean_over_features_and_the_divergence_a_sum_over_units():
    """Worked by hand: E = (1 + 9 + 0 + 4) / 4, KL = 0.5 (4 + e - 1 - 1) + 0.5 * 1, l = E + beta / 4 KL."""
    out = Pass(
        DiagonalNormal(torch.tensor([[2.0, 1.0]]), torch.tensor([[1.0, 0.0]])),
        Gaussian(torch.tensor([[1.0, 3.0, 0.0, 2.0]])),
    )
    x = torch.zeros(1, 4)
    divergence = 0.5 * (4 + math.e - 1 - 1) + 0.5
    assert out.error(x).item() == pytest.approx(3.5)
    assert out.divergence().item() == pytest.approx(divergence)
    assert elbo(out, x, beta=0.8).item() == pytest.approx(3.5 + 0.2 * divergence)


def test_repeating_every_feature_keeps_e_and_halves_the_weight_of_the_divergence():
    out, x = rows(7, 5, 3)
    twice = Pass(out.posterior, Gaussian(out.likelihood.mean.repeat(1, 2)))
    assert torch.allclose(twice.error(x.repeat(1, 2)), out.error(x))
    share = elbo(out, x, beta=0.7) - out.error(x)
    assert torch.allclose(elbo(twice, x.repeat(1, 2), beta=0.7) - out.error(x), share / 2, rtol=1e-4)


def test_repeating_every_unit_doubles_the_divergence():
    out, _ = rows(7, 5, 3)
    units = out.posterior
    twice = DiagonalNormal(units.mean.repeat(1, 2), units.log_variance.repeat(1, 2))
    assert torch.allclose(Pass(twice, out.likelihood).divergence(), 2 * out.divergence())


def test_images_are_reduced_like_the_same_pixels_in_a_row():
    out, x = rows(4, 12, 2)
    image = Pass(out.posterior, Gaussian(out.likelihood.mean.view(4, 3, 2, 2)))
    assert torch.allclose(elbo(image, x.view(4, 3, 2, 2), beta=0.3), elbo(out, x, beta=0.3))
    assert image.likelihood.error(x.view(4, 3, 2, 2)).shape == (4, 12)


def test_rows_stay_rows():
    """The loss of a row does not depend on the rows beside it (but for the level of `Sigmoid`)."""
    out, x = rows(6, 4, 2)
    known = torch.tensor([False, False, False, True, True, True])
    full = aware_rows(out, x, known, awareness=Abc(), beta=0.1, tau=0.5, ramp=1.0)
    for row in range(6):
        part = slice(row, row + 1)
        one = Pass(
            DiagonalNormal(out.posterior.mean[part], out.posterior.log_variance[part]),
            Gaussian(out.likelihood.mean[part]),
        )
        alone = aware_rows(one, x[part], known[part], awareness=Abc(), beta=0.1, tau=0.5, ramp=1.0)
        assert torch.allclose(alone, full[part])
        if not known[row]:
            assert torch.allclose(alone, elbo(one, x[part], beta=0.1) / 0.5)


def test_awareness_is_measured_in_normal_tails():
    """Scaling rows, reconstruction and tau together (units of the data) changes no awareness loss."""
    out, x = rows(6, 4, 2)
    known = torch.tensor([False] * 3 + [True] * 3)
    scaled = Pass(out.posterior, Gaussian(10 * out.likelihood.mean))
    for cls in (Abc, Hinge, Sigmoid, Inverse, AeSad):
        one = aware_rows(out, x, known, awareness=cls(), beta=0.0, tau=0.5, ramp=0.7)
        ten = aware_rows(scaled, 10 * x, known, awareness=cls(), beta=0.0, tau=50.0, ramp=0.7)
        assert torch.allclose(one, ten, rtol=1e-4), cls


def test_divergence_is_that_of_torch():
    units = DiagonalNormal(torch.randn(50, 3) * 3, torch.randn(50, 3) * 3)
    ours = torch.distributions.Normal(units.mean, (units.log_variance / 2).exp())
    reference = torch.distributions.kl_divergence(ours, torch.distributions.Normal(0.0, 1.0))
    assert torch.allclose(units.divergence(), reference, rtol=1e-4, atol=1e-5)
    assert bool((units.divergence() >= 0).all())
    assert not Point(units.mean).divergence().any()


def test_a_draw_has_the_mean_and_the_spread_of_its_posterior():
    units = DiagonalNormal(torch.full((40_000, 2), 3.0), torch.tensor([0.0, math.log(4.0)]).expand(40_000, 2))
    drawn = units.draw(torch.randn(40_000, 2, generator=torch.Generator().manual_seed(0)))
    assert drawn.mean(0).tolist() == pytest.approx([3.0, 3.0], abs=0.05)
    assert drawn.std(0).tolist() == pytest.approx([1.0, 2.0], rel=0.02)


def test_bernoulli_error_is_the_cross_entropy_of_its_mean():
    likelihood = Bernoulli(torch.tensor([[0.3, -2.0, 90.0]]))
    x = torch.tensor([[0.0, 0.25, 1.0]])
    p = likelihood.mean.double()
    expected = -(x[0, :2] * p[0, :2].log() + (1 - x[0, :2]) * (1 - p[0, :2]).log())
    assert likelihood.error(x)[0, :2].tolist() == pytest.approx(expected.tolist(), rel=1e-5)
    assert 0.0 <= likelihood.error(x)[0, 2].item() < 1e-30


# ------------------------------------------------------------------------------------- of a classifier


def logits_slope(loss, logits):
    z = torch.tensor(logits, dtype=torch.float32, requires_grad=True)
    (gradient,) = torch.autograd.grad(loss.loss(z).sum(), z)
    return gradient


@pytest.mark.parametrize("weight", [0.05, 0.5, 5.0])
@pytest.mark.parametrize("logits", [[0.0, 0.0], [1.0, -2.0, 0.5], [3.0] * 7, [-40.0, 0.0, 55.0, 1.0]])
def test_uniform_is_the_cross_entropy_with_the_uniform_distribution(logits, weight):
    """-(1/k) sum_i ln p_i; slope lambda (p - 1/k)."""
    z = torch.tensor([logits], dtype=torch.float64)
    log_p = z - z.logsumexp(1, keepdim=True)
    found = Uniform(weight).loss(z.float())
    assert found.item() == pytest.approx(-weight * log_p.mean().item(), rel=1e-5)
    slope = logits_slope(Uniform(weight), [logits])[0].double()
    assert slope.tolist() == pytest.approx((weight * (log_p.exp() - 1 / len(logits)))[0].tolist(), abs=1e-6)


def test_uniform_is_least_where_no_class_is_likelier_and_bounded_there():
    """lambda ln k at equal logits, whatever their level; more anywhere else."""
    for k in (2, 3, 10):
        for level in (-1e4, 0.0, 1e4):
            assert Uniform().loss(torch.full((1, k), level)).item() == pytest.approx(
                0.5 * math.log(k), abs=2e-3
            )
    z = torch.randn(500, 5, generator=torch.Generator().manual_seed(0))
    assert bool((Uniform().loss(z) > 0.5 * math.log(5)).all())


def test_uniform_stays_in_single_precision_for_sure_classifiers():
    """One logit 1e6 above k - 1 others: 0.5 (1e6 - 1e6 / k); the slope is at most lambda."""
    for k in (2, 10):
        z = torch.zeros(1, k)
        z[0, 0] = 1e6
        assert Uniform().loss(z).item() == pytest.approx(0.5e6 * (1 - 1 / k), rel=1e-5)
        assert float(logits_slope(Uniform(), z.tolist()).abs().max()) <= 0.5
