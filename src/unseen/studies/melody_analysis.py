"""One look at a trained melody network: how well it plays back, which units it uses, what they stand for."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unseen.errors import DataError
from unseen.latent.association import Association
from unseen.latent.relevance import Relevance
from unseen.latent.rules import above_nats, gap
from unseen.latent.zeroing import ZeroOut
from unseen.music.descriptors import Described, described
from unseen.music.tokens import Tokens
from unseen.studies.melody_meaning import Unit, association, table
from unseen.studies.melody_reading import (
    ACCURACIES,
    Codes,
    accuracies,
    codes,
    counted,
    lost_by_rule,
    played,
    zeroed,
)
from unseen.studies.melody_training import Trained

# Windows below which permutations say nothing.
LEAST = 100
TOP = 40


@dataclass(frozen=True, eq=False)
class Analysis:
    """What was found on windows the network never saw.

    Attributes:
        tokens: The windows, shape (N, T).
        codes: Their posteriors.
        relevance: Of the units.
        music: Units with KL > 0.1 nat, shape (Z,); the other rules are counted beside.
        accuracy: Token, onset and whole-window accuracy, decoded freely from the mean.
        zeroed: The same with units at their means.
        lost: Rule -> accuracy lost when all units it calls noise are set to their means at once, (3,).
        about: Descriptors of the windows.
        association: Units against descriptors.
        units: Table of the most relevant units.

    """

    tokens: Tokens
    codes: Codes
    relevance: Relevance
    music: NDArray[np.bool_]
    accuracy: tuple[float, float, float]
    zeroed: ZeroOut
    lost: dict[str, NDArray[np.float64]]
    about: Described
    association: Association
    units: list[Unit]

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        steep = gap(self.relevance)
        return {
            "windows": len(self.tokens),
            "accuracy": dict(zip(ACCURACIES, self.accuracy, strict=True)),
            "music_units": counted(self.relevance),
            "units": self.relevance.units,
            "gap": {"units": steep.count, "rho_above": steep.above, "rho_below": steep.below},
            "lost_without_noise_units": {
                rule: dict(zip(ACCURACIES, lost.tolist(), strict=True)) for rule, lost in self.lost.items()
            },
            "only_first": {
                int(k): dict(zip(ACCURACIES, row.tolist(), strict=True))
                for k, row in zip(self.zeroed.counts, self.zeroed.top, strict=True)
            },
            "table": [{name: _plain(value) for name, value in asdict(unit).items()} for unit in self.units],
            "dropped": list(self.about.dropped),
            "largest_by_chance": dict(zip(("spearman", "phi_k"), self.association.largest, strict=True)),
        }


def _plain(value: Any) -> Any:
    """Return a value JSON can hold: no number is null."""
    return None if isinstance(value, float) and not np.isfinite(value) else value


def analyse(
    trained: Trained,
    tokens: Tokens,
    *,
    permutations: int = 200,
    top: int = TOP,
    repeats: int = 3,
    seed: int = 0,
) -> Analysis:
    """Read a network on windows (N, T) it has not seen.

    Args:
        trained: The network.
        tokens: Windows of its length.
        permutations: Behind the corrected p-values.
        top: Rows of the table of units; mutual information is estimated for these.
        repeats: Random choices of k units beside the first k.
        seed: Of permutations and random choices.

    Raises:
        DataError: Too few windows, or windows of another length.

    """
    if len(tokens) < LEAST:
        raise DataError(f"{len(tokens):,} windows came; an analysis needs {LEAST} or more: add tunes")
    network = trained.network
    found = codes(network, tokens)
    relevance = found.relevance()
    music = above_nats(relevance)
    about = described(tokens)
    links = association(found.mean, about, relevance, top=top, permutations=permutations, seed=seed)
    accuracy = accuracies(played(network, found.mean), tokens)
    return Analysis(
        tokens=tokens,
        codes=found,
        relevance=relevance,
        music=music,
        accuracy=accuracy,
        zeroed=zeroed(network, found, tokens, spare=~music, seed=seed, repeats=repeats),
        lost=lost_by_rule(network, found, tokens, accuracy),
        about=about,
        association=links,
        units=table(links, relevance, top),
    )
