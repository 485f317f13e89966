"""The one training loop: batches in, one optimiser step each, a check every so often."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from unseen.errors import ConfigError
from unseen.seeds import torch_generator
from unseen.training.adam import Adam
from unseen.training.average import averaged
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
        warm_up: Share of the steps over which the learning rate rises to its start.
        weight_decay: Decay of all weights apart from their gradients, in units of the learning rate.
        average: Decay of the running mean of the weights, e.g. 0.999, which is watched and kept instead of
            the weights themselves; 0 keeps these.
        beta_warm_up: Share of the steps of stage 1 over which beta rises from 0.

    """

    steps: int = 2000
    rate: float = 1e-3
    batch: int = 256
    clip: float = 5.0
    check_every: int = 50
    noise: float = 0.0
    warm_up: float = 0.0
    weight_decay: float = 0.0
    average: float = 0.0
    beta_warm_up: float = 0.0

    def __post_init__(self) -> None:
        for name in ("warm_up", "weight_decay", "average", "beta_warm_up"):
            if not 0.0 <= getattr(self, name) < 1.0:
                raise ConfigError(f"{name} {getattr(self, name)!r} came; accepted: at least 0 and below 1")


@dataclass(frozen=True, eq=False)
class Batch:
    """Rows of one optimiser step: normal rows, then known anomalies.

    Attributes:
        rows: Shape (N, *shape).
        known: Boolean, shape (N,), True for known anomalies.
        normal_places, known_places: Where the rows stand among all normal rows and all known anomalies, to
            look up what belongs to them (weights, classes, a protected variable).

    """

    rows: Tensor
    known: Tensor
    normal_places: Tensor
    known_places: Tensor


# (batch, step) -> loss of each row, shape (N,)
RowLoss = Callable[[Batch, int], Tensor]
# (batch, step): writes the gradient of the mean loss into the parameters
Descent = Callable[[Batch, int], None]
Check = Callable[[int], bool]


def batches(normal: Tensor, known: Tensor | None, plan: Plan, seed: int) -> Iterator[Batch]:
    """Yield batches without end: shuffled epochs of normal rows, each with anomalies drawn at random."""
    generator = torch_generator(seed, 1)
    size = min(plan.batch, len(normal))
    drawn = 0 if known is None else max(1, plan.batch // 4)
    mask = torch.zeros(size + drawn, dtype=torch.bool)
    mask[size:] = True
    pick = torch.empty(0, dtype=torch.long)
    while True:
        order = torch.randperm(len(normal), generator=generator)
        for start in range(0, len(normal) - size + 1, size):
            places = order[start : start + size]
            rows = normal.index_select(0, places)
            if known is not None:
                pick = torch.randint(len(known), (drawn,), generator=generator)
                rows = torch.cat([rows, known[pick]])
            yield Batch(rows, mask, places, pick)


def by_autograd(loss: RowLoss) -> Descent:
    """Differentiate `loss` automatically.

    The mean over normal rows and the mean over known anomalies are added, so that the number of labels does
    not change their weight.
    """

    def descent(batch: Batch, step: int) -> None:
        with torch.enable_grad():
            losses, known = loss(batch, step), batch.known
            total = losses[~known].mean() + losses[known].mean() if known.any() else losses.mean()
            total.backward()

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
    settled: bool = False,
) -> int:
    """Train `network` in place; return the steps done.

    Args:
        parameters: All of the network, laid out by `unseen.training.flat`.
        descent: Writes the gradient of one batch; gradients are zero before.
        check: Called with the step every `plan.check_every` steps and at the end; True ends training.
        settled: Whether norms keep the statistics they have, so that rows do not depend on those beside them.

    """
    network.train(not settled)
    done = 0
    with threads_for(network, plan.batch), torch.no_grad():
        slopes = parameters.slopes
        optimiser = Adam(
            parameters.values,
            slopes,
            rate=plan.rate,
            steps=plan.steps,
            warm_up=plan.warm_up,
            weight_decay=plan.weight_decay,
        )
        average = averaged(parameters.values, list(network.buffers()), plan.average)
        for batch in batches(normal, known, plan, seed):
            slopes.zero_()
            descent(batch, done)
            norm = float(torch.linalg.vector_norm(slopes))
            if norm > plan.clip:
                slopes.mul_(plan.clip / norm)
            optimiser.step()
            done += 1
            if average is not None:
                average.follow(done)
            if done % plan.check_every == 0 or done == plan.steps:
                tell(what, done, plan.steps)
                network.eval()
                with nullcontext() if average is None else average.shown():
                    stop = check(done)
                network.train(not settled)
                if stop or done >= plan.steps:
                    break
    network.eval()
    return done
