"""How many directions a VAE uses for some rows: fits over beta and seeds, counted by every rule.

One beta or one seed is no result: units whose eigenvalue is near beta flip between seeds, and below 0.01
spare units switch on. A count is of directions that embed the rows: of points on a circle 2, on a sphere 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from unseen.errors import ConfigError
from unseen.latent.coding import code_of
from unseen.latent.reading import read_code
from unseen.latent.relevance import Relevance
from unseen.latent.rules import counts
from unseen.models.network import Dense, Network
from unseen.models.vae import VAE
from unseen.seeds import seeded
from unseen.structure import Units, linear_units, spectrum
from unseen.training.loop import Plan
from unseen.training.progress import tell
from unseen.training.stages import learn_normal

Floats = NDArray[np.float64]

BETAS = (0.5, 0.2, 0.1, 0.05, 0.02)
# Two units to spare, so that a full count can be told from one cut off.
SPARE, FEWEST, MOST = 2, 6, 16
WATCHED = 1000


@dataclass(frozen=True)
class Setup:
    """How each VAE of a scan is made.

    Args:
        hidden: Widths of the encoder; the decoder is its mirror image. () is linear, with a closed form.
        latent: Units; None takes the width of the rows and two more, between 6 and 16.
        plan: How long and how fast; the last state is kept, whatever the held-out loss says.

    """

    hidden: tuple[int, ...] = (64, 64)
    latent: int | None = None
    plan: Plan = Plan(steps=4000)  # noqa: RUF009 - frozen, shared safely

    def units(self, width: int) -> int:
        """Latent units for rows of so many columns.

        >>> Setup().units(2), Setup().units(6), Setup().units(40), Setup(latent=3).units(6)
        (6, 8, 16, 3)
        """
        return self.latent or min(max(width + SPARE, FEWEST), MOST)


@dataclass(frozen=True, eq=False)
class Fit:
    """One VAE of a scan.

    Attributes:
        beta, seed: What it was fit with.
        relevance: Measures of its units.
        predicted: What a linear VAE would come to on the same rows.
        means: Posterior means of the units by falling rho, shape (N, Z).

    """

    beta: float
    seed: int
    relevance: Relevance
    predicted: Units
    means: Floats

    @property
    def sorted_ratio(self) -> Floats:
        """Rho of the units, largest first ("canonical order"), shape (Z,)."""
        return np.sort(self.relevance.ratio)[::-1]


@dataclass(frozen=True, eq=False)
class Scan:
    """Fits over beta and seeds.

    Attributes:
        fits: Each of them.
        eigenvalues: Of the rows, largest first, shape (D,).

    """

    fits: tuple[Fit, ...]
    eigenvalues: Floats

    def counted(self, beta: float) -> dict[str, tuple[int, ...]]:
        """Rule -> units that count at this beta, one number a seed."""
        found = [counts(fit.relevance) for fit in self.fits if fit.beta == beta]
        return {rule: tuple(one[rule] for one in found) for rule in found[0]} if found else {}


def scan(
    rows: Floats,
    *,
    betas: Sequence[float] = BETAS,
    seeds: Sequence[int] = (0, 1, 2, 3, 4),
    setup: Setup | None = None,
) -> Scan:
    """Fit a VAE to rows (N, D), standardised where units differ, at each beta with each seed.

    The loss of a row is sum_j (x_j - xhat_j)^2 + beta sum_i KL_i, divided by D: beta is that of the summed
    error. Of a loss with the mean over D features and weight b on the sum of KL, beta = D b.

    Raises:
        ConfigError: A beta that is not above 0, or no beta or seed.

    >>> rows = np.random.default_rng(0).normal(size=(600, 2)) @ np.ones((2, 3)).cumsum(axis=1)
    >>> found = scan(rows, betas=[0.1], seeds=[0], setup=Setup(plan=Plan(steps=50)))
    >>> found.fits[0].relevance.units, len(found.counted(0.1)["rho > 1"])
    (6, 1)

    """
    if not betas or not seeds or not all(beta > 0 for beta in betas):
        raise ConfigError(f"betas {list(betas)} and seeds {list(seeds)} came; accepted: some, betas above 0")
    setup = setup or Setup()
    eigenvalues = spectrum(rows)
    fits: list[Fit] = []
    for beta in betas:
        for seed in seeds:
            tell("VAEs", len(fits), len(betas) * len(seeds))
            fits.append(_fit(rows, beta, seed, setup, eigenvalues))
    tell("VAEs", len(fits), len(fits))
    return Scan(tuple(fits), eigenvalues)


def _fit(rows: Floats, beta: float, seed: int, setup: Setup, eigenvalues: Floats) -> Fit:
    network, seen = learned(rows, beta, seed, setup)
    code = code_of(network, seen)
    found = read_code(code, seed=seed).relevance
    return Fit(beta, seed, found, linear_units(eigenvalues, beta), code.mean[:, found.order()])


def learned(rows: Floats, beta: float, seed: int, setup: Setup) -> tuple[Network, torch.Tensor]:
    """Fit one VAE; return it with the rows (N, D) as it sees them, centred."""
    x = torch.from_numpy(rows - rows.mean(axis=0)).float()
    with seeded(seed):
        model = VAE(Dense(setup.hidden), latent=setup.units(x.shape[1]), beta=beta)
        network = model.build((x.shape[1],))
    # the watched loss is that of the posterior mean, and would keep a state whose spreads have not settled
    plan = replace(setup.plan, check_every=setup.plan.steps)
    learn_normal(network, x, x[:WATCHED], beta=beta, plan=plan, trim=0.0, seed=seed)
    return network, x
