"""Sets whose answers are known."""

import numpy as np
import pyarrow.csv as pa_csv
import pytest

from unseen.data import Schema, open_source, read_labels
from unseen.data.synthetic import KINDS, flows, linear_gaussian, planted
from unseen.errors import ConfigError


def test_the_covariance_is_the_one_stated():
    drawn = linear_gaussian(200_000, [9.0, 4.0, 1.0, 0.0], seed=1)
    assert np.allclose(drawn.basis.T @ drawn.basis, np.eye(4))
    assert np.allclose(np.linalg.eigvalsh(drawn.covariance)[::-1], [9, 4, 1, 0])
    assert np.allclose(np.cov(drawn.X.T), drawn.covariance, atol=0.1)
    assert np.allclose((drawn.X @ drawn.basis).var(axis=0), [9, 4, 1, 0], rtol=0.02, atol=1e-12)


def test_planted_anomalies_are_where_they_were_put():
    drawn = planted(2000, 100, seed=2)
    assert {kind: int((drawn.kinds == kind).sum()) for kind in KINDS} == dict.fromkeys(KINDS, 100)
    assert np.array_equal(drawn.y == 1, drawn.kinds != "normal")
    normal = drawn.X[drawn.y == 0]
    values, directions = np.linalg.eigh(np.cov(normal.T))
    assert np.allclose(values[:4], 0.01, rtol=0.2)  # noise of 0.1
    assert np.allclose(values[4:], 1.01, rtol=0.2)
    distance = ((drawn.X @ directions) ** 2 / values).sum(axis=1)
    limit = np.quantile(distance[drawn.y == 0], 0.99)
    caught = {kind: (distance[drawn.kinds == kind] > limit).mean() for kind in KINDS}
    assert min(caught.values()) > 0.8, caught
    off = np.abs(drawn.X @ directions[:, :4]).max(axis=1)
    assert (off[drawn.kinds == "shift"] < 0.6).all()  # on the plane
    assert (off[drawn.kinds == "novel direction"] > 2).all()


def test_flows_go_through_a_file_a_schema_and_labels(tmp_path):
    table = flows(3000, seed=0)
    pa_csv.write_csv(table, tmp_path / "flows.csv")
    read = open_source(tmp_path / "flows.csv").read()
    assert read.column_names == table.column_names
    schema = Schema.fit(read, exclude=["kind"])
    assert {"service=http", "time.hour.sin", "encrypted=true", "bytes"} <= set(schema.features)
    assert np.array_equal(schema.encode(read), Schema.fit(table, exclude=["kind"]).encode(table))
    labels = read_labels(read["kind"], normal=["normal"], known=["flood"])
    assert labels.unseen == ("scan", "exfiltration")
    assert 0.93 < (labels.y == 0).mean() < 0.97


@pytest.mark.parametrize(
    "draw",
    [
        lambda seed: flows(50, seed),
        lambda seed: planted(50, 5, seed).X,
        lambda seed: linear_gaussian(50, [1], seed).X,
    ],
)
def test_the_seed_decides(draw):
    same = draw(3) == draw(3)
    other = draw(3) == draw(4)
    assert np.all(same)
    assert not np.all(other)


@pytest.mark.parametrize(
    "draw",
    [
        lambda: flows(0, 0),
        lambda: planted(0, 1, 0),
        lambda: planted(10, 1, 0, columns=1),
        lambda: linear_gaussian(10, [-1.0], 0),
        lambda: linear_gaussian(10, [], 0),
        lambda: linear_gaussian(0, [1.0], 0),
    ],
)
def test_sets_that_cannot_be_drawn(draw):
    with pytest.raises(ConfigError):
        draw()
