"""Working points, tables by kind, the inverse task: known answers and the slow way."""

import numpy as np
import pytest

from unseen.errors import ConfigError, DataError
from unseen.evaluation import (
    fpr_at_tpr,
    inverse_task,
    max_sic,
    roc_auc,
    search_table,
    spread_over_seeds,
    tpr_at_fpr,
    working_points,
)
from unseen.evaluation.resampling import Ranked, counts


@pytest.fixture
def sides():
    random = np.random.default_rng(5)
    return random.normal(0, 1, 2000).round(2), random.normal(1.5, 1, 150).round(2)


def test_every_point_is_that_of_the_plain_measures(sides):
    found = working_points(*sides, resamples=2)
    assert found.auc.value == pytest.approx(roc_auc(*sides), abs=1e-12)
    assert found.sic.value == pytest.approx(max_sic(*sides, least_normals=10))
    for caught in found.caught:
        if caught.fpr >= 1e-3:
            assert caught.tpr.value == tpr_at_fpr(*sides, caught.fpr, least_alarms=1)
    assert [caught.ranked for caught in found.caught] == [True, False, False]
    assert not found.caught[2].tpr.known  # less than one event is expected there
    for lost in found.lost:
        cut = np.sort(sides[1])[::-1][int(np.ceil(lost.tpr * 150)) - 1]
        assert lost.fpr.value == np.mean(sides[0] >= cut)


def test_resamples_are_those_of_the_slow_way(sides):
    found = working_points(*sides, resamples=30, seed=3)
    drawn = [np.concatenate(list(counts(n, 30, 3, *p))) for n, p in ((2000, (0,)), (150, (1, 0)))]
    for turn in (0, 11, 29):
        one, two = (np.repeat(s, d[turn].astype(int)) for s, d in zip(sides, drawn, strict=True))
        assert found.caught[0].tpr.draws[turn] == pytest.approx(tpr_at_fpr(one, two, 0.01))
        assert found.sic.draws[turn] == pytest.approx(max_sic(one, two, least_normals=10))
        assert found.lost[1].fpr.draws[turn] == pytest.approx(
            fpr_at_tpr(one, two, 0.4, resamples=2).fpr.value
        )


def test_whole_weights_are_repeated_rows(sides):
    u, v = np.arange(2000) % 3 + 1.0, np.arange(150) % 2 + 1.0
    weighted = fpr_at_tpr(*sides, 0.3, normal_weights=u, anomaly_weights=v, resamples=2)
    repeated = fpr_at_tpr(
        np.repeat(sides[0], u.astype(int)), np.repeat(sides[1], v.astype(int)), 0.3, resamples=2
    )
    assert weighted.fpr.value == pytest.approx(repeated.fpr.value)
    assert weighted.normals < 2000
    assert Ranked.of(*sides).normal_rows == 2000


def test_nothing_left_is_a_limit_and_not_ranked():
    lost = fpr_at_tpr(range(300), [500.0] * 4, 0.4, resamples=5)
    assert (lost.bounded, lost.ranked, lost.rejection) == (True, False, 100.0)
    assert lost.rejection_text == "> 100"
    ten = fpr_at_tpr(range(300), [290.0] * 4, 0.4, resamples=5)
    assert (ten.bounded, ten.ranked, ten.rejection_text) == (False, True, "30")


def test_a_table_by_kind_with_means_over_classes(sides):
    scores = np.concatenate(sides)
    kinds = ["qcd"] * 2000 + ["suep125"] * 50 + ["suep300"] * 50 + ["svj"] * 50
    at = np.concatenate([np.full(2000, 5.0), np.full(150, 5.0)])
    table = search_table(scores, kinds, normal="qcd", at=at, at_name="hits", resamples=60)
    again = search_table(scores, kinds, normal="qcd", at=at, at_name="hits", resamples=60)
    assert [one.kind for one in table.kinds] == ["suep125", "suep300", "svj"]
    for one in table.kinds:
        assert one.fixed.auc.value == pytest.approx(one.points.auc.value)
    mean = table.mean_auc(["suep125", "suep300"])
    wanted = [table.kind(name).points.auc.value for name in ("suep125", "suep300")]
    assert mean.value == pytest.approx(np.mean(wanted))
    assert (mean - again.mean_auc(["suep125", "suep300"])).sd == 0
    # equal sizes, yet the kinds are not drawn alike
    draws = [table.kind(name).points.auc.draws for name in ("suep300", "svj")]
    assert abs(np.corrcoef(*draws)[0, 1]) < 0.7
    written = table.to_dict()
    assert written["fixed"] == "hits"
    assert written["kinds"][2]["rejection"]["rejection"] > 1
    with pytest.raises(DataError, match="svj"):
        table.kind("svi")


def test_a_counter_fails_one_way_and_a_good_score_neither():
    random = np.random.default_rng(0)
    qcd, suep = random.normal(0, 1, 300), random.normal(2, 1, 200)
    first = {"hits": (qcd, suep), "good": (random.normal(0, 1, 300), random.normal(1, 1, 200))}
    second = {"hits": (suep, qcd), "good": (random.normal(0, 1, 200), random.normal(1, 1, 300))}
    hits, good = inverse_task(first, second, names=("qcd", "suep"), resamples=100)
    assert hits.follows_complexity
    assert hits.directions[0].auc.value == pytest.approx(1 - hits.directions[1].auc.value)
    assert not good.follows_complexity
    assert (good.directions[1].learned, good.directions[1].learned_rows) == ("suep", 200)
    with pytest.raises(DataError, match="score of the other model"):
        inverse_task(first, {"hits": (suep, qcd)})


def test_bad_shares_and_seeds():
    with pytest.raises(ConfigError, match=r"tpr 0 is not a rate"):
        fpr_at_tpr([1], [2], 0)
    with pytest.raises(ConfigError, match=r"fpr 2 is not a rate"):
        working_points([1], [2], fprs=[2])
    with pytest.raises(DataError, match="one finite number a seed"):
        spread_over_seeds([])
    assert np.isnan(spread_over_seeds([0.9]).sd)
    assert spread_over_seeds([0.9]).to_dict() == {"mean": 0.9, "sd": None, "seeds": 1}
