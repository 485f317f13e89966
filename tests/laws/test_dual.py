"""Laws of the dual auto-encoders: published counts, the evidence bound, conditioning, the ring in phi."""

import math

import numpy as np
import pytest
import torch

from unseen.errors import ConfigError
from unseen.models.categorical import CoDVAE
from unseen.models.dual import CoDAE
from unseen.models.dual_bodies import Published, Slim
from unseen.models.vae import VAE
from unseen.nn.concrete import Concrete, MixturePrior, bank, log_density
from unseen.nn.conditioning import KINDS, Conditioning
from unseen.nn.cylinder import Convolution3, Residual, block
from unseen.nn.distributions import DiagonalNormal, Hurdle, Masked, joined
from unseen.objectives import elbo, excess_of, floor_of
from unseen.seeds import seeded

SHAPE = (3, 72, 58)
SMALL = Slim(widths=(6, 8), small=(4, 6))
SMALL_SHAPE = (3, 8, 6)


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


def events(n, shape=SMALL_SHAPE, seed=0):
    """z of events with a tenth of their pixels lit."""
    random = np.random.default_rng(seed)
    energy = random.gamma(2.0, 3.0, size=(n, *shape)) * (random.random((n, *shape)) < 0.1)
    return torch.from_numpy(np.log1p(energy).astype(np.float32))


def made(model, shape=SMALL_SHAPE, seed=0):
    with seeded(seed):
        return model.build(shape).eval()


# ------------------------------------------------------------------------------------------ published counts


def test_the_published_network_has_the_published_numbers_of_parameters():
    network = CoDAE.reference().build((1, 72, 58))
    assert count(network) == 1_646_467
    assert (count(network.encoder) + count(network.head), count(network.small)) == (612_032, 270_594)
    assert count(network.decoder) == 763_841
    assert [count(layer) for layer in network.encoder] == [
        *(768, 18_816, 18_816, 74_496, 37_248, 74_496, 74_496, 296_448)
    ]
    assert count(network.head) == 16_448
    assert [count(layer) for layer in network.small if count(layer)] == [768, 37_248, 74_112, 148_224, 10_242]
    decoder = network.decoder
    assert [count(layer) for layer in decoder.conditionings] == [2_368, 9_472, 4_736, 4_736]
    stages = [[count(layer) for layer in stage if count(layer)] for stage in decoder.stages]
    assert stages == [[148_224, 296_448], [74_112, 74_496], [37_248, 74_496], [18_624, 18_816]]
    assert count(decoder.head) == 65


def test_the_published_categorical_network_has_its_number_too():
    network = CoDVAE.reference().build((1, 72, 58))
    assert count(network) == 1_653_124
    assert count(network.encoder) + count(network.head) + count(network.posterior) == 618_689


@pytest.mark.parametrize("model", [CoDAE(), CoDAE(beta=1.0), CoDVAE()])
def test_the_slim_networks_stay_within_the_budget(model):
    network = made(model, SHAPE)
    assert count(network) < 1_650_000
    out = network(events(2, SHAPE))
    assert out.posterior.mean.shape == (2, 1280)
    assert out.condition.shape == (2, 2)
    assert out.likelihood.mean.shape == (2, *SHAPE)
    assert out.likelihood.error(events(2, SHAPE)).shape == (2, 3 * 72 * 58)


# ------------------------------------------------------------------------------------------------ likelihoods


def test_hurdle_by_hand():
    """One pixel of each kind: dark, and lit with E = 2 GeV."""
    z = torch.tensor([0.0, math.log(3.0)]).view(1, 1, 1, 2)
    logit, mu, log_sigma = (torch.full((1, 1, 1, 2), value) for value in (-1.0, 0.5, 0.25))
    likelihood = Hurdle(logit, mu, log_sigma, 1)
    p = 1 / (1 + math.exp(1.0))
    energy = 0.5 * ((math.log(2.0) - 0.5) / math.exp(0.25)) ** 2 + 0.25 + 0.5 * math.log(2 * math.pi)
    bins = 3.0 - 0.5 * math.log(2 * math.pi)
    assert likelihood.terms(z)[0].tolist() == pytest.approx(
        [-math.log(1 - p) - math.log(p), energy], rel=1e-5
    )
    assert likelihood.error(z)[0].tolist() == pytest.approx([-math.log(1 - p), -math.log(p) + energy + bins])
    assert likelihood.lit.flatten().tolist() == pytest.approx([p, p])
    assert likelihood.mean.flatten().tolist() == pytest.approx([p * math.log1p(math.exp(0.5))] * 2)


def test_the_density_of_a_lit_pixel_integrates_to_its_probability():
    """Terms are a density in ln E: summed over a fine grid of ln E they give p(lit)."""
    grid = torch.linspace(-6.0, 12.0, 4001)
    z = torch.log1p(grid.exp()).view(-1, 1, 1, 1)
    one = torch.ones(len(grid), 1, 1, 1)
    likelihood = Hurdle(0.3 * one, 2.0 * one, 0.4 * one, 1)
    density = torch.exp(-likelihood.terms(z).sum(1))
    total = float(torch.trapezoid(density.double(), grid.double()))
    assert total == pytest.approx(1 / (1 + math.exp(-0.3)), abs=1e-4)


def test_hurdle_errors_are_never_below_zero_and_finite_for_any_energy():
    z = torch.log1p(torch.tensor([0.0, 1e-30, 1e-6, 1.0, 3000.0, 1e12])).view(1, 1, 1, 6)
    for log_sigma in (-50.0, -3.0, 0.0, 50.0):
        planes = [torch.full_like(z, value).requires_grad_() for value in (-2.0, 0.0, log_sigma)]
        error = Hurdle(*planes, 1).error(z)
        error.sum().backward()
        assert bool((error >= -1e-6).all())
        assert bool(torch.isfinite(error).all())
        assert all(bool(torch.isfinite(plane.grad).all()) for plane in planes)


def test_terms_add_up_to_the_error_but_for_the_bins_of_lit_pixels():
    network, z = made(CoDAE(SMALL, bottleneck=3)), events(5)
    likelihood = network(z).likelihood
    terms = likelihood.terms(z)
    lit = (z > 0).flatten(1).sum(1)
    bins = lit * (3.0 - 0.5 * math.log(2 * math.pi))
    assert terms.shape == (5, 6)
    torch.testing.assert_close(terms.sum(1) + bins, likelihood.error(z).sum(1), rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("energies", [False, True])
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_what_is_not_modelled_neither_counts_nor_is_seen(channels, energies):
    network, z = made(CoDAE(SMALL, channels, energies, bottleneck=3)), events(4)
    out, changed = network(z), z.clone()
    changed[:, channels:] += 1.0
    again = network(changed)
    assert isinstance(out.likelihood, Hurdle if energies else Masked)
    error = out.likelihood.error(z).view(4, 3, -1)
    assert bool((error[:, channels:] == 0).all())
    assert bool((error[:, :channels] > 0).any())
    assert torch.equal(out.likelihood.error(z), again.likelihood.error(changed))
    assert out.likelihood.mean.shape == z.shape
    if not energies:
        assert torch.equal(out.error(z), network(2.5 * z).error(2.5 * z))


# --------------------------------------------------------------------------------------------- evidence bound


@pytest.mark.parametrize("model", [CoDAE(SMALL, bottleneck=3, beta=1.0), CoDVAE(SMALL, bottleneck=3)])
def test_the_loss_of_a_batch_is_the_mean_of_its_events(model):
    network = made(model)
    for size in (8, 16, 32):
        z = events(size)
        with torch.no_grad():
            whole = float(elbo(network(z), z, beta=1.0).mean())
            alone = [float(elbo(network(row), row, beta=1.0)) for row in z.split(1)]
        assert whole == pytest.approx(np.mean(alone), rel=2e-6)


def test_the_bound_is_error_and_divergence_once_each():
    network, z = made(CoDVAE(SMALL, bottleneck=3)), events(6)
    with torch.no_grad():
        out = network(z)
        by_hand = (out.likelihood.error(z).sum(1) + out.posterior.divergence().sum(1)) / z[0].numel()
    torch.testing.assert_close(elbo(out, z, beta=1.0), by_hand)


def test_beta_0_is_the_plain_auto_encoder():
    network, z = made(CoDAE(SMALL, bottleneck=3)), events(6)
    out = network(z)
    assert torch.equal(elbo(out, z, beta=0.0), out.error(z))
    assert float(out.divergence().abs().sum()) == 0.0


def test_the_divergence_of_normals_is_the_closed_form():
    mean, log_variance = torch.randn(2, 5, 7, generator=torch.Generator().manual_seed(0)).unbind()
    found = DiagonalNormal(mean, log_variance).divergence().double()
    mu, var = mean.double(), log_variance.double().exp()
    assert float((found - 0.5 * (mu**2 + var - var.log() - 1)).abs().max()) < 1e-6


def concrete(samples, categories=4, positions=3):
    """A posterior that is its own prior."""
    with seeded(3):
        prior = MixturePrior(2, categories, positions)
        logits = torch.randn(categories, positions)
    prior.logits.data[:] = logits
    prior.temperatures[:] = 0.7
    return Concrete(logits[None], torch.full((1, positions), 0.7), prior, samples)


def test_a_posterior_that_is_its_prior_has_no_divergence():
    with torch.no_grad():
        assert float(concrete(10).divergence().abs().max()) < 1e-4


def test_monte_carlo_divergences_agree_within_their_errors():
    """A prior of other logits: the estimate from 10 draws agrees with that from 20,000, within 4 errors."""
    few, many = concrete(10), concrete(20_000)
    for posterior in (few, many):
        posterior.prior.logits.data[:] += torch.linspace(-1, 1, 4)[:, None]
    with torch.no_grad():
        log_y = torch.stack([many._log_draw(noise) for noise in bank(20_000, 4, 3)])
        single = log_density(log_y, few.logits.log_softmax(1), few.temperature) - few.prior.log_density(log_y)
        error = single.std(0) / math.sqrt(10)
        assert bool(((few.divergence() - many.divergence()).abs() < 4 * error).all())
        assert float(many.divergence().min()) > 0


def test_the_concrete_density_integrates_to_one():
    """Of two categories: y = sigmoid(t), so that dy = y (1 - y) dt, over t from -40 to 40."""
    t = torch.linspace(-40, 40, 20_001).double()
    log_y = torch.stack([torch.nn.functional.logsigmoid(t), torch.nn.functional.logsigmoid(-t)])
    log_pi = torch.tensor([[0.3], [0.7]]).double().log()
    for tau in (0.3, 1.0, 2.0):
        density = log_density(log_y, log_pi, torch.full((len(t),), tau).double())
        total = torch.trapezoid(torch.exp(density + log_y.sum(0)), t)
        assert float(total) == pytest.approx(1.0, abs=1e-4)


def test_scoring_draws_nothing_and_training_does():
    network, z = made(CoDVAE(SMALL, bottleneck=3)), events(6)
    noise = torch.randn(2, 6, network.latent, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        one, two = network(z), network(z)
        assert torch.equal(one.error(z), two.error(z))
        assert torch.equal(one.divergence(), two.divergence())
        assert not torch.equal(network(z, noise[0]).error(z), network(z, noise[1]).error(z))
        assert not torch.equal(network(z, noise[0]).divergence(), network(z, noise[1]).divergence())


def test_a_draw_lies_on_the_simplex_and_cools_to_one_category():
    for tau, least in ((1.0, 0.0), (1e-3, 0.98)):
        posterior = Concrete(torch.zeros(50, 4, 3), torch.full((50, 3), tau), MixturePrior(1, 4, 3))
        noise = torch.randn(50, 12, generator=torch.Generator().manual_seed(2))
        drawn = posterior.draw(noise).view(50, 4, 3)
        assert float((drawn.sum(1) - 1).abs().max()) < 1e-5
        assert float(drawn.max(1).values.mean()) > least


# ----------------------------------------------------------------------------------------------- conditioning


def test_without_conditioning_the_small_code_has_no_say():
    network = made(CoDAE(SMALL, bottleneck=3, conditioning="none"))
    z, codes = network.encode(events(3)).mean, torch.tensor([[0.0, 0.0], [5.0, -3.0]])
    one, two = (network.rebuild(z, code.expand(3, 2)).mean for code in codes)
    assert torch.equal(one, two)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "none"])
def test_with_conditioning_it_has_and_its_encoder_learns(kind):
    network, x = made(CoDAE(SMALL, bottleneck=3, conditioning=kind)), events(3)
    network(x).error(x).mean().backward()
    slopes = [parameter.grad for parameter in network.small.parameters()]
    assert all(slope is not None and bool(slope.abs().sum() > 0) for slope in slopes[-2:])
    z = network.encode(x).mean
    one, two = (network.rebuild(z, torch.full((3, 2), value)).mean for value in (0.0, 3.0))
    assert not torch.equal(one, two)


@pytest.mark.parametrize(("kind", "bias"), [("scale", 1.0), ("shift", 0.0), ("affine", 0.0), ("film", 0.0)])
def test_conditioning_of_no_weight_is_the_identity(kind, bias):
    layer, maps = Conditioning(kind, 2, 5, (4, 3)), torch.randn(2, 5, 4, 3)
    layer.layer.weight.data.zero_()
    assert bool((layer.layer.bias == bias).all())
    assert torch.equal(layer(maps, torch.randn(2, 2)), maps)


def test_resolutions_say_where_the_decoder_is_told():
    network = CoDAE(resolutions=(1, 3)).build(SHAPE)
    assert [count(layer) > 0 for layer in network.decoder.conditionings] == [False, True, False, True]


# ------------------------------------------------------------------------------------------------------- ring


@torch.no_grad()
@pytest.mark.parametrize("by", [1, 5, 8])
def test_a_roll_in_phi_rolls_what_keeps_the_size(by):
    maps = torch.randn(2, 4, 9, 8, generator=torch.Generator().manual_seed(0))
    layers = [Convolution3(4, 6, (9, 8)), block(4, 6, (9, 8)).eval(), Residual(4, (9, 8)).eval()]
    layers.append(block(4, 4, (9, 8), norm="instance", groups=2))
    for layer in layers:
        assert float((layer(maps.roll(by, 2)) - layer(maps).roll(by, 2)).abs().max()) < 1e-5
    open_ended = Convolution3(4, 6, (9, 8), padding="zeros")
    assert float((open_ended(maps.roll(by, 2)) - open_ended(maps).roll(by, 2)).abs().max()) > 1e-3


@torch.no_grad()
def test_conditioning_has_no_origin_in_phi():
    layer, maps, code = Conditioning("affine", 2, 5, (6, 4)), torch.randn(2, 5, 6, 4), torch.randn(2, 2)
    assert float((layer(maps.roll(2, 2), code) - layer(maps, code).roll(2, 2)).abs().max()) < 1e-5


# ------------------------------------------------------------------------------------------ passes, settings


@pytest.mark.parametrize("model", [CoDAE(SMALL, bottleneck=3, beta=1.0), CoDVAE(SMALL, bottleneck=3)])
def test_passes_of_parts_joined_are_the_pass_of_all(model):
    network, z = made(model), events(9)
    with torch.no_grad():
        whole, parts = network(z), joined([network(part) for part in z.split(4)])
    torch.testing.assert_close(parts.error(z), whole.error(z))
    torch.testing.assert_close(parts.divergence(), whole.divergence())
    torch.testing.assert_close(parts.condition, whole.condition)


def test_errors_with_a_floor_are_measured_above_it():
    network, z = made(CoDAE(SMALL, bottleneck=3)), events(2)
    error = torch.linspace(0.2, 0.3, 201)
    with torch.no_grad():
        floor = floor_of(network(z), error)
        assert floor_of(network(z), error - 0.2) == 0.0
        assert floor_of(made(VAE(), (5,))(torch.zeros(2, 5)), error) == 0.0
    assert floor == pytest.approx(0.2 - 0.1 * 0.099)
    measured = excess_of(torch.tensor([-9.0, floor, floor + 2.0]), floor=floor, scale=4.0)
    assert measured.tolist()[2] == pytest.approx(0.5)
    assert bool((measured > 0).all())
    assert bool((measured.diff() > 0).all())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"channels": 0}, "channels 0 came; accepted: 1 or more"),
        ({"code": 0}, "code 0 came"),
        ({"bottleneck": 0}, "bottleneck 0 came"),
        ({"beta": -1.0}, "beta -1.0 came; accepted: 0 or more"),
        ({"conditioning": "scal"}, "conditioning 'scal' is not known; accepted: none, scale.* Did you mean"),
        ({"resolutions": (0, 9)}, r"resolutions \(0, 9\) came; accepted: places from 0 to 3"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(ConfigError, match=message):
        CoDAE(**settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"bottleneck": 1}, "bottleneck 1 came; accepted: 2 categories or more"),
        ({"beta": 0.0}, "beta 0.0 came; accepted: above 0"),
        ({"base": 0.0}, "base 0.0 came; accepted: above 0"),
        ({"samples": 0}, "samples 0 came"),
        ({"components": 0}, "components 0 came"),
    ],
)
def test_categorical_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(ConfigError, match=message):
        CoDVAE(**settings)


@pytest.mark.parametrize("shape", [(12,), (1, 8, 6), (2, 8, 6)])
def test_rows_that_are_no_event_images_are_refused(shape):
    with pytest.raises(ConfigError, match=r"takes event images .C, H, W. with C at least 3"):
        CoDAE().build(shape)


@pytest.mark.parametrize("widths", [(), (0, 4), (8,) * 65])
def test_bodies_of_no_width_are_refused(widths):
    with pytest.raises(ConfigError, match=r"widths .* came; accepted: 1 to 64 numbers of 1 or more"):
        Slim(widths=widths)


@pytest.mark.parametrize("body", [Slim(), Published(), Slim((8, 16), (8,), 0), Slim((4, 6, 8), (4, 6), 2)])
@pytest.mark.parametrize("shape", [(3, 72, 58), (3, 17, 11)])
def test_any_body_gives_back_the_size_it_was_given(body, shape):
    network, z = made(CoDAE(body, bottleneck=4), shape), events(2, shape)
    with torch.no_grad():
        assert network(z).likelihood.mean.shape == z.shape
