"""Passes of many rows, block by block where rows are large, so that memory stays bounded."""

from __future__ import annotations

import torch
from torch import Tensor

from unseen.models.network import Network
from unseen.nn.distributions import Pass, joined
from unseen.objectives import elbo

# Numbers of rows that pass at once: 1,300 event images of 12,528 numbers, and any table that fits in memory.
AT_ONCE = 2**24


def at_once(x: Tensor) -> int:
    """Rows of x (N, *shape) that pass at once."""
    return max(64, AT_ONCE // max(1, x[:1].numel()))


def whole_pass(network: Network, x: Tensor) -> Pass:
    """Pass rows (N, *shape), N at least 1, without gradient."""
    with torch.no_grad():
        return joined([network(block) for block in torch.split(x, at_once(x))])


@torch.no_grad()
def watched_losses(network: Network, x: Tensor, beta: float) -> tuple[Tensor, Tensor]:
    """Row loss l = E + (beta / D) KL and error E of rows (N, *shape), both (N,)."""
    losses, errors = [], []
    for block in torch.split(x, at_once(x)):
        out = network(block)
        losses.append(elbo(out, block, beta=beta))
        errors.append(out.error(block))
    return torch.cat(losses), torch.cat(errors)
