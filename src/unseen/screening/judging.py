"""How good are the answers for one source: every number with its interval; numpy alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit

from unseen.errors import DataError
from unseen.evaluation import Estimate, auc_interval
from unseen.evaluation.decisions import Decisions, decisions_at, equal_error_threshold, wilson
from unseen.evaluation.reliability import brier, reliability
from unseen.screening.outcome import Outcome, Rule, decide
from unseen.screening.records import Record

Floats = NDArray[np.float64]

PREVALENCES = (0.01, 0.05, 0.10, 0.20)
"""At which an answer's worth is stated: films of a data set are ill far more often than people."""
UNMEASURED = (
    "External validity: not measured. All films come from one source; in the literature the same kind of "
    "films fell from an AUC of .95 inside to .54 outside (Emergency Radiology, 2021)."
)


@dataclass(frozen=True, eq=False)
class Seen:
    """What a model says of N labelled films.

    Attributes:
        logits: Of the finding, (N,).
        findings: 1 where the film shows it, else 0, (N,).
        gate: Anomaly scores, nats, (N,).

    Raises:
        DataError: Columns that do not fit, or none of a class.

    """

    logits: Floats
    findings: NDArray[np.int64]
    gate: Floats

    def __post_init__(self) -> None:
        shapes = {column.shape for column in (self.logits, self.findings, self.gate)}
        if len(shapes) > 1 or self.logits.ndim != 1:
            raise DataError("accepted: as many labels and gate scores as logits")
        if not {0, 1} <= set(np.unique(self.findings).tolist()):
            raise DataError("films of one class alone came; numbers need films with and without the finding")

    def take(self, places: ArrayLike) -> Seen:
        """Return the films at these places."""
        at = np.asarray(places)
        return Seen(self.logits[at], self.findings[at], self.gate[at])

    @property
    def sides(self) -> tuple[Floats, Floats]:
        """Logits of the films without and with the finding."""
        return self.logits[self.findings == 0], self.logits[self.findings == 1]


@dataclass(frozen=True)
class SourceNumbers:
    """What is known of the answers for one source.

    Attributes:
        source: Its name.
        counts: Films without and with the finding.
        auc: Area under the ROC curve, DeLong's interval.
        decisions: Calls at the frozen threshold.
        ece, brier: Expected calibration error (15 bins of equal width) and Brier score of the probability
            shown: the record's, or the raw one.
        coverage: Share of the films of each class whose set of labels holds theirs, Wilson.
        decided: Share of the films whose set holds one label, Wilson.
        right: Share of these whose label it is, Wilson.
        verdicts: Answer -> films: "refused", "signs", "no-signs", and why films are referred.

    """

    source: str
    counts: tuple[int, int]
    auc: Estimate
    decisions: Decisions
    ece: float
    brier: float
    coverage: tuple[Estimate, Estimate]
    decided: Estimate
    right: Estimate
    verdicts: Mapping[str, int]

    @property
    def films(self) -> int:
        """Number of films."""
        return sum(self.counts)

    @property
    def prevalence(self) -> float:
        """Share of the films that shows the finding."""
        return self.counts[1] / self.films

    def share(self, *verdicts: str) -> Estimate:
        """Share of the films with one of these answers, Wilson."""
        return wilson(sum(self.verdicts.get(one, 0) for one in verdicts), self.films)

    @property
    def referred(self) -> Estimate:
        """Share of the films referred for whatever reason."""
        return self.share(*(set(self.verdicts) - {"refused", "signs", "no-signs"}))

    def estimates(self) -> dict[str, Estimate]:
        """Name -> number; what has no interval of its own comes without."""
        calls = self.decisions
        found = {
            "AUC": self.auc,
            "sensitivity": calls.sensitivity,
            "specificity": calls.specificity,
            "accuracy": calls.accuracy,
            "ECE": Estimate(self.ece),
            "Brier": Estimate(self.brier),
            "coverage normal": self.coverage[0],
            "coverage finding": self.coverage[1],
            "one label": self.decided,
            "one label, right": self.right,
            "referred": self.referred,
            "refused": self.share("refused"),
        }
        for prevalence in PREVALENCES:
            worth = calls.predictive_values(prevalence)
            for name, value in zip(("PPV", "NPV"), worth, strict=True):
                found[f"{name} at {prevalence:.0%}".replace("%", " %")] = Estimate(value)
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        numbers = {name: estimate.to_dict() for name, estimate in self.estimates().items()}
        return {
            "source": self.source,
            "counts": list(self.counts),
            "verdicts": dict(self.verdicts),
            "numbers": numbers,
        }


def judge(
    seen: Seen,
    *,
    source: str,
    threshold: float,
    base: Record,
    record: Record | None = None,
    rule: Rule | None = None,
    photograph: bool = False,
) -> SourceNumbers:
    """Judge the answers for one source.

    Args:
        seen: What the model says of its films.
        source: Its name.
        threshold: Logit from which on a film is called, frozen before these films were seen.
        base: Record of the validation films of training.
        record: Of the source; made from other films than these.
        rule: When a film is refused, referred or decided.
        photograph: Whether the films were photographed.

    """
    rule = rule or Rule()
    answers = decide(seen.logits, seen.gate, rule=rule, base=base, record=record, photograph=photograph)
    chance = record.probability(seen.logits) if record else np.asarray(expit(seen.logits))
    sets = (record or base).class_p_values(seen.logits) > rule.alpha
    covered, single = own_label(sets, seen.findings), sets.sum(axis=1) == 1
    normal, finding = (seen.findings == label for label in (0, 1))
    return SourceNumbers(
        source=source,
        counts=(int(normal.sum()), int(finding.sum())),
        auc=auc_interval(*seen.sides),
        decisions=decisions_at(seen.logits, seen.findings, threshold),
        ece=reliability(chance, seen.findings).error,
        brier=brier(chance, seen.findings),
        coverage=(_share(covered[normal]), _share(covered[finding])),
        decided=_share(single),
        right=_share(covered[single]),
        verdicts=verdicts_of(answers),
    )


def frozen_threshold(base: Record) -> float:
    """Logit at which the validation films of both classes err alike; chosen before any other film is seen."""
    chances = np.concatenate([base.scores[0], 1 - np.asarray(base.scores[1])])
    cut = equal_error_threshold(chances, np.repeat([0, 1], base.counts))
    inside = np.clip(cut, 1e-12, 1 - 1e-12)
    return float((logit(inside) - base.b) / base.a)


def changed(before: Seen, after: Seen, threshold: float) -> NDArray[np.bool_]:
    """Whether the call of each film is another once the film was changed, (N,)."""
    return np.asarray((before.logits >= threshold) != (after.logits >= threshold))


def own_label(sets: NDArray[np.bool_], findings: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether the set of labels (N, 2) of each film holds its own, (N,)."""
    return sets[np.arange(len(findings)), findings]


def verdicts_of(answers: list[Outcome]) -> dict[str, int]:
    """Count answers; what is referred is counted under why."""
    return dict(Counter(one.why or one.verdict for one in answers))


def _share(hit: NDArray[np.bool_]) -> Estimate:
    return wilson(int(hit.sum()), len(hit))
