"""Films held out by style: what is held out is what style alone would call the other label."""

import numpy as np
import pytest
from made_films import made_films

from unseen.errors import DataError
from unseen.evaluation.ranking import roc_auc
from unseen.screening.styles import held_out, style


def styled(count=400):
    """Films whose brightness goes with the label for four in five of them."""
    films, labels = made_films(count)
    films = films / 255.0
    usual = np.arange(count) % 5 > 0
    bright = (labels == 1) == usual
    return np.clip(0.7 * films + 0.25 * bright[:, None, None], 0, 1), labels, usual


def test_films_against_their_style_are_those_held_out():
    films, labels, usual = styled()
    held = held_out(films, labels)["against"]
    assert held[~usual].mean() > 2 * held[usual].mean()  # chance and discs blur what brightness tells
    assert held.mean() == pytest.approx(0.25, abs=0.01)
    assert set(labels[held]) == {0, 1}


def test_groups_are_disjoint_alike_in_style_and_hold_enough_of_the_rarer_label():
    films, labels = made_films(300)
    looks = np.arange(300)[:, None, None] // 3 % 3  # as they are, of little contrast, bright
    films = np.choose(looks, [films / 255.0, 0.4 + films / 1000.0, 0.6 + films / 640.0])
    parts = {name: mask for name, mask in held_out(films, labels).items() if name != "against"}
    assert parts
    assert np.sum(list(parts.values()), axis=0).max() == 1
    for mask in parts.values():
        assert mask[labels == 0].mean() + 1e-9 >= 0.25
        assert style(films[mask])[:, 0].std() < style(films)[:, 0].std()


def test_style_does_not_depend_on_where_something_is_in_the_middle():
    one = np.full((1, 28, 28), 0.5)
    one[0, 10:14, 10:14] = 0.9
    other = np.roll(one, 4, axis=2)
    assert np.allclose(style(one), style(other))
    assert not np.allclose(style(one), style(0.8 * one))


def test_style_alone_knows_brightness():
    films, labels, usual = styled()
    level = style(films)[:, 0]
    assert roc_auc(level[(labels == 0) & usual], level[(labels == 1) & usual]) > 0.99


@pytest.mark.parametrize("labels", [np.zeros(100), np.arange(100) % 3, np.arange(100) < 10])
def test_labels_that_leave_nothing_to_hold_out_are_refused(labels):
    with pytest.raises(DataError, match="films to hold out by style need 25 of each label"):
        held_out(np.zeros((100, 28, 28)), labels)
