"""The PCA spectrum, and what a linear variational auto-encoder makes of it: a closed form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unseen.errors import ConfigError

Floats = NDArray[np.float64]

# An eigenvalue of standardised data below this is a linear relation, not a direction.
NO_DIRECTION = 1e-8


@dataclass(frozen=True)
class Units:
    """What the units of a linear VAE come to, one entry an eigenvalue.

    Attributes:
        relevance: rho = std(mu) / sigma, shape (D,); 0 where the unit stays at the prior.
        divergence: KL in nats, shape (D,).
        spread: sigma of the posterior, shape (D,).

    """

    relevance: Floats
    divergence: Floats
    spread: Floats

    @property
    def active(self) -> int:
        """Units that do not stay at the prior."""
        return int((self.divergence > 0).sum())

    @property
    def counted(self) -> int:
        """Units with rho > 1, which means lambda > beta."""
        return int((self.relevance > 1).sum())


def spectrum(rows: ArrayLike) -> Floats:
    """Eigenvalues of the covariance (divided by N) of rows (N, D), largest first, shape (D,).

    >>> spectrum([[1.0, 0.0], [-1.0, 0.0], [0.0, 0.5], [0.0, -0.5]]).round(12).tolist()
    [0.5, 0.125]
    """
    matrix = np.asarray(rows, dtype=np.float64)
    centred = matrix - matrix.mean(axis=0)
    values = np.linalg.svd(centred, compute_uv=False) ** 2 / len(matrix)
    return np.concatenate([values, np.zeros(matrix.shape[1] - len(values))])


def rank(eigenvalues: ArrayLike) -> int:
    """Directions in which standardised data vary: eigenvalues of `NO_DIRECTION` or more.

    >>> rank([1.7, 1.3, 1e-15])
    2
    """
    return int((np.asarray(eigenvalues) >= NO_DIRECTION).sum())


def linear_units(eigenvalues: ArrayLike, beta: float) -> Units:
    r"""Return what a linear VAE learns at its optimum for data of these eigenvalues.

    For the loss sum_j (x_j - xhat_j)^2 + beta sum_i KL_i and s^2 = beta / 2, unit i is used iff
    lambda_i > s^2, and then

        sigma_i^2 = s^2 / lambda_i,  rho_i = sqrt(lambda_i / s^2 - 1),  KL_i = ln(lambda_i / s^2) / 2.

    A loss with the mean over D features instead of the sum has s^2 = beta D / 2: call with beta D.

    Raises:
        ConfigError: beta is not above 0.

    Reference: Lucas, Tucker, Grosse and Norouzi, NeurIPS 2019, section 4.

    >>> found = linear_units([4, 2, 1, 0.5, 0.05, 0.02], beta=0.2)
    >>> found.relevance.round(3).tolist()
    [6.245, 4.359, 3.0, 2.0, 0.0, 0.0]
    >>> found.divergence.round(3).tolist(), found.counted
    ([1.844, 1.498, 1.151, 0.805, 0.0, 0.0], 4)

    """
    if not beta > 0:
        raise ConfigError(f"beta {beta!r} came; accepted: above 0")
    ratio = np.maximum(np.asarray(eigenvalues, dtype=np.float64) / (beta / 2.0), 1.0)
    return Units(np.sqrt(ratio - 1.0), np.log(ratio) / 2.0, 1.0 / np.sqrt(ratio))
