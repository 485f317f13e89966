"""What is decided of each slot: three classes, and alarms by a budget."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unseen.alarms.budget import Budget, Catch, Tally
from unseen.alarms.machine import Machine
from unseen.alarms.metrics import of_alarm
from unseen.alarms.replay import Outcomes
from unseen.alarms.tiers import Level, Levels

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

NONE, DEFAULT = Machine(keep=1, clear_after=1), Machine()


def words(machine: Machine) -> str:
    """Name the hysteresis of an alarm."""
    if (machine.keep, machine.clear_after) == (1, 1):
        return "no hysteresis"
    return f"clears after {machine.clear_after} below {machine.keep:g} theta"


def three_classes(outcomes: Outcomes, red: Floats, yellow: Floats, config: dict[str, Any]) -> Levels:
    """Say red where its chance is over its threshold, else yellow where that of at least yellow is.

    Thresholds are those that, over the 30 known days before, would have caught the wanted share of red slots,
    and left the wanted share of green slots green; one for all sensors.

    Args:
        outcomes: What came, days held back first.
        red: Shape (S, N), P(red).
        yellow: Shape (S, N), P(yellow or red).
        config: `catch_red`, `keep_green`.

    """
    catch = Catch(config["catch_red"], pooled=True).renewed(outcomes, red, outcomes.red)
    green = outcomes.counted & (outcomes.level == Level.GREEN)
    keep = Catch(1 - config["keep_green"], pooled=True).renewed(outcomes, yellow, green)
    return np.where(red > catch, Level.RED, np.where(yellow > keep, Level.YELLOW, Level.GREEN)).astype(
        np.int8
    )


@dataclass(frozen=True, eq=False)
class Alarm:
    """One row: how it was chosen, and when it is on."""

    name: str
    on: Flags


@dataclass(frozen=True, eq=False)
class Replayed:
    """A chance by one machine, at every threshold: alarms of any budget follow from it."""

    outcomes: Outcomes
    chance: Floats
    name: str
    machine: Machine

    @cached_property
    def tally(self) -> Tally:
        """False red slots of each day at each threshold."""
        return Budget(machine=self.machine).replay(self.outcomes, self.chance)

    def alarms(self, budgets: Sequence[float], *, pooled: bool = False) -> Iterator[Alarm]:
        """Raise alarms whose thresholds are renewed daily, one for each sensor or one for all."""
        made = [Budget(one, pooled=pooled, machine=self.machine).thetas(self.tally) for one in budgets]
        theta = np.stack(made)[..., self.outcomes.issued_on]
        on = self.machine.run(self.chance[None], theta).on
        whose = ", one theta" if pooled else ""
        for place, budget in enumerate(budgets):
            yield Alarm(f"{self.name}, F {budget:g}, {words(self.machine)}{whose}", on[place])


def steadiest(
    outcomes: Outcomes, chance: Floats, held: Flags, budget: float, config: dict[str, Any]
) -> Machine:
    """Choose the hysteresis on the days held back alone.

    Of those with no more than `alarms_a_day` there, each with the one theta that keeps the budget there, the
    one with the highest onset recall; the default where none has so few.
    """
    early, said = outcomes.part(held), chance[:, held]
    best, most = DEFAULT, -1.0
    for keep, clear_after in config["hysteresis"]:
        machine = Machine(keep, int(clear_after))
        tried = Budget(budget, days=len(early.days), pooled=True, machine=machine)
        theta = tried.thetas(tried.replay(early, said))[:, -1:]
        scores = of_alarm(early, machine.run(said, theta).on)
        onset = scores.mean("onset recall")
        if scores.mean("alarms a day") <= config["alarms_a_day"] and onset > most:
            best, most = machine, onset
    return best


def alarms(outcomes: Outcomes, by: dict[str, Floats], config: dict[str, Any]) -> Iterator[Alarm]:
    """Raise every alarm of the table: budgets and hysteresis of the joined chance, its parts beside it."""
    *parts, joined = by
    for machine in (NONE, DEFAULT):
        yield from Replayed(outcomes, by[joined], joined, machine).alarms(config["budgets"])
    yield from Replayed(outcomes, by[joined], joined, NONE).alarms([config["budget"]], pooled=True)
    for name in parts:
        yield from Replayed(outcomes, by[name], name, NONE).alarms([config["budget"]])


def steady(outcomes: Outcomes, chance: Floats, held: Flags, config: dict[str, Any]) -> Alarm:
    """Raise the alarm whose hysteresis was chosen on the days held back, one threshold for all sensors."""
    chosen = steadiest(outcomes, chance, held, config["budget"], config)
    (found,) = Replayed(outcomes, chance, "joined", chosen).alarms([config["budget"]], pooled=True)
    return Alarm(STEADY.format(config["budget"]), found.on)


STEADY = "joined, F {:g}, hysteresis chosen on the days held back, one theta"
