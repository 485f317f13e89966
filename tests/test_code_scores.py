"""Scores of small codes: known distributions, the mixture's formula, orientation from normal rows alone."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal, norm

from unseen.errors import ConfigError, DataError
from unseen.nn.distributions import Gaussian, Pass, Point
from unseen.scores import CodeDensity, LatentUnit

RANDOM = np.random.default_rng(0)


def passing(code, small=None):
    """A pass with this code and, beside it, this small one."""
    code = torch.as_tensor(np.asarray(code, dtype=np.float32))
    zeros = torch.zeros(len(code), 1)
    return Pass(
        Point(code), Gaussian(zeros), None if small is None else torch.as_tensor(np.float32(small))
    ), zeros


def scored(score, normal, rows, **of_fit):
    state = score.fit(*passing(normal), **of_fit)
    return score.rows(*passing(rows), state).numpy()


UNITS = [LatentUnit(0), LatentUnit(1, "high"), LatentUnit(0, "low"), LatentUnit(1, code="latent")]
DENSITIES = [CodeDensity(), CodeDensity(3), CodeDensity(2, seed=1, code="latent")]


@pytest.mark.parametrize("score", UNITS + DENSITIES, ids=repr)
def test_parts_are_named_non_negative_and_add_up_and_a_row_is_its_own(score):
    out, x = passing(RANDOM.normal(size=(300, 2)))
    state = score.fit(out, x)
    rows, x = passing(3 * RANDOM.normal(size=(40, 2)))
    parts = score.parts(rows, x, state)
    assert parts.shape == (40, len(score.names(["f"], 2)))
    assert bool((parts >= 0).all())
    assert torch.allclose(parts.sum(1), score.rows(rows, x, state))
    one, x = passing(rows.posterior.mean[7:8])
    assert torch.allclose(score.rows(one, x, state), parts[7], rtol=1e-4, atol=1e-5)
    assert all(value.dtype == torch.float32 and bool(torch.isfinite(value).all()) for value in state.values())


def test_the_middle_is_the_tail_probability_of_the_normal_rows():
    x = np.array([[-1.2], [-0.5], [0.0], [0.4], [1.5]])
    normal = RANDOM.normal(size=(200_000, 1))
    assert scored(LatentUnit(0, "high"), normal, x) == pytest.approx(-norm.logsf(x[:, 0]), abs=0.03)
    assert scored(LatentUnit(0, "low"), normal, x) == pytest.approx(-norm.logcdf(x[:, 0]), abs=0.03)
    two = -np.log(2 * np.minimum(norm.cdf(x[:, 0]), norm.sf(x[:, 0])))
    assert scored(LatentUnit(0), normal, x) == pytest.approx(two, abs=0.03)


@pytest.mark.parametrize("shape", [0.0, 0.3])
def test_beyond_the_middle_the_law_of_the_tail_is_found(shape):
    """Excesses of an exponential (shape 0) or Pareto-like law go on by that law, far beyond every row."""
    u = RANDOM.random((200_000, 1))
    draws = -np.log(u) if shape == 0 else (u**-shape - 1) / shape
    far = np.array([[4.0], [8.0], [15.0]])
    known = far[:, 0] if shape == 0 else np.log1p(shape * far[:, 0]) / shape
    assert scored(LatentUnit(0, "high"), draws, far) == pytest.approx(known, rel=0.1)
    assert scored(LatentUnit(0, "low"), -draws, -far) == pytest.approx(known, rel=0.1)


@pytest.mark.parametrize("sides", ["two", "high", "low"])
def test_stranger_is_never_less_strange_and_always_finite(sides):
    normal = RANDOM.standard_t(3, size=(120, 1))
    x = np.concatenate([-np.geomspace(1e6, 1e-3, 60), np.geomspace(1e-3, 1e6, 60)])[:, None]
    score = scored(LatentUnit(0, sides), normal, x)
    assert np.isfinite(score).all()
    least = {"two": int(score.argmin()), "high": 0, "low": len(x) - 1}[sides]
    slope = np.diff(score)
    assert (slope[:least] <= 1e-5).all()
    assert (slope[least:] >= -1e-5).all()
    # beyond the last row there is still an order
    assert sides == "low" or slope[-1] > 0.01
    assert sides == "high" or slope[0] < -0.01


def test_both_sides_count_alike_whatever_the_sign():
    normal, rows = RANDOM.normal(size=(400, 1)), 4 * RANDOM.normal(size=(30, 1))
    assert scored(LatentUnit(0), normal, rows) == pytest.approx(
        scored(LatentUnit(0), -normal, -rows), abs=1e-4
    )


def test_a_number_that_never_moves_is_no_news_until_it_does():
    still, moved = scored(LatentUnit(0), np.full((50, 1), 3.0), [[3.0], [3.1]])
    assert still == pytest.approx(0.0, abs=1e-6)
    assert moved > 10


def test_weights_are_rows_that_come_as_often():
    normal, times = RANDOM.normal(size=(200, 2)), RANDOM.integers(1, 4, 200)
    rows = 2 * RANDOM.normal(size=(20, 2))
    repeated = np.repeat(normal, times, axis=0)
    weights = torch.as_tensor(times, dtype=torch.float32)
    for score, close in ((LatentUnit(0), 0.05), (CodeDensity(), 1e-4)):
        assert scored(score, normal, rows, weights=weights) == pytest.approx(
            scored(score, repeated, rows), abs=close, rel=close
        )
    mixed = scored(CodeDensity(2), normal, rows, weights=weights)
    assert np.corrcoef(mixed, scored(CodeDensity(2), repeated, rows))[0, 1] > 0.95


def test_one_component_is_half_the_squared_mahalanobis_distance():
    normal = RANDOM.normal(size=(5000, 2)) @ np.array([[3.0, 1.0], [0.0, 0.5]]) + [40.0, -7.0]
    rows = normal[:50] + RANDOM.normal(size=(50, 2))
    off = rows - normal.mean(0)
    known = 0.5 * np.einsum("ni,ij,nj->n", off, np.linalg.inv(np.cov(normal.T)), off)
    assert scored(CodeDensity(), normal, rows) == pytest.approx(known, rel=0.05, abs=0.01)


def test_a_mixture_has_the_density_it_was_drawn_from():
    centres, spread = np.array([[-4.0, 0.0], [4.0, 1.0]]), np.array([[1.0, 0.5], [0.5, 1.0]])
    pick = RANDOM.random(20_000) < 0.3
    normal = np.where(pick[:, None], centres[0], centres[1]) + RANDOM.multivariate_normal(
        [0, 0], spread, 20_000
    )
    rows = np.array([[-4.0, 0.0], [4.0, 1.0], [0.0, 0.5], [4.0, 4.0], [-8.0, -2.0]])
    density = sum(
        share * multivariate_normal(centre, spread).pdf(rows)
        for share, centre in zip((0.3, 0.7), centres, strict=True)
    )
    found = scored(CodeDensity(2), normal, rows)
    assert found - found[1] == pytest.approx(-np.log(density / density[1]), rel=0.05, abs=0.1)
    # the middle of the two is strange, which one component cannot see
    assert found[2] > found.min() + 3
    assert scored(CodeDensity(), normal, rows)[2] < 0.5


def test_the_small_code_is_read_where_there_is_one():
    normal, rows = RANDOM.normal(size=(200, 3)), RANDOM.normal(size=(9, 3))
    for make in (LatentUnit(0), CodeDensity()):
        out, x = passing(normal, small=normal[:, 2:])
        there, xs = passing(rows, small=rows[:, 2:])
        alone = scored(make, normal[:, 2:], rows[:, 2:])
        assert make.rows(there, xs, make.fit(out, x)).numpy() == pytest.approx(alone)
        latent = type(make)(**{**vars(make), "code": "latent"})
        assert latent.rows(there, xs, latent.fit(out, x)).numpy() == pytest.approx(scored(make, normal, rows))


def test_the_same_seed_finds_the_same_mixture():
    normal = RANDOM.normal(size=(300, 2))
    states = [CodeDensity(4, seed=seed).fit(*passing(normal)) for seed in (1, 1)]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


NINE = passing(np.zeros((9, 2)))


@pytest.mark.parametrize(
    ("call", "fault", "message"),
    [
        (lambda: LatentUnit(-1), ConfigError, "unit -1 came; accepted: 0 or more"),
        (
            lambda: LatentUnit(2).fit(*passing(np.zeros((9, 2)))),
            ConfigError,
            "unit 2 of a code of 2 came; accepted: 0 to 1",
        ),
        (lambda: LatentUnit(0, code="small").fit(*passing(np.zeros((9, 2)))), ConfigError, "no small code"),
        (lambda: CodeDensity(0), ConfigError, "components 0 came; accepted: 1 to 64"),
        (
            lambda: CodeDensity(10).fit(*passing(np.zeros((9, 2)))),
            DataError,
            "9 normal rows for a density of 10",
        ),
    ],
)
def test_bad_settings_say_what_is_accepted(call, fault, message):
    with pytest.raises(fault, match=message):
        call()


def test_two_sided_is_half_the_tail_at_its_end():
    normal = np.arange(1000.0)[:, None]
    assert scored(LatentUnit(0), normal, [[499.5]]) == pytest.approx(0.0, abs=1e-5)
    assert scored(LatentUnit(0), normal, [[949.5]]) == pytest.approx(-math.log(0.1), abs=0.01)
