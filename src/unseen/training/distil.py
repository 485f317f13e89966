"""Regress one number a row: how a small network learns the score of a large one."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from unseen.seeds import seeded
from unseen.training.flat import flat
from unseen.training.loop import Batch, Plan, by_autograd, train
from unseen.training.stages import LeastLoss, Trace


def regress(
    network: nn.Module,
    rows: Tensor,
    targets: Tensor,
    held_out: Tensor,
    held_targets: Tensor,
    *,
    plan: Plan,
    seed: int,
) -> Trace:
    """Minimise the mean absolute error |network(x) - target|; leave the best held-out state.

    Args:
        network: Rows (N, *shape) to (N, 1).
        rows, targets: Scaled rows to learn from, and the number of each, (N,).
        held_out, held_targets: The same to watch training with.
        plan, seed: As in every training.

    """
    least = LeastLoss(network)

    def loss(batch: Batch, step: int) -> Tensor:
        return torch.as_tensor((network(batch.rows).squeeze(1) - targets[batch.normal_places]).abs())

    @torch.no_grad()
    def check(step: int) -> bool:
        return least.look(step, float((network(held_out).squeeze(1) - held_targets).abs().mean()))

    with seeded(seed), flat(network) as parameters:
        train(
            network, parameters, by_autograd(loss), rows, None, plan, check=check, seed=seed, what="student"
        )
    return least.restored()
