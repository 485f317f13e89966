"""What a score is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from torch import Tensor

from unseen.nn.distributions import Pass

State = Mapping[str, Tensor]


@runtime_checkable
class Score(Protocol):
    """One way to read a pass; fitted on normal rows, its state is plain tensors."""

    def fit(
        self, out: Pass, x: Tensor, weights: Tensor | None = None, trained: Tensor | None = None
    ) -> State:
        """Learn what the score needs from normal rows; empty where it needs nothing.

        Args:
            out, x: Held-out normal rows (N, *shape) and their pass.
            weights: Of these rows, shape (N,).
            trained: Normal rows (M, *shape) the network was trained on, for scores that look at rows alone
                and are not flattered by them; None takes the held-out rows.

        """

    def parts(self, out: Pass, x: Tensor, state: State) -> Tensor:
        """Parts of the score of each row, shape (N, M), non-negative; their sum over M is the score."""

    def rows(self, out: Pass, x: Tensor, state: State) -> Tensor:
        """Score of each row, shape (N,)."""

    def names(self, features: Sequence[str], latent: int) -> tuple[str, ...]:
        """Name of each of the M parts."""


def weighted_mean(values: Tensor, weights: Tensor | None) -> Tensor:
    """Mean over rows of values (N, M), shape (M,), weighted where rows have weights (N,)."""
    return values.mean(0) if weights is None else (weights[:, None] * values).sum(0) / weights.sum()
