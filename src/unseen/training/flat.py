"""All parameters of a network as one vector, so that a step is one update instead of one for each tensor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True, eq=False)
class Flat:
    """Values and gradients of all P parameters, both shape (P,)."""

    values: Tensor
    slopes: Tensor


@contextmanager
def flat(network: nn.Module) -> Iterator[Flat]:
    """Lay parameters and gradients of `network` out as views of one vector each, for the time of the block.

    Afterwards every parameter owns its memory again and the gradients are gone.

    >>> network = nn.Linear(2, 1)
    >>> with flat(network) as parameters:
    ...     _ = parameters.values.fill_(3.0)
    >>> network.weight.tolist(), network.bias.tolist(), network.weight.grad
    ([[3.0, 3.0]], [3.0], None)
    """
    parameters = list(network.parameters())
    sizes = [parameter.numel() for parameter in parameters]
    values = torch.cat([parameter.detach().flatten() for parameter in parameters])
    slopes = torch.zeros_like(values)
    for parameter, value, slope in zip(
        parameters, torch.split(values, sizes), torch.split(slopes, sizes), strict=True
    ):
        parameter.data, parameter.grad = value.view_as(parameter), slope.view_as(parameter)
    try:
        yield Flat(values, slopes)
    finally:
        for parameter in parameters:
            parameter.data, parameter.grad = parameter.data.clone(), None
