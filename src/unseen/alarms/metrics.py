"""What an alarm is worth, measure by measure: recall never without precision, onset and false alarms."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unseen.alarms.episodes import Windows, match
from unseen.alarms.replay import Outcomes
from unseen.alarms.tiers import Level, Levels
from unseen.evaluation.ranking import average_precision

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]

WORST = 5
"""Sensors named in a table as the worst."""


@dataclass(frozen=True, eq=False)
class Scores:
    """Measures of each sensor.

    Attributes:
        sensors: S identifiers.
        values: Measure -> shape (S,), NaN where it cannot be said (no red slot, say).
        left_out: Share of sensor-days that were not known well enough.

    >>> scores = Scores(("a", "b"), {"recall": np.array([0.5, 1.0])}, 0.0)
    >>> scores.mean("recall"), scores.worst("recall")
    (0.75, ('a', 'b'))
    """

    sensors: tuple[str, ...]
    values: Mapping[str, Floats]
    left_out: float

    def mean(self, measure: str) -> float:
        """Mean over the sensors where it can be said."""
        known = self.values[measure][np.isfinite(self.values[measure])]
        return float(known.mean()) if known.size else float("nan")

    def worst(self, measure: str, *, small: bool = True, most: int = WORST) -> tuple[str, ...]:
        """Sensors with the smallest values, or the largest; those without a value are not among them."""
        column = self.values[measure]
        order = np.argsort(column if small else -column, kind="stable")
        return tuple(self.sensors[place] for place in order[:most] if np.isfinite(column[place]))

    def joined(self, other: Scores) -> Scores:
        """Measures of both, of the same sensors."""
        return Scores(self.sensors, {**self.values, **other.values}, max(self.left_out, other.left_out))

    def to_csv(self) -> str:
        """One row a sensor, then the mean; CSV with a head line."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["sensor", *self.values])
        for place, sensor in enumerate(self.sensors):
            writer.writerow([sensor, *(f"{column[place]:.6g}" for column in self.values.values())])
        writer.writerow(["mean", *(f"{self.mean(measure):.6g}" for measure in self.values)])
        return text.getvalue()


def of_levels(outcomes: Outcomes, said: Levels) -> Scores:
    """Measure a decision among three classes.

    Recall of each level is the share of its slots that were said to be of it; `accuracy` the share that was
    right. A slot for which nothing was said (`Level.UNKNOWN`) is never right.

    Args:
        outcomes: What came.
        said: Shape (S, N), `Level` said of each slot.

    """
    there = outcomes.counted
    found: dict[str, Floats] = {}
    with np.errstate(invalid="ignore", divide="ignore"):
        for level in (Level.GREEN, Level.YELLOW, Level.RED):
            was = there & (outcomes.level == level)
            found[f"{level.name.lower()} recall"] = _share(was & (said == level), was)
        found["accuracy"] = _share(there & (said == outcomes.level), there)
    return Scores(outcomes.sensors, found, outcomes.left_out)


def of_red(outcomes: Outcomes, on: Flags, chance: NDArray[np.floating] | None = None) -> Scores:
    """Measure an alarm slot by slot, or any decision "red".

    Recall, precision, base rate; onset recall = share of slots that were red where the last known slot was
    not, and were alarmed; false = false red slots a sensor-day; average precision where a chance is given.

    Args:
        outcomes: What came.
        on: Shape (S, N), whether the alarm was on for each slot.
        chance: Shape (S, N), P(red) or anything that ranks; NaN where there was none: such slots rank last.

    """
    there, red, onset = outcomes.counted, outcomes.red, outcomes.onset
    days = outcomes.day_counts.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = {
            "base rate": _share(red, there),
            "recall": _share(red & on, red),
            "precision": _share(red & on, on & there),
            "onset recall": _share(onset & on, onset),
            "false a day": (on & there & ~red).sum(axis=1) / days,
        }
    if chance is not None:
        ranks = np.where(np.isnan(chance), np.nanmin(chance, initial=0) - 1, chance)
        pairs = zip(ranks, there, red, strict=True)
        found["average precision"] = np.array([_precision(*pair) for pair in pairs])
    return Scores(outcomes.sensors, found, outcomes.left_out)


def of_episodes(outcomes: Outcomes, on: Flags, windows: Windows | None = None) -> Scores:
    """Measure an alarm by runs: how often it goes on, what it meets, how early.

    Alarms, flips (on to off), episodes and false episodes are numbers a sensor-day. `detected`, `lead 15` and
    `lead 30` are shares of the episodes, warned of at all and at least so many minutes before; `median lead`
    is in minutes, over those detected. Episodes and alarms that reach into slots not counted are left out.
    """
    windows = Windows(outcomes.ahead) if windows is None else windows
    matched = match(outcomes.red, on, outcomes.step, windows)
    whole = matched.episodes.within(outcomes.counted)
    known = matched.alarms.within(outcomes.counted)
    lead = np.where(whole, matched.lead, np.nan) * outcomes.step / 60
    sensors, days = len(outcomes.sensors), outcomes.day_counts.sum(axis=1)
    ended = known & (matched.alarms.last < on.shape[1] - 1)

    def count(runs: NDArray[np.int64], which: Flags) -> NDArray[np.int64]:
        return np.bincount(runs[which], minlength=sensors)

    episodes, alarms = matched.episodes.sensor, matched.alarms.sensor
    total = count(episodes, whole)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = {
            "alarms a day": count(alarms, known) / days,
            "flips a day": count(alarms, ended) / days,
            "episodes a day": total / days,
            "false episodes a day": count(alarms, known & matched.false) / days,
            "detected": count(episodes, np.isfinite(lead)) / total,
            "lead 15": count(episodes, lead >= 15) / total,
            "lead 30": count(episodes, lead >= 30) / total,
        }
    medians = [lead[(episodes == place) & np.isfinite(lead)] for place in range(sensors)]
    found["median lead"] = np.array([np.median(one) if one.size else np.nan for one in medians])
    return Scores(outcomes.sensors, found, outcomes.left_out)


def of_alarm(outcomes: Outcomes, on: Flags, chance: NDArray[np.floating] | None = None) -> Scores:
    """All measures of an alarm, slot by slot and by runs."""
    return of_red(outcomes, on, chance).joined(of_episodes(outcomes, on))


def _share(part: Flags, whole: Flags) -> Floats:
    return np.asarray(part.sum(axis=1) / whole.sum(axis=1))


def _precision(ranks: NDArray[np.floating], there: Flags, red: Flags) -> float:
    if not red.any() or red[there].all():
        return float("nan")
    return average_precision(ranks[there & ~red], ranks[red])
