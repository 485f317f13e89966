"""A judged detector as a search reads it: by mass point, at a fixed variable, as a trigger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from unseen.errors import ConfigError
from unseen.evaluation import (
    Dependence,
    SearchTable,
    TriggerView,
    dependence,
    search_table,
    trigger_view,
)
from unseen.evaluation.fixed import WIDTH
from unseen.evaluation.flattened import LEAST_BEYOND, flattened_across
from unseen.evaluation.trigger import INPUT_RATE
from unseen.studies.variables import of_table

if TYPE_CHECKING:
    from unseen.studies.judging import Judged

Floats = NDArray[np.float64]
# Normal rows below which no conditional threshold is fitted, crosswise on two halves of them.
LEAST_TO_FLATTEN = 20 * LEAST_BEYOND


@dataclass(frozen=True)
class Asked:
    """What a person wants to know beyond the plain judgement.

    Attributes:
        points: Whether working points are wanted.
        fixed: Variable to hold fixed, a column or a total of event images; None for none.
        width: Of its bins.
        alarm_rate: Background rate that may pass, such as "100 Hz"; None for no trigger view.
        input_rate: What arrives, such as "40 kHz".
        against: Other trigger variables, cut at the same rate.
        tail: Whether rates below ten background rows are read off a fitted tail.

    """

    points: bool = False
    fixed: str | None = None
    width: float = WIDTH
    alarm_rate: str | None = None
    input_rate: str = f"{INPUT_RATE:g} Hz"
    against: tuple[str, ...] = ()
    tail: bool = False

    def __post_init__(self) -> None:
        if self.alarm_rate is None and (self.against or self.tail):
            raise ConfigError(
                "other triggers and a fitted tail belong to a rate; name it: alarm rate, such as 100 Hz"
            )

    @property
    def anything(self) -> bool:
        """Whether there is something to work out."""
        return self.points or self.fixed is not None or self.alarm_rate is not None

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of all variables that are looked at, each once."""
        return tuple(dict.fromkeys([*([] if self.fixed is None else [self.fixed]), *self.against]))


@dataclass(frozen=True)
class Found:
    """The answers.

    Attributes:
        table: Working points of every kind, at the fixed variable where one was asked for.
        follows: How the score follows the fixed variable in the normal rows; None without.
        flat: The same table for the flattened score, and how that follows the variable; None without a
            variable or with too few normal rows.
        trigger: The score as a trigger; None without a rate.

    """

    table: SearchTable
    follows: Dependence | None
    flat: tuple[SearchTable, Dependence] | None
    trigger: TriggerView | None

    def to_dict(self) -> dict[str, object]:
        """Return the numbers as JSON values."""
        flat = None
        if self.flat is not None:
            flat = {**self.flat[0].to_dict(), "dependence": self.flat[1].to_dict()}
        return {
            **self.table.to_dict(),
            "dependence": None if self.follows is None else self.follows.to_dict(),
            "flattened": flat,
            "trigger": None if self.trigger is None else self.trigger.to_dict(),
        }


def searched(judged: Judged, asked: Asked, *, resamples: int = 1_000, seed: int = 0) -> Found:
    """Work out what a search asks of judged rows.

    Told and unseen kinds are measured alike. The flattened score is fitted crosswise on halves of the normal
    rows, so that none is judged by itself. The trigger view counts rows, without their weights.

    Raises:
        DataError: A variable that is not there, or not finite in a row; too few normal rows for the rate.
        ConfigError: A rate or width that is not accepted.

    """
    given = of_table(judged.table, asked.variables, judged.beside)
    at = None if asked.fixed is None else given[asked.fixed]
    normal = judged.normal
    own = None if judged.weights is None else judged.weights[normal]

    def table(scores: Floats) -> SearchTable:
        return search_table(
            scores, judged.kinds, normal=normal, at=at, at_name=asked.fixed or "", width=asked.width,
            weights=judged.weights, resamples=resamples, seed=seed,
        )  # fmt: skip

    follows, flat = None, None
    if at is not None and asked.fixed is not None:
        variable = {asked.fixed: at[normal]}
        (follows,) = dependence(judged.scores[normal], variable, weights=own, seed=seed)
        if normal.sum() >= LEAST_TO_FLATTEN:
            level = flattened_across(judged.scores, at, normal, seed=seed)
            flat = table(level), dependence(level[normal], variable, weights=own, seed=seed)[0]
    return Found(table(judged.scores), follows, flat, _trigger(judged, asked, given, seed))


def _trigger(judged: Judged, asked: Asked, given: dict[str, Floats], seed: int) -> TriggerView | None:
    if asked.alarm_rate is None:
        return None
    return trigger_view(
        judged.scores,
        judged.kinds,
        normal=judged.normal,
        alarm_rate=asked.alarm_rate,
        input_rate=asked.input_rate,
        beside={name: given[name] for name in asked.against},
        method="pareto" if asked.tail else "rows",
        seed=seed,
    )


def asked_of(
    *,
    points: bool = False,
    fixed: str | None = None,
    width: float | None = None,
    alarm_rate: str | None = None,
    input_rate: str | None = None,
    against: Sequence[str] | None = None,
    tail: bool = False,
) -> Asked:
    """Return what is asked for by options, None where they were left out.

    Raises:
        ConfigError: Options that need another.

    """
    if width is not None and fixed is None:
        raise ConfigError("a width of bins belongs to a fixed variable; name it: fixed, such as hits")
    if input_rate is not None and alarm_rate is None:
        raise ConfigError("an input rate belongs to an alarm rate; name it: alarm rate, such as 100 Hz")
    return Asked(
        points=points,
        fixed=fixed,
        width=WIDTH if width is None else width,
        alarm_rate=alarm_rate,
        input_rate=f"{INPUT_RATE:g} Hz" if input_rate is None else input_rate,
        against=tuple(against or ()),
        tail=tail,
    )
