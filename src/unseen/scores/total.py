"""Scores joined to one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from unseen.nn.distributions import Pass
from unseen.scores.score import Score, State


@dataclass(frozen=True)
class Sum:
    """Weighted sum of scores; its parts are theirs, side by side.

    >>> from unseen.scores import Divergence, Reconstruction
    >>> total = Sum(terms=(Reconstruction(), Divergence()), weights=(1.0, 0.05))
    >>> total.names(["a", "b"], latent=1)
    ('a', 'b', 'latent 0')
    """

    terms: tuple[Score, ...]
    weights: tuple[float, ...]
    # a term read from a model file is checked to be a score
    __pydantic_config__: ClassVar[dict[str, bool]] = {"arbitrary_types_allowed": True}

    def fit(
        self, out: Pass, x: Tensor, weights: Tensor | None = None, trained: Tensor | None = None
    ) -> State:
        """Fit every term."""
        return {
            f"{place}.{name}": value
            for place, term in enumerate(self.terms)
            for name, value in term.fit(out, x, weights, trained).items()
        }

    def parts(self, out: Pass, x: Tensor, state: State) -> Tensor:
        """Weighted parts of every term, shape (N, sum of M)."""
        return torch.cat(
            [weight * term.parts(out, x, own) for term, weight, own in self._with_state(state)], dim=1
        )

    def rows(self, out: Pass, x: Tensor, state: State) -> Tensor:
        """Weighted sum of every term, shape (N,)."""
        return torch.stack(
            [weight * term.rows(out, x, own) for term, weight, own in self._with_state(state)]
        ).sum(0)

    def names(self, features: Sequence[str], latent: int) -> tuple[str, ...]:
        """Names of every term's parts."""
        return tuple(name for term in self.terms for name in term.names(features, latent))

    def _with_state(self, state: State) -> list[tuple[Score, float, State]]:
        return [
            (term, weight, under(state, place))
            for place, (term, weight) in enumerate(zip(self.terms, self.weights, strict=True))
        ]


def under(state: State, place: int) -> State:
    """Return what belongs to the term at a place, its names without it."""
    start = f"{place}."
    return {name.removeprefix(start): value for name, value in state.items() if name.startswith(start)}
