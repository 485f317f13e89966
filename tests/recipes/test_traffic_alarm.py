"""Decisions of the study: chosen on the days held back, never on those judged; bounds and weeks by hand."""

from dataclasses import replace

import numpy as np
import pytest

from unseen.alarms.budget import Budget
from unseen.alarms.machine import Machine
from unseen.alarms.metrics import of_red
from unseen.alarms.replay import Outcomes
from unseen.alarms.tiers import Level
from unseen.recipes.traffic_alarm.decisions import DEFAULT, NONE, Replayed, steadiest, three_classes, words
from unseen.recipes.traffic_alarm.hindsight import best_theta
from unseen.recipes.traffic_alarm.measures import weeks_of
from unseen.recipes.traffic_alarm.showing import TITLES, figure_of
from unseen.recipes.traffic_alarm.shown import bins, curves, leads

DAYS, A_DAY = 42, 24
CONFIG = {
    "catch_red": 0.7,
    "keep_green": 0.9,
    "hysteresis": [[1.0, 1], [0.5, 1], [0.8, 2]],
    "alarms_a_day": 1.0,
}


@pytest.fixture(scope="module")
def case():
    """Outcomes of three streets, a chance that half knows them, and which days are held back."""
    rng = np.random.default_rng(0)
    slots = DAYS * A_DAY
    state = np.cumsum(rng.normal(0, 0.5, (3, slots)), axis=1)
    state -= np.apply_along_axis(lambda row: np.convolve(row, np.ones(49) / 49, "same"), 1, state)
    level = (state > 0.8).astype(np.int8) + (state > 1.6)
    day = np.repeat(np.arange(DAYS), A_DAY)
    outcomes = Outcomes(
        ("a", "b", "c"), 3600 * np.arange(slots), 3600, 1, day, day, level, np.roll(level, 1, axis=1)
    )
    seen = state + rng.normal(0, 0.6, state.shape)
    red, yellow = (1 / (1 + np.exp(-3 * (seen - bound))) for bound in (1.6, 0.8))
    return outcomes, red, yellow, day < 14


def test_the_hysteresis_is_chosen_on_the_days_held_back_alone(case):
    outcomes, red, _, held = case
    chosen = steadiest(outcomes, red, held, 2.0, CONFIG)
    rng = np.random.default_rng(1)
    level, other = outcomes.level.copy(), red.copy()
    level[:, ~held] = rng.permutation(level[:, ~held], axis=1)
    other[:, ~held] = rng.random(other[:, ~held].shape)
    assert steadiest(replace(outcomes, level=level), other, held, 2.0, CONFIG) == chosen
    assert steadiest(outcomes, red, held, 2.0, {**CONFIG, "alarms_a_day": 0.0}) == DEFAULT
    assert steadiest(outcomes, red, held, 2.0, {**CONFIG, "alarms_a_day": 99.0}).clear_after == 1


def test_three_classes_keep_about_what_was_asked(case):
    outcomes, red, yellow, held = case
    said = three_classes(outcomes, red, yellow, CONFIG)[:, ~held]
    judged = outcomes.part(~held)
    recall = (said == Level.RED)[judged.red].mean()
    green = judged.level == Level.GREEN
    assert recall == pytest.approx(0.7, abs=0.08)
    assert (said == Level.GREEN)[green].mean() == pytest.approx(0.9, abs=0.06)


def test_budgets_by_one_replay_are_those_by_one_each(case):
    outcomes, red, _, _ = case
    for machine in (NONE, DEFAULT):
        for alarm, budget in zip(
            Replayed(outcomes, red, "p", machine).alarms([1.0, 2.0]), (1.0, 2.0), strict=True
        ):
            alone = machine.run(red, Budget(budget, machine=machine).renewed(outcomes, red)).on
            assert np.array_equal(alarm.on, alone)
            assert alarm.name == f"p, F {budget:g}, {words(machine)}"


def test_the_best_theta_makes_just_the_false_slots_allowed(case):
    outcomes, red, _, _ = case
    scores = of_red(outcomes, red > best_theta(outcomes, red, 2.0))
    assert np.allclose(scores.values["false a day"], 2.0, atol=0.03)


def test_intervals_by_weeks_hold_the_value(case):
    outcomes, red, _, _ = case
    on = red > 0.4
    found = weeks_of(outcomes, None, on, seed=0)
    scores = of_red(outcomes, on)
    for measure in ("recall", "precision", "onset recall", "false a day"):
        assert found[measure].value == pytest.approx(scores.mean(measure))
        assert found[measure].low < found[measure].value < found[measure].high


def test_figures_are_drawn_from_records(case):
    outcomes, red, _, _ = case
    on = Machine().run(red, 0.4).on
    names = ("joined", "hindsight (bound)", "persistence")
    records = [*curves(outcomes, dict.fromkeys(names, red)), *bins(outcomes, red, "joined")]
    records += leads(outcomes, on, "joined, F 2, no hysteresis")
    for name in set(TITLES) - {"week"}:
        (axis, *_) = figure_of(name, records).axes
        assert axis.lines
        assert all(np.isfinite(line.get_ydata()).any() for line in axis.lines)
