"""What a detector is worth to a search: expected events and the significance of each kind."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from unseen.errors import ConfigError, unknown
from unseen.evaluation import Estimate, Significance, roc_auc, significance_at, significance_improvement
from unseen.studies.judging import Judged

Floats = NDArray[np.float64]

# Inverse picobarns in an inverse femtobarn.
PER_FB = 1e3
# Bins of the score, at most; each halves the background of the one before.
BINS = 20


@dataclass(frozen=True)
class Prospect:
    """One kind of anomaly as the signal of a search.

    Attributes:
        kind: Its name.
        told: Whether the detector was told of it.
        rows: Rows it was measured on.
        events: Expected events before any cut; NaN where no cross-section is known.
        auc: Against all normal kinds, in proportion to their cross-sections.
        sic_1e2, sic_1e3: TPR / sqrt(FPR) at false-alarm rates of 1e-2 and 1e-3.
        z: Asimov significance of the histogram of the score, standard deviations; NaN where no cross-section
            is known.
        before: The same of all events counted together, without the score.

    """

    kind: str
    told: bool
    rows: int
    events: float
    auc: float
    sic_1e2: Estimate
    sic_1e3: Estimate
    z: float
    before: float


@dataclass(frozen=True)
class Search:
    """Expected events of the normal kinds, and what each kind of anomaly amounts to above them.

    Attributes:
        luminosity: fb^-1.
        background: Expected events of each normal kind.
        prospects: One a kind of anomaly, most significant first.

    """

    luminosity: float
    background: Mapping[str, float]
    prospects: tuple[Prospect, ...]

    def to_dict(self) -> dict[str, object]:
        """Return the numbers as JSON values; what is not known is null."""
        return {
            "luminosity_fb": self.luminosity,
            "background": dict(self.background),
            "kinds": [
                {
                    "kind": one.kind,
                    "told": one.told,
                    "rows": one.rows,
                    "events": _known(one.events),
                    "auc": _known(one.auc),
                    "sic_1e2": one.sic_1e2.to_dict(),
                    "sic_1e3": one.sic_1e3.to_dict(),
                    "significance": _known(one.z),
                    "significance_without_score": _known(one.before),
                }
                for one in self.prospects
            ],
        }


def read_cross_sections(given: Sequence[str]) -> dict[str, float]:
    """Read `KIND=PB`, each in picobarns.

    Raises:
        ConfigError: Not of that form, not above 0, or one kind twice.

    >>> read_cross_sections(["qcd=1e4", "w = 0.5"])
    {'qcd': 10000.0, 'w': 0.5}
    """
    found: dict[str, float] = {}
    for word in given:
        kind, _, number = (part.strip() for part in word.rpartition("="))
        try:
            value = float(number)
        except ValueError:
            value = math.nan
        if not kind or not (math.isfinite(value) and value > 0) or kind in found:
            raise ConfigError(
                f"cross-section {word!r} came; accepted: KIND=PB once a kind, with picobarns above 0, "
                "such as qcd=1e4"
            )
        found[kind] = value
    return found


def search(
    judged: Judged,
    cross_sections: Mapping[str, float],
    *,
    luminosity: float,
    relative_uncertainty: float = 0.0,
    seed: int = 0,
) -> Search:
    """Work out what a judged detector is worth at a luminosity.

    Normal kinds are mixed in proportion to their cross-sections, whatever the numbers of their rows; within a
    kind events count by their weights. The significance is that of the histogram of the score, see
    `unseen.evaluation.significance.significance_at`.

    Args:
        judged: Scores of labelled rows.
        cross_sections: Picobarns by kind, of the rows as they were given: every normal kind, and the kinds of
            anomaly whose events are wanted.
        luminosity: fb^-1.
        relative_uncertainty: Of the background in each bin.
        seed: Of the bootstrap.

    Raises:
        ConfigError: A normal kind without a cross-section, one of a kind that has no row, or a number out of
            range.
        DataError: Too few normal rows.

    """
    if not 0 <= relative_uncertainty <= 1:
        raise ConfigError(
            f"uncertainty {relative_uncertainty!r} came; accepted: a share of the background from 0 to 1, "
            "such as 0.05 for 5 %"
        )
    if not (math.isfinite(luminosity) and luminosity > 0):
        raise ConfigError(f"luminosity {luminosity!r} came; accepted: fb^-1 above 0, such as 300")
    kinds = list(dict.fromkeys(judged.kinds.tolist()))
    normal = list(dict.fromkeys(judged.kinds[judged.normal].tolist()))
    _refuse_others(cross_sections, kinds, normal)
    weights = np.ones(len(judged.scores)) if judged.weights is None else judged.weights.copy()
    for kind in normal:
        rows = judged.kinds == kind
        weights[rows] *= cross_sections[kind] / weights[rows].sum()
    expect = partial(
        significance_at,
        luminosity=luminosity * PER_FB,
        normal_cross_section=sum(cross_sections[kind] for kind in normal),
        relative_uncertainty=relative_uncertainty,
    )
    prospects = [
        _prospect(judged, kind, weights, expect, cross_sections.get(kind), luminosity, seed)
        for kind in kinds
        if kind not in normal
    ]
    prospects.sort(key=lambda one: (-one.z if math.isfinite(one.z) else math.inf, -one.auc))
    background = {kind: luminosity * PER_FB * cross_sections[kind] for kind in normal}
    return Search(luminosity, background, tuple(prospects))


def _prospect(
    judged: Judged,
    kind: str,
    weights: Floats,
    expect: Callable[..., Significance],
    size: float | None,
    luminosity: float,
    seed: int,
) -> Prospect:
    """Measure one kind of cross-section `size` (pb) against all normal rows; weights of all rows (N,)."""
    rows = judged.kinds == kind
    sides = (judged.scores[judged.normal], judged.scores[rows])
    own = {"normal_weights": weights[judged.normal], "anomaly_weights": weights[rows]}
    # the histogram of the score, and a single bin of everything
    z, before = (
        math.nan if size is None else expect(*sides, anomaly_cross_section=size, bins=bins, **own).z
        for bins in (BINS, 1)
    )
    return Prospect(
        kind=kind,
        told=any(one.told for one in judged.joined.kinds if one.kind == kind),
        rows=int(rows.sum()),
        events=math.nan if size is None else luminosity * PER_FB * size,
        auc=roc_auc(*sides, **own),
        sic_1e2=significance_improvement(*sides, 1e-2, seed=seed, **own),
        sic_1e3=significance_improvement(*sides, 1e-3, seed=seed, **own),
        z=z,
        before=before,
    )


def _refuse_others(cross_sections: Mapping[str, float], kinds: Sequence[str], normal: Sequence[str]) -> None:
    for kind in cross_sections:
        if kind not in kinds:
            raise ConfigError(f"cross-section: {unknown('kind', kind, kinds)}")
    for kind in normal:
        if kind not in cross_sections:
            raise ConfigError(f"normal kind {kind!r} has no cross-section; pass {kind}=PB")


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
