"""What makes training fast must not change what is learned: each short cut against torch's own way."""

import numpy as np
import pytest
import torch
from torch import nn

from unseen.data.scale import Scaler
from unseen.models.autoencoder import AutoEncoder
from unseen.models.network import Convolution, Dense
from unseen.models.vae import VAE
from unseen.objectives import elbo
from unseen.training.adam import Adam
from unseen.training.closed_form import ClosedForm
from unseen.training.flat import flat
from unseen.training.loop import Plan, by_autograd, train

MODELS = {
    "one layer": VAE(Dense((7,)), latent=2, beta=0.3),
    "two layers": VAE(Dense((9, 6)), latent=3),
    "no hidden layer": VAE(Dense(()), latent=2),
    "auto-encoder": AutoEncoder(Dense((8, 5)), latent=3),
}


@pytest.mark.parametrize("noisy", [0.0, 0.5])
@pytest.mark.parametrize("wild", [1.0, 300.0])
@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_closed_form_is_what_autograd_finds(model, wild, noisy):
    torch.manual_seed(0)
    network = model.build((5,)).double()
    rows = wild * torch.randn(11, 5, dtype=torch.float64)  # wild rows leave the bounds of the log variance
    seen = rows + noisy * torch.randn_like(rows)
    noise = torch.randn(11, network.latent, dtype=torch.float64) if model.beta else None
    elbo(network(seen, noise), rows, beta=model.beta).mean().backward()
    found = [parameter.grad.clone() for parameter in network.parameters()]
    torch.set_default_dtype(torch.float64)
    try:
        with flat(network):
            ClosedForm(network, model.beta, 11).write(rows, seen, noise)
            written = [parameter.grad.clone() for parameter in network.parameters()]
    finally:
        torch.set_default_dtype(torch.float32)
    for ours, theirs in zip(written, found, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-12)


def test_closed_form_knows_what_it_cannot_do():
    image = VAE(Convolution((4,)), latent=2).build((1, 8, 8))
    flattened = VAE(Dense((4,)), latent=2).build((1, 8, 8))
    spreadless = VAE(Dense((4,)), latent=2, beta=0.0)
    assert not ClosedForm.fits(image, 0.05)
    assert not ClosedForm.fits(flattened, 0.05)
    assert not ClosedForm.fits(spreadless.build((3,)), 0.0)
    assert ClosedForm.fits(spreadless.build((3,)), 0.05)


def test_adam_walks_the_path_of_torch():
    torch.manual_seed(1)
    start, slopes = torch.randn(50), torch.randn(30, 50)
    theirs = nn.Parameter(start.clone())
    optimiser = torch.optim.Adam([theirs], lr=0.01)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, 30)
    ours, slope = start.clone(), torch.empty(50)
    adam = Adam(ours, slope, rate=0.01, steps=30)
    for row in slopes:
        theirs.grad = row.clone()
        optimiser.step()
        schedule.step()
        slope.copy_(row)
        adam.step()
        torch.testing.assert_close(ours, theirs.data, rtol=1e-5, atol=1e-6)


def test_flat_parameters_are_the_network_and_end_with_the_block():
    network = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    with flat(network) as parameters:
        parameters.values.mul_(2.0)
        network(torch.ones(1, 3)).sum().backward()
        assert parameters.slopes[-2:].tolist() == [1.0, 1.0]
    for name, value in network.state_dict().items():
        assert torch.equal(value, 2.0 * before[name])
        assert value.untyped_storage().nbytes() == 4 * value.numel()
    assert all(parameter.grad is None for parameter in network.parameters())


def test_the_loop_clips_the_gradient_of_all_parameters_together():
    network = nn.Linear(2, 1, bias=False)
    seen = []
    rows, plan = torch.full((4, 2), 1e3), Plan(steps=1, clip=0.5, batch=4)
    with flat(network) as parameters:

        def check(step):
            seen.append(float(parameters.slopes.norm()))
            return True

        descent = by_autograd(lambda batch, step: network(batch.rows).square().sum(1))
        train(network, parameters, descent, rows, None, plan, check=check, seed=0, what="clip")
    assert seen == [pytest.approx(0.5, rel=1e-3)]


def test_scaling_in_blocks_is_scaling_row_by_row():
    rows = np.random.default_rng(0).standard_t(1.2, size=(5000, 3))
    scaler = Scaler.fit(rows)
    alone = np.concatenate([scaler.transform(row[None]) for row in rows[2040:2060]])
    assert np.array_equal(scaler.transform(rows)[2040:2060], alone)
