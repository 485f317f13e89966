"""The contract: what every registered detector keeps, in every configuration."""

import copy
import inspect
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from examples import EXAMPLES, Example, example
from sklearn.base import clone
from sklearn.metrics import roc_auc_score

import unseen
from unseen.detectors.committee import speakers
from unseen.errors import ConfigError, DataError
from unseen.evaluation import expected_alarms
from unseen.registry import DETECTORS
from unseen.thresholds import FalseAlarmRate, FalseDiscoveryRate, RateBudget

pytestmark = pytest.mark.filterwarnings("ignore::unseen.training.stages.GuardWarning")


def same(a, b):
    """Bit for bit."""
    return np.array_equal(np.asarray(a), np.asarray(b))


def auc(score, normal, strange):
    labels = np.repeat([0, 1], [len(normal), len(strange)])
    return roc_auc_score(labels, np.concatenate([score(normal), score(strange)]))


# ------------------------------------------------------------------------------------------ construction


def clones(this: Example):
    other = clone(this.told)
    assert other.get_params() == this.detector.get_params()
    assert repr(other) == repr(this.detector)
    with pytest.raises(ValueError, match="not fitted"):
        other.anomaly_score(this.rows.fresh)


def constructor_stores_the_very_objects_and_does_nothing_else(this: Example):
    names = list(inspect.signature(type(this.detector)).parameters)
    things = {name: object() for name in names}
    made = type(this.detector)(**things)
    assert vars(made).keys() == set(names)
    assert all(getattr(made, name) is thing for name, thing in things.items())


# -------------------------------------------------------------------------------------------------- fit


def fit_returns_self_and_leaves_its_data_and_settings_alone(this: Example):
    detector, X, y = this.quick(), this.rows.X.copy(), this.rows.y.copy()
    before, settings = X.copy(), copy.deepcopy(detector.get_params())
    X.setflags(write=False)
    y.setflags(write=False)
    assert detector.fit(X, y) is detector
    assert detector.fine_tune(X[-5:]) is detector
    for read in (detector.anomaly_score, detector.predict, detector.contributions, detector.stage1_score):
        read(X)
    assert same(X, before)
    assert same(y, this.rows.y)
    assert detector.get_params() == settings


def the_same_seed_gives_the_same_scores_bit_for_bit(this: Example):
    for rows in (this.rows.fresh, this.rows.known_fresh):
        assert same(this.refit.detector.anomaly_score(rows), this.quick_told.anomaly_score(rows))
        assert same(this.refit.detector.stage2_score(rows), this.quick_told.stage2_score(rows))


def another_seed_gives_other_scores(this: Example):
    other = this.quick().set_params(seed=this.detector.seed + 1).fit(this.rows.normal)
    assert not same(other.anomaly_score(this.rows.fresh), this.quick_fitted.anomaly_score(this.rows.fresh))


def random_states_and_threads_stay_the_callers(this: Example):
    assert not this.refit.numpy_moved
    assert not this.refit.torch_moved
    assert this.refit.threads[0] == this.refit.threads[1]


def refitting_forgets_the_fit_before(this: Example):
    detector, fresh = this.quick(), this.quick_fitted
    detector.fit(this.rows.X[::-1], this.rows.y[::-1]).fit(this.rows.normal)
    assert same(detector.anomaly_score(this.rows.fresh), fresh.anomaly_score(this.rows.fresh))
    assert detector.stage2_ == ()
    assert detector.known_kinds_ == {}
    assert len(detector.traces_) == len(fresh.traces_)


def labels_that_are_all_zero_are_no_labels(this: Example):
    zeros = this.quick().fit(this.rows.normal, np.zeros(len(this.rows.normal)))
    assert same(zeros.anomaly_score(this.rows.fresh), this.quick_fitted.anomaly_score(this.rows.fresh))


def fit_with_labels_is_fit_and_then_fine_tune(this: Example):
    in_turn = copy.deepcopy(this.quick_fitted).fine_tune(this.rows.known)
    assert same(in_turn.anomaly_score(this.rows.fresh), this.quick_told.anomaly_score(this.rows.fresh))


# ---------------------------------------------------------------------------------------------- scores


def scoring_twice_is_the_same(this: Example):
    first = this.told.anomaly_score(this.rows.fresh)
    this.told.contributions(this.rows.known_fresh)
    assert same(this.told.anomaly_score(this.rows.fresh), first)


def row_order_and_batch_size_do_not_matter(this: Example):
    """Raw scores to 1e-6; evidence is steep where held-out rows lie close together, hence 1e-4."""
    fresh, order = this.rows.fresh[:600], np.random.default_rng(0).permutation(600)
    raw = [partial(this.told.member_score, name=name) for name in this.told.stage1_members()]
    evidence = [this.told.anomaly_score, this.told.stage1_score, this.told.stage2_score]
    for score, within in [(score, 1e-6) for score in raw] + [(score, 1e-4) for score in evidence]:
        full = score(fresh)
        assert score(fresh[order]) == pytest.approx(full[order], rel=within, abs=within)
        assert score(fresh[:3]) == pytest.approx(full[:3], rel=within, abs=within)
        alone = [float(score(fresh[row : row + 1])[0]) for row in (0, 70, 400)]
        assert alone == pytest.approx(full[[0, 70, 400]], rel=within, abs=within)
        many = np.tile(fresh, (4, 1))  # more than one block of scoring
        assert score(many) == pytest.approx(np.tile(full, 4), rel=within, abs=within)


def scores_are_evidence_one_a_row_and_not_degenerate(this: Example):
    for detector in (this.fitted, this.told):
        scores = detector.anomaly_score(this.rows.fresh)
        assert scores.shape == (len(this.rows.fresh),)
        assert scores.dtype == np.float64
        assert np.isfinite(scores).all()
        assert (scores >= 0).all()
        assert len(np.unique(scores)) > 0.7 * len(scores)
        assert same(detector.score_samples(this.rows.fresh), -scores)


def a_far_anomaly_ranks_first(this: Example):
    for detector in (this.fitted, this.told):
        assert detector.anomaly_score(this.rows.far).min() > detector.anomaly_score(this.rows.fresh).max()
        assert detector.alarms(this.rows.far).all()


def a_told_kind_ranks_higher_than_before(this: Example):
    fresh, kind = this.rows.fresh, this.rows.known_fresh
    before = auc(this.told.stage1_score, fresh, kind)
    assert auc(this.told.stage2_score, fresh, kind) > before + 0.003
    assert auc(this.told.anomaly_score, fresh, kind) > before - 0.002


def every_network_has_a_say(this: Example):
    """Networks trained side by side differ, and the raw score is the mean over all of them.

    Where there are none, every member of stage 1 decides some rows.
    """
    if not this.trains:
        spoke = speakers(this.fitted.stage1_, this.fitted._tensor(this.rows.fresh))
        assert set(spoke) == set(range(len(this.fitted.stage1_)))
        return
    (member,) = [m for m in this.fitted.stage1_ if hasattr(m.reader, "networks")]
    reading = member.reader
    assert len(reading.networks) == this.detector.members
    alone = [
        replace(reading, networks=(network,), **own).rows(this.fitted._tensor(this.rows.fresh))
        for network, own in zip(reading.networks, _states(reading), strict=True)
    ]
    assert len({row.tobytes() for row in alone}) == this.detector.members
    score = this.fitted.member_score(this.rows.fresh, member.name)
    assert score == pytest.approx(np.mean(alone, axis=0), rel=1e-5)


def _states(reading):
    """What the score of each network has learned, where it learns anything."""
    states = getattr(reading, "states", None)
    return [{}] * len(reading.networks) if states is None else [{"states": (state,)} for state in states]


def stage_1_scores_are_the_same_bits_after_being_told(this: Example):
    told = this.told.stage1_score(this.rows.fresh)
    assert same(told, this.fitted.anomaly_score(this.rows.fresh))
    assert same(told, this.fitted.stage1_score(this.rows.fresh))


def being_told_costs_at_most_its_share_of_the_false_alarms(this: Example):
    """At k alarms of n fresh normals, no fewer unseen rows than stage 1 at (1 - trust) k, but for noise."""
    before, after = (
        (d.stage1_score(this.rows.fresh), d.stage1_score(this.rows.known_fresh))
        if stage == 1
        else (d.anomaly_score(this.rows.fresh), d.anomaly_score(this.rows.known_fresh))
        for stage, d in ((1, this.told), (2, this.told))
    )
    for rate in (0.02, 0.05, 0.1, 0.3):
        cheap = rate * (1 - this.detector.trust)
        unaided = (before[1] > np.quantile(before[0], 1 - cheap)).mean()
        aware = (after[1] > np.quantile(after[0], 1 - rate)).mean()
        assert aware >= unaided - 0.05, rate


def no_label_is_the_control(this: Example):
    """Zero known rows: stage 2 runs as long, the loss on known anomalies never speaks; or there is none."""
    fitted = this.quick_fitted
    control = this.quick_control().fine_tune(this.rows.known[:0])
    assert control.known_kinds_ == {}
    if not this.trains:
        assert control.stage2_ == ()
        forgot = copy.deepcopy(this.quick_told).fine_tune(this.rows.known[:0])
        for untold in (control, forgot):
            assert same(untold.anomaly_score(this.rows.fresh), fitted.anomaly_score(this.rows.fresh))
        return
    assert len(control.stage2_) == 1
    assert len(control.traces_) == 2 * this.detector.members
    assert not same(control.stage2_score(this.rows.fresh), fitted.anomaly_score(this.rows.fresh))
    deaf = this.quick_control().set_params(awareness=lambda told: 1 / 0).fine_tune(this.rows.known[:0])
    for score in ("anomaly_score", "stage2_score"):
        assert same(getattr(deaf, score)(this.rows.fresh), getattr(control, score)(this.rows.fresh))


def one_known_anomaly_is_enough(this: Example):
    told = copy.deepcopy(this.quick_fitted).fine_tune(this.rows.known[:1])
    assert told.known_kinds_ == {"known": 1}
    assert np.isfinite(told.anomaly_score(this.rows.fresh)).all()
    assert not same(told.stage2_score(this.rows.fresh), told.stage1_score(this.rows.fresh))


def telling_again_starts_from_stage_1(this: Example):
    once, twice = this.quick_told, copy.deepcopy(this.quick_fitted)
    twice.fine_tune(this.rows.known_fresh[:7]).fine_tune(this.rows.known)
    assert same(once.anomaly_score(this.rows.fresh), twice.anomaly_score(this.rows.fresh))
    assert len(once.traces_) == len(twice.traces_)


# ------------------------------------------------------------------------------------------- decisions


def stated_false_alarm_rates_hold_on_fresh_normal_rows(this: Example):
    for detector in (this.fitted, this.told):
        p = detector.p_values(this.rows.fresh)
        for rate in (0.3, 0.1, 0.05):
            # ninety such questions are asked, so the range leaves 1e-4 to chance
            expected = expected_alarms(
                rate, rows=len(p), held_out=len(detector.calibration_), confidence=1 - 1e-4
            )
            assert expected.low <= (p <= rate).mean() <= expected.high, rate


def the_threshold_changes_alarms_without_a_refit(this: Example):
    detector, rows = copy.deepcopy(this.told), this.rows.fresh[:300]
    scores, p = detector.anomaly_score(rows), detector.p_values(rows)
    for threshold in (FalseAlarmRate(0.3), FalseAlarmRate(0.05), RateBudget(1, 10), FalseDiscoveryRate(0.5)):
        detector.set_params(threshold=threshold)
        alarms = detector.alarms(rows)
        assert same(detector.anomaly_score(rows), scores)
        assert same(detector.predict(rows), np.where(alarms, -1, 1))
        assert same(detector.decision_function(rows), -scores - detector.offset_)
        if not isinstance(threshold, FalseDiscoveryRate):
            assert same(alarms, p <= threshold.rate)
            assert same(alarms, detector.decision_function(rows) < 0)


# ---------------------------------------------------------------------------------------- explanations


def contributions_are_named_and_add_up_to_the_score(this: Example):
    for detector in (this.fitted, this.told):
        for rows in (this.rows.fresh[:200], this.rows.known_fresh[:50], this.rows.far):
            found = detector.contributions(rows)
            assert found.values.shape == (len(rows), len(found.names))
            assert len(set(found.names)) == len(found.names)
            assert (found.values >= 0).all()
            assert found.values.sum(1) == pytest.approx(detector.anomaly_score(rows), abs=1e-9)


# --------------------------------------------------------------------------------------------- storage


def a_model_file_gives_back_every_bit(this: Example, tmp_path):
    for place, detector in (("plain", this.fitted), ("told.unseen", this.told)):
        detector.notes_ = {"made for": "the contract"}
        unseen.save(detector, tmp_path / place)
        loaded = unseen.load(tmp_path / place)
        assert type(loaded) is type(detector)
        assert loaded.get_params() == detector.get_params()
        assert loaded.known_kinds_ == detector.known_kinds_
        assert loaded.traces_ == detector.traces_
        assert loaded.notes_ == detector.notes_
        for rows in (this.rows.fresh, this.rows.far):
            assert same(loaded.anomaly_score(rows), detector.anomaly_score(rows))
            assert same(loaded.stage1_score(rows), detector.stage1_score(rows))
            assert same(loaded.p_values(rows), detector.p_values(rows))
            assert same(loaded.predict(rows), detector.predict(rows))
            some = rows[:100]
            assert same(loaded.contributions(some).values, detector.contributions(some).values)
    assert same(loaded.stage2_score(this.rows.fresh), this.told.stage2_score(this.rows.fresh))
    with pytest.raises(DataError, match="loaded from a file"):
        loaded.fine_tune(this.rows.known)


# ------------------------------------------------------------------------------------------ broken input


def broken_rows_are_refused_by_name(this: Example):
    def cell(value):
        rows = this.rows.fresh[:9].copy()
        rows[4, 1] = value
        return rows

    broken = [
        (this.rows.fresh[:9, :-1], "features"),
        (np.hstack([this.rows.fresh[:9]] * 2), "features"),
        (this.rows.fresh[:0], "0 sample"),
        (this.rows.fresh[0], "Expected 2D array"),
        (cell(np.inf), "column 'x1' has 1 rows that are not finite .*row 4"),
        (cell(1e31), "column 'x1' has values beyond"),
        (this.rows.fresh[:9].astype(complex), "Complex data not supported"),
        ([["a"] * this.rows.fresh.shape[1]], "could not convert string"),
    ]
    if this.detector.missing == "error":
        broken.append(
            (cell(np.nan), "column 'x1' has 1 rows that are not finite .*row 4.*missing=\"median\"")
        )
    for rows, message in broken:
        for read in (this.told.anomaly_score, this.told.alarms, this.told.contributions, this.told.fine_tune):
            if len(rows) or read != this.told.fine_tune:
                with pytest.raises(ValueError, match=message):
                    read(rows)


def broken_labels_are_refused_by_name(this: Example):
    X, rule = this.rows.normal[:80], "accepted: 0 = normal or unlabelled, 1 = known anomaly"
    labels = np.zeros(80)
    broken = [
        (np.where(np.arange(80) == 3, -1, labels), f"y has the value -1.0 .first: row 3.; {rule}"),
        (np.where(np.arange(80) == 3, 2, labels), f"y has the value 2.0 .first: row 3.; {rule}"),
        (np.where(np.arange(80) == 3, np.nan, labels), f"y has the value nan .first: row 3.; {rule}"),
        (np.where(np.arange(80) == 3, 0.5, labels), f"y has the value 0.5 .first: row 3.; {rule}"),
        (np.array(["normal", "attack"] * 40), f"y has the value normal .first: row 0.; {rule}"),
        (np.array([None] * 80), f"y has the value None .first: row 0.; {rule}"),
        (labels[:-1], "y has shape .79,.; accepted: one label a row"),
        (np.ones(80), "all rows .n_samples = 80. are known anomalies"),
        (np.arange(80) >= 4, "4 normal rows came"),
    ]
    for y, message in broken:
        detector = this.quick()
        with pytest.raises(DataError, match=message):
            detector.fit(X, y)
        assert not hasattr(detector, "stage1_")


def settings_out_of_range_are_refused_before_any_work(this: Example):
    broken = [
        ({"trust": 0.0}, "trust 0.0 came"),
        ({"trust": 1.0}, "trust 1.0 came"),
        ({"trust": float("nan")}, "trust nan came"),
        ({"trim": 0.5}, "trim 0.5 came"),
        ({"trim": -0.1}, "trim -0.1 came"),
        ({"members": 0}, "members 0 came"),
    ]
    for settings, message in broken:
        if not set(settings) <= set(this.detector.get_params()):
            continue
        with pytest.raises(ConfigError, match=message):
            this.new().set_params(**settings).fit(this.rows.normal)


def equal_weights_are_no_weights_bit_for_bit(this: Example):
    plain = this.quick_told
    weights = np.where(this.rows.y == 1, 3.0, 0.37)  # only ratios within a side matter
    weighted = this.quick().fit(this.rows.X, this.rows.y, sample_weight=weights)
    assert same(weighted.anomaly_score(this.rows.fresh), plain.anomaly_score(this.rows.fresh))
    assert same(weighted.p_values(this.rows.fresh), plain.p_values(this.rows.fresh))
    assert weighted.offset_ == plain.offset_
    assert weighted.calibration_.weights is None


def weights_count_by_their_ratios_and_survive_storage(this: Example, tmp_path):
    weights = np.random.default_rng(3).gamma(2.0, size=len(this.rows.X))
    weights[::9] = 0.0
    plain = this.quick_told
    one, two = (
        this.quick().fit(this.rows.X, this.rows.y, sample_weight=scale * weights) for scale in (1.0, 1024.0)
    )
    assert same(one.anomaly_score(this.rows.fresh), two.anomaly_score(this.rows.fresh))
    assert one.p_values(this.rows.fresh) == pytest.approx(two.p_values(this.rows.fresh), rel=1e-12)
    assert not same(one.anomaly_score(this.rows.fresh), plain.anomaly_score(this.rows.fresh))
    unseen.save(one, tmp_path / "weighted")
    loaded = unseen.load(tmp_path / "weighted")
    assert same(loaded.p_values(this.rows.fresh), one.p_values(this.rows.fresh))
    assert same(loaded.calibration_.weights, one.calibration_.weights)


def broken_weights_are_refused_by_name(this: Example):
    n = len(this.rows.normal)
    broken = [
        (np.ones(n - 1), rf"sample_weight has shape \({n - 1},\); accepted: one weight a row"),
        (np.where(np.arange(n) == 4, -0.5, 1.0), r"is -0.5 \(first: row 4; 1 of .*negative weight, or fold"),
        (np.where(np.arange(n) == 2, np.nan, 1.0), r"sample_weight is nan \(first: row 2"),
        (np.zeros(n), f"sample_weight is zero in all {n} rows"),
        (["heavy"] * n, "sample_weight must be numbers"),
    ]
    for weights, message in broken:
        with pytest.raises(DataError, match=message):
            this.new().fit(this.rows.normal, sample_weight=weights)


def a_constant_column_is_kept_and_speaks_when_it_changes(this: Example):
    normal, fresh = this.rows.normal.copy(), this.rows.fresh[:100].copy()
    normal[:, 2], fresh[:, 2] = 7.25, 7.25
    detector = this.quick().fit(normal).fine_tune(this.rows.known)
    still = detector.anomaly_score(fresh)
    fresh[:, 2] = 57.25
    assert np.isfinite(still).all()
    changed = detector.anomaly_score(fresh)
    assert np.isfinite(changed).all()
    if not this.extrapolates:
        assert (changed > still).mean() > 0.9


CHECKS = [
    clones,
    constructor_stores_the_very_objects_and_does_nothing_else,
    fit_returns_self_and_leaves_its_data_and_settings_alone,
    the_same_seed_gives_the_same_scores_bit_for_bit,
    another_seed_gives_other_scores,
    random_states_and_threads_stay_the_callers,
    refitting_forgets_the_fit_before,
    labels_that_are_all_zero_are_no_labels,
    fit_with_labels_is_fit_and_then_fine_tune,
    scoring_twice_is_the_same,
    row_order_and_batch_size_do_not_matter,
    scores_are_evidence_one_a_row_and_not_degenerate,
    a_far_anomaly_ranks_first,
    a_told_kind_ranks_higher_than_before,
    every_network_has_a_say,
    stage_1_scores_are_the_same_bits_after_being_told,
    being_told_costs_at_most_its_share_of_the_false_alarms,
    no_label_is_the_control,
    one_known_anomaly_is_enough,
    telling_again_starts_from_stage_1,
    stated_false_alarm_rates_hold_on_fresh_normal_rows,
    the_threshold_changes_alarms_without_a_refit,
    contributions_are_named_and_add_up_to_the_score,
    a_model_file_gives_back_every_bit,
    broken_rows_are_refused_by_name,
    broken_labels_are_refused_by_name,
    settings_out_of_range_are_refused_before_any_work,
    equal_weights_are_no_weights_bit_for_bit,
    weights_count_by_their_ratios_and_survive_storage,
    broken_weights_are_refused_by_name,
    a_constant_column_is_kept_and_speaks_when_it_changes,
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", EXAMPLES)
def test_contract(name, check, tmp_path):
    this = example(name)
    check(this, tmp_path) if "tmp_path" in inspect.signature(check).parameters else check(this)


def test_every_registered_detector_is_under_contract():
    assert {type(example(name).detector) for name in EXAMPLES} == set(DETECTORS.values())
    checks = [
        thing
        for name, thing in globals().items()
        if inspect.isfunction(thing)
        and thing.__module__ == __name__
        and "this" in inspect.signature(thing).parameters
    ]
    assert set(checks) == set(CHECKS)
    assert len(EXAMPLES) == 35
