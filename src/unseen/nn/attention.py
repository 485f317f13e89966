"""Bricks of a compact transformer: tokens from an image, attention among them, one row from all."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from unseen.nn.convolution import counted


class Halve(nn.Module):
    """3 x 3 convolution without border or bias, ReLU, a border of zeros, and 3 x 3 max-pooling of stride 2.

    The pool rounds up: a map of size S becomes one of ceil(S / 2), whose last window may hang over the end.
    """

    def __init__(self, channels: int, following: int, size: tuple[int, int]) -> None:
        super().__init__()
        self.convolution = counted(nn.Conv2d(channels, following, 3, bias=False), size[0] * size[1])
        # after the ReLU nothing is negative, so zeros beyond the map never win the pool
        self.border = (1 + size[1] % 2, 2, 1 + size[0] % 2, 2)

    def forward(self, x: Tensor) -> Tensor:
        """Take maps (N, C, H, W) to (N, following, ceil(H / 2), ceil(W / 2))."""
        found = functional.relu(self.convolution(x))
        return functional.max_pool2d(functional.pad(found, self.border), 3, stride=2)


class Attention(nn.Module):
    """Each token gathers from all: softmax(q k / sqrt(width)) v in several heads, each of the full width."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.asked = nn.Linear(width, 3 * heads * width)
        self.joined = nn.Linear(heads * width, width)

    def forward(self, x: Tensor) -> Tensor:
        """Tokens (N, T, width) to as many."""
        q, k, v = self.asked(x).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4).unbind(0)
        dropped = self.dropout if self.training else 0.0
        found = functional.scaled_dot_product_attention(q, k, v, dropout_p=dropped)
        return torch.as_tensor(self.joined(found.transpose(1, 2).flatten(2)))


class Skipped(nn.Module):
    """x + branch(x), where in training the branch is left out at random, row by row, and scaled up else.

    Reference: Huang et al., stochastic depth, arXiv 1603.09382.
    """

    def __init__(self, branch: nn.Module, rate: float) -> None:
        super().__init__()
        self.branch, self.rate = branch, rate

    def forward(self, x: Tensor) -> Tensor:
        """Tokens (N, T, width) to as many."""
        found: Tensor = self.branch(x)
        if self.training and self.rate > 0:
            kept = torch.rand(len(x), 1, 1, device=x.device) >= self.rate
            found = found * (kept.to(x.dtype) / (1.0 - self.rate))
        return x + found


class SequencePool(nn.Module):
    """One row from many tokens: their mean, weighed by what a linear layer makes of each."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Linear(width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Tokens (N, T, width) to rows (N, width)."""
        return (torch.softmax(self.weight(x), dim=1) * x).sum(1)
