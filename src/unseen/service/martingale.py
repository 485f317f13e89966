"""A bet against "nothing has changed": the evidence of all rows since the start, valid at every moment."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unseen.seeds import generator

Floats = NDArray[np.float64]

# Bins of the scores, rows looked at in one go, and the share of the capital that moves between bets a row.
BINS, BLOCK, JUMP = 50, 4096, 0.01
# Half the slope of the bets for small and for large p-values, and no bet.
BETS = (-1.0, 0.0, 1.0)


@dataclass(frozen=True)
class Standing:
    """How the bet stands.

    Attributes:
        log10: Logarithm of the capital, which began as 1.
        largest: Its largest value so far.
        rows: Rows that came.
        crossed: The row at which the capital first reached 1 / rate; None where it never has.

    """

    log10: float
    largest: float
    rows: int
    crossed: int | None


class Martingale:
    """Conformal test martingale of scores against held-out rows of training and all rows since.

    Each score s gets the smoothed conformal p-value among those before it,

        p = (number above s + U (number in the bin of s + 1)) / (number of all + 1),  U uniform in (0, 1),

    which is uniform and independent of those before it as long as the rows are exchangeable with the
    held-out ones. A capital of 1 bets on small and on large p-values by factors 1 + e (p - 1/2), e = -1, 0,
    1, and moves a share of 0.01 between these bets after every row (the Simple Jumper). While nothing
    changes it is a martingale, so by Ville's inequality the chance that it ever reaches 1 / rate is at most
    `rate`, however long one looks. Scores are counted in 50 bins whose edges come from one half of the
    held-out scores and which are then filled with the other: memory does not grow, and the p-values stay
    exact.

    Reference: Vovk, Petej, Nouretdinov, Ahlberg, Carlsson and Gammerman, "Retrain or not retrain: conformal
    test martingales for change-point detection", arXiv 2102.10439.

    >>> rng = np.random.default_rng(0)
    >>> bet = Martingale(rng.normal(size=1000), rate=0.01)
    >>> bet.see(rng.normal(size=2000))
    >>> bet.standing().crossed is None
    True
    >>> bet.see(rng.normal(1.0, size=1000))
    >>> 2000 < bet.standing().crossed < 2200
    True
    """

    def __init__(self, held_out: ArrayLike, *, rate: float = 0.01, seed: int = 0) -> None:
        scores = np.asarray(held_out, dtype=np.float64)
        self._random = generator(seed, 17)
        order = self._random.permutation(len(scores))
        edges, filling = np.split(scores[order], [len(scores) // 2])
        self._edges = np.unique(np.quantile(edges, np.arange(1, BINS) / BINS)) if len(edges) else np.zeros(1)
        self._counts = self._binned(filling).sum(0)
        self._alarm_at = -math.log(rate)
        self._capital = [1.0 / len(BETS)] * len(BETS)
        self._log = self._largest = 0.0
        self._rows = 0
        self._crossed: int | None = None

    def see(self, scores: ArrayLike) -> None:
        """Bet on these scores, in their order, shape (N,)."""
        values = np.asarray(scores, dtype=np.float64)
        for start in range(0, len(values), BLOCK):
            for p_value in self.p_values(values[start : start + BLOCK]).tolist():
                self._bet(p_value)

    def standing(self) -> Standing:
        """Return how the bet stands now."""
        scale = math.log(10.0)
        return Standing(self._log / scale, self._largest / scale, self._rows, self._crossed)

    def p_values(self, scores: Floats) -> Floats:
        """Return the p-value of each score among all before it, shape (N,), and count them."""
        one_hot = self._binned(scores)
        before = self._counts + np.cumsum(one_hot, axis=0) - one_hot
        same = before[one_hot]
        above = np.where(one_hot, before[:, ::-1].cumsum(1)[:, ::-1] - before, 0).sum(1)
        total = before[:1].sum() + np.arange(len(scores))
        self._counts = self._counts + one_hot.sum(0)
        return np.asarray((above + self._random.random(len(scores)) * (same + 1)) / (total + 1))

    def _binned(self, scores: Floats) -> NDArray[np.bool_]:
        """Bin of each score as one of (N, bins)."""
        place = np.searchsorted(self._edges, scores, side="left")
        return np.asarray(place[:, None] == np.arange(len(self._edges) + 1))

    def _bet(self, p_value: float) -> None:
        share = JUMP * sum(self._capital) / len(BETS)
        kept = [(1.0 - JUMP) * capital + share for capital in self._capital]
        self._capital = [c * (1.0 + bet * (p_value - 0.5)) for c, bet in zip(kept, BETS, strict=True)]
        total = sum(self._capital)
        self._rows += 1
        self._log += math.log(total)
        self._capital = [capital / total for capital in self._capital]
        self._largest = max(self._largest, self._log)
        if self._crossed is None and self._log >= self._alarm_at:
            self._crossed = self._rows
