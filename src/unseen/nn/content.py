"""What a network sees of an image of deposits, and likelihoods of just that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from unseen.errors import ConfigError

# "lit": 1 where a pixel holds anything, else 0. "values": pixels as they are scaled. "energies": E_T in GeV
# again, from z = ln(1 + E_T / 1 GeV).
Content = Literal["lit", "values", "energies"]

# Below every sum of an image with anything in it.
EMPTY = 1e-12


@dataclass(frozen=True, slots=True)
class Sight:
    """What is seen of scaled rows.

    Attributes:
        content: What of a pixel.
        channels: The first K channels of images; None is all there is of any row.

    >>> [Sight(what)(torch.tensor([[0.0, 0.5]])).tolist() for what in ("lit", "values")]
    [[[0.0, 1.0]], [[0.0, 0.5]]]

    """

    content: Content
    channels: int | None = None

    def __call__(self, x: Tensor) -> Tensor:
        """Content of rows (N, *shape), shape (N, *seen shape)."""
        kept = x if self.channels is None else x[:, : self.channels]
        if self.content == "lit":
            return (kept > 0).to(x.dtype)
        return torch.expm1(kept) if self.content == "energies" else kept

    def shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Shape of what is seen of a row of `shape`.

        Raises:
            ConfigError: There are not as many channels, or none at all.

        """
        if self.channels is None:
            return shape
        if len(shape) != 3 or not 1 <= self.channels <= shape[0]:
            raise ConfigError(
                f"channels={self.channels} with rows of shape {shape}; accepted: 1 to the channels of images "
                "(C, H, W), or None for all"
            )
        return (self.channels, *shape[1:])

    def filled(self, seen: Tensor, channels: int) -> Tensor:
        """Put zeros where (N, K, H, W) says nothing, up to that many channels."""
        missing = 0 if self.channels is None else channels - self.channels
        return functional.pad(seen, (0, 0, 0, 0, 0, missing)) if missing else seen


class Look(nn.Module):
    """What is seen of rows, as the first layer of a network; `whole` rows are brought to sum 1, (N, D)."""

    def __init__(self, sight: Sight, *, whole: bool = False) -> None:
        super().__init__()
        self.sight, self.whole = sight, whole

    def forward(self, x: Tensor) -> Tensor:
        """Content of rows (N, *shape), or their shares (N, D)."""
        found = self.sight(x)
        return shares(found) if self.whole else found


@dataclass(frozen=True, slots=True)
class Seen:
    """Normal likelihood of fixed, equal variance, of what is seen of a row; of the rest it says nothing.

    Attributes:
        expected: What is expected to be seen, shape (N, *seen shape).
        sight: What of a row the error is measured on.
        channels: First length of a row's shape.

    """

    expected: Tensor
    sight: Sight
    channels: int

    @property
    def mean(self) -> Tensor:
        """What is expected to be seen, shape of x."""
        return self.sight.filled(self.expected, self.channels)

    def error(self, x: Tensor) -> Tensor:
        """(t_j - t'_j)^2 per pixel of what is seen, 0 elsewhere, shape (N, D)."""
        return self.sight.filled((self.sight(x) - self.expected).square(), self.channels).flatten(1)


@dataclass(frozen=True, slots=True)
class Composition:
    """Likelihood of where a row has its content: a distribution over the P pixels seen, from logits.

    The content is brought to sum 1, t_j = c_j / sum c, and the error of pixel j is -t_j ln p_j: the sum over
    pixels is the cross entropy of the row, and how much it holds in all does not count.

    Attributes:
        logits: Shape (N, P).
        total: Sum of the content of each row, shape (N,).
        shape: Shape of a row.
        sight: What of a row counts.
        has_floor: Whether the best possible errors lie far above 0, at the entropy of the shares.

    """

    has_floor: ClassVar[bool] = True
    logits: Tensor
    total: Tensor
    shape: tuple[int, ...]
    sight: Sight

    @property
    def mean(self) -> Tensor:
        """Expected content of the row, given how much there is of it in all, shape of x."""
        return self._laid_out(torch.softmax(self.logits, dim=1) * self.total[:, None])

    def error(self, x: Tensor) -> Tensor:
        """-t_j ln p_j per pixel, shape (N, D), nats."""
        missed = -shares(self.sight(x)) * torch.log_softmax(self.logits, dim=1)
        return self._laid_out(missed).flatten(1)

    def _laid_out(self, flat: Tensor) -> Tensor:
        seen = flat.reshape(-1, *self.sight.shape(self.shape))
        return self.sight.filled(seen, self.shape[0])


def shares(values: Tensor) -> Tensor:
    """Bring non-negative rows (N, *shape) to sum 1, shape (N, P); an empty row stays empty."""
    flat = values.flatten(1).clamp_min(0.0)
    return flat / flat.sum(1, keepdim=True).clamp_min(EMPTY)
