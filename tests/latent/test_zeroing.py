"""Units set to one value: known losses, the trap, curves that end where they must."""

import numpy as np
import pytest

from unseen.errors import DataError
from unseen.latent import zero_out
from unseen.latent.zeroing import without

SIZES = np.array([3.0, 2.0, 1.0, 0.1, 0.1])


def code(rows=4000):
    z = np.random.default_rng(0).normal(size=(rows, 5))
    return (z - z.mean(0)) / z.std(0)


def linear(z):
    """Squared error of a decoder that multiplies each unit by its size, of rows made just so."""
    return np.square((code() - z) * SIZES).sum(1).mean()


def test_a_linear_decoder_loses_the_square_of_what_was_set():
    found = zero_out(code(), linear, order=[0, 1, 2, 3, 4], spare=[3, 4], counts=(1, 2, 3, 9))
    assert found.full == pytest.approx([0.0])
    assert found.none == pytest.approx([SIZES @ SIZES])
    np.testing.assert_allclose(found.singly[:, 0], SIZES**2, atol=1e-9)
    np.testing.assert_allclose(found.top[:, 0], [5.02, 1.02, 0.02], atol=1e-9)
    assert found.counts.tolist() == [1, 2, 3]
    assert found.joint == pytest.approx(found.summed)


def test_units_that_repeat_each_other_are_harmless_singly_and_not_together():
    x = np.random.default_rng(1).normal(size=400)
    found = zero_out(
        np.column_stack([x, x, x]),
        lambda z: np.square(x - z[np.arange(400), np.abs(z).argmax(1)]).mean(),
        order=[0, 1, 2],
        spare=[0, 1, 2],
        fill=np.zeros(3),
    )
    assert found.summed == pytest.approx([0.0])
    assert found.joint == pytest.approx([np.square(x).mean()])


def test_a_judge_of_several_numbers_and_random_choices():
    def judge(z):
        return linear(z), float((z == 0).all())

    found = zero_out(
        code(), judge, order=np.argsort(-SIZES), spare=[4], counts=(2,), repeats=30, names=("error", "dark")
    )
    assert found.chance.shape == (30, 1, 2)
    # two units kept by chance keep two fifths of what there is
    assert found.chance[:, 0, 0].mean() == pytest.approx(0.6 * SIZES @ SIZES, rel=0.2)
    assert found.top[0, 0] < found.chance[:, 0, 0].mean()


def test_the_code_is_left_as_it_was_and_the_same_seed_gives_the_same_choices():
    z = code(100)
    before = z.copy()
    first, second = (
        zero_out(z, lambda c: np.abs(c).sum(), order=range(5), spare=[1], counts=(2,), seed=4)
        for _ in range(2)
    )
    np.testing.assert_array_equal(z, before)
    np.testing.assert_array_equal(first.chance, second.chance)
    assert without(z, np.array([1]), np.full(5, 7.0))[:, 1].tolist() == [7.0] * 100


def test_single_losses_may_be_left_out():
    found = zero_out(code(50), lambda c: c.sum(), order=range(5), spare=[], singly=False)
    assert np.isnan(found.singly).all()
    assert found.joint.tolist() == [0.0]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"order": [0, 0, 1, 2, 3]}, "each of the 5 units once"),
        ({"order": [0, 1]}, "order holds 2 places"),
        ({"fill": [0.0]}, r"fill of shape \(1,\) came"),
    ],
)
def test_orders_and_values_that_do_not_fit(changed, words):
    with pytest.raises(DataError, match=words):
        zero_out(code(50), lambda c: c.sum(), **{"order": range(5), "spare": [], **changed})
