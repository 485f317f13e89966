"""The scaler: normal rows to mean 0 and deviation 1, order kept, nothing drowned, no division by zero."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from unseen.data.scale import SOFT, Energies, Pixels, Quantiles, Scaler, restored_scaler
from unseen.errors import ModelFileError

# a busy machine is no failure
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

RANDOM = np.random.default_rng(0)


def test_normal_rows_get_mean_0_and_deviation_1():
    x = RANDOM.normal([5.0, -1e6, 1e-9], [2.0, 1e3, 1e-12], size=(2000, 3))
    z = Scaler.fit(x).transform(x)
    assert z.dtype == np.float32
    assert z.mean(0) == pytest.approx([0, 0, 0], abs=1e-5)
    assert z.std(0) == pytest.approx([1, 1, 1], rel=1e-4)


@unhurried
@given(st.floats(-1e4, 1e4), st.floats(1e-3, 1e6))
def test_the_unit_and_the_origin_of_a_column_do_not_matter(origin, unit):
    x = np.random.default_rng(1).normal(size=(200, 1))
    moved = origin + unit * x
    assert Scaler.fit(moved).transform(moved) == pytest.approx(Scaler.fit(x).transform(x), abs=1e-3)


def test_energies_are_logarithms_that_keep_what_is_unlit_at_zero():
    z = Energies.fit(np.zeros((1, 2))).transform(np.array([[0.0, 99.0], [0.0, 1e-3]]))
    assert z.dtype == np.float32
    assert z.ravel().tolist() == pytest.approx([0.0, np.log(100.0), 0.0, np.log1p(1e-3)], rel=1e-6)
    assert (z[:, 1] > 0).all()
    assert restored_scaler("Energies", {}) == Energies()


def test_only_heavy_tails_are_drawn_in_by_a_logarithm():
    x = np.column_stack([RANDOM.normal(size=4000), RANDOM.pareto(0.7, 4000), RANDOM.random(4000)])
    scaler = Scaler.fit(x)
    assert scaler.logarithmic.tolist() == [False, True, False]
    assert np.abs(scaler.transform(x)[:, 1]).max() < SOFT
    assert scaler.transform(-x)[:, 1] == pytest.approx(
        (-np.log1p(x[:, 1]) - scaler.centre[1]) / scaler.width[1], abs=1e-4
    )


@unhurried
@given(st.lists(st.floats(-1e30, 1e30), min_size=2, max_size=30, unique=True))
def test_order_is_kept_however_far_out(values):
    x = np.sort(np.array(values))[:, None]
    scaler = Scaler.fit(RANDOM.normal(size=(100, 1)))
    z = scaler.transform(x)
    assert np.isfinite(z).all()
    assert (np.diff(z[:, 0]) >= 0).all()
    assert np.abs(z).max() < SOFT + 75


def test_inside_ten_deviations_the_scale_is_linear_and_beyond_it_joins_smoothly():
    scaler = Scaler(np.zeros(1), np.ones(1), np.zeros(1, dtype=bool))
    z = scaler.transform(np.array([[-9.0], [10.0], [10.0 + 1e-3], [11.0], [-11.0], [10.0 + np.e**3 - 1]]))
    expected = [-9, 10, 10 + 1e-3, 10 + np.log(2), -10 - np.log(2), 13]
    assert z[:, 0] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("value", [0.0, 7.25, -1e12, 0.1])
def test_a_constant_column_keeps_its_own_unit(value):
    x = np.full((50, 1), value)
    scaler = Scaler.fit(x)
    assert scaler.width[0] == 1.0
    assert np.abs(scaler.transform(x)).max() < 1e-15
    assert scaler.transform(x + 2)[0, 0] == pytest.approx(2.0, rel=1e-3)


def test_a_rare_flag_is_not_blown_up():
    flag = np.zeros((10_000, 1))
    flag[3] = 1.0
    assert Scaler.fit(flag).transform(flag).max() > 5
    scaled = Scaler.fit(flag, binary=np.array([True])).transform(flag)
    assert scaled.max() == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_both_precisions_agree_and_the_rows_given_stay(kind):
    x = RANDOM.normal(size=(100, 3)) * [1, 100, 0.01]
    scaler, given_rows = Scaler.fit(x), x.astype(kind)
    before = given_rows.copy()
    assert scaler.transform(given_rows) == pytest.approx(scaler.transform(x), abs=1e-4)
    assert np.array_equal(given_rows, before)


def test_rows_are_scaled_one_by_one():
    x = RANDOM.pareto(1.0, (300, 4))
    scaler = Scaler.fit(x)
    full = scaler.transform(x)
    assert np.array_equal(np.concatenate([scaler.transform(row[None]) for row in x]), full)
    assert scaler.transform(x[:0]).shape == (0, 4)


def test_pixels_are_divided_by_the_largest_normal_value():
    x = RANDOM.integers(0, 256, size=(20, 9)).astype(float)
    x[0, :2] = 0, 255
    z = Pixels.fit(x).transform(x)
    assert (z.min(), z.max()) == (0, 1)
    assert np.allclose(z * 255, x, atol=1e-4)
    assert Pixels.fit(np.zeros((2, 3))).transform(np.ones((1, 3))).tolist() == [[1.0, 1.0, 1.0]]


def arrays(**changed):
    sound = {"centre": np.zeros(3), "width": np.ones(3), "logarithmic": np.array([True, False, False])}
    return {f"scaler.{name}": value for name, value in (sound | changed).items()}


def test_a_stored_scaler_comes_back():
    back = restored_scaler("Scaler", arrays())
    assert back.logarithmic.dtype == bool
    x = RANDOM.normal(size=(5, 3))
    sound = Scaler(np.zeros(3), np.ones(3), np.array([True, False, False]))
    assert np.array_equal(back.transform(x), sound.transform(x))
    assert restored_scaler("Pixels", {"scaler.top": np.array(255.0)}) == Pixels(255.0)


@pytest.mark.parametrize(
    ("name", "stored", "message"),
    [
        (
            "Scalar",
            arrays(),
            "scaler 'Scalar' is not known; accepted: Scaler, Quantiles, Pixels, Energies. Did you mean",
        ),
        ("Scaler", arrays(centre=np.array([0, np.nan, 0])), "not finite"),
        ("Scaler", arrays(width=np.ones(2)), "do not fit each other"),
        ("Scaler", arrays(width=np.array([1.0, 0.0, 1.0])), "not above zero"),
        ("Scaler", arrays(width=np.array([1.0, -1.0, 1.0])), "not above zero"),
        ("Pixels", {"scaler.top": np.array(0.0)}, "not above zero"),
        ("Pixels", {"scaler.top": np.array(np.inf)}, "not finite"),
    ],
)
def test_broken_scalers_are_refused(name, stored, message):
    with pytest.raises(ModelFileError, match=message):
        restored_scaler(name, stored)


# -------------------------------------------------------------------------------------------- quantiles


def test_quantiles_turn_any_distribution_into_a_normal_one():
    normal = RANDOM.normal(size=20_000)
    x = np.column_stack([normal, np.exp(3 * normal), normal**3, RANDOM.random(20_000)])
    z = Quantiles.fit(x).transform(x)
    assert z.mean(0) == pytest.approx(np.zeros(4), abs=0.01)
    assert z.std(0) == pytest.approx(np.ones(4), abs=0.01)
    assert z[:, 1] == pytest.approx(z[:, 0], abs=0.02)  # a monotone change of units changes nothing


@unhurried
@given(st.lists(st.floats(-1e30, 1e30), min_size=2, max_size=30, unique=True))
def test_quantiles_keep_the_order_however_far_out(values):
    z = Quantiles.fit(RANDOM.normal(size=(100, 1))).transform(np.sort(np.array(values))[:, None])
    assert np.isfinite(z).all()
    assert (np.diff(z[:, 0]) >= 0).all()
    assert np.abs(z).max() < 80


def test_equal_values_share_a_height_and_a_value_seldom_seen_lies_beside_them():
    counts = np.repeat([0.0, 1.0, 2.0], [600, 398, 2])[:, None]
    low, middle, high, outside = Quantiles.fit(counts).transform(np.array([[0.0], [1.0], [2.0], [9.0]]))[:, 0]
    assert low < middle < high < outside
    assert high > 2.5


def test_quantiles_of_constants_and_flags_keep_their_units():
    x = np.column_stack([np.full(50, 7.0), np.arange(50) % 2])
    z = Quantiles.fit(x, binary=np.array([False, True])).transform(np.array([[7.0, 1.0], [8.0, 0.0]]))
    assert z[0, 0] == pytest.approx(0.0, abs=1e-6)
    assert z[1, 0] == pytest.approx(np.log(2))
    assert z[0, 1] - z[1, 1] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"knots": np.array([[1.0], [0.0]])}, "do not rise"),
        ({"heights": np.array([[1.0], [0.0]])}, "do not rise"),
        ({"knots": np.zeros((3, 1))}, "do not fit each other"),
        ({"width": np.zeros(1)}, "not above zero"),
        ({"width": np.ones(2)}, "do not fit each other"),
        ({"heights": np.array([[0.0], [np.nan]])}, "not finite"),
    ],
)
def test_a_broken_quantile_scaler_is_refused(change, said):
    sound = {"knots": np.array([[0.0], [1.0]]), "heights": np.array([[-1.0], [1.0]]), "width": np.ones(1)}
    with pytest.raises(ModelFileError, match=said):
        restored_scaler("Quantiles", {f"scaler.{k}": v for k, v in {**sound, **change}.items()})


@pytest.mark.parametrize("scaler", [Scaler, Quantiles])
def test_scaled_rows_come_back_in_their_own_units(scaler):
    random = np.random.default_rng(8)
    rows = np.column_stack(
        [
            random.normal(40, 3, 500),
            np.exp(random.normal(0, 4, 500)),
            random.integers(0, 2, 500),
            np.full(500, 7.0),
        ]
    )
    fitted = scaler.fit(rows, binary=np.array([False, False, True, False]))
    inside = rows[(rows[:, 1] > 1e-3) & (rows[:, 1] < 1e3)]
    np.testing.assert_allclose(
        fitted.inverse(fitted.transform(inside)), inside, rtol=2e-3 if scaler is Scaler else 0.2, atol=0.2
    )


def test_images_come_back_in_their_own_units():
    rows = np.random.default_rng(9).gamma(1.0, 30.0, size=(20, 16))
    for fitted in (Pixels.fit(rows), Energies.fit(rows)):
        np.testing.assert_allclose(fitted.inverse(fitted.transform(rows)), rows, rtol=1e-4)
