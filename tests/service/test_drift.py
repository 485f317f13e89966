"""Drift is seen where rows change, and where nothing changes at most as often as stated."""

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import binom, kstest
from served import FREELY, MINE, SECRET, as_json, asked_of, aware, classifier, committee, normal, pictures

import unseen
from unseen.errors import ConfigError
from unseen.service.app import guarded
from unseen.service.columns import columns_of
from unseen.service.drift import REMEMBERED, Drift, Rates
from unseen.service.martingale import Martingale
from unseen.service.reference import Reference
from unseen.service.tokens import Token


class Known:
    """A detector of rows that are drawn from a known distribution: correlated, skewed, with rare words."""

    def __init__(self, rows: int, seed: int) -> None:
        self.detector = unseen.CommitteeDetector(seed=0, neighbours=False, spreading=False).fit(
            self.drawn(rows, seed)
        )

    @staticmethod
    def drawn(rows: int, seed: int, shift: float = 0.0, words=(0.9, 0.09, 0.01)) -> pa.Table:
        rng = np.random.default_rng(seed)
        common = rng.normal(size=rows)
        return pa.table(
            {
                "plain": common + rng.normal(size=rows) + shift,
                "skewed": np.exp(1.5 * common + rng.normal(size=rows)),
                "word": rng.choice(["a", "b", "c"], rows, p=words),
                "whole": np.floor(rng.exponential(2.0, rows)),
            }
        )


@pytest.fixture(scope="module")
def known() -> Known:
    return Known(4000, seed=0)


def seen(drift, detector, table):
    rows = detector.encode(table)
    scores = detector.score_encoded(rows)
    drift.see(rows, scores, scores > -detector.offset_)
    return drift.report()


def test_windows_without_change_are_called_drifted_as_seldom_as_stated(known):
    """A hundred windows at 5 %: no more than 99.9 % of binomial draws."""
    drift = Drift(known.detector, window=100, rates=Rates(window=0.05))
    report = seen(drift, known.detector, known.drawn(10_000, seed=1))
    assert report["windows"]["judged"] == 100
    assert report["windows"]["drifted"] <= binom.ppf(0.999, 100, 0.05)


@pytest.mark.parametrize(
    ("change", "column"), [({"shift": 0.5}, "plain"), ({"words": (0.7, 0.29, 0.01)}, "word")]
)
def test_a_change_is_seen_in_the_column_that_has_it(known, change, column):
    drift = Drift(known.detector, window=500)
    seen(drift, known.detector, known.drawn(500, seed=1))
    report = seen(drift, known.detector, known.drawn(500, seed=2, **change))
    latest = report["windows"]["latest"]
    assert report["drifting"]
    assert column in latest["drifted"]
    assert not {"skewed", "whole"} & set(latest["drifted"])
    distances = {one["column"]: one["distance"] for one in latest["columns"]}
    assert max(distances, key=distances.get) == column
    assert report["windows"]["before"][0]["drifted"] == []


def test_a_shift_is_measured_in_standard_deviations_of_training(known):
    drift = Drift(known.detector, window=2000)
    report = seen(drift, known.detector, known.drawn(2000, seed=2, shift=2**0.5))
    plain, _, word, _ = report["windows"]["latest"]["columns"]
    assert plain["shift"] == pytest.approx(1.0, abs=0.1)
    assert plain["distance"] == pytest.approx(1.0, abs=0.15)
    assert plain["spread"] == pytest.approx(1.0, abs=0.1)
    assert word["shift"] < 0.03


def test_a_word_that_was_never_seen_is_noticed(known):
    table = known.drawn(500, seed=3)
    words = table["word"].to_pylist()
    words[::25] = ["new"] * 20
    changed = table.set_column(2, "word", pa.array(words))
    assert (
        "word"
        in seen(Drift(known.detector, window=500), known.detector, changed)["windows"]["latest"]["drifted"]
    )


def test_the_parts_of_a_request_do_not_matter(known):
    rows = known.detector.encode(known.drawn(1300, seed=4))
    scores = known.detector.score_encoded(rows)
    whole, parts = (Drift(known.detector, window=500) for _ in range(2))
    whole.see(rows, scores, scores > 5)
    for part in np.split(np.arange(1300), [1, 250, 499, 501, 1250]):
        parts.see(rows[part], scores[part], scores[part] > 5)
    one, other = whole.report(), parts.report()
    assert one["windows"]["filled"] == other["windows"]["filled"] == 300
    for left, right in zip(
        one["windows"]["latest"]["columns"], other["windows"]["latest"]["columns"], strict=True
    ):
        assert left == pytest.approx(right)


def test_memory_does_not_grow(known):
    drift = Drift(known.detector, window=50)
    rows = known.detector.encode(known.drawn(3000, seed=5))
    scores = known.detector.score_encoded(rows)
    for _ in range(2):
        drift.see(rows, scores, scores > 5)
    assert len(drift.windows) == REMEMBERED
    assert drift.rows == 6000
    assert sum(map(len, drift._held)) < 50


# -- the bet since the start -------------------------------------------------------------------------


def test_p_values_of_the_bet_are_uniform_and_independent():
    rng = np.random.default_rng(0)
    found = np.concatenate(
        [Martingale(rng.normal(size=40), seed=seed).p_values(rng.normal(size=200)) for seed in range(60)]
    )
    assert kstest(found, "uniform").pvalue > 0.001
    assert abs(np.corrcoef(found[:-1], found[1:])[0, 1]) < 4 / np.sqrt(len(found))


@pytest.mark.parametrize("held_out", [2, 30, 500])
def test_the_bet_is_seldom_won_where_nothing_changes(held_out):
    """A hundred lives at a rate of 10 %, whatever the number of held-out rows; ties too."""
    rng = np.random.default_rng(held_out)
    won = 0
    for life in range(100):
        bet = Martingale(np.round(rng.normal(size=held_out), 1), rate=0.1, seed=life)
        bet.see(np.round(rng.normal(size=300), 1))
        won += bet.standing().crossed is not None
    assert won <= binom.ppf(0.999, 100, 0.1)


@pytest.mark.parametrize("shift", [-1.0, 1.0])
def test_the_bet_is_won_soon_after_a_change(shift):
    rng = np.random.default_rng(1)
    bet = Martingale(rng.normal(size=500), rate=0.001)
    bet.see(rng.normal(size=3000))
    bet.see(rng.normal(shift, size=300))
    assert 3000 < bet.standing().crossed < 3200
    assert bet.standing().largest >= 3.0


# -- what models keep --------------------------------------------------------------------------------


def test_of_images_only_scores_are_watched():
    drift = Drift(pictures(), window=50)
    assert not drift.watches_inputs
    rng = np.random.default_rng(0)
    drift.see(rng.normal(size=(60, 64)), rng.choice(pictures().calibration_.scores, 60), np.zeros(60, bool))
    report = drift.report()
    assert not report["windows"]["latest"]["columns"]
    assert report["inputs_watched"] is False


@pytest.mark.parametrize("make", [committee, aware, classifier])
def test_every_column_of_a_model_is_watched(make):
    detector = make()
    names = [column.name for column in Reference.of(detector, columns_of(detector)).columns]
    assert names == (
        list(detector.feature_names()) if detector.schema_ is None else list(normal().column_names)
    )


def test_shares_of_words_are_those_of_training(known):
    for scaling in ("standard", "quantiles"):
        table = known.drawn(3000, seed=0)
        detector = unseen.CommitteeDetector(seed=0, neighbours=False, spreading=False, scaling=scaling).fit(
            table
        )
        reference = Reference.of(detector, columns_of(detector))
        shares = dict(zip(detector.feature_names(), reference.shares, strict=True))
        assert shares["word=a"] == pytest.approx(0.9, abs=0.02)
        assert shares["word (other)"] == 0.0
        assert shares["plain"] == 0.0


def test_drift_is_served_and_shown_to_prometheus():
    app = guarded(committee(), Token.of(SECRET), limits=FREELY, drift=Drift(committee(), window=50))
    strange = [{**row, "bytes": 10 * row["bytes"]} for row in as_json(normal(120, seed=8))]
    post = ("POST", "/score", {"json": strange})
    before, _, after, metrics = asked_of(
        app, ("GET", "/drift", {}), post, ("GET", "/drift", {}), ("GET", "/metrics", {})
    )
    assert before.json()["windows"]["latest"] is None
    found = after.json()
    assert found["rows"] == len(strange)
    assert "bytes" in found["windows"]["latest"]["drifted"]
    lines = metrics.text.splitlines()
    assert "unseen_drifting 1.0" in lines
    assert f"unseen_drift_windows_judged {len(strange) // 50}.0" in lines
    assert any(line.startswith('unseen_drift_column_distance{column="bytes"}') for line in lines)
    assert MINE["Authorization"] not in metrics.text


@pytest.mark.parametrize("rates", [{"window": 0.0}, {"window": 1.0}, {"ever": float("nan")}])
def test_rates_out_of_bounds(rates):
    with pytest.raises(ConfigError, match="accepted: between 0 and 1"):
        Rates(**rates)


def test_a_window_of_few_rows():
    with pytest.raises(ConfigError, match="a drift window of 49 rows came; accepted: 50 or more"):
        Drift(committee(), window=49)
