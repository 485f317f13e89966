"""The two stages: learn what is normal; be told of the known anomalies. Both walk the one loop."""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from unseen.models.network import Network
from unseen.objectives import Awareness, aware_rows, elbo, floor_of
from unseen.seeds import torch_generator
from unseen.training.augment import Symmetries, turning
from unseen.training.beside import Beside, mean, quantile, weigh, without_largest
from unseen.training.closed_form import ClosedForm
from unseen.training.decorrelation import DisCo, Penalty
from unseen.training.flat import flat
from unseen.training.guards import Forgetting, ForgettingGuard, active_units
from unseen.training.loop import Batch, Plan, by_autograd, train
from unseen.training.watched import at_once, watched_losses

# Stage 1 ends early after this many checks without a better held-out loss.
PATIENCE = 12
# Stage 2 keeps the state of lowest held-out loss among those within this share of the best known loss.
NEAR_BEST = 0.05


# How stage 2 trains where nothing else is said; stage 1 trains by `Plan()`.
TUNE = Plan(steps=1000, rate=5e-4)


class GuardWarning(UserWarning):
    """Training was stopped, or its result is doubtful; the message says what was seen."""


@dataclass
class Trace:
    """What the held-out rows saw during training, one entry a check."""

    steps: list[int] = field(default_factory=list)
    normal: list[float] = field(default_factory=list)
    known: list[float] = field(default_factory=list)
    ramp: list[float] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    def note(self, message: str) -> None:
        """Keep a notice for the report and warn the user."""
        self.notices.append(message)
        warnings.warn(message, GuardWarning, stacklevel=3)


class LeastLoss:
    """The state of a network with the least held-out loss so far, and how long ago it was found."""

    def __init__(self, network: nn.Module) -> None:
        self._network = network
        self._best = copy.deepcopy(network.state_dict())
        self._least, self._since = math.inf, 0
        self._trace = Trace()

    def look(self, step: int, value: float) -> bool:
        """Record a held-out loss; say whether training should end: not finite, or no better for too long."""
        if not math.isfinite(value):
            return True
        self._trace.steps.append(step)
        self._trace.normal.append(value)
        self._since += 1
        if value < self._least:
            self._least, self._since, self._best = value, 0, copy.deepcopy(self._network.state_dict())
        return self._since >= PATIENCE

    def restored(self) -> Trace:
        """Put the network back into its best state; return what was recorded."""
        self._network.load_state_dict(self._best)
        return self._trace


def _inputs(
    network: Network, beta: float, plan: Plan, seed: int
) -> Callable[[Tensor], tuple[Tensor, Tensor | None]]:
    """Return what goes in for rows: noise on them where the plan says so, a draw of the code for a VAE."""
    generator = torch_generator(seed, 2)

    def inputs(x: Tensor) -> tuple[Tensor, Tensor | None]:
        if plan.noise > 0:
            x = x + plan.noise * torch.randn(x.shape, generator=generator)
        return x, torch.randn(len(x), network.latent, generator=generator) if beta > 0 else None

    return inputs


def risen(step: int, steps: float) -> float:
    """Return how far a straight rise over `steps` has come at `step`: 1 at its end, and where there is none.

    >>> risen(1, 4), risen(9, 4), risen(1, 0)
    (0.25, 1.0, 1.0)
    """
    return min(1.0, step / steps) if steps > 0 else 1.0


def learn_normal(
    network: Network,
    normal: Tensor,
    held_out: Tensor,
    *,
    beta: float,
    plan: Plan,
    trim: float,
    seed: int,
    beside: Beside | None = None,
    watched: Beside | None = None,
    decorrelate: DisCo | None = None,
    augment: Symmetries | None = None,
) -> Trace:
    """Stage 1: minimise the mean of l = E + (beta / D) KL over normal rows; leave the best held-out state.

    Args:
        normal, held_out: Scaled rows (N, *shape) to learn from and to watch.
        trim: Share of unlabelled anomalies expected among the normal rows; from half-way on, 1.5 times that
            share of each batch with the largest loss is left out.
        beside, watched: Weights and protected variable of the rows of `normal` and of `held_out`.
        decorrelate: Penalty on errors that follow the protected variable.
        augment: Turns batches of event images by their symmetries; held-out rows stay as they are.

    """
    inputs, turn = _inputs(network, beta, plan, seed), turning(augment, seed, normal)
    beside, watched = beside or Beside(), watched or Beside()
    factors, watching = beside.factors, watched.factors
    penalty = Penalty(decorrelate, beside, watched)
    least = LeastLoss(network)

    def loss(batch: Batch, step: int) -> Tensor:
        x = turn(batch.rows)
        out = network(*inputs(x))
        rows = elbo(out, x, beta=beta * risen(step + 1, plan.beta_warm_up * plan.steps))
        if trim > 0 and step >= plan.steps // 2:
            own = None if factors is None else factors[batch.normal_places]
            rows = without_largest(rows, 1.5 * trim, own)
        else:
            rows = weigh(rows, batch, factors, None)
        return penalty.added(rows, out.error(x), batch) if penalty.asked else rows

    @torch.no_grad()
    def check(step: int) -> bool:
        losses, errors = watched_losses(network, held_out, beta)
        # unlabelled anomalies are among the held-out rows too, and would rule a mean
        middle = quantile(losses, 0.5, watching) if watching is not None else losses.median()
        value = float(middle if trim else mean(losses, watching)) + penalty.watched(errors)
        return least.look(step, value)

    with flat(network) as parameters:
        descent = by_autograd(loss)
        plain = trim == 0 and factors is None and not penalty.asked and augment is None
        if plain and plan.beta_warm_up == 0 and ClosedForm.fits(network, beta):
            descent = ClosedForm(network, beta, min(plan.batch, len(normal))).descent(inputs)
        train(network, parameters, descent, normal, None, plan, check=check, seed=seed, what="stage 1")
    return least.restored()


def become_aware(
    network: Network,
    normal: Tensor,
    known: Tensor,
    held_out: Tensor,
    *,
    awareness: Awareness,
    beta: float,
    tau: float,
    plan: Plan,
    seed: int,
    beside: Beside | None = None,
    watched: Beside | None = None,
    told_beside: Beside | None = None,
    decorrelate: DisCo | None = None,
    forgetting: Forgetting | None = None,
    augment: Symmetries | None = None,
) -> Trace:
    """Stage 2: train on normal rows and known anomalies together, guarded against forgetting.

    L = mean_normal(l) / tau + mean_known(A), with A ramped up over the first half of the steps. Every check
    compares the errors of held-out normal rows with stage 1; the first complaint ends training and the
    network returns to the last good state. With no known rows it is the zero-label control: the same steps,
    the same rows, no label.

    Args:
        known: Scaled known anomalies (K, *shape); K may be 0.
        tau: 0.99 quantile of E on held-out normal rows after stage 1.
        forgetting: Limits of the guard; None takes its defaults.
        beside, watched, told_beside: What stands beside the rows of `normal`, `held_out` and `known`.
        decorrelate: Penalty on errors of normal rows that follow the protected variable.
        augment: As in stage 1.

    """
    inputs, turn = _inputs(network, beta, plan, seed + 1), turning(augment, seed + 1, normal)
    beside, watched, told_beside = beside or Beside(), watched or Beside(), told_beside or Beside()
    trace, states = Trace(), [copy.deepcopy(network.state_dict())]
    seen, rest = watched_and_taught(len(known))
    taught = known[rest] if len(known) else None
    factors, taught_factors = beside.factors, told_beside.at(rest).factors
    watching, seen_factors = watched.factors, told_beside.at(seen).factors
    penalty = Penalty(decorrelate, beside, watched)
    before = watched_losses(network, held_out, beta)[1]
    with torch.no_grad():
        floor = floor_of(network(held_out[:1]), before)
    tau = max(tau - floor, 1e-9)
    guard = ForgettingGuard.fit(before - floor, watching, forgetting)
    units = active_units(network, held_out)

    def ramp(step: int) -> float:
        return min(1.0, step / max(1, plan.steps // 2))

    def loss(batch: Batch, step: int) -> Tensor:
        x = turn(batch.rows)
        out = network(*inputs(x))
        if taught is None:
            rows = (elbo(out, x, beta=beta) - floor) / tau
        else:
            own = None if factors is None else factors[batch.normal_places]
            rows = aware_rows(
                out,
                x,
                batch.known,
                awareness=awareness,
                beta=beta,
                tau=tau,
                ramp=ramp(step),
                factors=own,
                floor=floor,
            )
        rows = weigh(rows, batch, factors, taught_factors)
        return penalty.added(rows, out.error(x), batch) if penalty.asked else rows

    @torch.no_grad()
    def check(step: int) -> bool:
        losses, error = watched_losses(network, held_out, beta)
        complaint = guard.complaint(error - floor)
        if complaint is not None:
            trace.note(f"stage 2 stopped at step {step}: {complaint}. Kept the last good state.")
            return True
        trace.steps.append(step)
        normal_loss = float(mean(losses, watching))
        trace.normal.append(normal_loss + tau * penalty.watched(error))
        trace.known.append(
            _known_loss(network, known[seen], held_out, awareness, beta, (tau, floor), seen_factors)
        )
        trace.ramp.append(ramp(step))
        states.append(copy.deepcopy(network.state_dict()))
        return False

    descent = by_autograd(loss)
    with flat(network) as parameters:
        train(
            network,
            parameters,
            descent,
            normal,
            taught,
            plan,
            check=check,
            seed=seed + 1,
            what="stage 2",
            # known anomalies must not move the statistics that normal rows are judged by
            settled=True,
        )
    network.load_state_dict(states[best_state(trace)])
    _watch_units(network, held_out, units, trace)
    return trace


def watched_and_taught(known: int) -> tuple[Tensor, Tensor]:
    """Masks (K,) of the known rows to watch and of those to teach: all for both where they are below ten.

    Else every fifth is watched, so that of kinds that come one after the other each is both.

    >>> [mask.nonzero().flatten().tolist() for mask in watched_and_taught(10)]
    [[0, 5], [1, 2, 3, 4, 6, 7, 8, 9]]
    """
    fifth = torch.arange(known) % 5 == 0
    every = torch.ones(known, dtype=torch.bool)
    return (fifth, ~fifth) if known >= 10 else (every, every)


def _known_loss(
    network: Network,
    known: Tensor,
    held_out: Tensor,
    awareness: Awareness,
    beta: float,
    measure: tuple[float, float],
    factors: Tensor | None,
) -> float:
    """Full-ramp awareness loss of the watched known rows; 0 where there are none."""
    if not len(known):
        return 0.0
    beside = held_out[: at_once(held_out)]
    rows = torch.cat([beside, known])
    mask = torch.arange(len(rows)) >= len(beside)
    tau, floor = measure
    losses = aware_rows(
        network(rows), rows, mask, awareness=awareness, beta=beta, tau=tau, ramp=1.0, floor=floor
    )
    return float(mean(losses[mask], factors))


def best_state(trace: Trace) -> int:
    """Return the index of the kept state: 0 is the state before stage 2."""
    if not trace.steps:
        return 0
    least, most = min(trace.known), max(trace.known)
    near = least + NEAR_BEST * max(most - least, abs(least))
    fit = [place for place, value in enumerate(trace.known) if value <= near]
    return 1 + min(fit, key=lambda place: trace.normal[place])


@torch.no_grad()
def _watch_units(network: Network, held_out: Tensor, before: int, trace: Trace) -> None:
    after = active_units(network, held_out)
    if before and after < 0.5 * before:
        trace.note(
            f"stage 2 left {after} of {before} latent units active; lower the weight of the awareness loss"
        )
