"""Decorrelation: what the penalty is, that it decorrelates, and what it must be told."""

import numpy as np
import pytest
import torch

import unseen
from unseen.errors import ConfigError, DataError
from unseen.evaluation import distance_correlation
from unseen.models.autoencoder import AutoEncoder
from unseen.models.network import Dense
from unseen.training.beside import Beside, quantile, weigh, without_largest
from unseen.training.decorrelation import DisCo, squared_distance_correlation
from unseen.training.loop import Batch, Plan

PLAN = Plan(steps=600, rate=5e-3)


def rows(n, seed):
    """Two free directions and a third that is the mass: two latent units must leave one of them out."""
    rng = np.random.default_rng(seed)
    mass = rng.uniform(0, 1, n)
    turned = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))[0]
    axes = np.stack([rng.normal(size=n), rng.normal(size=n), 0.75 * np.sqrt(12) * (mass - 0.5)], 1)
    return axes @ turned, 300 + 200 * mass


def detector(decorrelate=None):
    model = AutoEncoder(Dense((16,)), latent=2)
    return unseen.AwareDetector(model, learn=PLAN, tune=Plan(steps=200, rate=1e-3), decorrelate=decorrelate)


def follows(scores, mass):
    return distance_correlation(scores, mass)


def test_errors_follow_the_mass_without_the_penalty_and_much_less_with_it(tmp_path):
    (X, mass), (fresh, of_fresh) = rows(2000, 0), rows(1500, 1)
    plain = detector().fit(X)
    penalised = detector(DisCo(3.0)).fit(X, protected=mass)
    before, after = (follows(d.member_score(fresh, "reconstruction"), of_fresh) for d in (plain, penalised))
    assert before > 0.2
    assert after < 0.1  # independent rows of this number give about 0.04
    told = penalised.fine_tune(fresh[:20] + np.array([3.0, -3.0, 3.0]))
    assert follows(told.stage2_[0].reader.rows(told._tensor(fresh)), of_fresh) < 0.12
    unseen.save(told, tmp_path / "model")
    loaded = unseen.load(tmp_path / "model")
    assert loaded.decorrelate == DisCo(3.0)
    assert np.array_equal(loaded.anomaly_score(fresh), told.anomaly_score(fresh))


def test_the_same_seed_and_any_unit_of_the_mass_give_the_same_scores():
    X, mass = rows(400, 0)
    short = {"learn": Plan(steps=20), "decorrelate": DisCo()}
    one, two = (
        unseen.AwareDetector(**short).fit(X, protected=scale * mass, sample_weight=mass)
        for scale in (1.0, 1024.0)
    )
    assert one.anomaly_score(X) == pytest.approx(two.anomaly_score(X), abs=1e-3)
    again = unseen.AwareDetector(**short).fit(X, protected=mass, sample_weight=mass)
    assert np.array_equal(one.anomaly_score(X), again.anomaly_score(X))


def test_the_penalty_is_the_squared_distance_correlation():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=200), rng.normal(size=200)
    y = y + x
    w = rng.gamma(2.0, size=200)
    tensors = [torch.from_numpy(a.astype(np.float32)) for a in (x, y, w)]
    assert float(squared_distance_correlation(*tensors)) == pytest.approx(
        distance_correlation(x, y, weights=w) ** 2, rel=1e-4
    )
    assert float(DisCo(2.5)(*tensors[:2])) == pytest.approx(2.5 * distance_correlation(x, y) ** 2, rel=1e-4)


def test_its_gradient_is_finite_where_there_is_nothing_to_decorrelate():
    for error in (torch.zeros(30), torch.full((30,), 1e30), torch.linspace(0, 1e-20, 30)):
        own = error.clone().requires_grad_()
        squared_distance_correlation(own, torch.linspace(0, 1, 30)).backward()
        assert torch.isfinite(own.grad).all()


def test_its_gradient_is_that_of_finite_differences():
    x = torch.randn(25, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    y = (x**2 + torch.linspace(0, 1, 25, dtype=torch.float64)).detach()
    own = x.clone().requires_grad_()
    squared_distance_correlation(own, y).backward()
    step = torch.zeros_like(x)
    step[7] = 1e-5
    slope = (squared_distance_correlation(x + step, y) - squared_distance_correlation(x - step, y)) / 2e-5
    assert float(own.grad[7]) == pytest.approx(float(slope), rel=1e-3, abs=1e-6)


@pytest.mark.parametrize(
    ("decorrelate", "protected", "error", "message"),
    [
        (DisCo(), None, ConfigError, "decorrelate is set, but no protected variable came"),
        (None, np.arange(60.0), ConfigError, "nothing uses it"),
        (DisCo(), np.arange(59.0), DataError, r"protected has shape \(59,\)"),
        (DisCo(), np.full(60, np.nan), DataError, r"protected is nan \(first: row 0; 60 rows\)"),
        (DisCo(), np.ones(60), DataError, "there is nothing to decorrelate from"),
        (DisCo(), ["a"] * 60, DataError, "protected must be numbers"),
    ],
)
def test_what_the_penalty_must_be_told(decorrelate, protected, error, message):
    with pytest.raises(error, match=message):
        detector(decorrelate).fit(rows(60, 0)[0], protected=protected)


def test_weights_are_looked_up_where_rows_stand():
    batch = Batch(
        torch.zeros(3, 1), torch.tensor([False, False, True]), torch.tensor([4, 0]), torch.tensor([1])
    )
    normal, known = torch.arange(5.0), torch.tensor([10.0, 20.0])
    assert weigh(torch.ones(3), batch, normal, known).tolist() == [4.0, 0.0, 20.0]
    assert weigh(torch.ones(3), batch, None, known).tolist() == [1.0, 1.0, 20.0]
    assert Beside(torch.tensor([2.0, 2.0])).factors is None
    assert Beside(torch.tensor([1.0, 3.0])).factors.tolist() == [0.5, 1.5]


def test_weighted_trimming_and_quantiles_are_those_of_repeated_rows():
    values, counts = torch.tensor([5.0, 1.0, 3.0, 2.0]), torch.tensor([1, 4, 2, 3])
    repeated = values.repeat_interleave(counts)
    kept = without_largest(values, 0.3, counts.float())
    assert float(kept.sum()) == float(without_largest(repeated, 0.3, None).sum())
    assert float(quantile(values, 0.7, counts.float())) == 2.0


def test_the_weighted_gradient_of_stage_1_is_that_of_repeated_rows():
    """One whole batch: a row of weight 3 pulls as three copies of it do."""
    from unseen.objectives import elbo
    from unseen.seeds import seeded

    x = torch.randn(6, 3, generator=torch.Generator().manual_seed(2))
    counts = torch.tensor([1, 3, 2, 1, 4, 1])
    with seeded(0):
        network = AutoEncoder(Dense((8,)), latent=2).build((3,))
    batch = Batch(x, torch.zeros(6, dtype=torch.bool), torch.arange(6), torch.empty(0, dtype=torch.long))
    weighted = weigh(elbo(network(x), x, beta=0.0), batch, Beside(counts.double()).factors, None).mean()
    more = x.repeat_interleave(counts, 0)
    repeated = elbo(network(more), more, beta=0.0).mean()
    slopes = [torch.autograd.grad(loss, list(network.parameters())) for loss in (weighted, repeated)]
    for one, two in zip(*slopes, strict=True):
        assert torch.allclose(one, two, atol=1e-6)


def of_two_classes(n, seed):
    """Two classes along the first feature; how far a row stands from the border follows the mass."""
    rng = np.random.default_rng(seed)
    mass, side = rng.uniform(0, 1, n), rng.choice([-1.0, 1.0], n)
    X = np.stack([side * (1.0 + 2.0 * mass) + 0.3 * rng.normal(size=n), side + 0.3 * rng.normal(size=n)], 1)
    return X, mass, np.where(side > 0, "right", "left")


def classifier(decorrelate=None):
    model = unseen.Classifier(Dense((16,)))
    tune = Plan(steps=200, rate=1e-3)
    return unseen.AwareClassifier(model, learn=PLAN, tune=tune, decorrelate=decorrelate)


def test_the_uniformity_of_a_classifier_follows_the_mass_much_less_with_the_penalty():
    (X, mass, classes), (fresh, of_fresh, truth) = of_two_classes(2000, 0), of_two_classes(1500, 1)
    plain = classifier().fit(X, classes=classes)
    penalised = classifier(DisCo(3.0)).fit(X, classes=classes, protected=mass)
    before, after = (follows(d.class_score(fresh), of_fresh) for d in (plain, penalised))
    assert before > 0.3
    assert after < 0.5 * before
    assert (penalised.predict_class(fresh) == truth).mean() > 0.99
    told = penalised.fine_tune(np.random.default_rng(2).normal(size=(20, 2)) * 0.1 + [0.0, 3.0])
    assert follows(told.class_score(fresh), of_fresh) < 0.5 * before


def test_a_decorrelated_classifier_needs_the_variable():
    X, mass, classes = of_two_classes(60, 0)
    with pytest.raises(ConfigError, match="decorrelate is set, but no protected variable came"):
        classifier(DisCo()).fit(X, classes=classes)
    with pytest.raises(ConfigError, match="nothing uses it"):
        classifier().fit(X, classes=classes, protected=mass)
