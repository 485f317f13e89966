"""How networks learn quantiles: pinball loss over drawn windows, a running mean of the weights kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from unseen.errors import ConfigError, DataError, TrainingError
from unseen.forecasting.drawing import AT_ONCE, KEPT, Drawn, Windowed, weighed
from unseen.forecasting.forecaster import LEVELS, MEDIAN
from unseen.forecasting.inputs import UNKNOWN, Windows
from unseen.forecasting.networks import Told
from unseen.seeds import seeded, torch_generator
from unseen.training.adam import Adam
from unseen.training.average import Average
from unseen.training.flat import flat
from unseen.training.progress import tell
from unseen.training.threads import threads_for


@dataclass(frozen=True)
class Schedule:
    """How long and how fast a network learns.

    Args:
        epochs: Times `windows` are drawn.
        least_steps: Steps at least: a small network of sensors is shown its windows more often.
        windows: Windows an epoch at most; a panel that has fewer shows each once.
        rate: Learning rate of Adam at its peak.
        batch: Windows a step.
        warm_up: Share of the steps over which the rate rises.
        weight_decay: Of all weights, in units of the rate.
        average: Decay of the running mean of the weights, which is kept.
        unknown: Share of windows whose sensor is shown as one that was not in training.
        median: Weight of the median beside the other quantiles.
        power: Windows weigh as their sensor's scale to this power: 1 counts vehicles, 0 sensors.

    Raises:
        ConfigError: A number out of its bounds.

    """

    epochs: int = 4
    least_steps: int = 1000
    windows: int = 2_000_000
    rate: float = 4e-3
    batch: int = 1024
    warm_up: float = 0.1
    weight_decay: float = 0.0
    average: float = 0.998
    unknown: float = 0.1
    median: float = 3.0
    power: float = 1.0

    def __post_init__(self) -> None:
        for name in ("epochs", "windows", "batch", "least_steps"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} {getattr(self, name)!r} came; accepted: 1 or more")
        for name in ("warm_up", "weight_decay", "average", "unknown"):
            if not 0 <= getattr(self, name) < 1:
                raise ConfigError(f"{name} {getattr(self, name)!r} came; accepted: at least 0 and below 1")
        if not self.rate > 0:
            raise ConfigError(f"rate {self.rate!r} came; accepted: above 0")


def pinball(quantiles: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    """Sum over levels of weight * max(l e, (l - 1) e), e = target - quantile; shape (N,).

    Args:
        quantiles: Shape (N, Q), at `LEVELS`.
        target: Shape (N,).
        weights: Shape (Q,).

    """
    levels = torch.tensor(LEVELS, dtype=quantiles.dtype)
    error = target[:, None] - quantiles
    return torch.maximum(levels * error, (levels - 1) * error) @ weights


def told(windows: Windows) -> Told:
    """Windows as tensors that share their memory."""
    return Told(
        torch.from_numpy(windows.x),
        torch.from_numpy(windows.sensor),
        torch.from_numpy(windows.slot_of_day),
        torch.from_numpy(windows.weekday),
    )


def learn(network: nn.Module, windowed: Windowed, schedule: Schedule, *, seed: int, what: str) -> None:
    """Train a network in place, by `schedule`; progress is told as `what`.

    Raises:
        DataError: No window whose outcome is known.
        TrainingError: The loss is no number any more.

    """
    per_epoch = min(windowed.every(), schedule.windows)
    if per_epoch < 1:
        raise DataError("no slot to learn from: the panel is shorter than the week that a window looks back")
    steps = max(schedule.epochs * (per_epoch // schedule.batch), schedule.least_steps)
    weights = torch.ones(len(LEVELS))
    weights[MEDIAN] = schedule.median
    weights /= weights.sum()
    generator = torch_generator(seed, 82)
    network.train()
    with flat(network) as parameters, threads_for(network, schedule.batch), seeded(seed):
        adam = Adam(
            parameters.values,
            parameters.slopes,
            rate=schedule.rate,
            steps=steps,
            warm_up=schedule.warm_up,
            weight_decay=schedule.weight_decay,
        )
        average = Average([parameters.values], decay=schedule.average)
        for done, batch in enumerate(_batches(windowed, schedule, per_epoch, steps, seed), start=1):
            shown = told(batch.windows)
            hidden = torch.rand(len(batch), generator=generator) < schedule.unknown
            shown = Told(shown.x, shown.sensor.masked_fill(hidden, UNKNOWN), shown.slot_of_day, shown.weekday)
            parameters.slopes.zero_()
            rows = pinball(network(shown), torch.from_numpy(batch.target), weights)
            loss = (rows * torch.from_numpy(batch.weight)).mean()
            loss.backward()
            _clip(parameters.slopes)
            with torch.no_grad():
                adam.step()
                average.follow(done)
            if done % 50 == 0 or done == steps:
                if not bool(torch.isfinite(loss)):
                    raise TrainingError(f"{what}: the loss is {float(loss)} at step {done}; lower the rate")
                tell(what, done, steps)
        with torch.no_grad(), average.shown():
            kept = parameters.values.clone()
        with torch.no_grad():
            parameters.values.copy_(kept)
    network.eval()


def _clip(slopes: Tensor) -> None:
    size = float(slopes.norm())
    if size > 1:
        slopes.mul_(1 / size)


def _batches(
    windowed: Windowed, schedule: Schedule, per_epoch: int, steps: int, seed: int
) -> Iterator[Drawn]:
    """Yield `steps` batches, from all windows kept in memory, or drawn anew each epoch."""
    mean = float(windowed.reader.history.usual.scale[windowed.rows].mean())
    generator, size = torch_generator(seed, 83), schedule.batch
    kept = None
    if windowed.every() <= min(KEPT, schedule.windows):
        kept = weighed(windowed.all_of_them(), mean, schedule.power)
        size = min(size, len(kept))
    epoch = 0
    while steps > 0:
        blocks = iter([kept]) if kept else windowed.stratified(per_epoch, seed, epoch)
        epoch += 1
        for block in blocks:
            part = block if kept else weighed(block, mean, schedule.power)
            order = torch.randperm(len(part), generator=generator).numpy()
            for first in range(0, len(order) - size + 1, size):
                if steps > 0:
                    steps -= 1
                    yield part.take(order[first : first + size])


@torch.no_grad()
def quantiles_of(network: nn.Module, windows: Windows) -> Tensor:
    """Quantiles (N, Q) of residuals, in blocks that bound memory."""
    parts = [
        windows.take(np.arange(first, min(first + AT_ONCE, len(windows))))
        for first in range(0, len(windows), AT_ONCE)
    ]
    with threads_for(network, min(len(windows), AT_ONCE)):
        return torch.cat([network(told(part)) for part in parts])
