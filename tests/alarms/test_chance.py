"""Chances: learned without look-ahead, honest once recalibrated, better joined than alone."""

from dataclasses import replace

import numpy as np
import pytest

from unseen.alarms.chance import BoostedChance
from unseen.alarms.recalibration import Recalibration, logit
from unseen.alarms.replay import Outcomes
from unseen.alarms.tiers import Level, tier
from unseen.errors import ConfigError, DataError
from unseen.evaluation import average_precision
from unseen.evaluation.reliability import reliability
from unseen.series.forecasts import Forecasts
from unseen.series.profile import Profile

AHEAD = 2
QUICK = BoostedChance(trees=30)
WEEK = 7 * 48 + AHEAD


def learned(street, level=Level.RED, chance=QUICK):
    """Fit on the first 40 of 60 days; the slots of the others."""
    train = street.panel.slice(0, 48 * 40)
    fitted = tier("A").fit(train, Profile.fit(train))
    return chance.fit(train, fitted, range(WEEK, train.slots), AHEAD, level=level), range(48 * 40, 48 * 60)


def test_trees_rank_slots_by_their_chance(street):
    trees, slots = learned(street)
    outcomes = Outcomes.of(street.panel, trees.tier, slots, AHEAD)
    chance = trees.of(street.panel, slots)
    red = outcomes.red
    mine = average_precision(chance[~red], chance[red])
    last = (
        street.panel.values[:, slots.start - AHEAD : slots.stop - AHEAD] - trees.tier.at(outcomes.target).red
    )
    assert mine > average_precision(last[~red], last[red]) + 0.03
    assert reliability(chance, red).error < 0.03
    yellow, _ = learned(street, Level.YELLOW)
    assert (yellow.of(street.panel, slots).mean(axis=1) > chance.mean(axis=1)).all()


def test_nothing_later_than_the_last_known_slot_is_looked_at(street):
    trees, slots = learned(street)
    known = trees.of(street.panel, slots)
    cut = slots.start + 500
    values = street.panel.values.copy()
    values[:, cut:] = np.random.default_rng(0).permutation(values[:, cut:], axis=1)
    changed = trees.of(replace(street.panel, values=values), slots)
    last = 500 + AHEAD  # the slot forecast from cut - 1, and the first that may differ
    assert np.array_equal(changed[:, :last], known[:, :last])
    assert not np.array_equal(changed[:, last], known[:, last])


def test_slots_just_beyond_the_panel_can_be_forecast(street):
    trees, _ = learned(street)
    end = 48 * 50
    short = street.panel.slice(0, end)
    ahead = trees.of(short, range(end, end + AHEAD))
    assert np.array_equal(ahead, trees.of(street.panel, range(end, end + AHEAD)))


def test_a_street_that_fell_silent_has_no_chance(street):
    trees, slots = learned(street)
    values = street.panel.values.copy()
    values[0, slots.start - 20 : slots.start + 10] = np.nan
    values[1, slots.start :: 5] = np.nan
    chance = trees.of(replace(street.panel, values=values), slots)
    assert np.isnan(chance[0, : 10 + AHEAD]).all()
    assert np.isfinite(chance[0, 10 + AHEAD :]).all()
    assert np.isfinite(chance[1:]).all()


def test_the_same_seed_gives_the_same_chances(street):
    first, slots = learned(street)
    again, _ = learned(street)
    other, _ = learned(street, chance=replace(QUICK, seed=1))
    assert np.array_equal(first.of(street.panel, slots), again.of(street.panel, slots))
    assert not np.array_equal(first.of(street.panel, slots), other.of(street.panel, slots))


def test_forecasts_are_inputs_where_given(street):
    """A forecast that knows the answer makes the chance nearly certain."""
    panel, slots = street.panel, range(WEEK, street.panel.slots)
    grid = panel.values[:, slots.start :, None] + np.array([-1, 0, 1], np.float32)
    times = panel.times[slots.start :]
    told = Forecasts(panel.sensors, times, times, grid[..., 1], np.array([0.1, 0.5, 0.9]), grid)
    trees = QUICK.fit(panel, street.tier, slots, AHEAD, forecasts=told)
    red = Outcomes.of(panel, street.tier, slots, AHEAD).red
    assert reliability(trees.of(panel, slots, told), red).error < 0.02
    assert ((trees.of(panel, slots, told) > 0.5) == red).mean() > 0.99
    with pytest.raises(DataError, match="forecasts belong to both"):
        trees.of(panel, slots)


def test_what_cannot_be_learned_is_refused_in_one_line(street):
    panel = street.panel
    calm = replace(panel, values=np.full_like(panel.values, 5))
    fixed = replace(street.tier, floor=np.full((3, 2), 9, np.float32))
    for given, slots, says in (
        (panel, range(10, 900), "each needs a week before it: give a span between 338 and"),
        (panel, range(WEEK, 10**6), "give a span between"),
        (panel, range(WEEK, WEEK), "give a span between"),
        (panel.select(("s1", "s0", "s2")), range(WEEK, 900), "other sensors"),
        (calm, range(WEEK, 900), "all of 1686 known slots end alike"),
        (replace(panel, values=np.full_like(panel.values, np.nan)), range(WEEK, 900), "all of 0 known slots"),
    ):
        with pytest.raises(DataError, match=says) as fault:
            QUICK.fit(given, fixed, slots, AHEAD)
        assert "\n" not in str(fault.value)


# -- recalibration -----------------------------------------------------------------------------------


def test_chances_that_are_off_are_bent_back(streets):
    street = streets(5, sensors=8, days=90)
    red, outcomes = street.outcomes.red, street.outcomes
    honest = Recalibration().renewed(outcomes, [street.chance], red)
    off = 1 / (1 + np.exp(-(1.5 + 0.5 * logit(honest))))
    bent = Recalibration().renewed(outcomes, [off], red)
    late = outcomes.day > outcomes.days[40]
    before, after = (reliability(one[:, late], red[:, late]).error for one in (off, bent))
    assert before > 0.1
    assert after < 0.02


def test_recalibration_keeps_the_order_within_a_day_and_begins_with_what_was_said(street):
    bent = Recalibration().renewed(street.outcomes, [street.chance], street.outcomes.red)
    issued = street.outcomes.issued
    first = issued == issued[0]
    held = np.clip(street.chance, 1e-4, 1 - 1e-4)
    assert np.allclose(bent[:, first], held[:, first])
    for day in np.unique(issued)[::10]:
        mine = issued == day
        order = np.argsort(held[0, mine], kind="stable")
        assert (np.diff(bent[0, mine][order]) >= 0).all()


def test_two_half_knowing_chances_are_better_joined(streets):
    street = streets(6, sensors=8, days=60)
    rng = np.random.default_rng(0)
    red = street.outcomes.red
    truth = logit(street.chance)
    halves = [1 / (1 + np.exp(-(truth + rng.normal(0, 3, truth.shape)))) for _ in range(2)]
    joined = Recalibration().renewed(street.outcomes, halves, red)
    late = street.outcomes.day > street.outcomes.days[20]
    values = [
        average_precision(one[:, late][~red[:, late]], one[:, late][red[:, late]])
        for one in (*halves, joined)
    ]
    assert values[2] > max(values[:2]) + 0.02


def test_no_day_is_bent_by_what_comes_later(street):
    level = street.outcomes.level.copy()
    cut = 48 * 30 + 17
    level[:, cut:] = 2 - level[:, cut:]
    other = replace(street.outcomes, level=level)
    known = Recalibration().renewed(street.outcomes, [street.chance], street.outcomes.red)
    changed = Recalibration().renewed(other, [street.chance], other.red)
    assert np.array_equal(known[:, : cut + 1], changed[:, : cut + 1])
    assert not np.array_equal(known, changed)


def test_a_chance_that_is_not_known_stays_so(street):
    chance = street.chance.copy()
    chance[0, 100:200] = np.nan
    bent = Recalibration().renewed(street.outcomes, [chance, street.chance], street.outcomes.red)
    assert np.array_equal(np.isnan(bent), np.isnan(chance))


def test_reliability_by_hand():
    table = reliability(np.array([[0.05, 0.95], [0.95, np.nan]]), np.array([[0, 1], [0, 1]], bool), bins=10)
    assert table.slots.tolist() == [1] + [0] * 8 + [2]
    assert table.came[9] == 0.5
    assert table.error == pytest.approx((0.05 + 2 * 0.45) / 3)
    assert reliability([], []).error == 0


@pytest.mark.parametrize("settings", [{"days": 0}, {"prior": 0}, {"prior": np.nan}], ids=str)
def test_settings_out_of_bounds(settings):
    with pytest.raises(ConfigError, match="accepted"):
        Recalibration(**settings)
