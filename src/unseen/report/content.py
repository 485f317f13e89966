"""What a report shows: plain values and numpy arrays, nothing that knows a detector or a figure."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unseen.errors import DataError, unknown
from unseen.evaluation import Estimate, Evaluation, GainMatrix, Measures, evaluate
from unseen.evaluation.kinds import sides
from unseen.report.search_content import SearchContent
from unseen.studies.sculpting import Sculpted

Floats = NDArray[np.float64]
_NARROW = "\u202f"  # a narrow space that does not break: a number stays with its sign


@dataclass(frozen=True)
class Provenance:
    """Where the numbers come from, so that someone else can make them again.

    Attributes:
        data: name of the data, as the reader knows it.
        rows: rows judged.
        seed: of split and training.
        command: the command line that made the report, if there was one.
        date: when, as text; the report itself never asks the clock, so that it can be made again bit for bit.
        versions: package name -> version.
        settings: further lines worth printing, such as the model and its widths.

    """

    data: str
    rows: int
    seed: int
    command: str = ""
    date: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Scored:
    """One score of one detector on the judged rows; higher is stranger.

    Attributes:
        name: such as "fused", "stage 1" or "isolation forest".
        normal: (n,) scores of the normal rows (of all rows where nothing is labelled).
        kinds: scores of the anomalous rows by kind.
        evaluation: by kind; None where nothing is labelled.
        normal_weights, kind_weights: event weights of these rows; None and empty where all count alike.

    """

    name: str
    normal: Floats
    kinds: Mapping[str, Floats] = field(default_factory=dict)
    evaluation: Evaluation | None = None
    normal_weights: Floats | None = None
    kind_weights: Mapping[str, Floats] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.evaluation is not None and {k.kind for k in self.evaluation.kinds} != set(self.kinds):
            raise DataError(
                f"score {self.name!r} has rows of kinds {sorted(self.kinds)}, its evaluation judges "
                f"{sorted(k.kind for k in self.evaluation.kinds)}; make both from the same rows."
            )

    def weights_of(self, kind: str) -> Floats | None:
        """Event weights of the rows of one kind; None where all rows count alike."""
        return self.kind_weights.get(kind)

    def hardest(self, most: int) -> tuple[str, ...]:
        """Name at most so many kinds: those of the lowest AUC, or the largest where nothing is evaluated."""
        if self.evaluation is None:
            return tuple(sorted(self.kinds, key=lambda name: -self.kinds[name].size)[:most])
        return tuple(k.kind for k in self.evaluation.easiest_first()[-most:])

    @classmethod
    def judge(
        cls,
        name: str,
        scores: ArrayLike,
        kinds: Sequence[object] | NDArray[np.generic],
        *,
        normal: str | int | NDArray[np.bool_] | None,
        told: Collection[str] = (),
        seed: int = 0,
        least_rows: int = 1,
    ) -> Scored:
        """Evaluate a score and keep its rows by kind; the arguments are those of `evaluation.evaluate`.

        Raises:
            DataError: as in `evaluation.evaluate`.

        >>> judged = Scored.judge("stage 1", [0.1, 0.2, 0.9], ["ok", "ok", "dos"], normal="ok")
        >>> judged.kinds["dos"].tolist()
        [0.9]

        """
        found = evaluate(scores, kinds, normal=normal, told=told, seed=seed, least_rows=least_rows)
        column = np.asarray(scores, dtype=np.float64)
        is_normal, rows_of = sides(kinds, normal, column.size)
        return cls(name, column[is_normal], {kind: column[rows] for kind, rows in rows_of.items()}, found)


@dataclass(frozen=True)
class BudgetCurve:
    """A metric against the number of told rows; `unseen` says on which kinds."""

    name: str
    unseen: bool
    points: tuple[tuple[int, Estimate], ...]


@dataclass(frozen=True)
class Latent:
    """What each latent unit carries.

    Attributes:
        relevance: (z,) mean KL to the prior on normal rows, nats; or another relevance named by `unit`.
        noise: (z,) True where the unit carries nothing.
        threshold: below it a unit counts as noise.
        names: (z,) names; "z0", "z1", ... if empty.
        unit: label of the axis.

    """

    relevance: Floats
    noise: NDArray[np.bool_]
    threshold: float = 0.01
    names: tuple[str, ...] = ()
    unit: str = "mean KL to the prior (nats)"


@dataclass(frozen=True)
class Trace:
    """Training seen from outside: error of held-out normals and of known anomalies, and the ramp.

    Attributes:
        step: (t,) optimiser steps, rising.
        normal: (t,) error of held-out normal rows.
        known: (t,) error of the known anomalies, NaN or empty where not measured.
        ramp: (t,) weight of the awareness term in [0, 1], or empty.
        events: step -> what happened there, such as "stage 2 begins" or "guard: back to this state".
        unit: label of the axis.
        caption: what the normal rows should do.

    """

    step: Floats
    normal: Floats
    known: Floats = field(default_factory=lambda: np.empty(0))
    ramp: Floats = field(default_factory=lambda: np.empty(0))
    events: Mapping[int, str] = field(default_factory=dict)
    unit: str = "mean reconstruction error"
    caption: str = "Normal rows should stay rebuilt"


@dataclass(frozen=True)
class Heard:
    """Mean evidence of each member on the rows of one kind, nats; `role` is normal, told or unseen."""

    kind: str
    role: str
    rows: int
    means: tuple[float, ...]


@dataclass(frozen=True)
class WhoSaid:
    """What each member says of each kind.

    Attributes:
        members: names, those that learned unaided first.
        told: how many of them, the last ones, were told of known anomalies.
        heard: one a kind, the normal rows first.

    """

    members: tuple[str, ...]
    told: int
    heard: tuple[Heard, ...]


@dataclass(frozen=True)
class Contribution:
    """One feature's part of a score, with the value the row had in the user's units."""

    feature: str
    amount: float
    value: str


@dataclass(frozen=True)
class TopAnomaly:
    """One of the strangest rows, contributions in falling order; of an image, where it is strange."""

    row: int | str
    score: float
    contributions: tuple[Contribution, ...]
    p_value: float = math.nan
    kind: str = ""
    where: str = ""


@dataclass(frozen=True)
class ImageRow:
    """One strange image, (h, w) or (h, w, 3), beside what the model made of it."""

    caption: str
    image: Floats
    reconstruction: Floats


@dataclass(frozen=True)
class Content:
    """All a report shows; what is None or empty is left out of the page.

    Attributes:
        title: heading of the page.
        summary: one sentence in plain words with the numbers; see `sentence`.
        provenance: where the numbers come from.
        scores: the judged score first, then those it stands beside.
        reference: name of the score that the first one must not fall below, usually "stage 1".
        gains: gain by told and judged kind.
        budget: label-budget curves.
        latent: relevance of the latent units.
        trace: of the training.
        said: mean evidence of each member by kind; None for a model of one member.
        inside: what to know of the model, one sentence each.
        p_values: p-values of normal rows that took no part in the fit.
        p_weights: event weights of the rows behind the p-values, or None.
        mass: what the cut does to a variable that is no feature.
        search: working points, a fixed variable, a trigger, event displays.
        calibration_rows: held-out normal rows those p-values were counted against; 0 where not known.
        top: the strangest rows.
        images: the strangest images.
        guards: what the guards of the training had to say, one sentence each.
        warnings: what the reader must know, one sentence each.

    """

    title: str
    summary: str
    provenance: Provenance
    scores: tuple[Scored, ...]
    reference: str | None = None
    gains: GainMatrix | None = None
    budget: tuple[BudgetCurve, ...] = ()
    latent: Latent | None = None
    trace: Trace | None = None
    said: WhoSaid | None = None
    inside: tuple[str, ...] = ()
    p_values: Floats | None = None
    p_weights: Floats | None = None
    mass: Sculpted | None = None
    search: SearchContent | None = None
    calibration_rows: int = 0
    top: tuple[TopAnomaly, ...] = ()
    images: tuple[ImageRow, ...] = ()
    guards: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def main(self) -> Scored:
        """The judged score.

        Raises:
            DataError: the report has no score.

        """
        if not self.scores:
            raise DataError("a report needs at least one score; got none.")
        return self.scores[0]

    @property
    def beside(self) -> Scored | None:
        """The score named by `reference`.

        Raises:
            DataError: no score has that name.

        """
        if self.reference is None:
            return None
        found = {scored.name: scored for scored in self.scores}
        if self.reference not in found:
            raise DataError(unknown("reference score", self.reference, found))
        return found[self.reference]


def sentence(scored: Scored) -> str:
    """Say in plain words what one score finds.

    >>> sentence(Scored("stage 1", np.arange(10.0)))
    '10 rows were scored; nothing is labelled, so the report ranks them and judges nothing.'
    """
    if scored.evaluation is None:
        count = f"{scored.normal.size:,} rows were scored"
        return f"{count}; nothing is labelled, so the report ranks them and judges nothing."
    roles = {"a kind it never saw": scored.evaluation.unseen, "a kind it was told of": scored.evaluation.told}
    parts = [f"an anomaly of {role} {_ranked(measures)}" for role, measures in roles.items() if measures]
    return f"The score “{scored.name}” puts " + ", and ".join(parts) + "."


def _ranked(measures: Measures) -> str:
    auc, caught = measures.auc, measures.tpr_1e2
    words = f"above a normal row {100 * auc.value:.1f}{_NARROW}% of the time"
    if not math.isnan(auc.low):
        words += f" ({100 * auc.low:.1f} to {100 * auc.high:.1f}{_NARROW}%)"
    if caught.known:
        words += (
            f" and catches {100 * caught.value:.0f}{_NARROW}% at one false alarm in a hundred normal rows"
        )
    return words


def falls(main: Scored, reference: Scored, *, least: float = 0.0005) -> tuple[str, ...]:
    """Name every kind whose AUC under `main` lies below that under `reference`, the deepest fall first.

    Args:
        main: the judged score.
        reference: the score it must not fall below.
        least: falls smaller than this are rounding.

    """
    if main is reference or main.evaluation is None or reference.evaluation is None:
        return ()
    before = {k.kind: k for k in reference.evaluation.kinds}
    found = []
    for k in main.evaluation.kinds:
        if k.kind not in before:
            continue
        fall = before[k.kind].measures.auc.value - k.measures.auc.value
        if fall >= least:
            role = "told" if k.told else "unseen"
            found.append(
                (
                    fall,
                    f"The {role} kind “{k.kind}” falls below {reference.name} by {fall:.3f} in AUC "
                    f"({before[k.kind].measures.auc.value:.3f} to {k.measures.auc.value:.3f}).",
                )
            )
    return tuple(text for _, text in sorted(found, key=lambda item: -item[0]))
