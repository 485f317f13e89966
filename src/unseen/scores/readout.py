"""The small code alone, read towards what the whole model finds strange: a score without a decoder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from unseen.errors import ConfigError
from unseen.nn.distributions import Pass
from unseen.scores.code import code_of
from unseen.scores.score import Score, State


@dataclass(frozen=True)
class CodeReadout:
    """Quadratic in the small code that follows a teacher's score among normal rows of equal hits, ridge fit.

    The teacher's score is fitted on held-out normal rows, the part of it that lit pixels of the first channel
    explain (a quadratic) is taken off, and the rest is regressed on (1, c_i, c_i c_j) of the standardised
    code. So the direction comes from normal rows alone, and what is read is not how many pixels are lit.

    Args:
        teacher: Score that needs the whole model.
        ridge: Weight of the penalty on the coefficients, in rows.

    Raises:
        ConfigError: The model has no small code.

    """

    teacher: Score
    ridge: float = 1.0
    # a teacher read from a model file is checked to be a score
    __pydantic_config__: ClassVar[dict[str, bool]] = {"arbitrary_types_allowed": True}

    def __post_init__(self) -> None:
        if self.ridge <= 0:
            raise ConfigError(f"ridge {self.ridge!r} came; accepted: above 0")

    def fit(
        self, out: Pass, x: Tensor, weights: Tensor | None = None, trained: Tensor | None = None
    ) -> State:
        """Centre and size of the code, the coefficients, and where the lowest normal row stands."""
        taught = dict(self.teacher.fit(out, x, weights, trained))
        aim = self.teacher.rows(out, x, taught).double()
        hits = (x[:, 0] > 0).flatten(1).sum(1).double()
        hits = (hits - hits.mean()) / hits.std().clamp_min(1e-9)
        share = torch.ones_like(aim) if weights is None else weights.double()
        aim = aim - _along(torch.stack([torch.ones_like(hits), hits, hits.square()], 1), aim, share, 1e-9)
        code = code_of(out, "small")
        centre, size = code.mean(0), code.std(0).clamp_min(1e-9)
        terms = _quadratic((code - centre) / size)
        slopes = _solved(terms.double(), aim, share, self.ridge).float()
        return {"centre": centre, "size": size, "slopes": slopes, "least": (terms @ slopes).min()}

    def parts(self, out: Pass, x: Tensor, state: State) -> Tensor:
        """Score as the one part, shape (N, 1)."""
        return self.rows(out, x, state)[:, None]

    def rows(self, out: Pass, x: Tensor, state: State) -> Tensor:
        """Readout above that of the lowest held-out normal row, at least 0, shape (N,)."""
        code = (code_of(out, "small") - state["centre"]) / state["size"]
        return (_quadratic(code) @ state["slopes"] - state["least"]).clamp_min(0.0)

    def names(self, features: Sequence[str], latent: int) -> tuple[str, ...]:
        """One name."""
        return ("code readout",)


def _quadratic(code: Tensor) -> Tensor:
    """1, c_i and c_i c_j of codes (N, M) clipped at 6 standard deviations, side by side."""
    code = code.clamp(-6.0, 6.0)
    first, second = torch.triu_indices(code.shape[1], code.shape[1])
    return torch.cat([torch.ones_like(code[:, :1]), code, code[:, first] * code[:, second]], dim=1)


def _solved(terms: Tensor, aim: Tensor, share: Tensor, ridge: float) -> Tensor:
    """Coefficients of a weighted ridge fit."""
    heavy = terms * share[:, None]
    normal = heavy.T @ terms + ridge * torch.eye(terms.shape[1]).double()
    return torch.as_tensor(torch.linalg.solve(normal, heavy.T @ aim))


def _along(terms: Tensor, aim: Tensor, share: Tensor, ridge: float) -> Tensor:
    """Part of `aim` that the terms explain."""
    return terms @ _solved(terms, aim, share, ridge)
