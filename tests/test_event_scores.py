"""Scores of event images: known counts, directions that no anomaly chose, sums that add up."""

import math

import numpy as np
import pytest
import torch

from unseen.detectors.aware import AwareDetector
from unseen.errors import ConfigError, DataError
from unseen.models.autoencoder import AutoEncoder
from unseen.models.dual import CoDAE
from unseen.models.dual_bodies import Slim
from unseen.models.network import Dense
from unseen.nn.distributions import Gaussian, Hurdle, Masked, Pass, Point
from unseen.scores import Combined, Divergence, LitError, LitPairs, Reconstruction, StrangeTotals
from unseen.scores.events import NAMES, READ
from unseen.seeds import seeded
from unseen.training.loop import Plan

SIZE = (3, 12, 10)


def images(count, seed=0, lit=0.1):
    random = torch.Generator().manual_seed(seed)
    mask = torch.rand(count, *SIZE, generator=random) < lit
    return mask * torch.rand(count, *SIZE, generator=random).mul(3.0)


def passed(x, logits=None, code=None):
    logits = torch.zeros(len(x), 1, *SIZE[1:]) if logits is None else logits
    return Pass(Point(torch.zeros(len(x), 4)), Masked(logits, SIZE[0]), code)


def test_pairs_of_lit_pixels_are_counted_around_the_ring():
    x = torch.zeros(2, *SIZE)
    x[0, 0, [0, 11, 5], 4] = 1.0
    score = LitPairs(window=3)
    # three pixels with themselves, and rows 0 and 11 with each other twice
    assert score.rows(passed(x), x, {}).tolist() == pytest.approx([math.log(6.0), 0.0])
    assert score.fit(passed(x), x) == {}
    with pytest.raises(DataError, match=r"rows of shape \(120,\) came; accepted: images"):
        score.fit(passed(x), torch.zeros(3, 120))


def test_totals_know_too_little_and_too_much_from_events_like_those_learned():
    normal, x = images(200), torch.cat([images(50, 1), images(50, 2, 0.02), images(50, 3, 0.4)])
    score = StrangeTotals(neighbours=5)
    state = score.fit(passed(images(20, 4)), images(20, 4), None, normal)
    found = score.rows(passed(x), x, state)
    assert len(state["events"]) == 200
    ordinary, empty, full = found[:50], found[50:100], found[100:]
    assert empty.median() > ordinary.quantile(0.95)
    assert full.median() > ordinary.quantile(0.95)
    parts = score.parts(passed(x), x, state)
    torch.testing.assert_close(parts.sum(1), found)
    assert score.names((), 0) == NAMES
    assert parts.shape[1] == len(READ) == len(NAMES)
    with pytest.raises(DataError, match="5 normal events; accepted: more than 5"):
        score.fit(passed(x), x[:5], None, x[:5])


def test_errors_of_lit_pixels_are_those_by_hand():
    x = torch.zeros(1, *SIZE)
    x[0, 0, 2, 3] = 1.0
    logits = torch.full((1, 1, *SIZE[1:]), -20.0)
    logits[0, 0, 2, 3], logits[0, 0, 2, 4] = 20.0, 0.0
    out = passed(x, logits)
    expected = {"bce": math.log(2.0), "mse": 0.25, "l1": 0.5, "dice": (1.0 + 0.25 + 1.0) / 2.0}
    for kind, value in expected.items():
        assert float(LitError(kind).rows(out, x, {})) == pytest.approx(math.log1p(value), abs=1e-5)
    hurdle = Pass(out.posterior, Hurdle(logits, logits, logits, SIZE[0]))
    assert float(LitError("mse").rows(hurdle, x, {})) == pytest.approx(math.log1p(0.25), abs=1e-5)
    plain = Pass(out.posterior, Gaussian(x))
    with pytest.raises(ConfigError, match="does not say which pixels are lit; accepted: CoDAE and CoDVAE"):
        LitError().fit(plain, x)
    with pytest.raises(ConfigError, match="channel 2 came, but the model has 1"):
        LitError(channel=2).fit(out, x)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: LitPairs(window=4), "window 4 came; accepted: odd"),
        (lambda: LitPairs(channel=-1), "channel -1 came"),
        (lambda: LitError("rmse"), "kind 'rmse' came; accepted: bce, mse, l1, dice"),
        (lambda: LitError(channel=-1), "channel -1 came"),
        (lambda: StrangeTotals(0), "neighbours 0 came"),
        (lambda: Combined(()), "no terms came"),
    ],
)
def test_settings_out_of_range_are_refused(make, message):
    with pytest.raises(ConfigError, match=message):
        make()


# ------------------------------------------------------------------------------------------------ combined


def tabled(values):
    """Pass of rows whose reconstruction error and divergence are given: columns of `values`."""
    error, away = values[:, :1], values[:, 1:]
    return Pass(_Away(away), Gaussian(torch.zeros_like(error))), error.sqrt()


class _Away(Point):
    def divergence(self):
        return self.mean


def test_terms_speak_alike_whatever_their_units():
    random = torch.Generator().manual_seed(0)
    values = torch.rand(500, 2, generator=random) * torch.tensor([1.0, 1000.0]) + 1.0
    out, x = tabled(values)
    score = Combined((Reconstruction(), Divergence()))
    state = score.fit(out, x)
    z = (values - values.mean(0)) / values.std(0, correction=0)
    torch.testing.assert_close(score.rows(out, x, state), z.sum(1) + 8.0, rtol=1e-4, atol=1e-3)
    parts = score.parts(out, x, state)
    torch.testing.assert_close(parts.sum(1), score.rows(out, x, state), rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(score.each(out, x, state), values, rtol=1e-5, atol=1e-5)


def test_equal_weights_change_nothing_and_a_dull_term_is_silent():
    values = torch.rand(100, 2, generator=torch.Generator().manual_seed(1))
    values[:, 1] = 3.0
    out, x = tabled(values)
    score = Combined((Reconstruction(), Divergence()))
    state, weighed = score.fit(out, x), score.fit(out, x, torch.full((100,), 2.5))
    torch.testing.assert_close(score.rows(out, x, state), score.rows(out, x, weighed), rtol=1e-5, atol=1e-5)
    assert float(state["1.scale"]) == 0.0


def test_scores_beside_are_read_but_do_not_count():
    values = torch.rand(60, 2, generator=torch.Generator().manual_seed(2))
    out, x = tabled(values)
    alone, beside = Combined((Reconstruction(),)), Combined((Reconstruction(),), beside=(Divergence(),))
    torch.testing.assert_close(alone.rows(out, x, alone.fit(out, x)), beside.rows(out, x, beside.fit(out, x)))
    assert beside.each(out, x, beside.fit(out, x)).shape == (60, 2)
    assert beside.labels() == ("Reconstruction", "Divergence")


# ------------------------------------------------------------------------------------------------ detector


def fitted(row_score, model=None):
    short = Plan(steps=30, rate=2e-3, batch=32, check_every=10)
    model = model or CoDAE(Slim((6, 8), (4, 6)), channels=1, energies=False, bottleneck=3)
    detector = AwareDetector(
        model, row_score=row_score, learn=short, scaling="energies", image_shape=SIZE, seed=0
    )
    return detector.fit(np.expm1(images(200, 6).flatten(1).numpy()))


def test_a_detector_tells_every_score_by_name():
    detector = fitted(Combined((LitPairs(3), StrangeTotals(5), LitError()), beside=(LitError("dice"),)))
    rows = np.expm1(images(40, 7).flatten(1).numpy())
    scores = detector.every_score(rows)
    assert list(scores) == [
        "lit pairs within 3", "StrangeTotals", "bce of lit pixels, channel 0", "dice of lit pixels, channel 0"
    ]  # fmt: skip
    assert all(values.shape == (40,) and np.isfinite(values).all() for values in scores.values())
    # rolled around the beam, an event has the same pairs
    turned = np.roll(rows.reshape(40, *SIZE), 4, axis=2).reshape(40, -1)
    assert detector.every_score(turned)["lit pairs within 3"] == pytest.approx(scores["lit pairs within 3"])


def test_a_detector_of_one_score_tells_that():
    with seeded(0):
        detector = fitted(None, AutoEncoder(Dense((8,)), latent=2))
    rows = np.expm1(images(10, 8).flatten(1).numpy())
    assert list(detector.every_score(rows)) == ["Reconstruction"]
