"""Learning melodies: hours that can be stopped at any time and gone on from, bit for bit.

The house's loop of `training/loop.py` lives in one process. Here every block of steps draws from a stream of
its own, so that parameters, moments and the number of the next step are all there is to remember.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from unseen.errors import ConfigError, ModelFileError, TrainingError
from unseen.models.network import Network
from unseen.nn.melodies import KINDS, PITCHES
from unseen.objectives import elbo
from unseen.seeds import seeded, torch_generator
from unseen.training.loop import Plan
from unseen.training.progress import tell
from unseen.training.stages import risen
from unseen.training.threads import threads_for

Moments = list[tuple[Tensor, Tensor]]
Losses = list[tuple[float, float]]
# Steps that draw from one stream; a run goes on at the beginning of one.
BLOCK = 250
# Between two times that the state is written down.
SECONDS = 30.0


@dataclass
class Standing:
    """How far training has come.

    Attributes:
        done: Steps done, a multiple of `BLOCK` until the end.
        seconds: CPU seconds spent on them, over all runs.
        losses: Mean loss and mean divergence (nats a window) of each block.
        moments: Adam's running means, parameter by parameter.

    """

    done: int = 0
    seconds: float = 0.0
    losses: Losses = field(default_factory=list)
    moments: Moments = field(default_factory=list)

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return the moments as arrays that a model file can hold."""
        found: dict[str, NDArray[np.generic]] = {}
        for place, (mean, square) in enumerate(self.moments):
            found[f"moment.{place}.mean"], found[f"moment.{place}.square"] = mean.numpy(), square.numpy()
        return found

    @staticmethod
    def of(
        arrays: Mapping[str, NDArray[np.generic]],
        done: int,
        seconds: float,
        losses: Losses,
    ) -> Standing:
        """Read what `arrays` wrote."""
        count = sum(name.startswith("moment.") for name in arrays) // 2
        try:
            moments = [
                (
                    torch.from_numpy(np.array(arrays[f"moment.{place}.mean"])),
                    torch.from_numpy(np.array(arrays[f"moment.{place}.square"])),
                )
                for place in range(count)
            ]
        except KeyError as error:
            raise ModelFileError(f"the state of training lacks {error.args[0]}; train anew") from error
        return Standing(done, seconds, losses, moments)


def transposed(x: Tensor, by: Tensor) -> Tensor:
    """Shift the pitches of windows (N, T) by semitones (N, 1); those that would leave the range stay.

    >>> transposed(torch.tensor([[41, 0, 1]]), torch.tensor([[2]])).tolist()
    [[43, 0, 1]]
    """
    moved = torch.where(x >= KINDS - 1, x + by, x)
    out = ((moved > PITCHES + KINDS - 2) | ((moved < KINDS - 1) & (x >= KINDS - 1))).any(1, keepdim=True)
    return torch.where(out, x, moved)


def learn_melodies(
    network: Network,
    windows: Tensor,
    *,
    beta: float,
    plan: Plan,
    semitones: int,
    seed: int,
    standing: Standing | None = None,
    keep: Callable[[Standing], None] | None = None,
) -> Standing:
    """Minimise the mean over windows of sum_t -ln p(token) + beta KL, in place; return where it stands.

    The loss of a window is divided by its T steps, as everywhere in the house. Beta rises from 0 over
    `plan.beta_warm_up` of the steps.

    Args:
        windows: Tokens (N, T), integers.
        semitones: Each window is transposed by -s to s semitones, anew every time it is drawn.
        standing: Where an earlier run stood; its network must have come with it.
        keep: Called every so often with the network in that state, to write it down.

    Raises:
        TrainingError: A loss is no number.

    """
    standing = standing or Standing()
    parameters = list(network.parameters())
    optimiser = _optimiser(parameters, plan, standing)
    kept_at = time.monotonic()
    network.train()
    with threads_for(network, 1), seeded(seed):
        while standing.done < plan.steps:
            started = time.process_time()
            _block(network, parameters, optimiser, windows, beta, plan, semitones, seed, standing)
            standing.seconds += time.process_time() - started
            tell("training", standing.done, plan.steps)
            if keep is not None and (time.monotonic() - kept_at > SECONDS or standing.done >= plan.steps):
                standing.moments = _moments(optimiser, parameters)
                keep(standing)
                kept_at = time.monotonic()
    network.eval()
    return standing


def _block(
    network: Network,
    parameters: list[torch.nn.Parameter],
    optimiser: torch.optim.Adam,
    windows: Tensor,
    beta: float,
    plan: Plan,
    semitones: int,
    seed: int,
    standing: Standing,
) -> None:
    """Make the steps up to the end of the block, or of the plan."""
    generator = torch_generator(seed, 9, standing.done // BLOCK)
    total, divergence, first = 0.0, 0.0, standing.done
    for step in range(first, min(first + BLOCK, plan.steps)):
        places = torch.randint(len(windows), (min(plan.batch, len(windows)),), generator=generator)
        x = windows[places].long()
        if semitones:
            x = transposed(x, torch.randint(-semitones, semitones + 1, (len(x), 1), generator=generator))
        noise = torch.randn(len(x), network.latent, generator=generator)
        for group in optimiser.param_groups:
            group["lr"] = _rate(plan, step)
        out = network(x, noise)
        rows = elbo(out, x, beta=beta * risen(step + 1, plan.beta_warm_up * plan.steps))
        loss = rows.mean()
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, plan.clip)
        optimiser.step()
        total += float(loss.detach())
        divergence += float(out.divergence().detach().mean())
    count = min(first + BLOCK, plan.steps) - first
    if not np.isfinite(total):
        raise TrainingError(
            f"the loss was no number between steps {first:,} and {first + count:,}; lower the learning rate"
        )
    standing.losses.append((total / count * windows.shape[1], divergence / count))
    standing.done = first + count


def _rate(plan: Plan, step: int) -> float:
    """Learning rate at a step: a straight rise over `plan.warm_up`, then half a cosine to zero."""
    falling = 0.5 * (1.0 + float(np.cos(np.pi * step / plan.steps)))
    return plan.rate * falling * risen(step + 1, plan.warm_up * plan.steps)


def _optimiser(parameters: list[torch.nn.Parameter], plan: Plan, standing: Standing) -> torch.optim.Adam:
    """Adam, fused: with millions of parameters a step is memory traffic, and one pass is the least."""
    optimiser = torch.optim.Adam(parameters, lr=plan.rate, fused=True)
    if standing.moments:
        if [mean.shape for mean, _ in standing.moments] != [value.shape for value in parameters]:
            raise ConfigError("the state of training belongs to another network; train anew")
        for value, (mean, square) in zip(parameters, standing.moments, strict=True):
            optimiser.state[value] = {
                "step": torch.tensor(float(standing.done)),
                "exp_avg": mean.clone(),
                "exp_avg_sq": square.clone(),
            }
    return optimiser


def _moments(optimiser: torch.optim.Adam, parameters: list[torch.nn.Parameter]) -> Moments:
    states = [optimiser.state[value] for value in parameters]
    return [(state["exp_avg"].clone(), state["exp_avg_sq"].clone()) for state in states]
