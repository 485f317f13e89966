"""What a score follows, and a score made flat: known answers, held-out rows, bad input."""

import itertools

import numpy as np
import pytest

from unseen.errors import ConfigError, DataError
from unseen.evaluation import Flattened, dependence, roc_auc


@pytest.fixture(scope="module")
def background():
    """A score whose place and spread both follow the variable."""
    random = np.random.default_rng(7)

    def draw(n):
        v = random.gamma(4, 20, n)
        return np.sqrt(v) + (0.3 + v / 100) * random.normal(size=n), v

    return draw(1500), draw(4000)


def test_conditional_p_values_are_uniform_everywhere(background):
    learn, fresh = background
    p = Flattened.fit(*learn).p_values(*fresh)
    edges = np.quantile(fresh[1], np.linspace(0, 1, 6))
    for low, high in itertools.pairwise(edges):
        inside = (fresh[1] >= low) & (fresh[1] <= high)
        for share in (0.5, 0.2, 0.05):
            assert np.mean(p[inside] <= share) == pytest.approx(share, abs=0.05)
    assert ((p > 0) & (p <= 1)).all()


def test_the_quantiles_are_the_true_ones(background):
    learn, _ = background
    flat = Flattened.fit(*learn)
    v = np.array([40.0, 80.0, 120.0])
    true = np.sqrt(v) + (0.3 + v / 100) * 1.2815515655446004
    assert flat.threshold(0.1, v) == pytest.approx(true, rel=0.06)
    assert (np.diff(flat.quantiles(v), axis=1) >= 0).all()


def test_at_one_value_the_order_of_the_scores_is_kept(background):
    learn, _ = background
    flat = Flattened.fit(*learn)
    scores = np.linspace(-20, 60, 400)
    found = flat.scores(scores, np.full(400, 60.0))
    assert (np.diff(found) > 0).all()
    assert np.isfinite(found).all()


def test_it_takes_out_what_it_should_and_leaves_what_it_should(background):
    learn, fresh = background
    random = np.random.default_rng(1)
    v = random.gamma(6, 25, 800)
    harmless = np.sqrt(v) + (0.3 + v / 100) * random.normal(size=800)
    odd = harmless + 2 * (0.3 + v / 100)
    flat = Flattened.fit(*learn)
    normal = flat.scores(*fresh)
    assert roc_auc(fresh[0], harmless) > 0.7
    assert roc_auc(normal, flat.scores(harmless, v)) == pytest.approx(0.5, abs=0.04)
    assert roc_auc(normal, flat.scores(odd, v)) == pytest.approx(0.921, abs=0.03)  # Phi(2 / sqrt 2)


def test_two_variables_and_a_score_that_is_one_of_them(background):
    (scores, v), _ = background
    w = np.random.default_rng(2).normal(size=v.size)
    flat = Flattened.fit(scores + 3 * w, np.column_stack([v, w]))
    both = dependence(flat.scores(scores + 3 * w, np.column_stack([v, w])), {"v": v, "w": w})
    assert all(abs(one.spearman) < 0.08 for one in both)
    itself = Flattened.fit(v, v).scores(v, v)
    assert np.isfinite(itself).all()


def test_the_same_rows_and_seed_give_the_same_bits(background):
    learn, fresh = background
    many = np.tile(learn, 2)
    one, two = (Flattened.fit(*many, seed=3).scores(*fresh) for _ in range(2))
    assert np.array_equal(one, two)


def test_dependence_of_a_copy_of_its_square_and_of_noise():
    random = np.random.default_rng(0)
    v = random.normal(size=1000)
    copy, square, noise = (dependence(s, {"v": v}, share=0.1)[0] for s in (v, v**2, random.normal(size=1000)))
    assert copy.spearman == pytest.approx(1)
    assert copy.distance == pytest.approx(1)
    assert copy.unevenness == pytest.approx(10)
    assert abs(square.spearman) < 0.1 < square.distance
    assert noise.distance < 0.1
    assert copy.to_dict()["column"] == "v"


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"scores": [1.0] * 200, "variables": [1.0] * 199}, DataError, "200 scores but 199 rows"),
        ({"scores": range(50), "variables": range(50)}, DataError, "needs 100"),
        ({"scores": [1.0] * 200, "variables": range(200)}, DataError, "hardly differ"),
        ({"scores": [np.inf] * 200, "variables": range(200)}, DataError, "infinite in places"),
        ({"scores": range(200), "variables": [np.nan] * 200}, DataError, "not finite"),
        ({"scores": range(200), "variables": range(200), "tails": (0.1, 0.5)}, ConfigError, "falling shares"),
    ],
)
def test_bad_input_says_what_is_wrong(given, error, words):
    with pytest.raises(error, match=words):
        Flattened.fit(**given)


def test_bad_questions(background):
    flat = Flattened.fit(*background[0])
    with pytest.raises(ConfigError, match=r"share 0.2 came; fitted: 0.9"):
        flat.threshold(0.2, [1.0])
    with pytest.raises(DataError, match="2 variables came; fitted on 1"):
        flat.quantiles([[1.0, 2.0]])
    with pytest.raises(DataError, match="needs 40"):
        dependence([1.0] * 10, {})
    with pytest.raises(DataError, match=r"'v' is missing or not finite in 1 of 50 rows \(first: row 3"):
        dependence(range(50), {"v": [0, 1, 2, np.nan, *range(46)]})
    with pytest.raises(DataError, match="accepted: one a row"):
        dependence(range(50), {"v": [1.0]})
