"""A screener of made-up films: it answers, refuses what is no film, comes back from its file, and as ONNX."""

import numpy as np
import pytest
from tiny_screener import SETS, tiny_screener

from unseen.errors import ConfigError, DataError, ModelFileError
from unseen.persist import read_model, write_model
from unseen.screening import stored
from unseen.screening.films import FilmSets
from unseen.screening.graph import Rounding, run, screener_graph
from unseen.screening.screener import Screener


@pytest.fixture(scope="module")
def screener():
    return tiny_screener()


def test_films_are_answered_and_noise_is_refused(screener):
    test = SETS.tests["elsewhere"]
    record = screener.calibrate(test, source="elsewhere")
    found = screener.screen(test.pixels, record=record)
    verdicts = {outcome.verdict for outcome in found}
    assert {"signs", "no-signs"} <= verdicts
    right = [
        (outcome.verdict == "signs") == bool(finding)
        for outcome, finding in zip(found, test.findings, strict=True)
        if outcome.verdict in ("signs", "no-signs")
    ]
    assert np.mean(right) > 0.8
    noise = np.random.default_rng(0).random((50, 1, 28, 28)).astype(np.float32)
    refused = screener.screen(noise, record=record)
    assert np.mean([outcome.verdict == "refused" for outcome in refused]) > 0.95
    assert all(outcome.probability is None for outcome in refused if outcome.verdict == "refused")


def test_a_turned_film_is_told_how_it_would_pass(screener):
    turned = np.ascontiguousarray(np.rot90(SETS.validation.pixels[:40], 1, axes=(2, 3)))
    found = [outcome for outcome in screener.screen(turned) if outcome.verdict == "refused"]
    assert found
    assert sum("rotated-90" in outcome.hints for outcome in found) > len(found) / 2


def test_without_a_record_nothing_is_ruled_out(screener):
    assert "no-signs" not in {outcome.verdict for outcome in screener.screen(SETS.tests["elsewhere"].pixels)}


def test_it_comes_back_from_its_file_to_the_bit(screener, tmp_path):
    stored.save(screener, tmp_path / "model.unseen")
    again = stored.load(tmp_path / "model.unseen")
    rows = SETS.tests["elsewhere"].pixels[:20]
    one, other = screener.read(rows), again.read(rows)
    for name in ("logits", "maps", "gate"):
        assert np.array_equal(getattr(one, name), getattr(other, name))
    assert again.base_ == screener.base_
    assert (again.labels_, again.counts_, again.told_) == (screener.labels_, screener.counts_, screener.told_)


@pytest.mark.parametrize(
    ("part", "value", "said"),
    [
        ("rule", {"alpha": 2.0, "refuse": 0.02, "amber": 0.05, "demo": False}, "alpha"),
        ("design", {"size": 29}, "29"),
        ("base", {}, "source"),
        ("labels", ["one"], "labels"),
        ("most", -1, "greater than 0"),
        ("gate", {}, "settings"),
    ],
)
def test_a_file_that_was_tampered_with_is_refused(screener, tmp_path, part, value, said):
    stored.save(screener, tmp_path / "model.unseen")
    file = read_model(tmp_path / "model.unseen")
    write_model(
        tmp_path / "other.unseen", document={**file.document, part: value}, arrays=file.arrays, kind=file.kind
    )
    with pytest.raises(ModelFileError, match="not a sound"):
        stored.load(tmp_path / "other.unseen")


def test_weights_that_are_not_numbers_are_refused(screener, tmp_path):
    stored.save(screener, tmp_path / "model.unseen")
    file = read_model(tmp_path / "model.unseen")
    arrays = {name: np.array(array) for name, array in file.arrays.items()}
    weights = next(
        name for name in arrays if name.startswith("network.") and arrays[name].dtype == np.float32
    )
    arrays[weights] = np.full_like(arrays[weights], np.nan)
    write_model(tmp_path / "other.unseen", document=dict(file.document), arrays=arrays, kind=file.kind)
    with pytest.raises(ModelFileError, match="not finite"):
        stored.load(tmp_path / "other.unseen")


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_the_graph_says_what_the_screener_says(screener, precision):
    rounding = None if precision == "fp32" else Rounding(SETS.train, SETS.validation)
    graph = screener_graph(screener, rounding)
    assert graph.precision.startswith(precision)
    rows = SETS.tests["elsewhere"].pixels[:64]
    own, found = screener.read(rows), run(graph.model, rows)
    assert found["gate"] == pytest.approx(own.gate, rel=1e-3, abs=1e-3)
    assert found["logit"] == pytest.approx(own.logits, abs=1e-4 if precision == "fp32" else 0.5)
    assert found["map"].shape == own.maps.shape


@pytest.mark.parametrize(
    "rows",
    [
        np.zeros((2, 1, 27, 27), np.float32),
        np.full((1, 1, 28, 28), np.nan, np.float32),
        np.full((1, 1, 28, 28), 300.0, np.float32),
        np.zeros((1, 3, 28, 28), np.float32),
        np.zeros((28,), np.float32),
    ],
)
def test_rows_that_are_no_films_are_refused(screener, rows):
    with pytest.raises(DataError, match="came"):
        screener.read(rows)


def test_a_screener_that_was_not_fitted_says_so(tmp_path):
    with pytest.raises(ConfigError, match="call fit first"):
        Screener().screen(np.zeros((1, 1, 28, 28)))
    with pytest.raises(ModelFileError, match="call fit first"):
        stored.save(Screener(), tmp_path / "model")


def test_too_few_validation_films_are_refused():
    few = FilmSets(SETS.train, SETS.validation.take(np.arange(30)), {})
    with pytest.raises(DataError, match="27 of each class"):
        Screener().fit(few)
