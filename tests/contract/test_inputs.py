"""The same rows in every container people keep rows in."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from examples import EXAMPLES, LEARN, SMALL, TUNE, images, table

import unseen
from unseen import AwareDetector
from unseen.errors import DataError
from unseen.training.loop import Plan

pytestmark = pytest.mark.filterwarnings("ignore::unseen.training.stages.GuardWarning")

NAMES = [f"c{place}" for place in range(6)]
SHORT = Plan(steps=30, rate=5e-3, batch=64, check_every=10)


def as_pandas(x):
    return pd.DataFrame(x, columns=NAMES)


def as_polars(x):
    return pl.DataFrame(x, schema=NAMES)


def as_arrow(x):
    return pa.table(dict(zip(NAMES, x.T, strict=True)))


def make(**changed):
    return AwareDetector(**{"model": SMALL, "learn": LEARN, "tune": TUNE, "seed": 5, **changed})


@pytest.fixture(scope="module")
def plain():
    rows = table()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return make().fit(rows.X, rows.y)


def test_the_contract_uses_these_rows_too():
    assert EXAMPLES["vae"][1] is table


@pytest.mark.parametrize("frame", [as_pandas, as_polars, list, np.asfortranarray], ids=lambda f: f.__name__)
def test_frames_of_numbers_and_lists_are_the_same_rows(plain, frame):
    rows = table()
    told = make().fit(frame(rows.X), rows.y)
    assert np.array_equal(told.anomaly_score(frame(rows.fresh)), plain.anomaly_score(rows.fresh))
    named = frame in (as_pandas, as_polars)
    assert told.contributions(frame(rows.fresh[:2])).names == tuple(
        NAMES if named else [f"x{place}" for place in range(6)]
    )


def test_single_precision_and_tables_are_the_same_rows_but_for_rounding(plain):
    """Tables and float32 arrays are scaled in single precision; training magnifies that a little."""
    rows = table()
    small = make().fit(rows.X.astype(np.float32), rows.y)
    arrow = make().fit(as_arrow(rows.X), rows.y)
    batch = as_arrow(rows.fresh).to_batches()[0]
    scores = plain.anomaly_score(rows.fresh)
    assert np.array_equal(arrow.anomaly_score(batch), small.anomaly_score(rows.fresh.astype(np.float32)))
    assert small.anomaly_score(rows.fresh) == pytest.approx(scores, abs=0.05)
    # one and the same detector reads both precisions alike
    assert plain.anomaly_score(rows.fresh.astype(np.float32)) == pytest.approx(scores, abs=1e-3)


@pytest.mark.parametrize("labels", [list, pd.Series, pl.Series, np.bool_, np.float64, lambda y: y[:, None]])
def test_labels_come_in_any_container(plain, labels):
    rows = table()
    quick = make(learn=SHORT, tune=SHORT)
    expected = quick.fit(rows.X, rows.y).anomaly_score(rows.fresh)
    assert np.array_equal(quick.fit(rows.X, labels(rows.y)).anomaly_score(rows.fresh), expected)


def test_labels_1_and_2_of_spreadsheets_are_read_with_a_warning():
    rows, quick = table(), make(learn=SHORT, tune=SHORT)
    expected = quick.fit(rows.X, rows.y).anomaly_score(rows.fresh)
    with pytest.warns(UserWarning, match="1 = normal, 2 = known anomaly"):
        quick.fit(rows.X, rows.y + 1)
    assert np.array_equal(quick.anomaly_score(rows.fresh), expected)


def flows(n, seed=0):
    random = np.random.default_rng(seed)
    columns = {
        "bytes": random.lognormal(5, 1, n),
        "service": random.choice(["http", "dns", "mail"], n, p=[0.6, 0.3, 0.1]),
        "secure": random.random(n) < 0.7,
        "packets": random.poisson(9, n).astype(float),
    }
    holes = np.where(random.random(n) < 0.05, None, columns["packets"])
    return columns | {"packets": holes.astype(object)}


TABLES = {
    "pandas": lambda c: pd.DataFrame(c | {"packets": pd.array(c["packets"], dtype="Float64")}),
    "polars": lambda c: pl.DataFrame(c | {"packets": pl.Series(list(c["packets"]), dtype=pl.Float64)}),
    "arrow": lambda c: pa.table(c | {"packets": pa.array(list(c["packets"]), pa.float64())}),
}


def test_mixed_tables_agree_survive_storage_and_do_not_mind_the_order_of_columns(tmp_path):
    scores = {}
    for name, build in TABLES.items():
        detector = make(missing="median", learn=SHORT, tune=SHORT).fit(build(flows(400)))
        detector.fine_tune(build(flows(9, seed=2)), kinds=["scan"] * 9)
        fresh = flows(80, seed=1)
        scores[name] = detector.anomaly_score(build(fresh))
        turned = dict(reversed(fresh.items()))
        assert np.array_equal(detector.anomaly_score(build(turned)), scores[name])
        unseen.save(detector, tmp_path / f"{name}.unseen")
        loaded = unseen.load(tmp_path / f"{name}.unseen")
        assert np.array_equal(loaded.anomaly_score(build(fresh)), scores[name])
        assert loaded.known_kinds_ == {"scan": 9}
        parts = loaded.contributions(build(fresh))
        assert parts.names == ("bytes", "service", "secure", "packets")
        assert parts.values.sum(1) == pytest.approx(scores[name], abs=1e-9)
    assert np.array_equal(scores["pandas"], scores["arrow"])
    assert np.array_equal(scores["polars"], scores["arrow"])


def test_a_strange_word_is_strange_and_is_named():
    detector = make(missing="median", learn=SHORT).fit(TABLES["arrow"](flows(400)))
    odd = flows(3, seed=1) | {"service": ["http", "gopher", "http"]}
    found = detector.contributions(TABLES["arrow"](odd))
    assert found.values[1, found.names.index("service")] > found.values[[0, 2], 1].max()


@pytest.mark.parametrize("read", ["array", "table"])
def test_arrays_and_tables_are_not_mixed_up(read):
    rows = table()
    if read == "array":
        detector, other = make(learn=SHORT).fit(as_arrow(rows.normal)), rows.fresh
        message = (
            r"an array came, but this detector was trained on named columns \(c0, c1, c2, c3, c4 and 1 more\)"
        )
    else:
        detector, other = make(learn=SHORT).fit(rows.normal), as_arrow(rows.fresh)
        message = "a table came, but this detector was trained on an array"
    with pytest.raises(DataError, match=message):
        detector.anomaly_score(other)


def test_missing_values_are_filled_with_the_median_where_asked():
    rows = table()
    holes = rows.fresh.copy()
    holes[::7, 3] = np.nan
    detector = make(missing="median", learn=SHORT).fit(rows.normal)
    filled = np.where(np.isnan(holes), np.median(rows.normal, axis=0), holes)
    assert np.array_equal(detector.anomaly_score(holes), detector.anomaly_score(filled))
    empty = rows.normal.copy()
    empty[:, 3] = np.nan
    with pytest.raises(DataError, match="column x3 has no value at all; drop it"):
        make(missing="median", learn=SHORT).fit(empty)


def test_images_come_as_images_or_as_rows():
    rows, detector = images(), EXAMPLES["convolution"][0]().set_params(learn=SHORT)
    flat = detector.fit(rows.normal).anomaly_score(rows.fresh)
    for shape in ((-1, 1, 8, 8), (-1, 8, 8)):
        assert np.array_equal(detector.anomaly_score(rows.fresh.reshape(shape)), flat)
    with pytest.raises(DataError, match=r"images of shape \(1, 8, 7\) came; accepted: \(1, 8, 8\)"):
        detector.anomaly_score(np.zeros((2, 1, 8, 7)))
