"""Intervals that cover what they state, slot by slot."""

import subprocess
import sys

import numpy as np
import pytest
from scipy import stats

from unseen.errors import ConfigError, DataError
from unseen.forecasting.conformal import Adaptive, Conformal, Rolling, conformal_quantile, follow
from unseen.forecasting.forecaster import LEVELS, mean_weights
from unseen.series.forecasts import Forecasts

STEP = 3600
NORMAL = stats.norm.ppf(LEVELS)


def stream(
    slots: int, *, narrow: float = 0.6, seed: int = 0, sensors: int = 2
) -> tuple[Forecasts, np.ndarray]:
    """Forecasts whose intervals are too narrow by a factor, and values whose spread doubles half-way."""
    rng = np.random.default_rng(seed)
    spread = np.where(np.arange(slots) < slots // 2, 1.0, 2.0)
    values = (rng.normal(size=(sensors, slots)) * spread).astype(np.float32)
    quantiles = np.broadcast_to(narrow * NORMAL, (sensors, slots, len(LEVELS))).astype(np.float32)
    issued = np.arange(1, slots + 1) * STEP
    names = tuple(str(name) for name in range(sensors))
    mean = quantiles @ mean_weights(LEVELS)
    return Forecasts(names, issued, issued + STEP, mean, LEVELS, quantiles), values


def covered(forecasts: Forecasts, values: np.ndarray) -> np.ndarray:
    return (values >= forecasts.quantile(0.05)) & (values <= forecasts.quantile(0.95))


def rolling(settings: Conformal | None = None, sensors: int = 2) -> Rolling:
    return Rolling(settings or Conformal(), LEVELS, step=STEP, clusters=np.zeros(sensors))


def test_the_rank_is_the_conformal_one():
    scores = np.random.default_rng(1).permutation(99).astype(np.float32)[None, None]
    assert conformal_quantile(scores, np.array([[0.9]]))[0, 0] == 89  # the 90th of 99: ceil(100 * 0.9)
    holed = np.concatenate([scores, np.full((1, 1, 30), np.nan, np.float32)], axis=2)
    assert conformal_quantile(holed, np.array([[0.9]]))[0, 0] == 89
    assert conformal_quantile(scores, np.array([[1.0]]))[0, 0] == 98


@pytest.mark.parametrize("settings", [Conformal(), Conformal(alphas=Adaptive(0.01))], ids=["rolling", "aci"])
def test_intervals_become_honest_and_stay_so_when_the_spread_doubles(settings):
    forecasts, values = stream(4000)
    assert covered(forecasts, values).mean() < 0.7
    made = follow(rolling(settings), forecasts, values)
    hit = covered(made, values)
    assert abs(hit[:, 500:2000].mean() - 0.9) < 0.02
    assert abs(hit[:, 2500:].mean() - 0.9) < 0.02
    assert (np.diff(made.quantiles, axis=2) >= 0).all()


def test_a_stream_equals_a_batch_and_goes_on_from_its_state():
    forecasts, values = stream(900)
    whole = follow(rolling(), forecasts, values)
    live, pieces, waiting = rolling(), [], []
    for slot in range(900):
        now = int(forecasts.issued[slot])
        while waiting and forecasts.target[waiting[0]] + STEP <= now:
            old = waiting.pop(0)
            live.outcome(int(forecasts.target[old]), values[:, old])
        pieces.append(live.issue(int(forecasts.target[slot]), forecasts.quantiles[:, slot]))
        waiting.append(slot)
        if slot % 100 == 37:  # as after a restart
            again = rolling()
            again.restore(live.state())
            live = again
    assert np.array_equal(np.stack(pieces, axis=1), whole.quantiles)


def test_an_outcome_counts_only_for_forecasts_issued_after_it():
    forecasts, values = stream(600)
    later = values.copy()
    later[:, 400:] = 1e6
    first, second = (follow(rolling(), forecasts, came).quantiles for came in (values, later))
    assert np.array_equal(first[:, :402], second[:, :402])  # target 400 is over when 402 is issued
    assert not np.array_equal(first[:, 402:], second[:, 402:])


def test_a_young_sensor_takes_the_scores_of_its_cluster():
    forecasts, values = stream(700, sensors=3)
    values[0, :650] = np.nan
    mine = Rolling(Conformal(), LEVELS, step=STEP, clusters=[0, 0, 1])
    follow(mine, forecasts, values)
    margins = mine.margins()
    assert margins[0, 1] > 0.05  # wider, though it has hardly any scores of its own
    alone = Rolling(Conformal(), LEVELS, step=STEP, clusters=[0, 1, 1])
    follow(alone, forecasts, values)
    assert alone.margins()[0, 1] != margins[0, 1]


def test_missing_outcomes_teach_nothing():
    forecasts, values = stream(300)
    nothing = follow(rolling(), forecasts, np.full_like(values, np.nan))
    assert np.allclose(nothing.quantiles, forecasts.quantiles)


def test_what_does_not_fit_is_refused():
    forecasts, values = stream(20)
    backwards = Forecasts(
        forecasts.sensors, forecasts.issued[::-1], forecasts.target[::-1], forecasts.mean, LEVELS,
        forecasts.quantiles,
    )  # fmt: skip
    with pytest.raises(DataError, match="do not rise; sort them by time"):
        follow(rolling(), backwards, values)
    with pytest.raises(DataError, match="'scores' does not fit"):
        rolling(sensors=3).restore(rolling().state())
    with pytest.raises(ConfigError, match="days 0 came; accepted: above 0"):
        Conformal(days=0)
    with pytest.raises(ConfigError, match=r"level 0\.99 came"):
        Rolling(Conformal(), np.array([0.01, 0.5]), step=STEP, clusters=[0])


def test_it_needs_no_torch():
    code = "import sys, unseen.forecasting.conformal; print('torch' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"
