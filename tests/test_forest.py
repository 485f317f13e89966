"""Trees on balanced draws: as arrays they say what scikit-learn's trees say, out of bag is out of bag."""

import numpy as np
import pytest
import torch

from unseen.models.forest import Forest, Grown
from unseen.seeds import generator

RANDOM = np.random.default_rng(3)
UNLABELLED = torch.from_numpy(RANDOM.normal(size=(400, 4)).astype(np.float32))
KNOWN = torch.from_numpy((RANDOM.normal(size=(12, 4)) + 2 * np.eye(4)[0]).astype(np.float32))
FRESH = torch.from_numpy(RANDOM.normal(size=(500, 4)).astype(np.float32) * 2)


def regrown(forest, seed):
    """Trees of scikit-learn that `grow` makes of the same draws, and the rows each saw."""
    rows = torch.cat([KNOWN, UNLABELLED]).numpy()
    draw = generator(seed, 7)
    return rows, [forest._tree(rows, len(KNOWN), draw) for _ in range(forest.trees)]


@pytest.mark.parametrize(
    "forest",
    [Forest(trees=30), Forest(trees=20, ratio=2.0, least=100, features=0.5), Forest(trees=5, depth=1)],
)
def test_shares_are_those_of_the_trees_bit_for_bit(forest):
    grown, _ = forest.grow(UNLABELLED, KNOWN, seed=4)
    _, trees = regrown(forest, 4)
    # rows that lie on a threshold are where a comparison in another precision would tell
    on_edge = torch.from_numpy(np.repeat(trees[0][0].tree_.threshold.astype(np.float32)[:, None], 4, axis=1))
    for rows in (FRESH, UNLABELLED, on_edge):
        shares = [tree.predict_proba(rows.numpy())[:, 1].astype(np.float32) for tree, _ in trees]
        mean = np.stack(shares).astype(np.float64).sum(axis=0) / len(trees)  # tree by tree, in double
        assert torch.equal(grown.share(rows), torch.from_numpy(mean.astype(np.float32)))
    assert grown.depth == max(tree.get_depth() for tree, _ in trees) <= forest.depth


def test_out_of_bag_scores_are_of_trees_that_did_not_see_the_row():
    forest = Forest(trees=6, least=380)
    _, found = forest.grow(UNLABELLED, KNOWN, seed=4)
    rows, trees = regrown(forest, 4)
    scores = np.concatenate([found.known, found.unlabelled])
    for row in range(len(rows)):
        free = [tree.predict_proba(rows[[row]])[0, 1] for tree, used in trees if row not in used]
        assert scores[row] == pytest.approx(np.mean(free)) if free else np.isnan(scores[row])
    assert 0 < np.isnan(scores).sum() < len(rows)  # 380 of 400 rows are in each tree: some are in all


def test_trees_see_as_many_unlabelled_rows_as_asked():
    for forest, wanted in (
        (Forest(trees=2), 60),
        (Forest(trees=2, ratio=0.1), 20),
        (Forest(trees=2, most=30), 30),
        (Forest(trees=2, least=10**6, most=10**6), 400),
    ):
        for _, used in regrown(forest, 0)[1]:
            others = used[used >= len(KNOWN)]
            assert len(others) == len(np.unique(others)) == wanted
            assert len(used) - len(others) == min(len(KNOWN), forest.most // 2)


def test_each_feature_is_paid_for_what_it_raised():
    """Two steps by hand: column 1 raises the share from 0.4 to 0.7, column 0 from there to 1."""
    grown = Grown(
        feature=torch.tensor([1, 0, 0, 0, 0]),
        threshold=torch.tensor([0.0, np.inf, 5.0, np.inf, np.inf]),
        child=torch.tensor([1, 1, 3, 3, 4]),
        value=torch.tensor([0.4, 0.1, 0.7, 0.2, 1.0]),
        roots=torch.tensor([0]),
        depth=2,
    )
    rows = torch.tensor([[9.0, 1.0], [0.0, 1.0], [9.0, -1.0], [5.0, 0.0]])
    assert grown.share(rows).tolist() == pytest.approx([1.0, 0.2, 0.1, 0.1])
    assert grown.parts(rows) == pytest.approx(torch.tensor([[0.3, 0.3], [0, 0.3], [0, 0], [0, 0]]), abs=1e-6)
    assert grown.columns == 2


def test_what_tells_them_apart_is_found_and_named():
    grown, _ = Forest().grow(UNLABELLED, KNOWN, seed=0)
    alike = FRESH.clone()
    alike[:, 0] += 6
    assert grown.share(alike).mean() > grown.share(FRESH).mean() + 0.3
    assert grown.parts(alike).mean(0).argmax() == 0


def test_one_row_each_and_rows_that_are_equal():
    for known in (KNOWN[:1], UNLABELLED[:1], UNLABELLED[[0] * 9]):
        grown, found = Forest(trees=10).grow(UNLABELLED[:3], known, seed=0)
        assert ((grown.share(FRESH) >= 0) & (grown.share(FRESH) <= 1)).all()
        assert len(found.known) == len(known)
        assert len(found.unlabelled) == 3


def test_the_same_seed_is_the_same_forest():
    one, two, other = (Forest(trees=5).grow(UNLABELLED, KNOWN, seed=seed)[0] for seed in (1, 1, 2))
    assert torch.equal(one.share(FRESH), two.share(FRESH))
    assert not torch.equal(one.share(FRESH), other.share(FRESH))
