"""Tails: evidence with known answers."""

import math

import numpy as np
import pytest

from unseen.seeds import generator
from unseen.streaming.profile import DayProfile
from unseen.streaming.tails import Tails
from unseen.streaming.windows import NAMES, Windows


def filled(values, memory=10_000):
    tails = Tails(1, memory=memory)
    for value in values:
        tails.evidence(np.array([value]))
    return tails


def test_evidence_grows_by_a_decade_where_an_exponential_tail_does():
    tails = filled(generator(0).exponential(size=8000))
    far = [float(tails.evidence(np.array([x]))[0]) for x in (15.0, 15.0 + math.log(10))]
    assert far[1] - far[0] == pytest.approx(1.0, abs=0.1)
    assert far[0] == pytest.approx(15 / math.log(10) - 1, abs=0.5)


def test_what_was_there_before_is_no_rarer_than_that():
    values = generator(1).normal(size=1000)
    values[[100, 200, 300]] = 50.0
    # three of a thousand were as high, and the new one: 4 / 1001
    assert float(filled(values).evidence(np.array([50.0]))[0]) == pytest.approx(-math.log10(4 / 1001) - 1)


def test_what_is_new_to_a_constant_stream_has_the_conformal_p_value():
    assert float(filled(np.zeros(500)).evidence(np.array([1.0]))[0]) == pytest.approx(math.log10(501) - 1)
    assert float(filled(np.zeros(500)).evidence(np.array([0.0]))[0]) == 0.0
    assert float(filled(np.zeros(500)).evidence(np.array([-1.0]))[0]) == 0.0


def test_silence_until_enough_is_known_and_for_no_value():
    assert float(filled(np.arange(40.0)).evidence(np.array([1e9]))[0]) == 0.0
    assert float(filled(np.arange(400.0)).evidence(np.array([np.nan]))[0]) == 0.0


def test_no_value_is_not_remembered():
    values = generator(2).normal(size=600)
    gaps = np.repeat(values, 2)
    gaps[1::2] = np.nan
    whole, holed = filled(values), filled(gaps)
    # fits happen at other moments, so let both take in enough to fit anew
    for tails in (whole, holed):
        tails._fit_to_past()
    assert float(whole.evidence(np.array([6.0]))[0]) == float(holed.evidence(np.array([6.0]))[0])


def test_the_past_is_forgotten_at_last():
    high = np.concatenate([np.full(50, 30.0), generator(3).normal(size=2000)])
    assert float(filled(high, memory=400).evidence(np.array([30.0]))[0]) > 5
    assert float(filled(high, memory=4000).evidence(np.array([30.0]))[0]) < 1


def test_the_profile_is_a_mean_of_days_drawn_from_hour_to_hour():
    profile = DayProfile()
    for day, level in enumerate((10.0, 14.0)):
        for hour in range(24):
            profile.residual(86_400.0 * day + 3600.0 * hour + 1800.0, level + hour)
    third = 2 * 86_400.0
    assert profile.residual(third + 1800.0, 12.0) == 0.0  # the middle of hour 0: mean of 10 and 14
    assert profile.residual(third + 3600.0, 12.5) == pytest.approx(0.0)  # half way to hour 1
    assert math.isnan(DayProfile().residual(0.0, 1.0))


def test_one_reading_a_day_has_a_profile_too():
    profile = DayProfile()
    residuals = [profile.residual(86_400.0 * day, 3.0) for day in range(4)]
    assert residuals[1:] == [0.0, 0.0, 0.0]


def test_aspects_are_means_spreads_and_steps_of_both_views():
    windows, values = Windows(), generator(4).normal(size=(2, 40))
    for value, residual in values.T:
        found = dict(zip(NAMES, windows.aspects(value, residual).tolist(), strict=True))
    raw, left = values[:, -24:]
    assert found["mean of 6 high"] == -found["mean of 6 low"] == pytest.approx(raw[-6:].mean())
    assert found["spread of 24 high"] == -found["spread of 24 low"] == pytest.approx(raw.std())
    assert found["step"] == abs(raw[-1] - raw[-2])
    assert found["mean of 24 off the hour"] == pytest.approx(abs(left.mean()))
    assert found["spread of 6 off the hour"] == pytest.approx(left[-6:].std())
    assert len(found) == 17
