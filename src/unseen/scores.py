"""From a pass to scores: one number a row, higher is stranger, as the sum of named parts.

A score is the sum of its parts, so a contribution is never an afterthought: part j of row i answers "how
much of the score of row i is due to feature (or latent unit) j?" and the parts add up to the score.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol, runtime_checkable

import torch
from torch import Tensor

from unseen.nn.distributions import Pass

State = Mapping[str, Tensor]


@runtime_checkable
class Score(Protocol):
    """One way to read a pass; fitted on normal rows, its state is plain tensors."""

    def fit(self, out: Pass, x: Tensor, weights: Tensor | None = None) -> State:
        """Learn what the score needs from normal rows of weights (N,); empty where it needs nothing."""

    def parts(self, out: Pass, x: Tensor, state: State) -> Tensor:
        """Parts of the score of each row, shape (N, M), non-negative; their sum over M is the score."""

    def rows(self, out: Pass, x: Tensor, state: State) -> Tensor:
        """Score of each row, shape (N,)."""

    def names(self, features: Sequence[str], latent: int) -> tuple[str, ...]:
        """Name of each of the M parts."""


@dataclass(frozen=True)
class Reconstruction:
    """E, the mean over features of the reconstruction error; parts are the error of each feature over D.

    The errors are in the units of the likelihood: squared residuals of scaled features.
    """

    def fit(self, out: Pass, x: Tensor, weights: Tensor | None = None) -> State:
        """Need nothing."""
        return {}

    def parts(self, out: Pass, x: Tensor, state: State) -> Tensor:
        """Error of each feature over D, shape (N, D)."""
        error = out.likelihood.error(x)
        return error / error.shape[1]

    def rows(self, out: Pass, x: Tensor, state: State) -> Tensor:
        """Mean error over features, shape (N,)."""
        return out.error(x)

    def names(self, features: Sequence[str], latent: int) -> tuple[str, ...]:
        """Feature names."""
        return tuple(features)


@dataclass(frozen=True)
class Robust:
    """Mean over features of ln(1 + error / scale^2): many small misfits count more than a single large one.

    The negative log likelihood of a Student-like residual (Cauchy for one degree of freedom), up to a
    constant; `scale` is in standard deviations of the scaled features.
    """

    scale: float = 0.3

    def fit(self, out: Pass, x: Tensor, weights: Tensor | None = None) -> State:
        """Need nothing."""
        return {}

    def parts(self, out: Pass, x: Tensor, state: State) -> Tensor:
        """Part of each feature over D, shape (N, D)."""
        error = out.likelihood.error(x)
        return torch.log1p(error * self.scale**-2) / error.shape[1]

    def rows(self, out: Pass, x: Tensor, state: State) -> Tensor:
        """Mean over features, shape (N,)."""
        return torch.log1p(out.likelihood.error(x) * self.scale**-2).mean(1)

    def names(self, features: Sequence[str], latent: int) -> tuple[str, ...]:
        """Feature names."""
        return tuple(features)


@dataclass(frozen=True)
class Residual:
    """Error of each feature over its own normal size: mean_j error_j / (v_j + floor), v_j from normal rows.

    A Gaussian likelihood with one variance a feature, up to a constant; a feature that normal rows
    reconstruct well speaks louder. `floor` is in units of the mean of v.
    """

    floor: float = 0.1

    def fit(self, out: Pass, x: Tensor, weights: Tensor | None = None) -> State:
        """Mean error of each feature on normal rows, shape (D,)."""
        size = _mean(out.likelihood.error(x), weights)
        return {"weight": 1.0 / (size + self.floor * size.mean().clamp_min(1e-12))}

    def parts(self, out: Pass, x: Tensor, state: State) -> Tensor:
        """Weighted error of each feature over D, shape (N, D)."""
        error = out.likelihood.error(x)
        return error * (state["weight"] / error.shape[1])

    def rows(self, out: Pass, x: Tensor, state: State) -> Tensor:
        """Weighted mean error, shape (N,)."""
        error = out.likelihood.error(x)
        return error @ (state["weight"] / error.shape[1])

    def names(self, features: Sequence[str], latent: int) -> tuple[str, ...]:
        """Feature names."""
        return tuple(features)


@dataclass(frozen=True)
class Divergence:
    """KL of the posterior from the prior, nats; parts are latent units."""

    def fit(self, out: Pass, x: Tensor, weights: Tensor | None = None) -> State:
        """Need nothing."""
        return {}

    def parts(self, out: Pass, x: Tensor, state: State) -> Tensor:
        """KL of each latent unit, shape (N, Z); one a position stands first where categories share it."""
        divergence = out.posterior.divergence()
        missing = out.posterior.mean.shape[1] - divergence.shape[1]
        return torch.nn.functional.pad(divergence, (0, missing)) if missing else divergence

    def rows(self, out: Pass, x: Tensor, state: State) -> Tensor:
        """KL of each row, shape (N,)."""
        return self.parts(out, x, state).sum(1)

    def names(self, features: Sequence[str], latent: int) -> tuple[str, ...]:
        """Latent units."""
        return tuple(f"latent {unit}" for unit in range(latent))


@dataclass(frozen=True)
class Latent:
    """Squared distance of the code from the codes of normal rows, each unit over its own variance."""

    def fit(self, out: Pass, x: Tensor, weights: Tensor | None = None) -> State:
        """Mean and inverse variance of each unit over normal rows, shape (Z,)."""
        mean = out.posterior.mean
        centre = _mean(mean, weights)
        variance = mean.var(0, correction=0)
        if weights is not None:
            variance = _mean((mean - centre).square(), weights)
        return {
            "centre": centre,
            "weight": 1.0 / variance.clamp_min(1e-3 * float(variance.max()) + 1e-12),
        }

    def parts(self, out: Pass, x: Tensor, state: State) -> Tensor:
        """Weighted squared distance of each unit, shape (N, Z)."""
        return (out.posterior.mean - state["centre"]).square() * state["weight"]

    def rows(self, out: Pass, x: Tensor, state: State) -> Tensor:
        """Squared distance of each row, shape (N,)."""
        return self.parts(out, x, state).sum(1)

    def names(self, features: Sequence[str], latent: int) -> tuple[str, ...]:
        """Latent units."""
        return tuple(f"latent {unit}" for unit in range(latent))


@dataclass(frozen=True)
class Sum:
    """Weighted sum of scores; its parts are theirs, side by side.

    >>> total = Sum(terms=(Reconstruction(), Divergence()), weights=(1.0, 0.05))
    >>> total.names(["a", "b"], latent=1)
    ('a', 'b', 'latent 0')
    """

    terms: tuple[Score, ...]
    weights: tuple[float, ...]
    # a term read from a model file is checked to be a score
    __pydantic_config__: ClassVar[dict[str, bool]] = {"arbitrary_types_allowed": True}

    def fit(self, out: Pass, x: Tensor, weights: Tensor | None = None) -> State:
        """Fit every term."""
        return {
            f"{place}.{name}": value
            for place, term in enumerate(self.terms)
            for name, value in term.fit(out, x, weights).items()
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
            (term, weight, {n.partition(".")[2]: v for n, v in state.items() if n.startswith(f"{place}.")})
            for place, (term, weight) in enumerate(zip(self.terms, self.weights, strict=True))
        ]


def _mean(values: Tensor, weights: Tensor | None) -> Tensor:
    """Mean over rows of values (N, M), shape (M,), weighted where rows have weights (N,)."""
    return values.mean(0) if weights is None else (weights[:, None] * values).sum(0) / weights.sum()
