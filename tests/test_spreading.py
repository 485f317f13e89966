"""Labels that spread: a whole cluster from one of its rows, and the walk solved in another way."""

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from unseen.models.spreading import Spreading


def clusters(seed, count=200):
    """Two clusters of unlabelled rows in opposite corners, and which of them lie in the second."""
    random = np.random.default_rng(seed)
    second = np.repeat([False, True], count)
    x = 0.5 * random.normal(size=(len(second), 3)) + np.where(second, 2, -2)[:, None]
    return torch.from_numpy(x.astype(np.float32)), second


def test_one_label_finds_the_whole_cluster():
    for seed in range(3):
        (x, second), (fresh, where) = clusters(seed), clusters(seed + 10)
        spread = Spreading(neighbours=8).fit(x, x[second][:1], seed=0)
        assert roc_auc_score(where, spread.nearness(fresh)) > 0.99
        # and a label in the first one finds that
        other = Spreading(neighbours=8).fit(x, x[~second][:1], seed=0)
        assert roc_auc_score(where, other.nearness(fresh)) < 0.05


def test_the_steps_lead_to_the_solution_of_the_equation():
    """f = keep W D^-1 f + (1 - keep) f0, solved at once on a small graph."""
    x, _ = clusters(2, count=50)
    settings = Spreading(neighbours=5, steps=400, keep=0.8)
    spread = settings.fit(x, x[:3] + 0.1, seed=0)
    codes = spread.codes.double().numpy()
    distance = np.linalg.norm(codes[:, None] - codes[None], axis=2)
    nearest = np.argsort(distance, axis=1, kind="stable")[:, 1:6]
    reach = distance[np.arange(len(codes)), nearest[:, -1]]
    graph = np.zeros_like(distance)
    for row, places in enumerate(nearest):
        graph[row, places] = np.exp(-(distance[row, places] ** 2) / (reach[row] * reach[places]))
    graph = np.maximum(graph, graph.T)
    degree = graph.sum(1)
    start = np.zeros(len(codes))
    start[:3] = 1 / 3
    labels = np.linalg.solve(np.eye(len(codes)) - 0.8 * graph / degree, 0.2 * start)
    assert labels.sum() == pytest.approx(1.0)  # a walk loses nobody
    assert spread.level.numpy() == pytest.approx(labels / degree, rel=1e-3, abs=1e-7)
    assert spread.reach.numpy() == pytest.approx(reach, rel=1e-4)


def test_known_rows_come_first_and_the_graph_is_no_larger_than_asked():
    x, _ = clusters(3)
    spread = Spreading(reference=100).fit(x, x[:4], seed=0)
    assert spread.codes.shape == (104, 3)
    assert spread.level[:4].min() > spread.level[4:].median()
    assert (spread.codes.abs() <= 3).all()


@pytest.mark.parametrize("count", [1, 2, 5])
def test_few_rows_and_rows_that_repeat(count):
    x = torch.ones(count, 2)
    for known in (torch.ones(1, 2), torch.zeros(7, 2)):
        spread = Spreading().fit(x, known, seed=0)
        rows = torch.tensor([[1.0, 1.0], [0.0, 0.0], [50.0, -50.0]])
        assert torch.isfinite(spread.nearness(rows)).all()
        assert torch.isfinite(spread.parts(rows)).all()


def test_a_far_row_has_the_level_of_its_nearest_neighbours_and_not_none():
    x, second = clusters(4)
    spread = Spreading(neighbours=8).fit(x, x[second][:3], seed=0)
    far = torch.tensor([[40.0, 40.0, 40.0], [-40.0, -40.0, -40.0]])
    towards, away = spread.nearness(far).tolist()
    assert towards > away + 1
