"""Training of the film network: it learns, gives the same bits for a seed, and refuses what it cannot use."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from made_films import made_films

from unseen.errors import ConfigError, DataError, TrainingError
from unseen.evaluation.ranking import roc_auc
from unseen.screening.network import FilmDesign, read_films
from unseen.screening.training import FilmPlan, train_films
from unseen.training.progress import listening

PLAN = FilmPlan(
    design=FilmDesign(stages=((8,), (12,)), members=2), epochs=16, batch=32, rate=2e-2, average=0.9
)


@pytest.fixture(scope="module")
def trained():
    return train_films(*made_films(192), validation=made_films(60, seed=1), settings=PLAN, seed=3)


def test_a_disc_is_found_in_films_never_shown_and_shown_where_it_is(trained):
    films, labels = made_films(120, seed=2)
    logit, cam = read_films(trained, films)
    assert roc_auc(logit[labels == 0], logit[labels == 1]) > 0.95
    # the discs lie within the middle, whose share of the map is above its share of the area
    middle = cam[labels == 1][:, 1:6, 1:6].sum() / cam[labels == 1].sum()
    assert middle > (5 / 7) ** 2 + 0.2


def test_it_comes_ready_to_score(trained):
    assert not trained.training
    assert all(weights.dtype == torch.float32 for weights in trained.parameters())
    assert all(weights.is_contiguous() for weights in trained.parameters())


def test_same_seed_same_bits_and_the_callers_stream_is_left_alone():
    short = replace(PLAN, epochs=2)
    films = made_films(96)
    torch.manual_seed(11)
    one = train_films(*films, validation=films, settings=short, seed=5)
    after = torch.rand(3)
    torch.manual_seed(11)
    other, third = (train_films(*films, validation=films, settings=short, seed=seed) for seed in (5, 6))
    assert torch.equal(torch.rand(3), after)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))
    assert not torch.equal(next(one.parameters()), next(third.parameters()))


def test_members_differ(trained):
    one, other = trained.members()
    assert not torch.allclose(one.head.weight, other.head.weight)


def test_progress_is_told_for_every_member():
    told = []
    films = made_films(96)
    with listening(lambda what, done, total: told.append((what, done, total))):
        train_films(*films, validation=films, settings=replace(PLAN, epochs=2), seed=0)
    assert told[0] == ("film network 1 of 2", 1, 6)
    assert told[-1] == ("film network 2 of 2", 6, 6)
    assert len(told) == 12


def test_grey_values_train_like_bytes():
    films, labels = made_films(96)
    short = replace(PLAN, epochs=1)
    made = [
        train_films(images, labels, validation=(images, labels), settings=short, seed=0)
        for images in (films, films / np.float32(255.0))
    ]
    assert torch.equal(*(network.members()[0].head.weight for network in made))


@pytest.mark.parametrize(
    ("images", "labels", "says"),
    [
        (made_films(6)[0][:, :20], made_films(6)[1], "films of shape"),
        (made_films(6)[0], np.zeros((6, 1)), r"training labels of shape \(6, 1\) came for 6 films"),
        (made_films(6)[0], np.zeros(5), "for 6 films"),
        (made_films(6)[0], np.zeros(6), "one of them only"),
        (made_films(6)[0], np.arange(6), "other values than 0 and 1"),
        (np.full((6, 28, 28), np.nan), made_films(6)[1], "not finite"),
    ],
)
def test_films_and_labels_that_do_not_fit_are_refused(images, labels, says):
    with pytest.raises(DataError, match=says):
        train_films(images, labels, validation=made_films(6), settings=PLAN, seed=0)


def test_validation_labels_are_checked_before_any_work():
    films, labels = made_films(6)
    with pytest.raises(DataError, match="validation labels"):
        train_films(films, labels, validation=(films, labels[:5]), settings=PLAN, seed=0)


@pytest.mark.parametrize(("name", "value"), [("epochs", 0), ("batch", 1), ("rate", 0.0), ("average", 1.0)])
def test_plans_out_of_bounds_are_refused(name, value):
    with pytest.raises(ConfigError, match=f"{name} {value} came; accepted:"):
        train_films(*made_films(6), validation=made_films(6), settings=replace(PLAN, **{name: value}), seed=0)


def test_a_network_that_learned_the_opposite_is_not_given_out():
    films, labels = made_films(96)
    with pytest.raises(TrainingError, match="no better than chance"):
        train_films(films, labels, validation=(films, 1 - labels), settings=replace(PLAN, epochs=6), seed=0)
