"""Budgets: they hold on the finished alarm, they never look ahead, and more allows more."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from unseen.alarms.budget import GRID, Budget, Catch
from unseen.alarms.machine import Machine
from unseen.alarms.metrics import of_red
from unseen.errors import ConfigError


def false_a_day(street, theta, machine):
    on = machine.run(street.chance, theta).on
    return of_red(street.outcomes, on).values["false a day"]


@pytest.mark.parametrize("pooled", [False, True])
def test_the_threshold_is_the_lowest_that_keeps_the_budget(street, pooled):
    """Over all known days, and with the machine in the loop; one step lower on the grid breaks it."""
    budget = Budget(0.5, days=1000, pooled=pooled)
    theta = budget.thetas(budget.replay(street.outcomes, street.chance))[:, -1]
    lower = GRID[np.searchsorted(GRID, theta) - 1]
    kept, broken = (false_a_day(street, one[:, None], budget.machine) for one in (theta, lower))
    if pooled:
        kept, broken = kept.mean(), broken.mean()
    assert (kept <= 0.5).all()
    assert (broken > 0.5).all()


def test_hysteresis_is_inside_the_loop(street):
    """Chosen without the machine, the finished alarm breaks the budget; chosen with it, it does not."""
    bare = Machine(keep=1, clear_after=1)
    slow = Machine(keep=0.5, clear_after=3)
    for machine, holds in ((bare, False), (slow, True)):
        budget = Budget(0.5, days=1000, machine=machine)
        theta = budget.thetas(budget.replay(street.outcomes, street.chance))[:, -1:]
        assert (false_a_day(street, theta, slow) <= 0.5).all() == holds


def test_a_budget_that_is_renewed_is_about_held(streets):
    street = streets(3, sensors=6, days=120)
    budget = Budget(0.5)
    on = budget.machine.run(street.chance, budget.renewed(street.outcomes, street.chance)).on
    scores = of_red(street.outcomes, on)
    assert 0.3 < scores.mean("false a day") < 0.65
    assert scores.mean("recall") > 0.4


def test_a_larger_budget_never_raises_the_threshold(street):
    tally = Budget().replay(street.outcomes, street.chance)
    found = [np.nan_to_num(Budget(one).thetas(tally)) for one in (0.25, 0.5, 1, 2)]
    for tight, loose in pairwise(found):
        assert (loose <= tight).all()
    assert (found[0] > found[-1]).any()


@pytest.mark.parametrize(
    "choice", [Budget(0.5), Budget(0.5, pooled=True), Catch(0.8), Catch(0.8, pooled=True)]
)
def test_no_day_knows_what_comes_later(street, choice):
    """Other outcomes and chances from some slot on: what was decided up to then stays."""

    def decide(outcomes, chance):
        if isinstance(choice, Budget):
            return choice.renewed(outcomes, chance)
        return choice.renewed(outcomes, chance, outcomes.red)

    outcomes, chance = street.outcomes, street.chance
    known = decide(outcomes, chance)
    cut = 48 * 30 + 17
    level, other = outcomes.level.copy(), chance.copy()
    level[:, cut:] = 2 - level[:, cut:]
    other[:, cut:] = 1 - other[:, cut:]
    changed = decide(replace(outcomes, level=level), other)
    assert np.array_equal(changed[:, : cut + 1], known[:, : cut + 1], equal_nan=True)
    assert not np.array_equal(changed[:, cut:], known[:, cut:], equal_nan=True)
    assert np.isnan(known[:, :48]).all(), "before anything is known there is no threshold"
    assert np.isfinite(known[:, 2 * 48 :]).all()


def test_the_threshold_of_a_day_is_that_of_when_it_was_issued(street):
    """The first slot after midnight is forecast the evening before, when the evening is not known yet."""
    thetas = Budget(0.5).renewed(street.outcomes, street.chance)
    assert np.array_equal(thetas[:, 96::48], thetas[:, 95:-1:48])
    assert (thetas[:, 97::48] != thetas[:, 96::48]).any()


def test_a_day_that_is_not_known_is_not_counted(street):
    level = street.outcomes.level.copy()
    level[:, 48 * 10 : 48 * 20] = -1
    blind = replace(street.outcomes, level=level)
    tally = Budget(0.5, days=5).replay(blind, street.chance)
    thetas = Budget(0.5, days=5).thetas(tally)
    assert tally.counts[:, 10:20].sum() == 0
    assert np.isnan(thetas[:, 16:21]).all(), "nothing is known of the last five days"
    assert np.isfinite(thetas[:, 22]).all()


def test_what_is_to_be_caught_is_caught(street):
    for share in (0.6, 0.9):
        theta = Catch(share, days=1000).renewed(street.outcomes, street.chance, street.outcomes.red)[:, -1:]
        caught = (street.chance > theta)[:, :-48]
        red = street.outcomes.red[:, :-48]
        assert ((caught & red).sum(axis=1) / red.sum(axis=1)) == pytest.approx(share, abs=0.01)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Budget(0),
        lambda: Budget(-1),
        lambda: Budget(float("nan")),
        lambda: Budget(days=0),
        lambda: Catch(0),
        lambda: Catch(1),
        lambda: Catch(0.5, days=0),
    ],
)
def test_settings_out_of_bounds(make):
    with pytest.raises(ConfigError, match="accepted"):
        make()
