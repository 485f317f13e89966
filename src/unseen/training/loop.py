"""The one training loop: batches in, one optimiser step each, a check every so often."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from unseen.seeds import torch_generator
from unseen.training.progress import tell
from unseen.training.threads import threads_for


@dataclass(frozen=True)
class Plan:
    """How long and how fast to train.

    Parameters
    ----------
    steps
        Optimiser steps at most.
    rate
        Learning rate of Adam at the start; it falls to zero along a half cosine.
    batch
        Normal rows a step; known anomalies come on top, a quarter as many.
    clip
        Largest gradient norm.
    check_every
        Steps between two looks at the held-out rows.
    noise
        Standard deviation of the noise added to the input, which must be reconstructed without it.
    """

    steps: int = 2000
    rate: float = 1e-3
    batch: int = 256
    clip: float = 5.0
    check_every: int = 50
    noise: float = 0.0


RowLoss = Callable[[Tensor, Tensor, int], Tensor]
Check = Callable[[int], bool]


def batches(normal: Tensor, known: Tensor | None, plan: Plan, seed: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield endless (rows, mask of known anomalies): shuffled epochs of normal rows, then drawn anomalies."""
    generator = torch_generator(seed, 1)
    size = min(plan.batch, len(normal))
    drawn = 0 if known is None else max(1, plan.batch // 4)
    mask = torch.zeros(size + drawn, dtype=torch.bool)
    mask[size:] = True
    while True:
        order = torch.randperm(len(normal), generator=generator)
        for start in range(0, len(normal) - size + 1, size):
            rows = normal[order[start : start + size]]
            if known is not None:
                pick = torch.randint(len(known), (drawn,), generator=generator)
                rows = torch.cat([rows, known[pick]])
            yield rows, mask


def train(
    network: nn.Module,
    loss: RowLoss,
    normal: Tensor,
    known: Tensor | None,
    plan: Plan,
    *,
    check: Check,
    seed: int,
    what: str,
) -> int:
    """Train `network` in place; return the steps done.

    Parameters
    ----------
    loss
        (rows, mask of known anomalies, step) -> loss of each row, shape (N,). The mean over normal rows and
        the mean over known anomalies are added, so that the number of labels does not change their weight.
    check
        Called with the step every `plan.check_every` steps and at the end; True ends training.
    """
    optimiser = torch.optim.Adam(network.parameters(), lr=plan.rate, fused=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, plan.steps)
    parameters = list(network.parameters())
    network.train()
    done = 0
    with threads_for(network, plan.batch), torch.enable_grad():
        for rows, mask in batches(normal, known, plan, seed):
            losses = loss(rows, mask, done)
            total = losses.mean() if known is None else losses[~mask].mean() + losses[mask].mean()
            optimiser.zero_grad()
            total.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(parameters, plan.clip)
            optimiser.step()
            schedule.step()
            done += 1
            if done % plan.check_every == 0 or done == plan.steps:
                tell(what, done, plan.steps)
                network.eval()
                stop = check(done)
                network.train()
                if stop or done >= plan.steps:
                    break
    network.eval()
    return done
