"""The gate on trial: unaware, aware, with a family of kinds left out of what it is told, and told of little.

Thresholds come from validation films alone, as conformal p-values. A kind that is left out goes with all that
is like it, so that a film turned left does not tell of one turned right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from unseen.detectors.aware import AwareDetector
from unseen.evaluation import Estimate
from unseen.evaluation.intervals import paired_over_seeds
from unseen.screening.gate import EVERY_KIND, GateSettings, Pictures, Told, flat, told_rows, train_gate
from unseen.screening.records import upper_tail
from unseen.seeds import generator
from unseen.training.progress import tell

Floats = NDArray[np.float64]
Scores = Callable[[Pictures], Floats]

FAMILIES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "noise": ("uniform noise", "gaussian noise", "salt and pepper", "pixels shuffled"),
        "smooth": ("smooth noise", "clouds", "gradients"),
        "blank": ("blank",),
        "patterns": ("stripes", "checkers"),
        "marks": ("text", "strokes", "digits"),
        "things": ("shapes", "mirrored shapes", "object on ground", "clothing"),
        "scenes": ("photographs", "paintings"),
        "inverted": ("inverted",),
        "turned": ("turned 90", "turned 180", "turned 270", "upside down", "tilted"),
        "cut": ("tiles 2", "tiles 4", "halves swapped", "scrambled"),
        "close-up": ("close-up",),
    }
)
"""Kinds that are like one another; of pictures from elsewhere the names are those of the studies."""

UNAWARE, AWARE, LEFT_OUT, FEW = "unaware", "aware", "its family left out", "told of few"
REFUSE = 0.02


@dataclass(frozen=True)
class Refused:
    """How many pictures of one kind one gate refused.

    Attributes:
        seed, way, kind: Which gate: `UNAWARE`, `AWARE`, `LEFT_OUT` or `FEW`; the kind of the pictures.
        refused, of: Pictures refused, and all.

    """

    seed: int
    way: str
    kind: str
    refused: int
    of: int

    @property
    def share(self) -> Estimate:
        """Share refused, with Wilson's interval at 95 %.

        >>> f"{Refused(0, AWARE, 'blank', 99, 100).share:.3f}"
        '0.990 [0.946, 0.998]'
        """
        found = binomtest(self.refused, self.of).proportion_ci(method="wilson")
        return Estimate(self.refused / self.of, found.low, found.high)


def study_gate(
    films: Pictures,
    validation: Pictures,
    judged: Mapping[str, Pictures],
    *,
    seed: int,
    told: Told = EVERY_KIND,
    few: Told | None = None,
    families: Mapping[str, Sequence[str]] = FAMILIES,
    refuse: float = REFUSE,
    settings: GateSettings | None = None,
) -> list[Refused]:
    """Train one gate in every way, and count what each refuses.

    Args:
        films: What it learns, (N, 1, S, S).
        validation: Films that set the thresholds, and took no part in training.
        judged: Kind -> pictures, other ones than those told; the name of true films is up to the caller.
        seed: Of the gate and of what it makes up.
        told, few: What the aware gate is told of, and a gate told of little; None leaves this one out.
        families: Kinds that are left out together.
        refuse: Share of the validation films that is refused.
        settings: Of the gate.

    """
    settings = settings or GateSettings()
    gate = train_gate(films, told={}, seed=seed, settings=settings)
    rows = {kind: flat(pictures, settings.side) for kind, pictures in judged.items()}
    known = flat(validation, settings.side)

    def refused(way: str, scores: Scores, kinds: Sequence[str]) -> Iterator[Refused]:
        rising = np.sort(scores(known))
        for kind in kinds:
            hit = upper_tail(rising, scores(rows[kind])) <= refuse
            yield Refused(seed, way, kind, int(hit.sum()), len(hit))

    def aware(way: str, of: Told, kinds: Sequence[str]) -> Iterator[Refused]:
        _tell(gate, of, films, seed, settings)
        yield from refused(way, gate.anomaly_score, kinds)

    found = [*refused(UNAWARE, gate.stage1_score, tuple(judged)), *aware(AWARE, told, tuple(judged))]
    if few is not None:
        found += aware(FEW, few, [kind for kind in judged if kind not in few])
    for place, family in enumerate(families.values()):
        tell("gates", place, len(families))
        of = {kind: pictures for kind, pictures in told.items() if kind not in family}
        found += aware(LEFT_OUT, of, [kind for kind in family if kind in judged])
    return found


def gain(found: Sequence[Refused], way: str = LEFT_OUT) -> Estimate:
    """Mean share that gates told in this `way` refuse, less that of unaware ones, over the same kinds.

    Paired by seed; the interval is Student's t over seeds, not known for a single one.
    """
    seeds = sorted({one.seed for one in found})
    share = {(one.seed, one.way, one.kind): one.refused / one.of for one in found}
    kinds = sorted({one.kind for one in found if one.way == way})
    means = [[np.mean([share[s, w, kind] for kind in kinds]) for s in seeds] for w in (way, UNAWARE)]
    return paired_over_seeds(np.array(means[0]), np.array(means[1]))


def refused_by_record(scores: Floats, *, splits: int = 50, refuse: float = REFUSE, seed: int = 0) -> Floats:
    """Share of the films of a source refused where half of them are its record, (splits,).

    Args:
        scores: Gate scores of the films of one source, (N,).
        splits: How often they are halved anew.
        refuse: Share of the record that is refused.
        seed: Which halves.

    """
    rng, half = generator(seed, 63), len(scores) // 2
    found = np.empty(splits)
    for place in range(splits):
        order = rng.permutation(len(scores))
        record, others = np.sort(scores[order[:half]]), scores[order[half:]]
        found[place] = (upper_tail(record, others) <= refuse).mean()
    return found


def _tell(gate: AwareDetector, told: Told, films: Pictures, seed: int, settings: GateSettings) -> None:
    """Tell a gate of these kinds alone; what it was told of before is forgotten."""
    rows, kinds = told_rows(told, films, seed=seed, settings=settings)
    gate.fine_tune(rows, kinds=kinds)
