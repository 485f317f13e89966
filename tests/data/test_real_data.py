"""Real files, read as they are."""

import csv

import numpy as np
import pytest

from unseen.data import Schema, held_out, open_source, read_labels

CICIDS = "network/cicids2017/cicids2017_hif_sample_12000x52.csv.gz"


def test_flows_of_cicids(real):
    source = open_source(real(CICIDS))
    table = source.read()
    assert (table.num_rows, table.num_columns) == (12_000, 53)
    labels = read_labels(table["Attack Type"], normal=["Normal Traffic"], known=["DoS", "DDoS"])
    assert (labels.y == 0).sum() == 9973
    assert (labels.counts["DoS"], labels.counts["DDoS"]) == (945, 623)
    assert "Port Scanning" in labels.unseen
    schema = Schema.fit(table, exclude=["Attack Type"])
    X = schema.encode(table)
    assert X.shape == (12_000, 52)
    streamed = np.concatenate([schema.encode(batch) for batch in source.batches(1000)])
    assert np.array_equal(streamed, X)


def test_flows_of_nsl_kdd_without_header(real):
    with real("network/nsl_kdd/Field_Names.csv").open() as file:
        names = [record[0] for record in csv.reader(file) if record]
    names += ["attack", "difficulty"]
    train = open_source(real("network/nsl_kdd/KDDTrain+_20Percent.txt.gz"), names=names).read()
    test = open_source(real("network/nsl_kdd/KDDTest+.txt.gz"), names=names).read()
    assert (train.num_rows, test.num_rows) == (25_192, 22_544)
    schema = Schema.fit(train, exclude=["attack", "difficulty"])
    assert len(schema.columns) == 41
    for table in (train, test):
        X = schema.encode(table)
        assert (X[:, schema.binary].sum(axis=1) == 3).all()  # protocol, service, flag
    seen = set(read_labels(train["attack"], normal=["normal"]).counts)
    later = read_labels(test["attack"], normal=["normal"])
    assert "mscan" in set(later.unseen) - seen


@pytest.mark.parametrize(("name", "rows", "columns"), [("32_shuttle", 49_097, 9), ("4_breastw", 683, 9)])
def test_sets_of_adbench(real, name, rows, columns):
    path = real(f"adbench/{name}.npz")
    source = open_source(path)
    assert source.columns == (*(f"x{i}" for i in range(columns)), "y")
    table = source.read()
    with np.load(path) as stored:
        X = Schema.fit(table, exclude=["y"]).encode(table)
        assert np.array_equal(X, stored["X"].astype(np.float32))
        assert np.array_equal(read_labels(table["y"], normal=["0"], known=["1"]).y, stored["y"])
        _, first = np.unique(stored["X"], axis=0, return_inverse=True)
    assert len(X) == rows
    mask = held_out(table.drop_columns(["y"]), 0.3, salt=1)
    for side in (mask, ~mask):
        assert not set(first[side]) & set(first[~side])


def test_digits_are_images(real):
    source = open_source(real("mnist/mnist70k.npz"))
    batch = next(source.batches(1000))
    schema = Schema.fit(batch, exclude=["y"])
    assert schema.shape == (1, 28, 28)
    with np.load(real("mnist/mnist70k.npz")) as stored:
        assert np.array_equal(schema.encode(batch), stored["X"][:1000].reshape(1000, -1))
    assert read_labels(source.select(["y"]).read()["y"], normal=["0", "1"]).counts["1"] == 7877


def test_the_only_matrix_is_the_table(real):
    table = open_source(real("traffic/madrid_15min_2017_10sensors.npz")).read()
    assert (table.num_rows, table.num_columns) == (35_038, 10)
