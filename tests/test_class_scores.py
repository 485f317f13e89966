"""Scores of logits: values worked by hand, the order they promise, and digits where a classifier is sure."""

import math

import pytest
import torch

from unseen.class_scores import ClassScore, TopProbability, Uniformity, Window
from unseen.objectives import Uniform

SCORES = [Uniformity(), TopProbability(), Window()]


def some(k, n=400, size=4.0):
    return size * torch.randn(n, k, generator=torch.Generator().manual_seed(k))


def of(*probabilities):
    return torch.tensor([probabilities], dtype=torch.float64).log()


def test_values_worked_by_hand():
    assert Uniformity().from_logits(of(0.5, 0.25, 0.25)).item() == pytest.approx(
        (math.log(0.5) + 2 * math.log(0.25)) / 3
    )
    assert TopProbability().from_logits(of(0.5, 0.3, 0.2)).item() == pytest.approx(0.5)
    # furthest from 1/3: the top class, 0.6 - 1/3 = 0.267; then the last one, 1/3 - 0.02 = 0.313
    assert Window().from_logits(of(0.6, 0.2, 0.2)).item() == pytest.approx(2 / 3 - (0.6 - 1 / 3))
    assert Window().from_logits(of(0.5, 0.48, 0.02)).item() == pytest.approx(2 / 3 - (1 / 3 - 0.02))


@pytest.mark.parametrize("k", [2, 3, 10])
def test_they_are_the_published_scores_but_for_a_constant(k):
    z = some(k)
    p = z.double().softmax(1)
    assert torch.allclose(Uniformity().from_logits(z), p.log().mean(1))
    assert torch.allclose(Uniformity().from_logits(z), -2 * Uniform(0.5).loss(z.double()))
    assert torch.allclose(TopProbability().from_logits(z), 1 - p.amax(1))
    assert torch.allclose(Window().from_logits(z), 1 - 1 / k - (p - 1 / k).abs().amax(1))


@pytest.mark.parametrize("score", SCORES, ids=repr)
@pytest.mark.parametrize("k", [2, 3, 10])
def test_they_are_highest_where_all_classes_are_alike_and_do_not_know_the_names_of_classes(score, k):
    z = some(k)
    found, turned = score.from_logits(z), score.from_logits(z[:, torch.randperm(k)])
    assert torch.allclose(found, turned, rtol=1e-5, atol=1e-9)
    assert torch.allclose(score.from_logits(z + 7.0), found, rtol=1e-5, atol=1e-9)
    assert bool((found < score.from_logits(torch.zeros(1, k))).all())
    assert isinstance(score, ClassScore)


@pytest.mark.parametrize("score", SCORES, ids=repr)
@pytest.mark.parametrize("k", [2, 3, 10])
def test_spread_keeps_the_order_and_has_no_end(score, k):
    found = score.from_logits(some(k)).sort().values
    spread = score.spread(found, k)
    assert bool(torch.isfinite(spread).all())
    assert bool((spread.diff()[found.diff() > 1e-12] > 0).all())
    # logits a hundred times closer to each other lie far beyond those of any row here
    near = score.spread(score.from_logits(some(k, size=1e-3)), k)
    assert float(near.min()) > float(spread.max()) - 1e-9
    equal = score.spread(score.from_logits(torch.zeros(1, k)), k)
    assert float(near.max()) <= float(equal) < 30


@pytest.mark.parametrize("score", SCORES, ids=repr)
def test_rows_the_classifier_is_sure_of_keep_an_order(score):
    """Logits 20 to 400 apart, where max p in single precision is 1 for all of them."""
    gaps = torch.linspace(20.0, 400.0, 50)
    z = torch.stack([gaps, torch.zeros(50), torch.zeros(50)], 1)
    assert bool((score.from_logits(z).diff() < 0).all())
    assert bool((score.spread(score.from_logits(z), 3).diff() < 0).all())


def test_of_two_classes_the_window_and_the_top_probability_order_alike():
    z = some(2)
    assert torch.allclose(Window().from_logits(z), TopProbability().from_logits(z))
