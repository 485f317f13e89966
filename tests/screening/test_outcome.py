"""All outcomes are reachable, and each for its own reason; coverage holds in each class."""

import datetime as dt
import json

import numpy as np
import pytest
from scipy.special import expit

from unseen.errors import ConfigError, DataError
from unseen.screening.outcome import Rule, decide
from unseen.screening.records import Record, calibrate, platt, read_record, record_json, upper_tail

RULE = Rule()


def films(n, seed, shift=0.0):
    """Logits, labels and gate scores of n films of each class."""
    rng = np.random.default_rng(seed)
    labels = np.repeat([0, 1], n)
    return rng.normal(shift + 3.0 * (2 * labels - 1), 1.5), labels, rng.gumbel(size=2 * n)


@pytest.fixture(scope="module")
def record():
    logits, labels, gate = films(400, 0)
    return calibrate(logits, labels, gate, source="clinic", date=dt.date(2026, 1, 2))


@pytest.fixture(scope="module")
def base():
    logits, labels, gate = films(300, 1, shift=1.0)
    return calibrate(logits, labels, gate, source="validation")


def one(logit, gate, base, record=None, rule=RULE, photograph=False):
    return decide([logit], [gate], rule=rule, base=base, record=record, photograph=photograph)[0]


def test_every_outcome_has_its_reason(record, base):
    assert one(6.0, 0.0, base, record).verdict == "signs"
    assert one(-6.0, 0.0, base, record).verdict == "no-signs"
    refused = one(6.0, 50.0, base, record)
    assert (refused.verdict, refused.reason, refused.probability) == ("refused", "unlike", None)
    amber = np.quantile(record.gate, 0.965)
    assert one(6.0, amber, base, record).why == "amber"
    assert one(-6.0, 0.0, base).why == "no-record"
    assert one(6.0, 0.0, base).verdict == "signs"
    assert one(-6.0, 0.0, base, record, photograph=True).why == "photograph"
    assert (
        one(-6.0, 0.0, base, record.model_copy(update={"photo": True}), photograph=True).verdict == "no-signs"
    )
    assert one(-6.0, 0.0, base, rule=Rule(demo=True)).verdict == "no-signs"
    assert one(0.0, 0.0, base, record).why == "neither"


def test_classes_that_overlap_give_both(base):
    rng = np.random.default_rng(2)
    labels = np.repeat([0, 1], 200)
    blurred = calibrate(rng.normal(labels, 2.0), labels, rng.normal(size=400), source="blurred")
    assert one(0.5, 0.0, base, blurred).why == "both"


def test_coverage_holds_in_each_class(record, base):
    logits, labels, gate = films(3000, 5)
    p = record.class_p_values(logits)
    for label in (0, 1):
        covered = (p[labels == label, label] > RULE.alpha).mean()
        assert 0.93 < covered < 0.97
    refused = np.array(
        [found.verdict == "refused" for found in decide(logits, gate, rule=RULE, base=base, record=record)]
    )
    assert 0.005 < refused.mean() < 0.045


def test_p_values_count_ties_against_the_film():
    assert upper_tail([0.0, 1.0, 1.0, 2.0], np.array([1.0, 2.0, 3.0, -1.0])).tolist() == [0.8, 0.4, 0.2, 1.0]


def test_probabilities_are_those_of_a_logistic_law():
    rng = np.random.default_rng(3)
    z = rng.normal(0, 3, 20_000)
    a, b = platt(z, (rng.random(20_000) < expit(0.7 * z - 0.5)).astype(float))
    assert a == pytest.approx(0.7, abs=0.03)
    assert b == pytest.approx(-0.5, abs=0.06)


def test_the_interval_holds_the_probability_and_narrows_with_films():
    wide = calibrate(*films(100, 4), source="few")
    narrow = calibrate(*films(3000, 4), source="many")
    logits = np.array([-1.0, 0.5, 2.0])
    for found in (wide, narrow):
        low, high = found.interval(logits).T
        assert (low <= found.probability(logits)).all()
        assert (found.probability(logits) <= high).all()
    assert (np.diff(narrow.interval(logits)) < np.diff(wide.interval(logits))).all()


def test_perfectly_separated_classes_keep_finite_numbers():
    labels = np.repeat([0, 1], 120)
    found = calibrate(20.0 * labels - 10, labels, np.zeros(240), source="easy")
    assert np.isfinite([found.a, found.b]).all()
    assert found.a > 0


def test_too_few_films_are_refused():
    with pytest.raises(DataError, match="99 films without and 99 with the finding came"):
        calibrate(*films(99, 0), source="small")


@pytest.mark.parametrize("labels", [[0, 2] * 200, [0.5] * 400])
def test_labels_that_are_none_are_refused(labels):
    with pytest.raises(DataError, match="labels, 0 or 1"):
        calibrate(np.zeros(400), labels, np.zeros(400), source="x")


def test_a_record_comes_back_from_its_file(record, tmp_path):
    place = tmp_path / "clinic.json"
    place.write_bytes(record_json(record))
    assert read_record(place) == record


@pytest.mark.parametrize(
    "change",
    [{"a": -1.0}, {"counts": [1, 2]}, {"gate": [2.0, 1.0]}, {"more": 1}, {"source": ""}, {"b": "NaN"}],
)
def test_a_record_that_was_tampered_with_is_refused(record, tmp_path, change):
    place = tmp_path / "clinic.json"
    place.write_text(json.dumps({**json.loads(record_json(record)), **change}))
    with pytest.raises(DataError, match="is not a source record"):
        read_record(place)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"null"])
def test_files_that_are_no_records_are_refused(tmp_path, content):
    place = tmp_path / "clinic.json"
    place.write_bytes(content)
    with pytest.raises(DataError, match="is not a source record"):
        read_record(place)
    with pytest.raises(DataError, match="cannot be read"):
        read_record(tmp_path / "none.json")


@pytest.mark.parametrize(
    "shares", [{"alpha": 0}, {"alpha": 0.6}, {"refuse": 0.1, "amber": 0.05}, {"refuse": 0}]
)
def test_limits_out_of_bounds_are_refused(shares):
    with pytest.raises(ConfigError):
        Rule(**shares)


def test_records_hold_no_more_than_they_say(record):
    assert set(Record.model_fields) == set(record.model_dump())
