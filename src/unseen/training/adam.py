"""Adam on one vector, its step size along a half cosine.

torch's own optimiser spends 0.1 ms a step on what one vector does not need (groups, hooks, devices), a tenth
of a whole step on a small network; a test holds both to the same path.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

# Decay of the running means of the gradient and of its square, and the smallest denominator.
FIRST, SECOND, SMALLEST = 0.9, 0.999, 1e-8


class Adam:
    """Move a vector against its gradient, each coordinate in units of its own recent gradients.

    m = 0.9 m + 0.1 g, v = 0.999 v + 0.001 g^2, both divided by 1 - decay^t because they start at zero;
    x = (1 - r d) x - r m / (sqrt(v) + 1e-8), with r = rate (1 + cos(pi t / steps)) / 2, which over the first
    steps rises in a straight line where a warm-up is asked for.

    Args:
        vector, slope: What is moved, and the place its gradient is read from, both shape (P,).
        rate: Step size at the start.
        steps: Steps after which the step size is zero.
        warm_up: Share of the steps over which it rises.
        weight_decay: d, by which everything shrinks apart from its gradient.

    Reference: Kingma and Ba, ICLR 2015; cosine: Loshchilov and Hutter, ICLR 2017; decay: the same, ICLR 2019.

    >>> x, slope = torch.tensor([1.0]), torch.tensor([0.0])
    >>> adam = Adam(x, slope, rate=0.1, steps=100)
    >>> for _ in range(100):
    ...     _ = torch.mul(x, 2.0, out=slope)
    ...     adam.step()
    >>> bool(x.abs() < 0.01)
    True

    """

    def __init__(
        self,
        vector: Tensor,
        slope: Tensor,
        *,
        rate: float,
        steps: int,
        warm_up: float = 0.0,
        weight_decay: float = 0.0,
    ) -> None:
        self._vector, self._slope, self._rate, self._steps = vector, slope, rate, steps
        self._rising, self._weight_decay = warm_up * steps, weight_decay
        self._mean, self._square = torch.zeros_like(slope), torch.zeros_like(slope)
        self._size = torch.empty_like(slope)
        self._done = 0

    def step(self) -> None:
        """Make one step."""
        rate = self._rate * 0.5 * (1.0 + math.cos(math.pi * self._done / self._steps))
        self._done += 1
        if self._done < self._rising:
            rate *= self._done / self._rising
        if self._weight_decay:
            self._vector.mul_(1.0 - rate * self._weight_decay)
        self._mean.lerp_(self._slope, 1.0 - FIRST)
        self._square.mul_(SECOND).addcmul_(self._slope, self._slope, value=1.0 - SECOND)
        # both corrections go into the step size, which spares two passes over the vector
        scale = math.sqrt(1.0 - SECOND**self._done)
        torch.sqrt(self._square, out=self._size).add_(SMALLEST * scale)
        self._vector.addcdiv_(self._mean, self._size, value=-rate * scale / (1.0 - FIRST**self._done))
