"""Several scores as one: each on the scale of held-out normal rows, added up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from unseen.nn.distributions import Pass
from unseen.scores.score import Score, State
from unseen.scores.total import under

# A row this many standard deviations below the mean of a term has nothing to add; z counts from there.
FLOOR = 4.0


@dataclass(frozen=True)
class Combined:
    """Sum over terms of z + 4, with z = (s - mean) / sd over held-out normal rows, at least -4.

    Every term speaks with the same strength about what is ordinary, whatever its units; a row that one term
    finds duller than usual must be the stranger to another. Directions are those of the terms: nothing is
    learned from anomalies.

    Args:
        terms: Scores whose own distribution is not too skewed: logarithms and distances, not squares.

    >>> from unseen.nn.distributions import DiagonalNormal, Gaussian
    >>> from unseen.scores import Divergence, Reconstruction
    >>> x = torch.linspace(-1, 1, 10)[:, None]
    >>> out = Pass(DiagonalNormal(x, torch.zeros_like(x)), Gaussian(torch.zeros_like(x)))
    >>> both = Combined((Reconstruction(), Divergence()))
    >>> round(float(both.rows(out, x, both.fit(out, x)).mean()), 5)
    8.0

    """

    terms: tuple[Score, ...]
    # a term read from a model file is checked to be a score
    __pydantic_config__: ClassVar[dict[str, bool]] = {"arbitrary_types_allowed": True}

    def fit(
        self, out: Pass, x: Tensor, weights: Tensor | None = None, trained: Tensor | None = None
    ) -> State:
        """Fit every term, then the mean and standard deviation of each over the same rows."""
        state: dict[str, Tensor] = {}
        for place, term in enumerate(self.terms):
            own = term.fit(out, x, weights, trained)
            state |= {f"{place}.{name}": value for name, value in own.items()}
            values = term.rows(out, x, own)
            share = torch.ones_like(values) if weights is None else weights.to(values.dtype)
            share = share / share.sum()
            mean = (share * values).sum()
            spread = (share * (values - mean).square()).sum().sqrt()
            state[f"{place}.mean"] = mean
            # a term that says the same of every row says nothing
            state[f"{place}.scale"] = 1.0 / spread if spread > 1e-6 * mean.abs() + 1e-12 else spread * 0.0
        return state

    def parts(self, out: Pass, x: Tensor, state: State) -> Tensor:
        """Parts of every term, shape (N, sum of M), in proportion to the term's own parts."""
        found = []
        for place, term in enumerate(self.terms):
            own = under(state, place)
            # a row that no part speaks for is shared evenly
            parts = term.parts(out, x, own) + 1e-12
            share = parts / parts.sum(1, keepdim=True)
            found.append(share * self._height(term, out, x, own)[:, None])
        return torch.cat(found, dim=1)

    def rows(self, out: Pass, x: Tensor, state: State) -> Tensor:
        """Sum of the terms, shape (N,)."""
        heights = [self._height(t, out, x, under(state, place)) for place, t in enumerate(self.terms)]
        return torch.stack(heights).sum(0)

    def names(self, features: Sequence[str], latent: int) -> tuple[str, ...]:
        """Names of every term's parts."""
        return tuple(name for term in self.terms for name in term.names(features, latent))

    @staticmethod
    def _height(term: Score, out: Pass, x: Tensor, own: State) -> Tensor:
        """Count standard deviations above the floor, shape (N,)."""
        z = (term.rows(out, x, own) - own["mean"]) * own["scale"]
        return (z + FLOOR).clamp_min(0.0)
