"""Several scores as one: each on the scale of held-out normal rows, added up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from unseen.errors import ConfigError
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
        beside: Scores that are fitted and can be read (`each`), but are not in the sum.

    Raises:
        ConfigError: No terms.

    >>> from unseen.nn.distributions import DiagonalNormal, Gaussian
    >>> from unseen.scores import Divergence, Reconstruction
    >>> x = torch.linspace(-1, 1, 10)[:, None]
    >>> out = Pass(DiagonalNormal(x, torch.zeros_like(x)), Gaussian(torch.zeros_like(x)))
    >>> both = Combined((Reconstruction(), Divergence()))
    >>> round(float(both.rows(out, x, both.fit(out, x)).mean()), 5)
    8.0

    """

    terms: tuple[Score, ...]
    beside: tuple[Score, ...] = ()
    # a term read from a model file is checked to be a score
    __pydantic_config__: ClassVar[dict[str, bool]] = {"arbitrary_types_allowed": True}

    def __post_init__(self) -> None:
        if not self.terms:
            raise ConfigError("a combined score of no terms came; accepted: one or more")

    def fit(
        self, out: Pass, x: Tensor, weights: Tensor | None = None, trained: Tensor | None = None
    ) -> State:
        """Fit every score, then the mean and standard deviation of each term over the held-out rows."""
        state: dict[str, Tensor] = {}
        for place, score in enumerate((*self.terms, *self.beside)):
            own = dict(score.fit(out, x, weights, trained))
            if place < len(self.terms):
                own |= _scale(score.rows(out, x, own), weights)
            state |= {f"{place}.{name}": value for name, value in own.items()}
        return state

    def parts(self, out: Pass, x: Tensor, state: State) -> Tensor:
        """Parts of every term, shape (N, sum of M), in proportion to the term's own parts."""
        found = []
        for place, term in enumerate(self.terms):
            own = under(state, place)
            # a row that no part speaks for is shared evenly
            parts = term.parts(out, x, own) + 1e-12
            share = parts / parts.sum(1, keepdim=True)
            found.append(share * _height(term, out, x, own)[:, None])
        return torch.cat(found, dim=1)

    def rows(self, out: Pass, x: Tensor, state: State) -> Tensor:
        """Sum of the terms, shape (N,)."""
        heights = [_height(term, out, x, under(state, place)) for place, term in enumerate(self.terms)]
        return torch.stack(heights).sum(0)

    def names(self, features: Sequence[str], latent: int) -> tuple[str, ...]:
        """Names of every term's parts."""
        return tuple(name for term in self.terms for name in term.names(features, latent))

    def each(self, out: Pass, x: Tensor, state: State) -> Tensor:
        """Every term and every score beside them, in its own units, shape (N, T + B)."""
        scores = enumerate((*self.terms, *self.beside))
        return torch.stack([score.rows(out, x, under(state, place)) for place, score in scores], dim=1)

    def labels(self) -> tuple[str, ...]:
        """Name of each score of `each`: of scores of one part its name, of others what they are."""
        return tuple(_label(score) for score in (*self.terms, *self.beside))


def _label(score: Score) -> str:
    names = score.names((), 0)
    return names[0] if len(names) == 1 else type(score).__name__


def _scale(values: Tensor, weights: Tensor | None) -> dict[str, Tensor]:
    """Mean and one over the standard deviation of values (N,) of weights (N,)."""
    share = torch.ones_like(values) if weights is None else weights.to(values.dtype)
    share = share / share.sum()
    mean = (share * values).sum()
    spread = (share * (values - mean).square()).sum().sqrt()
    # a term that says the same of every row says nothing
    speaks = bool(spread > 1e-6 * mean.abs() + 1e-12)
    return {"mean": mean, "scale": 1.0 / spread if speaks else torch.zeros_like(spread)}


def _height(term: Score, out: Pass, x: Tensor, own: State) -> Tensor:
    """Count standard deviations above the floor, shape (N,)."""
    return ((term.rows(out, x, own) - own["mean"]) * own["scale"] + FLOOR).clamp_min(0.0)
