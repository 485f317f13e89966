"""From a pass to scores: one number a row, higher is stranger, as the sum of named parts.

A score is the sum of its parts, so a contribution is never an afterthought: part j of row i answers "how
much of the score of row i is due to feature (or latent unit) j?" and the parts add up to the score.
"""

from unseen.scores.code import CodeDensity, LatentUnit
from unseen.scores.combined import Combined
from unseen.scores.events import LitError, LitPairs, StrangeTotals
from unseen.scores.latent import Divergence, Latent
from unseen.scores.reconstruction import Reconstruction, Residual, Robust
from unseen.scores.score import Score, State
from unseen.scores.total import Sum

__all__ = [
    "CodeDensity",
    "Combined",
    "Divergence",
    "Latent",
    "LatentUnit",
    "LitError",
    "LitPairs",
    "Reconstruction",
    "Residual",
    "Robust",
    "Score",
    "State",
    "StrangeTotals",
    "Sum",
]
