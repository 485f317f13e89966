"""The compact convolutional transformer: parameters as published, sizes, and chance in training alone."""

import pytest
import torch

from unseen.errors import ConfigError
from unseen.models.transformer import ROWS, Transformer
from unseen.nn.attention import Attention, Halve, SequencePool, Skipped
from unseen.seeds import seeded

SMALL = Transformer(channels=(4, 8))
IMAGE = (3, 12, 11)


def made(model=SMALL, shape=IMAGE, classes=3):
    with seeded(0):
        return model.build(shape, classes).eval()


@pytest.mark.parametrize("shape", [(1, 72, 58), (3, 72, 58)])
def test_the_reference_has_as_many_parameters_as_published(shape):
    network = made(Transformer(), shape)
    places = network.places.numel()
    assert places == 34_560
    assert sum(p.numel() for p in network.parameters()) - places == 406_084


def test_a_halving_rounds_up_and_keeps_the_largest_in_reach():
    for size in ((72, 58), (36, 29), (5, 4)):
        brick = Halve(1, 1, size)
        with torch.no_grad():
            brick.convolution.weight.zero_()
            brick.convolution.weight[0, 0, 1, 1] = 1.0
            x = torch.rand(1, 1, *size)
            out = brick(x)
        assert out.shape[2:] == ((size[0] + 1) // 2, (size[1] + 1) // 2)
        # a border without a full window of the convolution is lost, the rest is in some window of the pool
        assert out.max() == x[:, :, 1:-1, 1:-1].max()
        assert bool((out[0, 0, -1, :] > 0).any())


def test_attention_is_the_library_s_with_heads_of_the_full_width():
    brick = Attention(4, heads=2, dropout=0.5).eval()
    x = torch.randn(3, 5, 4)
    q, k, v = brick.asked(x).view(3, 5, 3, 2, 4).unbind(2)
    found = []
    for head in range(2):
        weights = torch.softmax(q[:, :, head] @ k[:, :, head].transpose(1, 2) / 2.0, dim=2)
        found.append(weights @ v[:, :, head])
    assert torch.allclose(brick(x), brick.joined(torch.cat(found, dim=2)), atol=1e-6)


def test_a_skipped_branch_is_left_out_in_training_only_and_right_in_the_mean():
    brick = Skipped(torch.nn.Identity(), 0.25)
    x = torch.ones(20_000, 1, 1)
    assert torch.equal(brick.eval()(x), 2 * x)
    with seeded(0):
        added = brick.train()(x) - x
    assert sorted(set(added.flatten().tolist())) == pytest.approx([0.0, 4 / 3])
    assert added.mean().item() == pytest.approx(1.0, abs=0.02)


def test_a_pool_of_equal_tokens_is_that_token():
    token = torch.randn(2, 1, 6)
    assert torch.allclose(SequencePool(6)(token.expand(2, 9, 6)), token[:, 0], atol=1e-6)


def test_scoring_is_without_chance_and_in_any_company():
    network, x = made(), torch.rand(ROWS + 7, *IMAGE)
    with torch.no_grad():
        first = network(x)
        assert torch.equal(first, network(x))
        assert torch.allclose(first[:3], network(x[:3]), atol=1e-6)
        network.train()
        assert not torch.equal(network(x), network(x))


def test_summed_content_is_the_energy_of_all_channels_and_clipped():
    network = made()
    energies = torch.zeros(2, *IMAGE)
    energies[0, 0, 4, 4], energies[0, 2, 4, 4] = 30.0, 12.0
    energies[1, 1, 4, 4] = 42.0
    with torch.no_grad():
        one, other = network(torch.log1p(energies))
        assert torch.allclose(one, other, atol=1e-6)
        hard, harder = (network(torch.log1p(energies * factor)) for factor in (1e3, 1e5))
        assert torch.allclose(hard, harder, atol=1e-6)
        assert not torch.allclose(one, hard[0], atol=1e-6)


def test_every_weight_takes_part():
    torch.manual_seed(0)  # of dropout and of the images: a draw of few can leave a unit out
    network = made().train()
    network(torch.rand(32, *IMAGE)).square().sum().backward()
    assert all(weight.grad is not None and weight.grad.any() for weight in network.parameters())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Transformer(channels=()), "accepted: 1 to 8 numbers"),
        (lambda: Transformer(heads=0), "2 layers of 0 heads came"),
        (lambda: Transformer(depth=1.0), r"depth 1\.0 came; accepted: at least 0 and below 1"),
        (lambda: Transformer().build((9,), 3), r"rows of shape \(9,\) came"),
        (lambda: Transformer().build((1, 4, 9), 3), "of 5 pixels"),
    ],
)
def test_bad_settings_say_what_is_accepted(call, message):
    with pytest.raises(ConfigError, match=message):
        call()


def test_the_smallest_image_that_is_accepted_passes():
    assert made(shape=(1, 5, 5))(torch.rand(2, 1, 5, 5)).shape == (2, 3)
