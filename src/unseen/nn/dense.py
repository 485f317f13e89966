"""Stacks of fully connected layers."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import nn


def dense(widths: Sequence[int]) -> nn.Sequential:
    """Stack linear layers of the given widths, a ReLU after each.

    Args:
        widths: Input width first: (D, 128, 128) makes two layers. A single width makes none.

    >>> dense((4, 8, 2))
    Sequential(
      (0): Linear(in_features=4, out_features=8, bias=True)
      (1): ReLU(inplace=True)
      (2): Linear(in_features=8, out_features=2, bias=True)
      (3): ReLU(inplace=True)
    )

    """
    layers: list[nn.Module] = []
    for width, following in pairwise(widths):
        # in place: the pre-activation is never needed again, and scoring is bound by memory traffic
        layers += [nn.Linear(width, following), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)
