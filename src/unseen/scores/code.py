"""Scores of a code of few numbers: each number by itself, and how dense normal codes lie around it."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from unseen.errors import ConfigError, DataError
from unseen.nn.distributions import Pass
from unseen.scores.score import State
from unseen.scores.tails import fit_tails, log_tails

# Which code: "small" is `Pass.condition`, "latent" the posterior mean, "auto" the small one if there is one.
Code = Literal["auto", "small", "latent"]

# Of the standardised code: below this variance no direction of it can be told from a constant.
LEAST_VARIANCE = 1e-3


@dataclass(frozen=True)
class LatentUnit:
    """How far out one number c of the code lies among normal rows, in nats; no anomaly says which side.

    "two": -ln(2 min(F, 1 - F)), "high": -ln(1 - F), "low": -ln F, with F the distribution of c among normal
    rows: interpolated between 5 % and 95 %, a generalised Pareto law beyond (`unseen.scores.tails`).

    Args:
        unit: Place of the number in the code, from 0.
        sides: Which values are strange. "high" and "low" are a declared prior of the user.
        code: "small" code of a dual model, "latent" mean, or "auto": the small one where there is one.

    Raises:
        ConfigError: There is no such unit or code.

    """

    unit: int = 0
    sides: Literal["two", "high", "low"] = "two"
    code: Code = "auto"

    def __post_init__(self) -> None:
        if self.unit < 0:
            raise ConfigError(f"unit {self.unit!r} came; accepted: 0 or more")

    def fit(
        self, out: Pass, x: Tensor, weights: Tensor | None = None, trained: Tensor | None = None
    ) -> State:
        """Distribution of the unit among normal rows."""
        return fit_tails(self._values(out), weights)

    def parts(self, out: Pass, x: Tensor, state: State) -> Tensor:
        """Score as the one part, shape (N, 1)."""
        return self.rows(out, x, state)[:, None]

    def rows(self, out: Pass, x: Tensor, state: State) -> Tensor:
        """Nats of each row, shape (N,)."""
        up, down = log_tails(self._values(out), state)
        if self.sides == "two":
            return (torch.maximum(up, down) - math.log(2.0)).clamp_min(0.0)
        return up if self.sides == "high" else down

    def names(self, features: Sequence[str], latent: int) -> tuple[str, ...]:
        """Name of the unit."""
        return (f"{'latent' if self.code == 'latent' else 'code'} {self.unit}",)

    def _values(self, out: Pass) -> Tensor:
        code = code_of(out, self.code)
        last = code.shape[1] - 1
        if self.unit > last:
            raise ConfigError(f"unit {self.unit} of a code of {last + 1} came; accepted: 0 to {last}")
        return code[:, self.unit]


@dataclass(frozen=True)
class CodeDensity:
    """Minus the logarithm of the density of normal codes, a mixture of normal distributions, nats.

    ln sum_k w_k N_k(at its mode) - ln sum_k w_k N_k(c), so that it is never negative. One component is half
    the squared Mahalanobis distance. The code is standardised by normal rows before; 0.001 is added to the
    variance of every direction.

    Args:
        components: Normal distributions in the mixture, 1 to 64.
        code: As in `LatentUnit`.
        seed: Of the k-means the fit of a mixture begins with.

    Raises:
        ConfigError: There is no such code.
        DataError: Fewer normal rows than components, at least two.

    Reference: Zong et al., ICLR 2018 (density of a code as anomaly score).

    """

    components: int = 1
    code: Code = "auto"
    seed: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.components <= 64:
            raise ConfigError(f"components {self.components!r} came; accepted: 1 to 64")

    def fit(
        self, out: Pass, x: Tensor, weights: Tensor | None = None, trained: Tensor | None = None
    ) -> State:
        """Centre and size of the code, and of each component its middle, whitening (M, M) and peak."""
        code = code_of(out, self.code).double().numpy()
        if len(code) < max(2, self.components):
            raise DataError(
                f"{len(code)} normal rows for a density of {self.components} components; accepted: two or "
                "more, and one for each component"
            )
        rows = None if weights is None else weights.double().numpy()
        centre = np.average(code, axis=0, weights=rows)
        size = np.sqrt(np.average(np.square(code - centre), axis=0, weights=rows))
        size[size <= 1e-6 * np.abs(centre) + 1e-12] = 1.0
        heights, middles, spreads = _mixture((code - centre) / size, rows, self.components, self.seed)
        # x^T C^-1 x = |x^T L^-T|^2 with C = L L^T
        whitening = np.linalg.inv(np.linalg.cholesky(spreads)).transpose(0, 2, 1)
        peaks = np.log(heights) + np.log(np.diagonal(whitening, axis1=1, axis2=2)).sum(1)
        found = {"centre": centre, "size": size, "middle": middles, "whitening": whitening, "peak": peaks}
        return {name: torch.tensor(value, dtype=torch.float32) for name, value in found.items()}

    def parts(self, out: Pass, x: Tensor, state: State) -> Tensor:
        """Score as the one part, shape (N, 1)."""
        return self.rows(out, x, state)[:, None]

    def rows(self, out: Pass, x: Tensor, state: State) -> Tensor:
        """Nats below the peak, shape (N,)."""
        code = (code_of(out, self.code) - state["centre"]) / state["size"]
        away = torch.einsum("nkm,kml->nkl", code[:, None] - state["middle"], state["whitening"])
        levels = state["peak"] - 0.5 * away.square().sum(2)
        return (torch.logsumexp(state["peak"], dim=0) - torch.logsumexp(levels, dim=1)).clamp_min(0.0)

    def names(self, features: Sequence[str], latent: int) -> tuple[str, ...]:
        """One name."""
        return ("latent density" if self.code == "latent" else "code density",)


def code_of(out: Pass, code: Code) -> Tensor:
    """Code of each row, shape (N, M).

    Raises:
        ConfigError: The small code is asked for, and the model has none.

    """
    if code == "latent" or (code == "auto" and out.condition is None):
        return out.posterior.mean
    if out.condition is None:
        raise ConfigError("code 'small' came, but the model has no small code; accepted: 'latent' or 'auto'")
    return out.condition


Floats = NDArray[np.float64]


def _mixture(
    code: Floats, weights: Floats | None, components: int, seed: int
) -> tuple[Floats, Floats, Floats]:
    """Weights (K,), means (K, M) and covariances (K, M, M) of a mixture; rows have weights (n,)."""
    if components == 1:
        spread = np.atleast_2d(np.cov(code.T, bias=True, aweights=weights))
        return np.ones(1), np.zeros((1, code.shape[1])), (spread + LEAST_VARIANCE * np.eye(len(spread)))[None]
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    mixture: Any = GaussianMixture(
        components, reg_covar=LEAST_VARIANCE, max_iter=500, n_init=3, random_state=seed
    )
    with warnings.catch_warnings():
        # a mixture that still moves a little describes the rows as well
        warnings.simplefilter("ignore", ConvergenceWarning)
        mixture.fit(code if weights is None else _repeated(code, weights))
    return mixture.weights_, mixture.means_, mixture.covariances_


def _repeated(code: Floats, weights: Floats) -> Floats:
    """As many rows, each as often as its weight says: what stands at even steps of the summed weight."""
    steps = (np.arange(len(code)) + 0.5) / len(code) * weights.sum()
    return np.asarray(code[np.searchsorted(weights.cumsum(), steps)])
