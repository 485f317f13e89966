"""What a network sees of an image of deposits, and likelihoods of just that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

# "lit": 1 where a pixel holds anything, else 0. "values": pixels as they are scaled. "energies": E_T in GeV
# again, from z = ln(1 + E_T / 1 GeV).
Content = Literal["lit", "values", "energies"]

# Below every sum of an image with anything in it.
EMPTY = 1e-12


def content(x: Tensor, seen: Content) -> Tensor:
    """Return what is seen of scaled images, shape of x.

    >>> [content(torch.tensor([0.0, 0.5]), seen).tolist() for seen in ("lit", "values")]
    [[0.0, 1.0], [0.0, 0.5]]
    """
    if seen == "lit":
        return (x > 0).to(x.dtype)
    return torch.expm1(x) if seen == "energies" else x


class Look(nn.Module):
    """What is seen of scaled images, as the first layer of a network; `whole` rows are brought to sum 1."""

    def __init__(self, seen: Content, *, whole: bool = False) -> None:
        super().__init__()
        self.seen, self.whole = seen, whole

    def forward(self, x: Tensor) -> Tensor:
        """Content of rows (N, *shape), or their shares (N, D)."""
        found = content(x, self.seen)
        return shares(found) if self.whole else found


@dataclass(frozen=True, slots=True)
class Seen:
    """Normal likelihood of fixed, equal variance, of what is seen of a row.

    Attributes:
        mean: What is expected to be seen, shape of x.
        seen: What of a row the error is measured on.

    """

    mean: Tensor
    seen: Content

    def error(self, x: Tensor) -> Tensor:
        """(t_j - t'_j)^2 per pixel of t = content(x), shape (N, D)."""
        return (content(x, self.seen) - self.mean).square().flatten(1)


@dataclass(frozen=True, slots=True)
class Composition:
    """Likelihood of where an image has its content: a distribution over its D pixels, from logits.

    The content of a row is brought to sum 1, t_j = c_j / sum c, and the error of pixel j is -t_j ln p_j:
    the sum over pixels is the cross entropy of the row, and what it holds in all does not count.

    Attributes:
        logits: Shape (N, D).
        total: Sum of the content of each row, shape (N,).
        shape: (C, H, W) of a row.
        seen: What of a row counts.

    """

    logits: Tensor
    total: Tensor
    shape: tuple[int, ...]
    seen: Content

    @property
    def mean(self) -> Tensor:
        """Expected content of the row, given how much there is of it in all, shape of x."""
        expected = torch.softmax(self.logits, dim=1) * self.total[:, None]
        return expected.reshape(len(expected), *self.shape)

    def error(self, x: Tensor) -> Tensor:
        """-t_j ln p_j per pixel, shape (N, D), nats."""
        return -shares(content(x, self.seen)) * torch.log_softmax(self.logits, dim=1)


def shares(values: Tensor) -> Tensor:
    """Bring non-negative rows (N, *shape) to sum 1, shape (N, D); an empty row stays empty."""
    flat = values.flatten(1).clamp_min(0.0)
    return flat / flat.sum(1, keepdim=True).clamp_min(EMPTY)
