"""The inverse task: train on A and score B, train on B and score A. A score of complexity fails one way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from numpy.typing import ArrayLike

from unseen.errors import DataError, unknown
from unseen.evaluation.resampling import RESAMPLES, Sampled, auc_sampled
from unseen.evaluation.tally import score_column


@dataclass(frozen=True)
class Direction:
    """One model: the AUC of the class it did not learn against held-out rows of the one it learned.

    Attributes:
        learned, other: Names of the classes.
        auc: With its bootstrap.
        learned_rows, other_rows: Rows behind it.

    """

    learned: str
    other: str
    auc: Sampled
    learned_rows: int
    other_rows: int

    @property
    def backwards(self) -> bool:
        """Whether the other class looks more normal than the learned one, beyond two standard errors."""
        return self.auc.value + 2 * self.auc.sd < 0.5


@dataclass(frozen=True)
class InverseTask:
    """Both directions of one score.

    Attributes:
        score: Its name.
        directions: Learned A, judged on B, and learned B, judged on A.

    """

    score: str
    directions: tuple[Direction, Direction]

    @property
    def follows_complexity(self) -> bool:
        """Whether one direction is worse than guessing: the score ranks by how full an event is."""
        return any(direction.backwards for direction in self.directions)

    def to_dict(self) -> dict[str, object]:
        """Return the numbers as JSON values."""
        return {
            "score": self.score,
            "directions": [
                {
                    "learned": one.learned,
                    "other": one.other,
                    **one.auc.to_dict(),
                    "learned_rows": one.learned_rows,
                    "other_rows": one.other_rows,
                }
                for one in self.directions
            ],
            "follows_complexity": self.follows_complexity,
        }


def inverse_task(
    first: Mapping[str, tuple[ArrayLike, ArrayLike]],
    second: Mapping[str, tuple[ArrayLike, ArrayLike]],
    *,
    names: tuple[str, str] = ("A", "B"),
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> tuple[InverseTask, ...]:
    """Set both directions of each score side by side.

    Args:
        first: By name of the score, from the model that learned A: scores of held-out rows of A, and of B.
        second: By name of the score, from the model that learned B: scores of held-out rows of B, and of A.
        names: Of A and B.
        resamples, seed: Of the bootstrap.

    Raises:
        DataError: A score that one of the models lacks, or as in `roc_auc`.

    Reference: Finke et al., JHEP 06 (2021) 161 (arXiv 2104.09051).

    >>> hits = {"hits": ([1, 2, 3], [5, 6])}
    >>> back = {"hits": ([5, 6], [1, 2, 3])}
    >>> table, = inverse_task(hits, back, names=("qcd", "suep"), resamples=50)
    >>> [one.auc.value for one in table.directions], table.follows_complexity
    ([1.0, 0.0], True)

    """
    for one, other in ((first, second), (second, first)):
        for name in one:
            if name not in other:
                raise DataError(unknown("score of the other model", name, other))
    found = []
    for name in first:
        directions = [
            _direction(learned, other, *pair, resamples=resamples, seed=seed)
            for learned, other, pair in (
                (names[0], names[1], first[name]),
                (names[1], names[0], second[name]),
            )
        ]
        found.append(InverseTask(name, (directions[0], directions[1])))
    return tuple(found)


def _direction(
    learned: str, other: str, own: ArrayLike, theirs: ArrayLike, *, resamples: int, seed: int
) -> Direction:
    auc = auc_sampled(own, theirs, resamples=resamples, seed=seed)
    rows = (score_column(own, learned).size, score_column(theirs, other).size)
    return Direction(learned, other, auc, *rows)
