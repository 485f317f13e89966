"""The two stages of a classifier: tell normal classes apart; then be sure of none on known anomalies.

Both walk the one loop. The optimiser is the house's Adam with its cosine, not the SGD of outlier exposure
(1e-3, momentum 0.9, weight decay 5e-4, 128 normal rows and 256 anomalies a batch): one `Plan` then means the
same for every detector.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from unseen.class_scores import Uniformity
from unseen.objectives import ClassAwareness
from unseen.seeds import seeded, torch_generator
from unseen.training.beside import Beside, mean, weigh
from unseen.training.decorrelation import DisCo, Penalty
from unseen.training.flat import flat
from unseen.training.loop import Batch, Plan, by_autograd, train
from unseen.training.stages import LeastLoss, Trace, best_state, watched_and_taught

# Share of held-out normal rows that stage 2 may come to put in a wrong class before it is stopped.
LOST = 0.05


def learn_classes(
    network: nn.Module,
    normal: Tensor,
    classes: Tensor,
    held_out: Tensor,
    held_classes: Tensor,
    *,
    plan: Plan,
    seed: int,
    smoothing: float = 0.0,
    beside: Beside | None = None,
    watched: Beside | None = None,
    decorrelate: DisCo | None = None,
) -> Trace:
    """Stage 1: minimise the mean cross entropy of normal rows; leave the best held-out state.

    Args:
        network: Rows (N, *shape) to logits (N, k).
        normal, held_out: Scaled rows to learn from and to watch.
        classes, held_classes: Class of each of them, 0 to k - 1, shape (N,).
        smoothing: Share of the target that is spread evenly over the classes; held-out rows are not smoothed.
        beside, watched: Weights and protected variable of the rows of `normal` and of `held_out`.
        decorrelate: Penalty on a uniformity that follows the protected variable.

    """
    beside, watched = beside or Beside(), watched or Beside()
    factors, watching = beside.factors, watched.factors
    penalty = Penalty(decorrelate, beside, watched)
    least = LeastLoss(network)
    noisy = _noise(plan, seed)

    def loss(batch: Batch, step: int) -> Tensor:
        logits = network(noisy(batch.rows))
        losses = _normal_rows(logits, classes[batch.normal_places], smoothing)
        losses = weigh(losses, batch, factors, None)
        return penalty.added(losses, _uniformity(logits), batch) if penalty.asked else losses

    @torch.no_grad()
    def check(step: int) -> bool:
        logits = network(held_out)
        value = float(mean(_normal_rows(logits, held_classes), watching))
        return least.look(step, value + penalty.watched(_uniformity(logits)))

    # a backbone may draw numbers of its own (dropout), so torch's stream is seeded here, and put back
    with seeded(seed), flat(network) as parameters:
        train(
            network, parameters, by_autograd(loss), normal, None, plan, check=check, seed=seed, what="stage 1"
        )
    return least.restored()


def become_unsure(
    network: nn.Module,
    normal: Tensor,
    classes: Tensor,
    known: Tensor,
    held_out: Tensor,
    held_classes: Tensor,
    *,
    awareness: ClassAwareness,
    plan: Plan,
    seed: int,
    beside: Beside | None = None,
    watched: Beside | None = None,
    told_beside: Beside | None = None,
    decorrelate: DisCo | None = None,
) -> Trace:
    """Stage 2: L = mean_normal CE(y, p) + lambda mean_known CE(uniform, p), guarded against forgetting.

    Every check compares the share of held-out normal rows put in their class with stage 1; a loss of more
    than 5 points, or anything not finite, ends training and the network returns to the last good state. Of
    the good states the one of least held-out cross entropy among those close to the best loss on known rows
    is kept; a fifth of ten or more known rows is held out for this. With no known row it is the control.

    Args:
        known: Scaled known anomalies (K, *shape); K may be 0.
        beside, watched, told_beside: What stands beside the rows of `normal`, `held_out` and `known`.
        decorrelate: Penalty on a uniformity of normal rows that follows the protected variable.

    """
    beside, watched, told_beside = beside or Beside(), watched or Beside(), told_beside or Beside()
    factors, watching = beside.factors, watched.factors
    penalty = Penalty(decorrelate, beside, watched)
    trace, states = Trace(), [copy.deepcopy(network.state_dict())]
    seen, rest = watched_and_taught(len(known))
    taught, taught_factors = known[rest], told_beside.at(rest).factors
    seen_factors = told_beside.at(seen).factors
    before = accuracy(network, held_out, held_classes, watching)
    noisy = _noise(plan, seed + 1)

    def loss(batch: Batch, step: int) -> Tensor:
        logits = network(noisy(batch.rows))
        first = len(batch.normal_places)
        losses = _normal_rows(logits[:first], classes[batch.normal_places])
        if len(taught):
            losses = torch.cat([losses, awareness.loss(logits[first:])])
        losses = weigh(losses, batch, factors, taught_factors)
        return penalty.added(losses, _uniformity(logits), batch) if penalty.asked else losses

    @torch.no_grad()
    def check(step: int) -> bool:
        logits = network(held_out)
        value = float(mean(_normal_rows(logits, held_classes), watching))
        right = _right(logits, held_classes, watching)
        if not math.isfinite(value) or right < before - LOST:
            trace.note(
                f"stage 2 stopped at step {step}: {right:.1%} of held-out normal rows are put in their "
                f"class, {before:.1%} before, at a cross entropy of {value:.3g}. Kept the last good state."
            )
            return True
        trace.steps.append(step)
        trace.normal.append(value + penalty.watched(_uniformity(logits)))
        of_known = mean(awareness.loss(network(known[seen])), seen_factors) if len(known) else 0.0
        trace.known.append(float(of_known))
        trace.ramp.append(1.0)
        states.append(copy.deepcopy(network.state_dict()))
        return False

    told = taught if len(taught) else None
    with seeded(seed + 1), flat(network) as parameters:
        train(
            network,
            parameters,
            by_autograd(loss),
            normal,
            told,
            plan,
            check=check,
            seed=seed + 1,
            what="stage 2",
        )
    network.load_state_dict(states[best_state(trace)])
    return trace


@torch.no_grad()
def accuracy(network: nn.Module, rows: Tensor, classes: Tensor, factors: Tensor | None = None) -> float:
    """Share of rows (N, *shape), or of their weight (N,), that are put in their class (N,)."""
    return _right(network(rows), classes, factors)


def _right(logits: Tensor, classes: Tensor, factors: Tensor | None) -> float:
    return float(mean((logits.argmax(1) == classes).double(), factors))


def _uniformity(logits: Tensor) -> Tensor:
    """Return what must not follow a protected variable, shape (N,): the default score, which has no end."""
    return Uniformity().from_logits(logits).float()


def _normal_rows(logits: Tensor, classes: Tensor, smoothing: float = 0.0) -> Tensor:
    """Cross entropy of each normal row with its class, shape (N,), nats."""
    return functional.cross_entropy(logits, classes, reduction="none", label_smoothing=smoothing)


def _noise(plan: Plan, seed: int) -> Callable[[Tensor], Tensor]:
    """Return what adds the noise of the plan to rows."""
    generator = torch_generator(seed, 2)

    def noisy(x: Tensor) -> Tensor:
        return x + plan.noise * torch.randn(x.shape, generator=generator) if plan.noise > 0 else x

    return noisy
