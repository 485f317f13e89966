"""The one training loop: batches in, one optimiser step each, a check every so often."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from unseen.seeds import torch_generator
from unseen.training.adam import Adam
from unseen.training.flat import Flat
from unseen.training.progress import tell
from unseen.training.threads import threads_for


@dataclass(frozen=True)
class Plan:
    """How long and how fast to train.

    Args:
        steps: Optimiser steps at most.
        rate: Learning rate of Adam at the start; it falls to zero along a half cosine.
        batch: Normal rows a step; known anomalies come on top, a quarter as many.
        clip: Largest gradient norm.
        check_every: Steps between two looks at the held-out rows.
        noise: Standard deviation of the noise added to the input, which must be reconstructed without it.

    """

    steps: int = 2000
    rate: float = 1e-3
    batch: int = 256
    clip: float = 5.0
    check_every: int = 50
    noise: float = 0.0


# (rows, mask of known anomalies, step) -> loss of each row, shape (N,)
RowLoss = Callable[[Tensor, Tensor, int], Tensor]
# (rows, mask of known anomalies, step): writes the gradient of the mean loss into the parameters
Descent = Callable[[Tensor, Tensor, int], None]
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
            rows = normal.index_select(0, order[start : start + size])
            if known is not None:
                pick = torch.randint(len(known), (drawn,), generator=generator)
                rows = torch.cat([rows, known[pick]])
            yield rows, mask


def by_autograd(loss: RowLoss) -> Descent:
    """Differentiate `loss` automatically.

    The mean over normal rows and the mean over known anomalies are added, so that the number of labels does
    not change their weight.
    """

    def descent(rows: Tensor, mask: Tensor, step: int) -> None:
        with torch.enable_grad():
            losses = loss(rows, mask, step)
            total = losses[~mask].mean() + losses[mask].mean() if mask.any() else losses.mean()
            total.backward()  # type: ignore[no-untyped-call]

    return descent


def train(
    network: nn.Module,
    parameters: Flat,
    descent: Descent,
    normal: Tensor,
    known: Tensor | None,
    plan: Plan,
    *,
    check: Check,
    seed: int,
    what: str,
) -> int:
    """Train `network` in place; return the steps done.

    Args:
        parameters: All of the network, laid out by `unseen.training.flat`.
        descent: Writes the gradient of one batch; gradients are zero before.
        check: Called with the step every `plan.check_every` steps and at the end; True ends training.

    """
    network.train()
    done = 0
    with threads_for(network, plan.batch), torch.no_grad():
        slopes = parameters.slopes
        optimiser = Adam(parameters.values, slopes, rate=plan.rate, steps=plan.steps)
        for rows, mask in batches(normal, known, plan, seed):
            slopes.zero_()
            descent(rows, mask, done)
            norm = float(torch.linalg.vector_norm(slopes))
            if norm > plan.clip:
                slopes.mul_(plan.clip / norm)
            optimiser.step()
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
