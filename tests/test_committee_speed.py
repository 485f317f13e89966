"""What makes a committee fast says the same as the plain formulas, whoever else is scored with a row."""

import numpy as np
import pytest
import torch

from unseen.detectors.committee import join
from unseen.detectors.ensemble import AT_ONCE, CommitteeDetector
from unseen.detectors.members import ForestReader
from unseen.detectors.telling import Leading, add_told
from unseen.models.forest import Forest, Grown
from unseen.models.nearest import ROWS, Table, least
from unseen.nn.steady import steady_product


def rows(count: int, width: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(count, width, generator=torch.Generator().manual_seed(seed))


def plain_share(grown: Grown, x: torch.Tensor) -> torch.Tensor:
    place = grown.roots.expand(len(x), -1)
    for _ in range(grown.depth):
        over = x.gather(1, grown.feature[place]) > grown.threshold[place]
        place = grown.child[place] + over
    return grown.value[place].double().mean(1)


@pytest.mark.parametrize(
    "forest",
    [
        Forest(trees=7),
        Forest(trees=3, depth=30, most=2_000, least=2_000, features=0.5),
        Forest(trees=2, depth=1),
    ],
)
@pytest.mark.parametrize("count", [1, 64, 700])
def test_trees_read_by_levels_say_what_a_walk_down_each_says(forest, count):
    grown, _ = forest.grow(rows(3_000, 6), rows(1_500, 6, seed=1) + 0.2, seed=0)
    x = rows(count, 6, seed=2)
    assert float((grown.share(x) - plain_share(grown, x)).abs().max()) < 1e-6


def test_many_leaves_a_tree_and_trees_of_one_leaf_are_read():
    grown, _ = Forest(trees=2, depth=30, most=2_000, least=2_000).grow(rows(3_000, 6), rows(1_500, 6), seed=0)
    assert int((grown.child == torch.arange(len(grown.child))).sum()) > 2 * 256  # ranks beyond one byte
    zero, place = torch.zeros(2, dtype=torch.int64), torch.arange(2)
    single = Grown(zero, torch.full((2,), torch.inf), place, torch.tensor([0.25, 0.75]), place, 0)
    assert single.share(rows(5, 3)).tolist() == [0.5] * 5


@pytest.mark.parametrize(("count", "k"), [(3, 1), (3, 3), (200, 5), (2_000, 5), (2_000, 20), (500, 499)])
@pytest.mark.parametrize("width", [5, 20])
def test_the_nearest_rows_are_those_of_all_distances(count, k, width):
    reference, x = rows(count, width), rows(ROWS + 64, width, seed=1)
    distance, place = Table.of(reference).nearest(x, k)
    expected = torch.cdist(x.double(), reference.double(), compute_mode="donot_use_mm_for_euclid_dist")
    assert torch.allclose(distance.double(), expected.topk(k, largest=False).values, atol=1e-5)
    assert torch.allclose(distance.double(), expected.gather(1, place), atol=1e-5)


def test_small_distances_are_not_lost_between_large_squares():
    reference = 100.0 * rows(300, 10)
    distance, place = Table.of(reference).nearest(reference + 1e-3, 1)
    assert torch.equal(place[:, 0], torch.arange(300))
    assert distance[:, 0].numpy() == pytest.approx(1e-3 * 10**0.5, rel=0.05)
    assert bool((Table.of(reference).nearest(reference, 1)[0] == 0).all())


@pytest.mark.parametrize("width", [1, 5, 9, 16, 21])
def test_a_product_gives_a_row_the_same_bits_wherever_it_stands(width):
    x, matrix = rows(704, 9), rows(9, width, seed=1)
    order = torch.randperm(704, generator=torch.Generator().manual_seed(2))
    assert torch.equal(steady_product(x[order], matrix), steady_product(x, matrix)[order])
    assert torch.allclose(steady_product(x, matrix), x @ matrix, atol=1e-5)


def test_equal_distances_are_settled_alike_in_any_company():
    reference = rows(5, 8).repeat(100, 1)  # each row a hundred times
    x = torch.cat([reference[:64], rows(64, 8, seed=1)])
    table = Table.of(reference)
    together, alone = table.nearest(x, 7), table.nearest(x[64:], 7)
    assert together[0][:64].max() == 0
    for every, own in zip(together, alone, strict=True):
        assert torch.equal(every[64:], own)


def test_least_takes_as_many_of_equal_values_as_are_asked_for():
    values = torch.tensor([[2.0, 1.0, 1.0, 1.0, 0.0], [5.0, 4.0, 3.0, 2.0, 1.0]])
    found = least(values, 3)
    assert found.shape == (2, 3)
    assert sorted(values[0, found[0]].tolist()) == [0.0, 1.0, 1.0]
    assert found[1].tolist() == [2, 3, 4]


@pytest.fixture(scope="module")
def told() -> CommitteeDetector:
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(size=(1_500, 9)), rng.normal(0.7, 1.0, size=(25, 9))])
    return CommitteeDetector(seed=0, joining=Leading()).fit(x, np.repeat([0, 1], [1_500, 25]))


def test_the_score_is_that_of_members_asked_one_by_one(told):
    x = np.random.default_rng(1).normal(size=(1_000, 9))
    seen = told._tensor(x)
    evidence = [member.own_evidence(seen) for member in told.stage2_]
    expected = add_told(join(told.stage1_, seen), evidence, told.handicap_, told._joining())
    assert told.anomaly_score(x) == pytest.approx(expected, abs=1e-9)


def test_stage_1_reads_each_row_once(told, monkeypatch):
    reader, seen = type(told.stage1_[0].reader), []
    plain = reader.rows
    monkeypatch.setattr(reader, "rows", lambda self, x: (seen.append(len(x)), plain(self, x))[1])
    told.anomaly_score(np.zeros((100, 9)))
    assert sum(isinstance(member.reader, ForestReader) for member in told.stage2_) == 2
    assert seen == [100]


def test_a_row_scores_the_same_alone_and_beyond_the_first_part(told):
    x = np.random.default_rng(2).normal(size=(AT_ONCE + 700, 9))
    together = told.anomaly_score(x)
    for place in (0, 777, AT_ONCE - 1, AT_ONCE, AT_ONCE + 699):
        assert told.anomaly_score(x[place : place + 1])[0] == together[place]
    order = np.random.default_rng(3).permutation(len(x))
    assert np.array_equal(told.anomaly_score(x[order]), together[order])
