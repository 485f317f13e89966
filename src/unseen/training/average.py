"""The running mean of all weights, which generalises better than the weights of the last step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor


class Average:
    """Exponential moving average of tensors that training changes in place.

    a = d a + (1 - d) x each step, with d = min(decay, (1 + t) / (10 + t)): a young mean forgets its start.

    Args:
        live: Parameters and the buffers of norms.
        decay: Of the mean, e.g. 0.999.

    Reference: Polyak and Juditsky, SIAM J. Control Optim. 30 (1992) 838.

    >>> x = torch.zeros(1)
    >>> average = Average([x], decay=0.5)
    >>> for step in range(1, 4):
    ...     _ = x.fill_(1.0)
    ...     average.follow(step)
    >>> with average.shown():
    ...     print(round(float(x), 3))
    0.986
    >>> float(x)
    1.0

    """

    def __init__(self, live: Sequence[Tensor], *, decay: float) -> None:
        self._decay = decay
        self._pairs = [(tensor, tensor.clone()) for tensor in live]

    def follow(self, done: int) -> None:
        """Take the values after step `done` into the mean."""
        weight = 1.0 - min(self._decay, (1.0 + done) / (10.0 + done))
        for live, mean in self._pairs:
            mean.lerp_(live, weight)

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Put the mean in place of the values for the time of the block."""
        kept = [live.clone() for live, _ in self._pairs]
        for live, mean in self._pairs:
            live.copy_(mean)
        try:
            yield
        finally:
            for (live, _), own in zip(self._pairs, kept, strict=True):
                live.copy_(own)

    def keep(self) -> None:
        """Leave the mean in place of the values, for good."""
        for live, mean in self._pairs:
            live.copy_(mean)


def averaged(values: Tensor, buffers: Sequence[Tensor], decay: float) -> Average | None:
    """Return the mean of parameters and real-valued buffers; None where `decay` is 0."""
    if decay == 0:
        return None
    return Average([values, *(buffer for buffer in buffers if torch.is_floating_point(buffer))], decay=decay)
