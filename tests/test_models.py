"""Models: shapes of any size, what a pass means, neighbours by brute force."""

import math

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

from unseen.errors import ConfigError
from unseen.models.autoencoder import AutoEncoder
from unseen.models.neighbours import TREE, Neighbours, Reference, principal_axes
from unseen.models.network import MOST_LAYERS, Convolution, Dense, default_latent
from unseen.models.vae import VAE
from unseen.nn.orientation import OrientedGradients
from unseen.seeds import seeded

BODIES = [
    (Dense(()), (5,)),
    (Dense((7, 4)), (1,)),
    (Dense((7,)), (2, 5, 3)),
    (Convolution((3,)), (1, 8, 8)),
    (Convolution((3, 4, 5)), (3, 28, 27)),
    (Convolution((3, 4)), (1, 1, 1)),
    (Convolution((3, 4)), (2, 3, 9)),
]


@pytest.mark.parametrize(("body", "shape"), BODIES, ids=repr)
@pytest.mark.parametrize("make", [VAE, AutoEncoder])
def test_rows_of_any_shape_come_back_in_their_shape(make, body, shape):
    x = torch.rand(4, *shape)
    network = make(body, latent=3).build(shape)
    out = network(x, torch.randn(4, 3))
    assert out.likelihood.mean.shape == x.shape
    assert out.posterior.mean.shape == (4, 3)
    assert out.error(x).shape == out.divergence().shape == (4,)
    # every weight takes part
    (out.error(x).sum() + out.divergence().sum()).backward()
    assert all(weight.grad is not None for weight in network.parameters())


def test_a_pass_without_noise_is_that_at_the_mean_and_with_noise_a_draw():
    network = VAE(Dense((6,)), latent=2).build((5,))
    x = torch.randn(3, 5)
    at_mean = network(x)
    assert torch.equal(network(x, torch.zeros(3, 2)).likelihood.mean, at_mean.likelihood.mean)
    drawn = network(x, torch.ones(3, 2))
    units = at_mean.posterior
    expected = network.decode(units.mean + (units.log_variance / 2).exp())
    assert torch.allclose(drawn.likelihood.mean, expected.mean, atol=1e-6)


def test_the_same_state_builds_the_same_network():
    networks = []
    for seed in (1, 1, 2):
        with seeded(seed):
            networks.append(VAE(Dense((6,))).build((5,)))
    first, again, other = (torch.nn.utils.parameters_to_vector(n.parameters()) for n in networks)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_a_wild_row_keeps_its_spread_within_bounds():
    network = VAE(Dense(()), latent=2).build((2,))
    with torch.no_grad():
        out = network(torch.tensor([[1e12, -1e12]]))
    assert float(out.posterior.log_variance.abs().max()) <= 10.0
    assert bool(torch.isfinite(out.divergence()).all())


@pytest.mark.parametrize(
    ("shape", "units"), [((1,), 2), ((4,), 2), ((10,), 5), ((500,), 16), ((1, 28, 28), 20)]
)
def test_default_latent(shape, units):
    assert default_latent(shape) == units
    assert VAE(Dense((4,))).build(shape).latent == units


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: VAE(Convolution()).build((5,)), r"rows of shape \(5,\) came; .*Pass image_shape="),
        (lambda: Dense((8, 0)), r"hidden widths \(8, 0\) came; accepted: numbers of 1 or more"),
        (lambda: Convolution((-3,)), r"channels \(-3,\) came"),
        (lambda: Dense((1,) * (MOST_LAYERS + 1)), "65 hidden widths came; accepted: at most 64"),
    ],
)
def test_bodies_that_cannot_be_built_say_why(call, message):
    with pytest.raises(ConfigError, match=message):
        call()


# ------------------------------------------------------------------------------------------- neighbours


def rows(n, features=6, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=(n, features))).float()


@pytest.mark.parametrize("k", [1, 5])
def test_power_0_is_the_mean_distance_to_the_nearest_normal_rows(k):
    """With all components kept a rotation changes no distance: ln of scikit-learn's own."""
    x, new = rows(300), rows(700, seed=1)
    bank = Neighbours(k=k).fit(x, seed=0)
    distance, _ = NearestNeighbors(n_neighbors=k).fit(x).kneighbors(new)
    assert bank.strangeness(bank.encode(new)).numpy() == pytest.approx(np.log(distance.mean(1)), abs=1e-3)


def test_power_1_measures_each_distance_by_its_neighbourhood():
    """Two normal clouds, one ten times as wide: an equal share of its own width away is equally strange."""
    narrow, wide = 0.1 * rows(200, 2), 1.0 * rows(200, 2, seed=1) + 50
    odd = torch.tensor([[0.8, 0.0], [58.0, 50.0]])
    plain, local = (Neighbours(power=power).fit(torch.cat([narrow, wide]), seed=0) for power in (0.0, 1.0))
    gap = [float(b.strangeness(b.encode(odd)).diff()) for b in (plain, local)]
    assert gap[0] > 2.0
    assert abs(gap[1]) < 0.6


def test_nearness_to_known_rows_is_high_there_and_low_among_normal_rows():
    x = rows(300)
    bank = Neighbours().fit(x, seed=0)
    known = bank.encode(rows(5, seed=2) * 0.1 + 5.0)
    near, normal = (
        bank.ratio(bank.encode(rows(50, seed=3) * 0.1 + 5.0), Reference(known)),
        bank.ratio(bank.encode(x), Reference(known)),
    )
    assert float(near.min()) > 1.0 > 0.0 > float(normal.max())


def test_axes_are_the_principal_ones():
    x = rows(500) * torch.tensor([5.0, 3.0, 2.0, 1.0, 0.5, 0.1])
    axes = principal_axes(x - x.mean(0), 3)
    reference = PCA(3).fit(x.numpy()).components_.T
    assert np.abs((axes.numpy() * reference).sum(0)) == pytest.approx([1, 1, 1], abs=1e-4)
    flat = torch.cat([x, x[:, :2]], 1)  # two columns twice: six directions, no more
    assert principal_axes(flat - flat.mean(0), 99).shape == (8, 6)


@pytest.mark.parametrize("width", [1, TREE, TREE + 1])
def test_nearest_rows_are_the_nearest_by_tree_and_by_all_distances(width):
    reference, x = rows(100, width), rows(1300, width, seed=1)
    distance, place = Reference(reference).nearest(x, 3)
    assert distance.shape == place.shape == (1300, 3)
    assert (np.diff(distance.numpy(), axis=1) >= 0).all()
    expected = torch.cdist(x, reference).topk(3, largest=False).indices
    assert float((place == expected).float().mean()) > 0.999


def test_a_bank_keeps_no_more_rows_than_asked_for_and_the_same_for_a_seed():
    x = rows(300)
    first, again, other = (Neighbours(reference=50).fit(x, seed=seed) for seed in (1, 1, 2))
    assert len(first.codes) == 50
    assert torch.equal(first.codes, again.codes)
    assert not torch.equal(first.codes.abs(), other.codes.abs())


def test_duplicates_and_constant_rows_do_not_divide_by_zero():
    for x in (torch.zeros(50, 3), rows(5, 3).repeat(20, 1)):
        bank = Neighbours(power=1.0).fit(x, seed=0)
        assert bool(torch.isfinite(bank.strangeness(bank.encode(rows(9, 3)))).all())
        assert bool(torch.isfinite(bank.strangeness(bank.encode(x))).all())


def test_a_banks_parts_name_the_feature_that_moved():
    bank = Neighbours().fit(rows(400), seed=0)
    moved = torch.zeros(6, 6)
    moved.fill_diagonal_(9.0)
    parts = bank.parts(moved)
    assert parts.argmax(1).tolist() == list(range(6))
    assert parts.sum(1).tolist() == pytest.approx([1.0] * 6, abs=1e-5)


def test_rest_sees_a_row_that_leaves_the_plane_of_all_normal_ones():
    """By Pythagoras: with one axis of two kept, distances are those in the plane."""
    x = torch.stack([torch.linspace(-5, 5, 101), torch.zeros(101)], 1)
    off = torch.tensor([[1.0, 3.0], [1.0, 0.0]])
    blind, seeing = (Neighbours(k=1, components=1, rest=rest).fit(x, seed=0) for rest in (0.0, 1.0))
    assert blind.codes.shape == (101, 1)
    assert float(blind.strangeness(blind.encode(off))[0]) < math.log(0.1)
    assert seeing.strangeness(seeing.encode(off))[0].exp().item() == pytest.approx(3.0, abs=1e-4)
    assert float(seeing.strangeness(seeing.encode(off))[1]) < math.log(0.1)
    assert seeing.parts(off)[0].tolist() == pytest.approx([0.0, 1.0], abs=1e-3)
    assert Neighbours(k=1, components=1, rest=2.0).fit(x, seed=0).encode(off)[0, 1] == pytest.approx(6.0)


def test_half_precision_is_that_of_what_is_kept_and_changes_little():
    x, new = rows(300), rows(64, seed=1)
    single, half = (Neighbours(components=4, rest=1.0, digits=d).fit(x, seed=0) for d in ("single", "half"))
    for kept in (half.axes, half.codes):
        assert torch.equal(kept, kept.half().float())
    assert not torch.equal(single.codes, half.codes)
    apart = single.strangeness(single.encode(new)) - half.strangeness(half.encode(new))
    assert 0 < float(apart.abs().max()) < 5e-3


def test_unknown_digits_are_refused_by_name():
    with pytest.raises(ConfigError, match="digits 'quarter'"):
        Neighbours(digits="quarter")


# -------------------------------------------------------------------------------- oriented gradients


def stripes(angle, size=20):
    down, across = np.mgrid[:size, :size]
    wave = np.sin(0.9 * (across * np.cos(angle) + down * np.sin(angle)))
    return torch.from_numpy(0.5 + 0.5 * wave).float()[None, None]


def test_oriented_gradients_see_direction_and_not_brightness():
    front = OrientedGradients()
    norm = front.norm(stripes(0.0))
    level, steep = (front(stripes(angle), norm) for angle in (0.0, np.pi / 2))
    assert float((level * front(0.5 * stripes(0.0), norm)).sum()) > 0.99 * 0.9
    assert float((level * steep).sum()) < 0.5
    assert not front(torch.full((1, 1, 20, 20), 0.0), norm).any()


def test_oriented_gradients_move_to_the_next_bin_when_the_image_turns():
    """A quarter turn is two of eight directions."""
    front = OrientedGradients()
    by_bin = [front.energy(stripes(a)).view(8, *front.cells((1, 20, 20))) for a in (0.0, np.pi / 2)]
    inner = [part[:, 2:-2, 2:-2].sum((1, 2)) for part in by_bin]
    strongest = {int(place) for place in inner[0].topk(2).indices}
    assert {(place + 2) % 8 for place in strongest} == {int(place) for place in inner[1].topk(2).indices}


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 8, 5), (1, 2, 2), (1, 1, 1)])
def test_parts_of_oriented_gradients_keep_their_sum_on_the_pixels(shape):
    front = OrientedGradients()
    x = torch.rand(3, *shape)
    features = front(x, front.norm(x))
    assert features.shape == (3, 8 * np.prod(front.cells(shape)))
    pixels = front.to_pixels(features, shape)
    assert pixels.shape == (3, np.prod(shape))
    assert torch.allclose(pixels.sum(1), features.sum(1), atol=1e-4)
