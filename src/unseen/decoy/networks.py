"""Many small networks trained at once: each learns from the place on its own picture how bright it is.

The decoy task: (x, y) -> which of five equally populated levels of brightness. One network a picture,
2-64-64-200-5 with ReLU; a batch of them is one stack of matrices, multiplied by `torch.bmm`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.optim.adamw import adamw

from unseen.decoy.templates import grid
from unseen.seeds import torch_generator
from unseen.training.progress import tell

LEVELS = 5
SIZES = (2, 64, 64, 200, LEVELS)
# Networks of one batch: weights and gradients of so many stay in the cache of one core.
TOGETHER = 16


@dataclass(frozen=True)
class Schedule:
    """How the networks are trained.

    Attributes:
        steps: Steps of Adam.
        pixels: Pixels of a step, the same for all networks, drawn anew each step.
        rate: Step size at the start; it falls to 0 in a straight line.
        decay: Every weight shrinks by 1 - decay x rate a step.
        first, rest: Standard deviation of the first and of the other layers at the start, in units of He's.

    """

    steps: int = 400
    pixels: int = 64
    rate: float = 6e-3
    decay: float = 0.02
    first: float = 1.0
    rest: float = 0.35


@dataclass(frozen=True)
class Networks:
    """Trained networks.

    Attributes:
        weights: One tensor (N, out, in) a layer.
        biases: One tensor (N, out) a layer.

    """

    weights: tuple[Tensor, ...]
    biases: tuple[Tensor, ...]

    def __len__(self) -> int:
        return len(self.weights[0])

    def take(self, rows: slice) -> Networks:
        """Return some of the networks."""
        return Networks(tuple(w[rows] for w in self.weights), tuple(b[rows] for b in self.biases))

    def layers(self, points: Tensor) -> list[Tensor]:
        """Return what each layer says at points (P, 2): tensors (N, P, width), the logits last."""
        with torch.no_grad():
            return _forward(self.weights, self.biases, points.expand(len(self), *points.shape))[1:]

    def hidden(self, points: Tensor) -> Tensor:
        """Return the last hidden layer at points (P, 2): (N, P, 200)."""
        return self.layers(points)[-2]


def points(side: int) -> Tensor:
    """Return the pixel centres of a side x side grid as (side^2, 2), row by row."""
    x, y = grid(side)
    return torch.tensor(np.stack([x.ravel(), y.ravel()], axis=1), dtype=torch.float32)


def levels_of(values: NDArray[np.floating[Any]]) -> NDArray[np.int64]:
    """Cut pictures (N, S, S) into five levels of equal population: (N, S^2) numbers from 0 to 4.

    Pixels of equal brightness share a level.

    >>> levels_of(np.arange(10.0).reshape(1, 2, 5)).tolist()
    [[0, 0, 1, 1, 2, 2, 3, 3, 4, 4]]
    """
    flat = values.reshape(len(values), -1)
    cuts = np.quantile(flat, np.arange(1, LEVELS) / LEVELS, axis=1).T
    return np.asarray((flat[:, :, None] > cuts[:, None, :]).sum(-1))


def untrained(count: int, *, seed: int, schedule: Schedule | None = None) -> Networks:
    """Return networks as they are before the first step: the control."""
    schedule = schedule or Schedule()
    weights, biases = [], []
    for layer, (into, out) in enumerate(pairwise(SIZES)):
        draws = torch_generator(seed, layer)
        scale = math.sqrt(2.0 / into) * (schedule.rest if layer else schedule.first)
        weights.append(scale * torch.randn(count, out, into, generator=draws))
        # the folds of the first layer are spread over the square; without offset all would meet in its centre
        offset = torch.zeros(count, out) if layer else 2.0 * torch.rand(count, out, generator=draws) - 1.0
        biases.append(offset)
    return Networks(tuple(weights), tuple(biases))


def train(values: NDArray[np.floating[Any]], *, seed: int, schedule: Schedule | None = None) -> Networks:
    """Train one network on each picture (N, S, S), on one thread; same seed, same bits."""
    schedule = schedule or Schedule()
    labels = torch.from_numpy(levels_of(values))
    start = untrained(len(values), seed=seed, schedule=schedule)
    where = points(values.shape[-1])
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        done = []
        for first in range(0, len(values), TOGETHER):
            rows = slice(first, first + TOGETHER)
            draws = torch_generator(seed, len(SIZES))
            done.append(_train(start.take(rows), where, labels[rows], schedule, draws))
            tell("networks", min(first + TOGETHER, len(values)), len(values))
    finally:
        torch.set_num_threads(threads)
    return joined(done)


def joined(parts: list[Networks]) -> Networks:
    """Put batches of networks behind each other."""
    return Networks(
        tuple(torch.cat(layer) for layer in zip(*(p.weights for p in parts), strict=True)),
        tuple(torch.cat(layer) for layer in zip(*(p.biases for p in parts), strict=True)),
    )


@torch.no_grad()
def _train(
    start: Networks, where: Tensor, labels: Tensor, schedule: Schedule, draws: torch.Generator
) -> Networks:
    """Train a batch, gradients by hand: autograd spends as long on these sizes as the products themselves."""
    vector, (weights, biases) = _one_vector(start)
    slope = torch.empty_like(vector)
    w_slopes, b_slopes = _cut(slope, start)
    adam = Adam(vector, slope, schedule)
    for step in range(schedule.steps):
        some = torch.randint(len(where), (schedule.pixels,), generator=draws)
        told = labels[:, some]
        states = _forward(weights, biases, where[some].expand(len(start), -1, -1))
        _backward(weights, states, told, w_slopes, b_slopes)
        adam.step(schedule.rate * (1.0 - step / schedule.steps))
    return Networks(tuple(w.clone() for w in weights), tuple(b.clone() for b in biases))


class Adam:
    """AdamW of torch on one vector, in one pass over it.

    The optimiser as a class costs two seconds where it is first used, for parts that have no place here.
    """

    def __init__(self, vector: Tensor, slope: Tensor, schedule: Schedule) -> None:
        self._vectors, self._slopes, self._decay = [vector], [slope], schedule.decay
        self._means, self._squares = [torch.zeros_like(vector)], [torch.zeros_like(vector)]
        self._done = [torch.tensor(0.0)]

    def step(self, rate: float) -> None:
        """Make one step of a size."""
        adamw(
            self._vectors,
            self._slopes,
            self._means,
            self._squares,
            [],
            self._done,
            fused=True,
            amsgrad=False,
            beta1=0.9,
            beta2=0.999,
            lr=rate,
            weight_decay=self._decay,
            eps=1e-8,
            maximize=False,
        )


def _one_vector(start: Networks) -> tuple[Tensor, tuple[list[Tensor], list[Tensor]]]:
    vector = torch.cat([t.reshape(-1) for t in (*start.weights, *start.biases)])
    return vector, _cut(vector, start)


def _cut(vector: Tensor, like: Networks) -> tuple[list[Tensor], list[Tensor]]:
    parts = torch.split(vector, [t.numel() for t in (*like.weights, *like.biases)])
    shaped = [part.view(t.shape) for part, t in zip(parts, (*like.weights, *like.biases), strict=True)]
    return shaped[: len(like.weights)], shaped[len(like.weights) :]


def _forward(weights: Any, biases: Any, inputs: Tensor) -> list[Tensor]:
    states = [inputs]
    for layer, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        state = torch.bmm(states[-1], weight.transpose(1, 2)).add_(bias.unsqueeze(1))
        states.append(state if layer == len(weights) - 1 else state.clamp_(min=0.0))
    return states


def _backward(
    weights: list[Tensor], states: list[Tensor], told: Tensor, w_slopes: list[Tensor], b_slopes: list[Tensor]
) -> None:
    """Write the gradient of the mean cross-entropy of each network into the slopes."""
    error = torch.softmax(states[-1], -1)
    error.scatter_add_(2, told.unsqueeze(2), torch.full((*told.shape, 1), -1.0)).div_(told.shape[1])
    for layer in reversed(range(len(weights))):
        torch.bmm(error.transpose(1, 2), states[layer], out=w_slopes[layer])
        torch.sum(error, 1, out=b_slopes[layer])
        if layer:
            back = torch.bmm(error, weights[layer])
            error = torch.ops.aten.threshold_backward(back, states[layer], 0.0)
