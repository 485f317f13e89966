"""What is said of a film: refused, refer to a physician, signs, no signs; numbers alone, as in the app."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from unseen.errors import ConfigError
from unseen.screening.records import Record

Verdict = Literal["refused", "refer", "signs", "no-signs"]
Why = Literal["", "both", "neither", "amber", "photograph", "no-record"]
VERDICTS: tuple[Verdict, ...] = ("refused", "refer", "signs", "no-signs")


@dataclass(frozen=True)
class Rule:
    """When a film is refused, referred or decided.

    Args:
        alpha: Error a class may have: 1 - alpha of its films keep their label in the set. The default is
            .04 x .9: of the films decided 96 in 100 are right, as long as 10 in 100 or fewer are referred.
        refuse, amber: Share of a source's own films that are refused, and that are at best referred, as
            strange at the gate.
        demo: Lets "no-signs" pass without a record; every answer is then marked.

    Raises:
        ConfigError: A share out of its bounds.

    """

    alpha: float = 0.036
    refuse: float = 0.02
    amber: float = 0.05
    demo: bool = False

    def __post_init__(self) -> None:
        if not (0 < self.alpha < 0.5 and 0 < self.refuse <= self.amber < 1):
            raise ConfigError(
                f"alpha {self.alpha}, refuse {self.refuse}, amber {self.amber} came; accepted: alpha in "
                "(0, 0.5), 0 < refuse <= amber < 1"
            )

    @property
    def least(self) -> int:
        """Films of a class that a record needs: with fewer, no p-value is as small as alpha.

        >>> Rule(alpha=0.05).least
        19
        """
        return math.ceil(1 / self.alpha) - 1


@dataclass(frozen=True)
class Outcome:
    """The answer for one film.

    Attributes:
        verdict: "refused", "refer", "signs" or "no-signs".
        reason: Of a refusal, one of `unseen.pictures.refusals.REASONS`; else empty.
        why: Of "refer": "both" labels or "neither" fit, "amber" at the gate, a "photograph" or "no-record" of
            the source, either of which rules out "no-signs"; else empty.
        probability: Chance of the finding; None where refused.
        interval: 5 % and 95 % quantile of it over resampled calibration films; None without a record.
        p_normal, p_finding: Conformal p-values of both labels; None where refused.
        gate_p: Share of the source's films as strange as this one; None where the file itself was refused.
        source: Of the record; None without.
        hints: "inverted", "rotated-90", "rotated-180", "rotated-270" where that version is a film.

    """

    verdict: Verdict
    reason: str = ""
    why: Why = ""
    probability: float | None = None
    interval: tuple[float, float] | None = None
    p_normal: float | None = None
    p_finding: float | None = None
    gate_p: float | None = None
    source: str | None = None
    hints: tuple[str, ...] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        return asdict(self)


def decide(
    logits: ArrayLike,
    gate: ArrayLike,
    *,
    rule: Rule,
    base: Record,
    record: Record | None = None,
    photograph: bool = False,
) -> list[Outcome]:
    """Answer for films of one source.

    Args:
        logits, gate: What the model says of N films, (N,) each.
        rule: Limits.
        base: Record of the validation films of training; stands in where the source has none, for the gate
            and the set of labels, never for "no-signs".
        record: Of the source.
        photograph: Whether the films were photographed.

    """
    own = record or base
    z = np.asarray(logits, dtype=np.float64)
    p_values, gate_p = own.class_p_values(z), own.gate_p_values(gate)
    chances = record.probability(z) if record else np.asarray(expit(z))
    intervals = record.interval(z) if record else [None] * len(z)
    fits = record is not None and record.photo == photograph
    return [
        _one(float(p), low_high, tuple(pair), float(g), rule, record, fits=fits, photograph=photograph)
        for p, low_high, pair, g in zip(chances, intervals, p_values.tolist(), gate_p, strict=True)
    ]


def _one(
    chance: float,
    interval: Sequence[float] | None,
    p_values: tuple[float, float],
    gate_p: float,
    rule: Rule,
    record: Record | None,
    *,
    fits: bool,
    photograph: bool,
) -> Outcome:
    source = record.source if record else None
    if gate_p <= rule.refuse:
        return Outcome("refused", "unlike", gate_p=gate_p, source=source)
    verdict, why = _verdict(p_values, gate_p, rule, fits=fits, photograph=photograph)
    return Outcome(
        verdict,
        why=why,
        probability=chance,
        interval=None if interval is None else (float(interval[0]), float(interval[1])),
        p_normal=p_values[0],
        p_finding=p_values[1],
        gate_p=gate_p,
        source=source,
    )


def _verdict(
    p_values: tuple[float, float], gate_p: float, rule: Rule, *, fits: bool, photograph: bool
) -> tuple[Verdict, Why]:
    normal, finding = (p > rule.alpha for p in p_values)
    if gate_p <= rule.amber:
        return "refer", "amber"
    if normal == finding:
        return "refer", "both" if normal else "neither"
    if finding:
        return "signs", ""
    if fits or rule.demo:
        return "no-signs", ""
    return "refer", "photograph" if photograph else "no-record"
