"""How much each unit of a code matters: one record of measures, from posterior means and spreads.

Numbers alone: what reads them out of a network is in `unseen.latent.coding`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unseen.errors import DataError

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Relevance:
    """Measures of each of Z units over N rows; NaN where a measure is not defined for the unit.

    A unit is measured against its prior: mu and sigma are in units of the prior's spread, from its mean
    (the standard normal prior of a VAE: as they are). Units without a posterior spread (a plain
    auto-encoder, the small code of a dual one, categories) have no sigma, rho and KL.

    Attributes:
        rows: N.
        ratio: rho_i = std(mu_i) / mean(sigma_i), the signal of a unit over its noise.
        divergence: KL_i, mean over rows, nats.
        variance: Var mu_i over rows.
        sigma: Mean sigma_i over rows; 1 is the prior.
        centre: Mean mu_i over rows.
        weight: w_i = mean over rows of sum_j (d xhat_j / d z_i)^2 (Var mu_i + mean sigma_i^2): what the
            decoder makes of the unit, in squared units of xhat; NaN where no decoder was looked at.
        ablation: Rise of the mean error E of a row where the unit is set to its mean; NaN likewise.

    Reference: rho is a reconstruction of the relevance of arXiv 2504.05174; weight: after ARD-VAE,
    arXiv 2501.10901; Var mu > 0.01: Burda et al., arXiv 1509.00519.

    """

    rows: int
    ratio: Floats
    divergence: Floats
    variance: Floats
    sigma: Floats
    centre: Floats
    weight: Floats
    ablation: Floats

    @property
    def units(self) -> int:
        """Number of units Z."""
        return len(self.ratio)

    @property
    def spread(self) -> bool:
        """Whether any unit has a posterior spread, so that rho and KL are there."""
        return bool(np.isfinite(self.ratio).any())

    def order(self) -> NDArray[np.intp]:
        """Places of the units by relevance, rho descending ("canonical order"), shape (Z,).

        Units without rho come after those with it, by decoder weight, then by Var mu.
        """
        keys = [np.nan_to_num(v, nan=-1.0) for v in (self.variance, self.weight, self.ratio)]
        return np.lexsort([-key for key in keys])

    def take(self, units: NDArray[np.intp]) -> Relevance:
        """Return the record of some units, in that order."""
        chosen = {f.name: getattr(self, f.name)[units] for f in fields(self) if f.name != "rows"}
        return replace(self, **chosen)


def measure(
    mean: ArrayLike,
    sigma: ArrayLike | None = None,
    *,
    divergence: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    ablation: ArrayLike | None = None,
) -> Relevance:
    """Measure the units of a code from what the encoder says of N rows.

    Args:
        mean: Posterior means mu (N, Z).
        sigma: Posterior standard deviations (N, Z); a column of zeros or NaN, or None, is a unit without
            spread.
        divergence: KL of each row and unit, (N, Z) or its mean (Z,), nats; None takes the closed form to a
            standard normal prior, (mu^2 + sigma^2 - 1 - ln sigma^2) / 2.
        weight, ablation: As in `Relevance`, (Z,); None is NaN.

    Raises:
        DataError: Fewer than two rows, shapes that differ, or values that are not finite.

    The law a linear decoder obeys, lambda the variance of the data along a unit, s^2 that of the decoder:

    >>> rng, law = np.random.default_rng(0), 4.0 / 0.1
    >>> mu = rng.normal(size=(200_000, 1)) * np.sqrt(1 - 1 / law)
    >>> found = measure(mu, np.full_like(mu, np.sqrt(1 / law)))
    >>> abs(float(found.ratio[0]) / 6.245 - 1) < 0.01, abs(float(found.divergence[0]) / 1.844 - 1) < 0.01
    (True, True)

    """
    mu = _matrix("mean", mean)
    spread = np.full_like(mu, np.nan) if sigma is None else _matrix("sigma", sigma, missing=True)
    if spread.shape != mu.shape:
        raise DataError(f"sigma of shape {spread.shape} came for means of shape {mu.shape}; accepted: equal")
    if np.nanmin(spread, initial=0.0) < 0:
        raise DataError("sigma has values below 0; accepted: standard deviations")
    spread = np.where(spread > 0, spread, np.nan)
    kl = _closed_form(mu, spread) if divergence is None else np.asarray(divergence, dtype=np.float64)
    kl = kl if kl.ndim == 1 else kl.mean(0)
    bare = np.isnan(spread).any(0)
    sigma_mean = np.where(bare, np.nan, spread.mean(0))
    deviation = mu.std(0)
    none = np.full(mu.shape[1], np.nan)
    return Relevance(
        rows=len(mu),
        ratio=deviation / sigma_mean,
        divergence=np.where(bare, np.nan, kl),
        variance=deviation**2,
        sigma=sigma_mean,
        centre=mu.mean(0),
        weight=none if weight is None else np.asarray(weight, dtype=np.float64),
        ablation=none if ablation is None else np.asarray(ablation, dtype=np.float64),
    )


def _closed_form(mu: Floats, sigma: Floats) -> Floats:
    """KL to the standard normal of each row and unit, nats."""
    return np.asarray(0.5 * (mu**2 + sigma**2 - 1.0) - np.log(sigma))


def _matrix(what: str, values: ArrayLike, *, missing: bool = False) -> Floats:
    """Return (N, Z) floats of at least two rows; NaN only where it may be missing."""
    found = np.asarray(values, dtype=np.float64)
    if found.ndim != 2 or len(found) < 2 or found.shape[1] < 1:
        raise DataError(f"{what} of shape {found.shape} came; accepted: (rows, units), two rows or more")
    wrong = np.isinf(found) if missing else ~np.isfinite(found)
    if wrong.any():
        row, unit = np.argwhere(wrong)[0]
        raise DataError(
            f"{what} has {int(wrong.sum()):,} values that are not finite (first: row {row}, unit {unit}); "
            "the encoder fails on these rows"
        )
    return found
