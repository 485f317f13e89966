"""Networks trained together: right gradients, same seed same bits, and hidden layers that learn."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from unseen.decoy import networks
from unseen.decoy.guard import Guard
from unseen.decoy.networks import LEVELS, Networks, Schedule, levels_of, points, train, untrained
from unseen.decoy.readout import HIDDEN, PLAIN, VIEWS, Projection, densities, read
from unseen.decoy.templates import make
from unseen.errors import TrainingError

SHORT = Schedule(steps=12, pixels=16)
TEMPLATES = make(2, ["bumps", "waves"], seed=7, purpose=1)
TRAINED = train(TEMPLATES.values, seed=3)
SEEN = read(TRAINED, TEMPLATES.values)


def test_gradients_by_hand_are_those_of_autograd():
    net = untrained(3, seed=0)
    weights = [w.clone().requires_grad_() for w in net.weights]
    biases = [b.clone().requires_grad_() for b in net.biases]
    where, told = points(32)[::40].expand(3, -1, -1), torch.randint(LEVELS, (3, 26))
    state = where
    for layer, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        state = torch.baddbmm(bias.unsqueeze(1), state, weight.transpose(1, 2))
        state = state if layer == 3 else torch.relu(state)
    sum(functional.cross_entropy(logits, kinds) for logits, kinds in zip(state, told, strict=True)).backward()
    states = networks._forward(net.weights, net.biases, where)
    w_slopes = [torch.empty_like(w) for w in net.weights]
    b_slopes = [torch.empty_like(b) for b in net.biases]
    networks._backward(list(net.weights), states, told, w_slopes, b_slopes)
    for mine, theirs in zip([*w_slopes, *b_slopes], [*weights, *biases], strict=True):
        assert torch.allclose(mine, theirs.grad, atol=1e-6)


def test_steps_are_those_of_torchs_own_optimiser():
    vector = torch.randn(50, generator=torch.Generator().manual_seed(0))
    slope, other = torch.randn(50, generator=torch.Generator().manual_seed(1)), vector.clone()
    mine = networks.Adam(vector, slope, Schedule(decay=0.3))
    other.grad = slope
    theirs = torch.optim.AdamW([other], lr=0.01, weight_decay=0.3, fused=True)
    for _ in range(3):
        mine.step(0.01)
        with torch.no_grad():
            theirs.step()
    assert torch.equal(vector, other)


def test_same_seed_same_bits_and_the_callers_state_is_left_alone():
    before, threads = torch.random.get_rng_state(), torch.get_num_threads()
    one, two, other = (train(TEMPLATES.values[:3], seed=s, schedule=SHORT) for s in (1, 1, 2))
    assert all(torch.equal(a, b) for a, b in zip(one.weights, two.weights, strict=True))
    assert not torch.equal(one.weights[0], other.weights[0])
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.get_num_threads() == threads


def test_a_network_does_not_depend_on_those_beside_it(monkeypatch):
    together = train(TEMPLATES.values[:4], seed=1, schedule=SHORT)
    monkeypatch.setattr(networks, "TOGETHER", 2)
    apart = train(TEMPLATES.values[:4], seed=1, schedule=SHORT)
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(together.weights, apart.weights, strict=True))


def test_levels_are_equally_populated_and_alike_where_the_picture_is():
    labels = levels_of(TEMPLATES.values)
    counts = np.array([np.bincount(row, minlength=LEVELS) for row in labels])
    assert (np.abs(counts / labels.shape[1] - 0.2) < 0.05).all()
    mirrored = levels_of(TEMPLATES.values[:, ::-1, ::-1]).reshape(-1, 32, 32)[:, ::-1, ::-1]
    assert (mirrored.reshape(labels.shape) == labels).all()


def test_trained_networks_learn_their_pictures_and_pass_the_guard():
    guard = Guard.of(SEEN, TEMPLATES.values)
    guard.check()
    assert np.median(guard.right) > 0.93
    assert np.median(guard.known) > 0.6
    assert np.median(guard.place) < 0.4


@pytest.mark.parametrize("kind", ["untrained", "lazy"])
def test_layers_that_keep_the_place_alone_are_refused(kind):
    lazy = Schedule(first=1.0, rest=1.0, rate=2e-4, steps=60)
    nets = untrained(12, seed=0) if kind == "untrained" else train(TEMPLATES.values, seed=0, schedule=lazy)
    guard = Guard.of(read(nets, TEMPLATES.values), TEMPLATES.values)
    with pytest.raises(TrainingError, match=r"^lazy: read-out not valid; \d+% of the networks"):
        guard.check()
    assert np.median(guard.place) > 0.7


def test_what_is_seen_has_the_shapes_it_says_and_views_agree_with_units():
    assert SEEN.maps.shape == (12, 2, 32, 32)
    assert SEEN.spoken.shape == (12, 2, 32, 32)
    assert SEEN.fine.shape == (12, 4, 48, 48)
    assert SEEN.plain.shape == (12, len(PLAIN))
    assert VIEWS[HIDDEN][-1] == "logits"
    hidden = TRAINED.hidden(points(32))[0].numpy()
    centred = hidden - hidden.mean(0)
    flipped = centred.reshape(32, 32, -1)[:, ::-1].reshape(1024, -1)
    by_hand = 1 - np.square(centred - flipped).sum() / (2 * np.square(centred).sum())
    assert SEEN.plain[0, 0] == pytest.approx(by_hand, abs=0.01)


def test_symmetric_templates_have_symmetric_hidden_layers_and_untrained_networks_do_not():
    rotations = np.flatnonzero(TEMPLATES.kinds == 5)
    blind = read(untrained(12, seed=3), TEMPLATES.values)
    assert SEEN.plain[rotations][:, :4].min() > 0.75
    assert blind.plain[rotations][:, :4].max() < 0.6


def test_components_are_those_of_the_covariance_and_are_turned_by_their_skewness():
    layer = np.random.default_rng(0).exponential(size=(500, 6)) * [9, 1, 4, 2, 3, 5]
    found = Projection.of(layer.astype(np.float32))
    seen = found.apply(layer.astype(np.float32), 3)
    assert seen.std(0)[0] == pytest.approx(1, rel=1e-3)
    values = np.sqrt(np.linalg.eigvalsh(np.cov(layer.T))[::-1][:3])
    assert seen.std(0) == pytest.approx(values / values[0], rel=1e-2)
    assert ((seen - seen.mean(0)) ** 3).mean(0).min() > 0


def test_densities_count_every_pixel_once():
    images = densities(SEEN.fine, ((0, 1), (2, 3)), bins=24)
    assert images.shape == (12, 2, 24, 24)
    assert np.square(images).sum((-2, -1)) == pytest.approx(24**2, rel=1e-4)


def test_some_networks_are_those_networks():
    part = TRAINED.take(slice(2, 4))
    assert isinstance(part, Networks)
    assert torch.allclose(part.hidden(points(32)), TRAINED.hidden(points(32))[2:4], atol=1e-5)
