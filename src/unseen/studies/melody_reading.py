"""What a trained melody network says of windows: codes, accuracy, which units are music and which noise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from unseen.latent.relevance import Relevance, measure
from unseen.latent.rules import above_gap, above_nats, not_noise
from unseen.latent.zeroing import ZeroOut, zero_out
from unseen.models.melody import decoded
from unseen.models.network import Network
from unseen.music.tokens import FIRST, Tokens
from unseen.seeds import generator

Floats = NDArray[np.float64]
Marks = NDArray[np.bool_]

ACCURACIES = ("token", "onset", "exact")
# Rules that part music units from noise units; each marks music, the rest is noise.
RULES: dict[str, Callable[[Relevance], Marks]] = {
    "largest gap of rho": above_gap,
    "KL > 0.1 nat": above_nats,
    "not (sigma > 0.9 and std mu < 0.1)": not_noise,
}
AT_ONCE = 1024


@dataclass(frozen=True, eq=False)
class Codes:
    """Posterior means and spreads of N windows, shape (N, Z)."""

    mean: Floats
    sigma: Floats

    def relevance(self) -> Relevance:
        """Measure the units."""
        return measure(self.mean, self.sigma)

    def drawn(self, seed: int) -> Floats:
        """Draw one code a window from its posterior, as the decoder was trained with."""
        return self.mean + self.sigma * generator(seed, 73).standard_normal(self.mean.shape)


@torch.no_grad()
def codes(network: Network, tokens: Tokens) -> Codes:
    """Encode windows (N, T)."""
    means, sigmas = [], []
    for block in torch.split(torch.from_numpy(tokens).long(), AT_ONCE):
        posterior = network.encode(block)
        means.append(posterior.mean.numpy())
        sigmas.append(torch.exp(0.5 * posterior.log_variance).numpy())  # type: ignore[attr-defined]
    return Codes(np.concatenate(means).astype(np.float64), np.concatenate(sigmas).astype(np.float64))


@torch.no_grad()
def played(network: Network, latent: Floats) -> Tokens:
    """Decode codes (N, Z) into the most likely tokens (N, T)."""
    blocks = torch.split(torch.from_numpy(latent).float(), AT_ONCE)
    return np.concatenate([decoded(network, block).numpy() for block in blocks]).astype(np.int8)


def accuracies(found: Tokens, true: Tokens) -> tuple[float, float, float]:
    """Share of tokens that are right; of those where a note begins; of windows with no fault.

    >>> true = np.array([[41, 0, 43, 0]], dtype=np.int8)
    >>> accuracies(np.array([[41, 0, 44, 0]], dtype=np.int8), true)
    (0.75, 0.5, 0.0)
    """
    right = found == true
    onsets = true >= FIRST
    return float(right.mean()), float(right[onsets].mean()), float(right.all(1).mean())


def counted(found: Relevance) -> dict[str, int]:
    """Music units by each rule; noise units are the rest."""
    return {name: int(rule(found).sum()) for name, rule in RULES.items()}


def zeroed(network: Network, found: Codes, true: Tokens, *, spare: Marks, seed: int, repeats: int) -> ZeroOut:
    """Accuracies with the spare units at their means, with only the first k, with k random ones."""

    def judge(latent: Floats) -> tuple[float, float, float]:
        return accuracies(played(network, latent), true)

    return zero_out(
        found.mean,
        judge,
        order=found.relevance().order(),
        spare=np.flatnonzero(spare),
        repeats=repeats,
        singly=False,
        names=ACCURACIES,
        seed=seed,
    )


def lost_by_rule(
    network: Network, found: Codes, true: Tokens, full: tuple[float, float, float]
) -> dict[str, Floats]:
    """Accuracy lost with all units that a rule calls noise at their means at once, shape (3,) each."""
    relevance = found.relevance()
    lost = {}
    for name, rule in RULES.items():
        kept = np.where(rule(relevance), found.mean, relevance.centre)
        lost[name] = np.array(full) - np.array(accuracies(played(network, kept), true))
    return lost
