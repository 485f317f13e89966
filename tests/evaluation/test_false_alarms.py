"""Calibration: valid p-values hold, broken ones are caught, the conformal range covers what it should."""

import math

import numpy as np
import pytest

from unseen.errors import ConfigError, DataError
from unseen.evaluation import calibration_curve, expected_alarms, false_alarms

LEVELS = (0.1, 0.01, 0.001)


def test_uniform_p_values_hold_at_every_level():
    found = false_alarms(np.random.default_rng(0).random(20_000), levels=LEVELS)
    assert [a.holds for a in found] == [True] * 3
    assert [a.stated for a in found] == list(LEVELS)


@pytest.mark.parametrize(
    ("warp", "too_many"),
    [(lambda p: p**2, True), (np.sqrt, False)],
    ids=["too many alarms", "too few alarms"],
)
def test_bent_p_values_do_not_hold_and_the_direction_is_said(warp, too_many):
    found = false_alarms(warp(np.random.default_rng(0).random(20_000)), levels=LEVELS[:2])
    assert [a.holds for a in found] == [False, False]
    assert [a.too_many for a in found] == [too_many, too_many]


def test_an_exact_tie_with_the_level_is_an_alarm():
    (found,) = false_alarms([0.1 + 2e-17, 3 * 0.1 / 3, 0.1000001], levels=[0.1])
    assert found.alarms == 2


def test_the_curve_runs_from_one_expected_alarm_to_all_rows():
    curve = calibration_curve(np.random.default_rng(1).random(5000))
    assert (curve.stated[0], curve.stated[-1], curve.realised[-1]) == pytest.approx((1 / 5000, 1, 1))
    inside = (curve.low <= curve.stated) & (curve.stated <= curve.high)
    assert inside.mean() > 0.9


def test_the_conformal_range_covers_split_conformal_p_values():
    rng = np.random.default_rng(2)
    held_out, rows, stated, inside = 400, 1000, 0.05, 0
    expected = expected_alarms(stated, rows=rows, held_out=held_out, confidence=0.9)
    for _ in range(300):
        calibration, fresh = np.sort(rng.normal(size=held_out)), rng.normal(size=rows)
        p = (1 + held_out - np.searchsorted(calibration, fresh, side="left")) / (held_out + 1)
        inside += expected.low <= (p <= stated).mean() <= expected.high
    assert 0.85 <= inside / 300 <= 0.97


def test_too_few_held_out_rows_can_never_alarm():
    assert expected_alarms(0.001, rows=100, held_out=500).high == 0


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: false_alarms([]), DataError, "empty"),
        (lambda: false_alarms([0.5, math.nan]), DataError, "NaN"),
        (lambda: false_alarms([0.5, 1.5]), DataError, "row 1 is 1.5"),
        (lambda: calibration_curve([-0.1]), DataError, "row 0 is -0.1"),
        (lambda: false_alarms([0.5], levels=[0.0]), ConfigError, "level 0.0"),
        (lambda: false_alarms([0.5], levels=[10]), ConfigError, "level 10"),
        (lambda: expected_alarms(0.1, rows=0, held_out=5), ConfigError, "rows=0"),
    ],
)
def test_faults_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
