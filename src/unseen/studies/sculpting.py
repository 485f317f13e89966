"""What the alarms of a detector do to a variable that is no feature, such as a mass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unseen.errors import DataError
from unseen.evaluation import (
    BumpHunt,
    Deciles,
    Sculpting,
    bump_hunt,
    distance_correlation,
    most_anomalous,
    sculpting,
    selected_by_decile,
)

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
# Share of the normal rows that a cut leaves, and the fewest rows that say anything about a shape.
SHARE, LEAST = 0.01, 20
# Events below which a histogram shows no bump.
LEAST_EVENTS = 100


@dataclass(frozen=True)
class Sculpted:
    """A protected variable before and after a cut on the score.

    Attributes:
        name: Column of the variable.
        share: Share of the normal rows above the cut: 1 %, or what 20 rows of them are.
        values, selected: The variable in the normal rows, (n,), and which of them are above the cut, (n,).
        weights: Event weights of the normal rows, (n,), or None.
        joined, stage1: What the cut does to it, by the joined score and by stage 1 alone (None where nothing
            was told).
        dependence: Distance correlation of score and variable among normal rows, by the joined score.
        deciles: False-alarm rate of the cut in each tenth of the variable.
        bump: Bump hunt among all judged rows above the cut, anomalies included; None with too few.

    """

    name: str
    share: float
    values: Floats
    selected: Bools
    weights: Floats | None
    joined: Sculpting
    stage1: Sculpting | None
    dependence: float
    deciles: Deciles
    bump: BumpHunt | None

    def to_dict(self) -> dict[str, object]:
        """Return the numbers as JSON values."""
        return {
            "column": self.name,
            "share": self.share,
            "joined": _numbers(self.joined),
            "stage1": None if self.stage1 is None else _numbers(self.stage1),
            "distance_correlation": self.dependence,
            "deciles": {
                "edges": self.deciles.edges.tolist(),
                "false_alarms": [part.to_dict() for part in self.deciles.share],
            },
            "bump": None if self.bump is None else _window(self.bump),
        }


def sculpted(
    name: str,
    values: Floats,
    normal: Bools,
    scores: Floats,
    unaided: Floats | None,
    weights: Floats | None,
    *,
    seed: int = 0,
) -> Sculpted:
    """Measure what a cut on each score does to a variable.

    Args:
        name: Column of the variable.
        values, normal, scores: The variable, whether a row is normal, and the joined score, shape (N,).
        unaided: Score of stage 1, shape (N,); None where nothing was told.
        weights: Event weights, shape (N,), or None.
        seed: Of random selections and toys.

    Raises:
        DataError: The variable is missing in a row, has no spread, or there are too few normal rows.

    """
    missing = ~np.isfinite(values)
    if missing.any():
        raise DataError(
            f"column {name!r} is missing or not finite in {int(missing.sum())} of {len(values)} judged rows; "
            "drop these rows"
        )
    if normal.sum() < 2 * LEAST:
        raise DataError(f"{int(normal.sum())} normal rows came; what a cut does to a shape needs {2 * LEAST}")
    mass, own = values[normal], None if weights is None else weights[normal]
    share = max(SHARE, LEAST / int(normal.sum()))

    def cut(score: Floats) -> Bools:
        return most_anomalous(score[normal], share, own)

    selected = cut(scores)
    above = scores >= scores[normal][selected].min()
    return Sculpted(
        name=name,
        share=share,
        values=mass,
        selected=selected,
        weights=own,
        joined=sculpting(mass, selected, weights=own, seed=seed),
        stage1=None if unaided is None else sculpting(mass, cut(unaided), weights=own, seed=seed),
        dependence=distance_correlation(mass, scores[normal], weights=own, seed=seed),
        deciles=selected_by_decile(mass, selected, weights=own),
        bump=_hunted(values, above, weights, seed),
    )


def _hunted(values: Floats, above: Bools, weights: Floats | None, seed: int) -> BumpHunt | None:
    """Hunt among the rows above the cut, with bins that hold ten of them on average; nothing with too few."""
    events = int(above.sum())
    if events < LEAST_EVENTS or (values[above] <= 0).any() or np.ptp(values[above]) == 0:
        return None
    return bump_hunt(values, above, weights=weights, bins=int(np.clip(events // 10, 12, 40)), seed=seed)


def _numbers(found: Sculpting) -> dict[str, float]:
    return {"js_bits": found.js, "by_chance": found.by_chance, "p_value": found.p_value}


def _window(bump: BumpHunt) -> dict[str, float]:
    names = ("low", "high", "in_window", "background", "local_p", "global_p", "global_z", "fit_p")
    return {name: float(getattr(bump, name)) for name in names}
